/**
 * Opens tape files: refuses what is no tape before SQLite touches it, and what is not as wiretape made it before anything
 * is read. Reading changes no tape, an older one neither; writing brings it to the current version first. Everything
 * thrown is a WiretapeError.
 */
import { closeSync, constants, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import Database from 'better-sqlite3';
import { openCopy } from './aside';
import { foreign, missing, newer, tapeError, unreadable } from './errors';
import { takeWriterLock } from './lock';
import { showAsCurrent } from './older';
import { createPrivately, type Place, requireHeld, takePlace } from './place';
import { applicationId, currentVersion, migrations } from './schema';
import { requireShape } from './shape';

export type TapeDatabase = Database.Database;

/** Who writes comes back to the ends of tables and indexes only; better-sqlite3 would keep 16 MB of pages. */
const writerCacheKibibytes = 4096;

/** How long a lock of another process is waited for: a checkpoint of a large tape takes less. */
const lockWaitMs = 5000;

/** Opens an existing tape for reading. Throws TAPE_MISSING, TAPE_FOREIGN, TAPE_NEWER, TAPE_UNREADABLE, TAPE_BUSY or TAPE_DAMAGED. */
export function openForReading(path: string): TapeDatabase {
  const database = openAsItIs(path);
  return guarded(path, 'read', () =>
    closedOnError(database, () => {
      const version = versionOf(database, path);
      if (version < currentVersion) showAsCurrent(database, version);
    }),
  );
}

/** The same, without what newer versions added where the tape is older. */
export function openAsItIs(path: string): TapeDatabase {
  return guarded(path, 'read', () => {
    if (inspect(path) !== 'tape') throw foreign(path, 'the file is empty');
    return closedOnError(openWhereItLies(path) ?? openCopy(path), (database) => {
      distrust(database);
      requireShape(database, { path, version: versionOf(database, path) });
    });
  });
}

export interface OpenTape {
  readonly database: TapeDatabase;
  readonly place: Place;
}

/** Opens a tape for writing, creating it (0600) where there is no file. Throws as above, and TAPE_UNSAFE and FILE_UNREADABLE. */
export function openForWriting(path: string): OpenTape {
  return guarded(path, 'write', () => {
    const isNew = createPrivately(path);
    inspect(path);
    const place = takePlace(path, isNew);
    const database = closedOnError(new Database(path, { timeout: lockWaitMs }), (opened) => {
      distrust(opened);
      giveIdentity(opened);
      requireShape(opened, { path, version: versionOf(opened, path) });
      takeIntoUse(opened, path);
      requireHeld(place);
    });
    return { database, place };
  });
}

/** A copy that nobody else knows of: without lock and journal, and brought to the current version. */
export function openOwnCopy(path: string): TapeDatabase {
  return closedOnError(new Database(path), (database) => {
    distrust(database);
    database.pragma('journal_mode = OFF');
    database.pragma('synchronous = OFF');
    migrate(database);
  });
}

/** Undefined where SQLite would have to write beside the tape, and may not. */
function openWhereItLies(path: string): TapeDatabase | undefined {
  const database = new Database(path, { readonly: true, fileMustExist: true, timeout: lockWaitMs });
  try {
    database.prepare('SELECT count(*) FROM sqlite_schema').get();
    return database;
  } catch (error) {
    database.close();
    if (/^SQLITE_(CANTOPEN|READONLY)/.test((error as { code?: string }).code ?? '')) return undefined;
    throw error;
  }
}

/** What stands in a tape's schema may call no function that does more than compute, whatever it says. */
function distrust(database: TapeDatabase): void {
  database.pragma('trusted_schema = OFF');
  database.pragma('cell_size_check = ON');
  database.pragma('temp_store = MEMORY');
}

/** The lock first: a recorder of an older version may still be writing. */
function takeIntoUse(database: TapeDatabase, path: string): void {
  const hasTables = versionOf(database, path) > 0;
  if (hasTables) takeWriterLock(database, path);
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = NORMAL');
  database.pragma('wal_autocheckpoint = 2000');
  database.pragma(`cache_size = -${writerCacheKibibytes}`);
  migrate(database);
  if (!hasTables) takeWriterLock(database, path);
}

/** Written before the journal mode changes: a crash leaves an empty file or a tape, never a database of nobody. */
function giveIdentity(database: TapeDatabase): void {
  // Asked of SQLite, which first undoes what a crash left half done: the header alone may be that of a tape already.
  if (database.pragma('application_id', { simple: true }) === applicationId) return;
  database.pragma('page_size = 8192'); // an exchange of 1 KB fills less than one page; measured 10 % cheaper than 4096
  database.pragma(`application_id = ${applicationId}`);
}

function versionOf(database: TapeDatabase, path: string): number {
  const seen = Number(database.pragma('user_version', { simple: true }));
  if (seen > currentVersion) throw newer(path, { seen, known: currentVersion });
  return seen;
}

/** All steps in one transaction, so that a crash leaves the old tape or the new one. */
function migrate(database: TapeDatabase): void {
  const all = database.transaction(() => {
    const version = Number(database.pragma('user_version', { simple: true }));
    for (const sql of migrations.slice(version)) database.exec(sql);
    if (version < currentVersion) database.pragma(`user_version = ${currentVersion}`);
  });
  all.immediate();
}

/** Reads the header of the file itself: SQLite takes anything of the right shape, and may change it. */
function inspect(path: string): 'tape' | 'empty' {
  if (!existsSync(path)) throw missing(path);
  const header = readHeader(path);
  if (header.length === 0) return 'empty';
  if (header.toString('latin1', 0, 16) !== 'SQLite format 3\0') throw foreign(path, 'the file is no SQLite database');
  if (header.length < 72 || header.readUInt32BE(68) !== applicationId) {
    throw foreign(path, 'the file is an SQLite database of another program');
  }
  return 'tape';
}

/** Looks at the file that was opened, and never waits for the other end of a pipe. */
function readHeader(path: string): Buffer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw unreadable(path, new Error('it is no ordinary file'));
    const header = Buffer.alloc(Math.min(100, stats.size));
    return header.subarray(0, readSync(fd, header, 0, header.length, 0));
  } finally {
    closeSync(fd);
  }
}

function closedOnError(database: TapeDatabase, prepare: (database: TapeDatabase) => void): TapeDatabase {
  try {
    prepare(database);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Runs what may throw errors of SQLite or the file system, and throws ours instead. */
export function guarded<T>(path: string, tried: 'read' | 'write', run: () => T): T {
  try {
    return run();
  } catch (thrown) {
    throw tapeError(thrown, path, tried);
  }
}
