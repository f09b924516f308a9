/**
 * A tape that cannot be opened where it lies: its recorder was killed and left a journal, and the folder may not be
 * written, so that SQLite cannot bring the two together. A copy of all is read instead, which is gone as soon as it is
 * open.
 */
import { copyFileSync, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { busy } from './errors';

/** The file and what SQLite may have left beside it. */
const parts = ['', '-wal', '-journal'] as const;

/** How often a tape that changes under the copy is copied again. */
const tries = 3;

/** Opens a copy for reading. Throws TAPE_BUSY where the tape is being written all the while. */
export function openCopy(path: string): Database.Database {
  const folder = mkdtempSync(join(tmpdir(), 'wiretape-')); // 0700: what is copied is for one person
  try {
    const copy = join(folder, 'copy.tape');
    for (let left = tries; !copyAtRest(path, copy); left--)
      if (left === 1) throw busy(path, 'it changes while it is read');
    foldJournal(copy);
    const database = new Database(copy, { readonly: true, fileMustExist: true });
    database.prepare('SELECT count(*) FROM sqlite_schema').get(); // opens the file: until then there is only its name
    return database;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** False where something was written meanwhile: the two files then need not fit together. */
function copyAtRest(path: string, copy: string): boolean {
  const before = stateOf(path);
  for (const suffix of parts) if (existsSync(path + suffix)) copyFileSync(path + suffix, copy + suffix);
  return stateOf(path) === before;
}

function stateOf(path: string): string {
  return parts
    .map((suffix) => statSync(path + suffix, { bigint: true, throwIfNoEntry: false }))
    .map((stats) => `${stats?.size} ${stats?.mtimeNs}`)
    .join();
}

function foldJournal(copy: string): void {
  const database = new Database(copy);
  database.pragma('journal_mode = DELETE');
  database.close();
}
