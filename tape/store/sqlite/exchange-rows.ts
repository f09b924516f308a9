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
const allColumns = [...usualColumns, ...rareColumns.map(([name]) => name), ...ownRareColumns];
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
  const groups = { usual, all: groupOf(database, { given: allColumns }) };
  return {
    replace(row) {
      this.flush(); // it may be the row of before
      replace.run(cellsOf(row, true));
    },
    add(row) {
      const isUsual = row.rare === null && row.ownRare === null;
      (isUsual ? groups.usual : groups.all).add(cellsOf(row, !isUsual));
    },
    flush() {
      groups.usual.flush();
      groups.all.flush();
    },
    forget() {
      groups.usual.forget();
      groups.all.forget();
    },
  };
}

const usualRare = rareColumns.map(([, usual]) => usual);
const noOwnRare = ownRareColumns.map(() => null);

function cellsOf({ own, usual, rare, ownRare }: ExchangeRow, isAll: boolean): Cell[] {
  const cells = own.concat(usual);
  return isAll ? cells.concat(rare ?? usualRare, ownRare ?? noOwnRare) : cells;
}

/** Rows of the same columns, gathered until there are enough for a statement. */
function groupOf(database: TapeDatabase, columns: Columns) {
  const one = database.prepare<[Cell[]]>(statement('INSERT', columns, 1));
  const many = database.prepare<[Cell[]]>(statement('INSERT', columns, rowsAtOnce));
  let rows: Cell[][] = [];
  return {
    add(cells: Cell[]): void {
      if (rows.push(cells) < rowsAtOnce) return;
      const full = rows;
      rows = [];
      many.run(full.flat());
    },
    flush(): void {
      const rest = rows;
      rows = [];
      for (const cells of rest) one.run(cells);
    },
    forget(): void {
      rows = [];
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
