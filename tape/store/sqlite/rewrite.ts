/**
 * Writes a tape anew, packed or as it is recorded. All of it goes into a file beside the place it is for, which takes its
 * name when it is whole: there is the tape of before, or that of after. What somebody added to a tape comes along.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { WiretapeError } from '../../../errors/wiretape-error';
import type { Rewriting, Rewritten } from '../tape';
import { closeQuietly } from './close';
import { isWriterAlive } from './lock';
import { guarded, openAsItIs, openForWriting, openOwnCopy, type TapeDatabase } from './open';
import { packRows, unpackRows } from './packed-rows';
import { makeForOwner } from './place';
import { sourceOf } from './source';

/**
 * Throws the errors of reading a tape, and of writing it where it is to take its own place; TAPE_BUSY where it is being
 * recorded, or read in its own place; FILE_UNREADABLE where the output cannot be written, or is there already.
 */
export function rewriteTape(path: string, { output, isPacked }: Rewriting): Rewritten {
  openAsItIs(path).close(); // a tape that is none is said to be so, and not made
  const isInPlace = isSameFile(path, output);
  const bytesBefore = statSync(path).size;
  const write = (database: TapeDatabase, put: () => void) =>
    rewritten(database, { path, output, isPacked, put: () => guarded(path, 'write', put) });
  if (isInPlace) inPlace(path, write);
  else elsewhere(path, { output, write });
  return { bytesBefore, bytesAfter: statSync(output).size };
}

type Write = (database: TapeDatabase, put: () => void) => void;

/** Nobody records onto it meanwhile. */
function inPlace(path: string, write: Write): void {
  const { database } = openForWriting(path);
  try {
    write(database, () => {
      if (database.pragma('journal_mode = DELETE', { simple: true }) === 'wal') throw notNow(path, 'somebody reads it');
    });
    database.close(); // its file has no name any more
  } catch (error) {
    closeQuietly(database);
    throw error;
  }
}

function elsewhere(path: string, { output, write }: { readonly output: string; readonly write: Write }): void {
  refuseTaken(output);
  const database = openAsItIs(path);
  try {
    const isBeingWritten = guarded(path, 'read', () => isWriterAlive(database));
    if (isBeingWritten !== false) throw notNow(path, 'it is being recorded');
    write(database, () => refuseTaken(output));
  } finally {
    database.close();
  }
}

interface Task {
  readonly path: string;
  readonly output: string;
  readonly isPacked: boolean;
  /** Called when all is written, before it takes its name. */
  readonly put: () => void;
}

/** Works in a folder beside the output, which is taken away in every case but one: that the process is killed. */
function rewritten(database: TapeDatabase, { path, output, isPacked, put }: Task): void {
  const folder = `${output}.partial-${process.pid}`;
  makeFolder(folder, output);
  try {
    const whole = join(folder, 'whole');
    makeForOwner(whole);
    const copy = copyOf(database, { path, file: join(folder, 'copy') });
    try {
      const source = sourceOf(path, copy);
      guarded(path, 'read', () => (isPacked ? packRows(source) : unpackRows(source)));
      guarded(path, 'write', () => copy.prepare('VACUUM INTO ?').run(whole));
    } finally {
      copy.close();
    }
    sync(whole);
    put();
    renameSync(whole, output);
    sync(dirname(output));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is written anew is written to a copy: the rows that it takes out leave their room behind. */
function copyOf(
  database: TapeDatabase,
  { path, file }: { readonly path: string; readonly file: string },
): TapeDatabase {
  makeForOwner(file);
  return guarded(path, 'write', () => {
    database.prepare('VACUUM INTO ?').run(file);
    const copy = openOwnCopy(file);
    copy.exec('DELETE FROM writer');
    return copy;
  });
}

function makeFolder(folder: string, output: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (cause) {
    throw notWritten(output, cause instanceof Error ? cause.message : String(cause), cause);
  }
}

function notNow(path: string, why: string): WiretapeError {
  return new WiretapeError('TAPE_BUSY', `Cannot write ${path} anew: ${why}`, {
    remedy: 'Wait until it ends, or end it',
  });
}

function refuseTaken(output: string): void {
  if (statSync(output, { throwIfNoEntry: false }) !== undefined)
    throw notWritten(output, 'there is a file of that name');
}

function notWritten(output: string, seen: string, cause?: unknown): WiretapeError {
  return new WiretapeError('FILE_UNREADABLE', `Cannot write ${output}`, {
    cause,
    seen: [seen],
    remedy: 'Give a new name in a folder that is there and that you may write:  -o FILE',
  });
}

function isSameFile(a: string, b: string): boolean {
  const [one, other] = [a, b].map((path) => statSync(path, { bigint: true, throwIfNoEntry: false }));
  return one !== undefined && one.dev === other?.dev && one.ino === other.ino;
}

function sync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
