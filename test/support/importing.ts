/** Files of other tools as tests import them: from the corpora beside the checkout, or written in the test. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBody } from '../../tape/body/coding';
import type { Imported, Importer, ImportFile, ImportOptions } from '../../tape/import/importer';
import type { Body } from '../../tape/model/body';
import type { HttpRequest, HttpResponse } from '../../tape/model/http/http';

const corpora = join(__dirname, '../../../shared/corpora');

/** Where the corpus is, or undefined where it is not on this machine. */
export function corpusAt(...path: readonly string[]): string | undefined {
  const folder = join(corpora, ...path);
  return existsSync(folder) ? folder : undefined;
}

/** The files of a folder and below it, by their paths within it. */
export function filesIn(folder: string): readonly ImportFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: path.slice(folder.length + 1), bytes: readFileSync(path) }));
}

export function fileOf(path: string, content: string | Uint8Array | object): ImportFile {
  if (content instanceof Uint8Array) return { path, bytes: content };
  return { path, bytes: Buffer.from(typeof content === 'string' ? content : JSON.stringify(content)) };
}

export function imported(
  importer: Importer,
  file: ImportFile | readonly ImportFile[],
  direction: ImportOptions['direction'] = 'inbound',
): Imported {
  return importer.read([file].flat(), { direction });
}

export function decoded(message: HttpRequest | HttpResponse | null): Buffer {
  return message === null ? Buffer.alloc(0) : Buffer.from(decodeBody(message.body as Body).bytes);
}
