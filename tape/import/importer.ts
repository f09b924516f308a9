/**
 * The port between files of other tools and tapes: bytes in, exchanges out. Members do no I/O, and refuse a file they
 * cannot understand as a whole, naming the place: half of a file would pass for all of it.
 */
import { WiretapeError } from '../../errors/wiretape-error';
import type { Direction, Exchange } from '../model/exchange';
import type { Misfit } from './place';

export interface Importer {
  /** What `--format` takes. */
  readonly name: string;
  /** As people call it: `HAR`. */
  readonly title: string;
  /** True where the files themselves say who served an exchange and who asked: then nobody is asked for a direction. */
  readonly knowsDirection: boolean;
  /** Whether these are files of this format. Looks at names and beginnings, and is no promise that they can be read. */
  recognises(files: readonly ImportFile[]): boolean;
  /** Throws IMPORT_UNREADABLE. */
  read(files: readonly ImportFile[], options: ImportOptions): Imported;
}

export interface ImportFile {
  /** As it is to be named in messages; below the folder that was given where one was. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface ImportOptions {
  /** Whose side the exchanges are told from, where the format does not say. */
  readonly direction: Exclude<Direction, 'unknown'>;
}

export interface Imported {
  /** In the order they began, numbered from 1. */
  readonly exchanges: readonly Exchange[];
  /** What was left out or read in a way that a person should know of. */
  readonly notes: readonly string[];
}

/** The refusal of a file. `where` names the file and the place in it; `what` says what was found there. */
export function unreadable(title: string, where: string, what: string, cause?: unknown): WiretapeError {
  return new WiretapeError('IMPORT_UNREADABLE', `Cannot import ${where} as ${title}`, {
    cause,
    seen: [what],
    remedy: [
      'Save it again with the tool that made it, or mend the place that is named',
      'A file of another format: name that with --format',
    ],
  });
}

/** The same of a place in a file. */
export function misfitIn(title: string, path: string, { where, what }: Misfit): WiretapeError {
  return unreadable(title, where === '' ? path : `${path}: ${where}`, what);
}

/** Counts what is worth a note, so that a thousand entries give one line. */
export class Notes {
  private readonly counts = new Map<string, number>();

  add(text: string): void {
    this.counts.set(text, (this.counts.get(text) ?? 0) + 1);
  }

  lines(): readonly string[] {
    return Array.from(this.counts, ([text, times]) => `${times} ${text}`);
  }
}
