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
const allColumns = [...usualColumns, ...rareColumns, ...ownRareColumns];

/** Measured: 16 are a seventh cheaper than single ones, and 64 no cheaper than 16. */
const rowsAtOnce = 16;

export interface ExchangeRow {
  /** Cells of the columns above, in their order. */
  readonly own: readonly Cell[];
  readonly usual: readonly Cell[];
  /** Null where all of them are. */
  readonly rare: readonly Cell[] | null;
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
  const replace = database.prepare<[Cell[]]>(statement('REPLACE', allColumns, 1));
  const groups = { usual: groupOf(database, usualColumns), all: groupOf(database, allColumns) };
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

const noRare = rareColumns.map(() => null);
const noOwnRare = ownRareColumns.map(() => null);

function cellsOf({ own, usual, rare, ownRare }: ExchangeRow, isAll: boolean): Cell[] {
  const cells = own.concat(usual);
  return isAll ? cells.concat(rare ?? noRare, ownRare ?? noOwnRare) : cells;
}

/** Rows of the same columns, gathered until there are enough for a statement. */
function groupOf(database: TapeDatabase, columns: readonly string[]) {
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

function statement(verb: 'INSERT' | 'REPLACE', columns: readonly string[], rows: number): string {
  const row = `(${columns.map(() => '?').join(', ')})`;
  return `${verb} INTO exchanges (${columns.join(', ')}) VALUES ${Array.from({ length: rows }, () => row).join(', ')}`;
}
