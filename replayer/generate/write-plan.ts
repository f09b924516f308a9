/**
 * What to do with each file of a folder that may already hold generated files: files wiretape wrote are replaced or removed,
 * files a person changed are kept or refused, files of others are never touched. Which is which stands in a manifest
 * of hashes beside them. Pure: it is told what is there.
 */
import { createHash } from 'node:crypto';
import type { GeneratedFile } from './generator';

export const manifestName = 'wiretape.json';

/** Path to hash, as it was written. */
export type Manifest = Readonly<Record<string, string>>;

export interface WritePlan {
  readonly write: readonly GeneratedFile[];
  readonly remove: readonly string[];
  /** Changed by a person, and theirs to change. */
  readonly kept: readonly string[];
  /** Changed by a person, though wiretape would replace them. */
  readonly edited: readonly string[];
  /** In the way, and not written by wiretape. */
  readonly foreign: readonly string[];
  readonly manifest: Manifest;
}

export interface Present {
  readonly manifest: Manifest;
  /** The bytes of a file in the folder, piece by piece; undefined where there is none. */
  read(path: string): Iterable<Uint8Array> | undefined;
}

/** `force` replaces edited files, those that are the user's own excepted. */
export function planWriting(files: readonly GeneratedFile[], present: Present, options: { force: boolean }): WritePlan {
  const states = files.map((file) => ({ file, state: stateOf(file, present, options) }));
  const inState = (wanted: State) => states.filter(({ state }) => state === wanted).map(({ file }) => file);
  const hashes = states.map(({ file, state }): [string, string] => [
    file.path,
    state === 'kept' ? (present.manifest[file.path] ?? '') : hashOfFile(file),
  ]);
  return {
    write: inState('write'),
    remove: staleOf(files, present),
    kept: inState('kept').map(({ path }) => path),
    edited: inState('edited').map(({ path }) => path),
    foreign: inState('foreign').map(({ path }) => path),
    manifest: Object.fromEntries(hashes),
  };
}

type State = 'write' | 'same' | 'kept' | 'edited' | 'foreign';

function stateOf(file: GeneratedFile, present: Present, { force }: { force: boolean }): State {
  const now = present.read(file.path);
  if (now === undefined) return 'write';
  const hash = hashOfAll(now);
  if (hash === hashOfFile(file)) return 'same';
  const written = Object.hasOwn(present.manifest, file.path) ? present.manifest[file.path] : undefined;
  if (written === undefined) return 'foreign';
  if (written === hash) return 'write';
  if (file.yours) return 'kept';
  return force ? 'write' : 'edited';
}

/** What an earlier generation wrote, this one does not, and nobody changed. */
function staleOf(files: readonly GeneratedFile[], present: Present): readonly string[] {
  const wanted = new Set(files.map(({ path }) => path));
  return Object.entries(present.manifest)
    .filter(([path, written]) => {
      const now = wanted.has(path) ? undefined : present.read(path);
      return now !== undefined && hashOfAll(now) === written;
    })
    .map(([path]) => path);
}

/** The text of the manifest file. */
export function manifestText(manifest: Manifest): string {
  const about = 'Hashes of the files as wiretape wrote them, by which it knows what was edited since.';
  return `${JSON.stringify({ about, files: manifest }, null, 2)}\n`;
}

/** Reads it back; undefined for what is no manifest. Paths that lead out of the folder are none of ours. */
export function parseManifest(text: string): Manifest | undefined {
  try {
    const { files } = JSON.parse(text) as { files?: unknown };
    if (typeof files !== 'object' || files === null) return undefined;
    const ours = Object.entries(files).filter(([path, hash]) => isInside(path) && typeof hash === 'string');
    return Object.fromEntries(ours) as Manifest;
  } catch {
    return undefined;
  }
}

function isInside(path: string): boolean {
  return !path.startsWith('/') && !path.split(/[\\/]/).includes('..');
}

/** Of what is laid aside the bytes are not asked for. */
function hashOfFile(file: GeneratedFile): string {
  return file.aside === undefined ? hashOfAll([file.bytes]) : file.aside.hash;
}

function hashOfAll(pieces: Iterable<Uint8Array>): string {
  const hash = new HashOfFile();
  for (const piece of pieces) hash.add(piece);
  return hash.text();
}

/** Line ends that version control changed are no edit. */
export class HashOfFile {
  private readonly hash = createHash('sha256');
  /** Of an end that may be half a line end. */
  private kept = '';

  add(piece: Uint8Array | string): void {
    const isText = typeof piece === 'string';
    const text = isText ? piece : Buffer.from(piece.buffer, piece.byteOffset, piece.length).toString('latin1');
    const all = this.kept === '' ? text : this.kept + text;
    this.kept = all.endsWith('\r') ? '\r' : '';
    const whole = this.kept === '' ? all : all.slice(0, -1);
    this.hash.update(whole.replaceAll('\r\n', '\n'), isText ? 'utf8' : 'latin1');
  }

  /** Nothing is added after it. */
  text(): string {
    return this.hash.update(this.kept, 'latin1').digest('hex').slice(0, 16);
  }
}
