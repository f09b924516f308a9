/**
 * The tables of a tape and how they came about. docs/tape-format.md tells people the same; a test holds the two
 * together. A migration that has been released is never edited: add one.
 */
import { first } from './migrations/first';
import { second, secondFromFirst } from './migrations/second';

/** `WTAP`: what `file` and this program know a tape by (SQLite file format 1.3, offset 68). */
export const applicationId = 0x57544150;

/** Statement n brings a tape from version n to n + 1; `PRAGMA user_version` says where a tape stands. */
export const migrations: readonly string[] = [first, second];

export const currentVersion = migrations.length;

/**
 * How tables that a migration made anew are read from an older tape, which stays as it is: version, table, and the
 * statement that gives its rows as they are now. Other tables only ever get columns.
 */
export const readAnew: Readonly<Record<number, Readonly<Record<string, string>>>> = { 1: secondFromFirst('main.') };
