/**
 * What a cell of a tape may hold. SQLite keeps any value in any column and files come from anywhere, so each cell is
 * held against its kind before it is believed; one that does not fit is damage, named by its column, and no fault of ours.
 */
import type Database from 'better-sqlite3';
import type { MessageFacts } from '../../model/message';
import { UnbelievableContent } from '../../model/packed-fields';
import type { RedactionEntry } from '../../redact/redacted';

/** The cell that cannot be what was recorded; `guarded` makes TAPE_DAMAGED of it. */
export class UnbelievableCell extends UnbelievableContent {}

/** The most that a recorder may be told to keep of a body: what is on a tape must also be read. */
export const keptBodyLimitBytes = 256 * 1024 * 1024;

/** Longest text or blob that is read: a body, and room for placeholders that are longer than what they stand for. */
export const cellLimitBytes = keptBodyLimitBytes + 16 * 1024 * 1024;

/** What is selected in the place of a longer one: no column of text or bytes holds a number otherwise. */
const tooLong = -1;

export interface Kind {
  readonly type: 'INTEGER' | 'TEXT' | 'BLOB';
  readonly mayBeNull: boolean;
}

/** The kinds of columns by the names that rows are read under. */
export type Kinds = ReadonlyMap<string, Kind>;

/** The kinds of a table's columns as the schema declares them. */
export function kindsOf(reference: Database.Database, table: string): Kinds {
  const columns = reference.prepare<[string], DeclaredColumn>(
    'SELECT name, type, "notnull", pk FROM pragma_table_info(?)',
  );
  return new Map(
    columns.all(table).map(({ name, type, notnull, pk }) => [name, { type, mayBeNull: notnull === 0 && pk === 0 }]),
  );
}

interface DeclaredColumn {
  readonly name: string;
  readonly type: Kind['type'];
  readonly notnull: number;
  readonly pk: number;
}

/** A list of columns, `place AS name` or `table.name`, that gives a mark instead of loading what is too long. */
export function boundedColumns(columns: readonly string[], kinds: Kinds): string {
  return columns.map((column) => boundedColumn(column, kinds)).join(', ');
}

function boundedColumn(column: string, kinds: Kinds): string {
  const [place = '', name = column.replace(/^\w+\./, '')] = column.split(' AS ');
  if (kinds.get(name)?.type === 'INTEGER') return `${place} AS ${name}`;
  return `iif(octet_length(${place}) > ${cellLimitBytes}, ${tooLong}, ${place}) AS ${name}`;
}

/** The row itself. Throws where one of its cells is not of its kind. */
export function believed<T extends object>(row: T, kinds: Kinds): T {
  for (const name in row) {
    const kind = kinds.get(name);
    if (kind !== undefined && !fits(row[name], kind)) {
      throw new UnbelievableCell(`column ${name} holds ${described(row[name], kind)}`);
    }
  }
  return row;
}

/** The same for rows of bare cells, whose first ones have these names. */
export function cellCheck(names: readonly string[], kinds: Kinds): (row: readonly unknown[]) => void {
  const own = names.flatMap((name, at) => {
    const kind = kinds.get(name);
    return kind === undefined ? [] : [{ at, name, ...kind, kind }];
  });
  return (row) => {
    for (const { at, name, type, mayBeNull, kind } of own) {
      const cell = row[at];
      if (cell === null ? mayBeNull : type === 'TEXT' ? typeof cell === 'string' : fits(cell, kind)) continue;
      throw new UnbelievableCell(`column ${name} holds ${described(cell, kind)}`);
    }
  };
}

function fits(cell: unknown, { type, mayBeNull }: Kind): boolean {
  if (cell === null) return mayBeNull;
  if (type === 'INTEGER') return Number.isSafeInteger(cell);
  return type === 'TEXT' ? typeof cell === 'string' : cell instanceof Uint8Array;
}

function described(cell: unknown, { type }: Kind): string {
  if (cell === tooLong && type !== 'INTEGER') return `more than ${cellLimitBytes} bytes`;
  const wanted = { INTEGER: 'a whole number', TEXT: 'text', BLOB: 'bytes' }[type];
  if (cell === null) return `nothing, not ${wanted}`;
  return `${typeof cell === 'number' ? `the number ${cell}` : typeof cell === 'string' ? 'text' : 'bytes'}, not ${wanted}`;
}

export function entriesIn(text: string | null): RedactionEntry[] {
  return listIn(text, 'redacted', isEntry);
}

/** The facts of a message: an object of plain values. */
export function factsIn(text: string): MessageFacts {
  const facts = recordOf(parsed(text, 'facts'));
  if (Object.values(facts).every((fact) => fact === null || ['string', 'number', 'boolean'].includes(typeof fact))) {
    return facts as MessageFacts;
  }
  throw new UnbelievableCell('column facts holds JSON of another shape');
}

export function textsIn(text: string, column: string): string[] {
  return listIn(text, column, (item) => typeof item === 'string');
}

function listIn<T>(text: string | null, column: string, isItem: (item: unknown) => item is T): T[] {
  if (text === null) return [];
  const list = parsed(text, column);
  if (Array.isArray(list) && list.every(isItem)) return list;
  throw new UnbelievableCell(`column ${column} holds JSON of another shape`);
}

function parsed(text: string, column: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UnbelievableCell(`column ${column} holds no JSON`);
  }
}

function isEntry(item: unknown): item is RedactionEntry {
  const entry = recordOf(item);
  const isSided = entry.in === 'request' || entry.in === 'response';
  return isSided && [entry.path, entry.rule, entry.placeholder].every((part) => typeof part === 'string');
}

function recordOf(item: unknown): Readonly<Record<string, unknown>> {
  return typeof item === 'object' && item !== null ? (item as Record<string, unknown>) : {};
}
