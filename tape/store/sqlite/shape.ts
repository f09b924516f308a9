/**
 * Holds a tape against the schema it claims to have, before anything is asked of it: a view in the place of a table
 * answers what it likes, for as long as it likes, and a trigger writes what nobody recorded. What wiretape neither reads
 * nor runs (a table or a view that somebody added) is left alone.
 */
import Database from 'better-sqlite3';
import { altered } from './errors';
import { migrations } from './schema';

export interface SchemaObject {
  readonly type: string;
  readonly name: string;
  readonly sql: string;
}

/** Throws TAPE_DAMAGED where the objects of the schema are not exactly those that its version makes. */
export function requireShape(
  database: Database.Database,
  at: { readonly path: string; readonly version: number },
): void {
  const wrong = differences(objectsOf(database), objectsAt(at.version));
  if (wrong.length > 0) throw altered(at.path, wrong.slice(0, 5));
}

/** What differs, in words. */
export function differences(found: readonly SchemaObject[], wanted: readonly SchemaObject[]): readonly string[] {
  const byName = new Map(found.map((object) => [object.name, object]));
  const changed = wanted.flatMap((want) => differenceOf(byName.get(want.name), want));
  const triggers = found.filter(({ type }) => type === 'trigger').map(({ name }) => `it has a trigger, ${shown(name)}`);
  const names = new Set(wanted.map(({ name }) => name));
  const shadows = found.filter(({ name }) => !names.has(name) && isReserved(name));
  return [...changed, ...triggers, ...shadows.map(({ type, name }) => `it has one ${type} too many, ${shown(name)}`)];
}

function differenceOf(found: SchemaObject | undefined, { type, name, sql }: SchemaObject): readonly string[] {
  if (found === undefined) return [`its ${type} ${name} is missing`];
  if (found.type !== type) return [`its ${name} is a ${found.type}, where wiretape makes a ${type}`];
  return found.sql === sql ? [] : [`its ${type} ${name} is not the one wiretape makes`];
}

/** Tables of later versions that an older tape has already: their rows would pass for our own after a migration. */
function isReserved(name: string): boolean {
  return objectsAt(migrations.length).some((object) => object.name === name);
}

/** A tape of that version, empty and in memory. */
export function referenceAt(version: number): Database.Database {
  const database = new Database(':memory:');
  for (const sql of migrations.slice(0, version)) database.exec(sql);
  return database;
}

export function objectsAt(version: number): readonly SchemaObject[] {
  const reference = referenceAt(version);
  try {
    return objectsOf(reference);
  } finally {
    reference.close();
  }
}

/** What SQLite made itself (`sqlite_…`) it also checks itself. */
function objectsOf(database: Database.Database): readonly SchemaObject[] {
  const sql =
    "SELECT type, name, coalesce(sql, '') AS sql FROM sqlite_schema WHERE name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
  return database
    .prepare<[], SchemaObject>(sql)
    .all()
    .map((object) => ({ ...object, sql: settled(object.sql) }));
}

/** What `sqlite3 .recover` writes down is laid out a little differently, and means the same. */
function settled(sql: string): string {
  return sql
    .replace(/\s+/g, ' ')
    .replace(/^(CREATE \w+) ["'`]?(\w+)["'`]? ?\(/, '$1 $2(')
    .replace(/\( | \)|;$/g, (gap) => gap.trim().replace(';', ''));
}

function shown(name: string): string {
  return JSON.stringify(name.slice(0, 60));
}
