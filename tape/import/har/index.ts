/**
 * HTTP Archive 1.2: what browsers' developer tools, proxies and load tests save. One entry, one exchange; what never was
 * on a network (data: and blob: addresses) is left out. Messages of WebSockets are an
 * addition to the format: one that cannot be read does not refuse the file, and makes its exchange incomplete.
 */
import { exchangesOf } from '../draft';
import {
  type Imported,
  type Importer,
  type ImportFile,
  type ImportOptions,
  misfitIn,
  Notes,
  unreadable,
} from '../importer';
import { Misfit, Place } from '../place';
import { draftOf } from './entry';

const title = 'HAR';

export const har: Importer = {
  name: 'har',
  title,
  knowsDirection: false,
  recognises: (files) => files.length === 1 && files.every(isHar),
  read,
};

function isHar({ path, bytes }: ImportFile): boolean {
  if (/\.har(\.gz)?$/i.test(path)) return true;
  const beginning = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4096)).toString('utf8');
  return /^\uFEFF?\s*\{\s*"log"\s*:/.test(beginning);
}

function read(files: readonly ImportFile[], { direction }: ImportOptions): Imported {
  const notes = new Notes();
  const drafts = files.flatMap(({ path, bytes }) => {
    try {
      const entries = new Place(parsed(bytes), '').object().at('log').object().at('entries').list();
      return entries.flatMap((entry) => draftOf(entry, direction, notes) ?? []);
    } catch (error) {
      if (error instanceof Misfit) throw misfitIn(title, path, error);
      throw unreadable(title, path, `it is not JSON: ${firstLine(error)}`, error);
    }
  });
  return { exchanges: exchangesOf(drafts), notes: notes.lines() };
}

function parsed(bytes: Uint8Array): unknown {
  return JSON.parse(new TextDecoder().decode(bytes));
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}
