/** Brings generated files into a folder that may hold some already: refuses what would be lost, writes, says what it did. */
import { closeSync, mkdirSync, openSync, readFileSync, readSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { WiretapeError } from '../errors/wiretape-error';
import type { GeneratedFile } from '../replayer/generate/generator';
import {
  manifestName,
  manifestText,
  type Present,
  parseManifest,
  planWriting,
  type WritePlan,
} from '../replayer/generate/write-plan';

/** `folder` is absolute; `out` is the same as it was typed. Throws USAGE and FILE_UNREADABLE, and then has written nothing. */
export function writeGenerated(
  files: readonly GeneratedFile[],
  { folder, out, force }: { readonly folder: string; readonly out: string; readonly force: boolean },
): WritePlan {
  const plan = planWriting(files, lookAt(folder), { force });
  refuseLosses(plan, out);
  carryOut(plan, folder);
  return plan;
}

/** A line for each file that is no longer what it was, and for each that stayed as a person made it. */
export function linesFor({ write, remove, kept }: WritePlan, out: string): readonly string[] {
  return [
    ...write.map(({ path }) => `wrote    ${join(out, path)}`),
    ...remove.map((path) => `removed  ${join(out, path)}`),
    ...kept.map((path) => `kept     ${join(out, path)}  (edited)`),
  ];
}

function lookAt(folder: string): Present {
  const there = <T>(look: () => T): T | undefined => {
    try {
      return look();
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return undefined;
      throw notWritable(folder, cause);
    }
  };
  const text = there(() => readFileSync(join(folder, manifestName), 'utf8'));
  const manifest = (text === undefined ? undefined : parseManifest(text)) ?? {};
  return { manifest, read: (path) => there(() => piecesOf(openSync(join(folder, path), 'r'), folder)) };
}

const pieceBytes = 256 * 1024;

function* piecesOf(fd: number, folder: string): Generator<Uint8Array> {
  try {
    const piece = Buffer.allocUnsafeSlow(pieceBytes);
    for (let read = readSync(fd, piece); read > 0; read = readSync(fd, piece)) yield piece.subarray(0, read);
  } catch (cause) {
    throw notWritable(folder, cause); // a folder, in the place of a file
  } finally {
    closeSync(fd);
  }
}

function refuseLosses({ foreign, edited }: WritePlan, out: string): void {
  if (foreign.length > 0) {
    throw new WiretapeError('USAGE', `${out} holds files that wiretape did not write and would have to replace`, {
      seen: foreign,
      remedy: 'Choose another folder with --out, or move these files away',
    });
  }
  if (edited.length > 0) {
    throw new WiretapeError('USAGE', `${out} holds generated files that were edited since`, {
      seen: edited,
      remedy: ['Replace them:  --force', 'Keep them, and generate beside them:  --out another-folder'],
    });
  }
}

/** The manifest comes first: were this interrupted, the files would still be known as ours. */
function carryOut(plan: WritePlan, folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, manifestName), manifestText(plan.manifest));
    for (const path of plan.remove) remove(folder, path);
    for (const file of plan.write) {
      mkdirSync(dirname(join(folder, file.path)), { recursive: true });
      write(join(folder, file.path), file);
    }
  } catch (cause) {
    throw notWritable(folder, cause);
  }
}

/** What is laid aside may be longer than memory. */
function write(path: string, file: GeneratedFile): void {
  if (file.aside === undefined) {
    writeFileSync(path, file.bytes, { mode: 0o600 });
    return;
  }
  const fd = openSync(path, 'w', 0o600);
  try {
    for (const piece of file.aside.pieces()) writeFileSync(fd, piece);
  } finally {
    closeSync(fd);
  }
}

function remove(folder: string, path: string): void {
  rmSync(join(folder, path), { force: true });
  try {
    if (dirname(path) !== '.') rmdirSync(join(folder, dirname(path)));
  } catch {
    // it holds other files
  }
}

function notWritable(folder: string, cause: unknown): WiretapeError {
  return new WiretapeError('FILE_UNREADABLE', `Cannot write into ${folder}: ${codeOf(cause)}`, {
    remedy: 'Choose a folder you may write to with --out',
    cause,
  });
}

function codeOf(cause: unknown): string {
  return (cause as NodeJS.ErrnoException).code ?? String(cause);
}
