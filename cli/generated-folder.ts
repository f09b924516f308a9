/** Brings generated files into a folder that may hold some already: refuses what would be lost, writes, says what it did. */
import { mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { WiretapeError } from '../errors/wiretape-error';
import type { GeneratedFile } from '../replayer/generate/generator';
import {
  type Manifest,
  manifestName,
  manifestText,
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

function lookAt(folder: string): { manifest: Manifest; read(path: string): Uint8Array | undefined } {
  const read = (path: string): Uint8Array | undefined => {
    try {
      return readFileSync(join(folder, path));
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return undefined;
      throw notWritable(folder, cause);
    }
  };
  const text = read(manifestName);
  return { manifest: text === undefined ? {} : (parseManifest(Buffer.from(text).toString('utf8')) ?? {}), read };
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
    for (const { path, bytes } of plan.write) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), bytes, { mode: 0o600 });
    }
  } catch (cause) {
    throw notWritable(folder, cause);
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
