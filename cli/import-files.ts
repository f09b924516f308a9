/** Reads what `wiretape import` is given: a file, unpacked where it is gzip, or the files of a folder. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { WiretapeError } from '../errors/wiretape-error';
import type { ImportFile } from '../tape/import/importer';

/** Larger is no file that can be held in memory, packed or unpacked. */
const largestBytes = 2 ** 31 - 1;
const mostFiles = 100_000;
const deepest = 6;

/** The files that the path stands for, in the order of their names. Throws FILE_UNREADABLE. */
export function importFiles(path: string): readonly ImportFile[] {
  try {
    if (!statSync(path).isDirectory()) return [{ path, bytes: unpacked(readFileSync(path)) }];
    return filesBelow(path).map((file) => ({ path: relative(path, file), bytes: readFileSync(file) }));
  } catch (cause) {
    throw new WiretapeError('FILE_UNREADABLE', `Cannot read ${path}`, {
      cause,
      seen: [cause instanceof Error ? cause.message : String(cause)],
      remedy: 'Give the path of a readable file, or of a folder of test sets, after wiretape import',
    });
  }
}

/** The text of a file of TLS secrets. Throws FILE_UNREADABLE. */
export function keyLogIn(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (cause) {
    throw new WiretapeError('FILE_UNREADABLE', `Cannot read the key log ${path}`, {
      cause,
      seen: [cause instanceof Error ? cause.message : String(cause)],
      remedy: 'Give the path of the file that SSLKEYLOGFILE named, after --keylog',
    });
  }
}

function unpacked(bytes: Buffer): Uint8Array {
  const isGzip = bytes[0] === 0x1f && bytes[1] === 0x8b && bytes[2] === 8;
  return isGzip ? gunzipSync(bytes, { maxOutputLength: largestBytes }) : bytes;
}

/** Only YAML: other formats are single files, and a folder may hold anything. */
function filesBelow(folder: string, depth = 0): readonly string[] {
  const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
  const files = entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return depth < deepest ? filesBelow(path, depth + 1) : [];
    return entry.isFile() && /\.ya?ml$/i.test(entry.name) ? [path] : [];
  });
  if (files.length > mostFiles) throw new RangeError(`more than ${mostFiles} files`);
  return files;
}
