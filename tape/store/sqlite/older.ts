/**
 * Reads a tape of an older version without touching it: what newer versions added is put in front of its tables for
 * this connection only. A tape may lie where nothing can be written, or be evidence that nobody should change.
 *
 * Migrations add tables and columns, and views (which nobody here reads); what makes a table anew says in `readAnew` how
 * its rows are read. A test holds what is read this way against what is read after the migration.
 */
import type Database from 'better-sqlite3';
import { currentVersion, readAnew } from './schema';
import { objectsAt, referenceAt } from './shape';

interface Column {
  readonly name: string;
  readonly dflt_value: string | null;
}

/** Lets the connection see the tables of the current version; `version` is the tape's own. */
export function showAsCurrent(database: Database.Database, version: number): void {
  const reference = referenceAt(currentVersion);
  try {
    for (const { type, name, sql } of objectsAt(currentVersion)) {
      if (type !== 'table') continue;
      const anew = readAnew[version]?.[name];
      if (anew !== undefined) database.exec(`CREATE TEMP VIEW ${name} AS ${anew}`);
      else database.exec(standIn(columnsOf(database, name), columnsOf(reference, name), { name, sql }));
    }
  } finally {
    reference.close();
  }
}

/** SQLite looks for a name among temporary objects first, so these stand in for the tape's own. */
function standIn(found: readonly Column[], wanted: readonly Column[], table: { name: string; sql: string }): string {
  if (found.length === 0) return table.sql.replace(/^CREATE TABLE/, 'CREATE TEMP TABLE');
  const added = wanted.filter(({ name }) => !found.some((column) => column.name === name));
  if (added.length === 0) return '';
  const constants = added.map(({ name, dflt_value }) => `${dflt_value ?? 'NULL'} AS ${name}`).join(', ');
  return `CREATE TEMP VIEW ${table.name} AS SELECT *, ${constants} FROM main.${table.name}`;
}

function columnsOf(database: Database.Database, table: string): readonly Column[] {
  return database.prepare<[string], Column>("SELECT name, dflt_value FROM pragma_table_info(?, 'main')").all(table);
}
