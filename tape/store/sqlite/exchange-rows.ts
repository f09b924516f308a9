/**
 * The rows of `exchanges` that one transaction adds, several a statement: SQLite asks less for a row among others than for
 * one by itself, and less again where columns that few exchanges fill are not named.
 */
import type { TapeDatabase } from './open';
import { type Cell, exchangeColumns, rareColumns } from './row';

/** Of the writer: ids, the commit, heads and bodies. */
const ownColumns = [
  'id',
  'session_id',
  'connection_id',
  'commit_number',
  'request_head_id',
  'request_values',
  'response_head_id',
  'response_values',
  'request_body',
  'response_body',
] as const;
const ownRareColumns = ['request_body_id', 'response_body_id'] as const;

const usualColumns = [...ownColumns, ...exchangeColumns];
/** Of an exchange with a body that is kept once. */
const sharingColumns = [...usualColumns, ...ownRareColumns];
const allColumns = [...sharingColumns, ...rareColumns.map(([name]) => name)];
/** Columns that need a value, and have the usual one. */
const settledColumns = rareColumns.filter(([, usual]) => usual !== null);

/** Measured: 16 are a seventh cheaper than single ones, and 64 no cheaper than 16. */
const rowsAtOnce = 16;

export interface ExchangeRow {
  /** Cells of the columns above, in their order. */
  readonly own: readonly Cell[];
  readonly usual: readonly Cell[];
  /** Null where all of them are as usual. */
  readonly rare: readonly Cell[] | null;
  /** Null where all of them are. */
  readonly ownRare: readonly Cell[] | null;
}

export interface ExchangeRows {
  /** Takes the place of a row of the same id, where there is one on the tape. */
  replace(row: ExchangeRow): void;
  /** Adds it, now or with `flush`. */
  add(row: ExchangeRow): void;
  /** Everything that was added is there. To be called before the transaction ends. */
  flush(): void;
  /** The transaction was rolled back. */
  forget(): void;
}

export function createExchangeRows(database: TapeDatabase): ExchangeRows {
  const replace = database.prepare<[Cell[]]>(statement('REPLACE', { given: allColumns }, 1));
  const usual = groupOf(database, { given: usualColumns, settled: settledColumns });
  const sharing = groupOf(database, { given: sharingColumns, settled: settledColumns });
  const all = groupOf(database, { given: allColumns });
  const groups = [usual, sharing, all];
  return {
    replace(row) {
      this.flush(); // it may be the row of before
      replace.run([...row.own, ...row.usual, ...(row.ownRare ?? noOwnRare), ...(row.rare ?? usualRare)]);
    },
    add({ own, usual: cells, ownRare, rare }) {
      if (rare !== null) all.add(own, cells, ownRare ?? noOwnRare, rare);
      else if (ownRare !== null) sharing.add(own, cells, ownRare);
      else usual.add(own, cells);
    },
    flush() {
      for (const group of groups) group.flush();
    },
    forget() {
      for (const group of groups) group.forget();
    },
  };
}

const usualRare = rareColumns.map(([, usual]) => usual);
const noOwnRare = ownRareColumns.map(() => null);

/** Rows of the same columns, gathered until there are enough for a statement. */
function groupOf(database: TapeDatabase, columns: Columns) {
  const one = database.prepare<Cell[]>(statement('INSERT', columns, 1));
  const many = database.prepare<Cell[]>(statement('INSERT', columns, rowsAtOnce));
  const width = columns.given.length;
  /** Cells of all gathered rows one after another: used again and again, as an array of each row would have to be joined. */
  const cells: Cell[] = new Array(width * rowsAtOnce).fill(null);
  let used = 0;
  return {
    /** The cells of a row, in parts. */
    add(...parts: readonly (readonly Cell[])[]): void {
      for (const part of parts) for (let i = 0; i < part.length; i++) cells[used++] = part[i] as Cell;
      if (used < cells.length) return;
      used = 0;
      many.run(...cells); // as arguments: better-sqlite3 asks more for each element of an array
    },
    flush(): void {
      const rest = used;
      used = 0;
      for (let at = 0; at < rest; at += width) one.run(...cells.slice(at, at + width));
    },
    forget(): void {
      used = 0;
    },
  };
}

/** Columns whose values are given with each row, and those with the same value in every row. */
interface Columns {
  readonly given: readonly string[];
  readonly settled?: readonly (readonly [name: string, value: string | number | null])[];
}

function statement(verb: 'INSERT' | 'REPLACE', { given, settled = [] }: Columns, rows: number): string {
  const names = [...given, ...settled.map(([name]) => name)];
  const places = [...given.map(() => '?'), ...settled.map(([, value]) => literal(value))];
  const row = `(${places.join(', ')})`;
  return `${verb} INTO exchanges (${names.join(', ')}) VALUES ${Array.from({ length: rows }, () => row).join(', ')}`;
}

/** Of our own constants: no text in them needs escaping. */
function literal(value: string | number | null): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}
