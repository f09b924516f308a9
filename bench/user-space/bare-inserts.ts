/** What SQLite asks for the same rows when nothing else is done: better-sqlite3's own prepared, batched inserts. */
import Database from 'better-sqlite3';
import { openForWriting } from '../../tape/store/sqlite/open';

/** As many as the tape's writer puts into one transaction. */
const rowsOfBatch = 256;

export interface Rows {
  readonly columns: readonly string[];
  readonly values: readonly unknown[][];
}

/** The exchanges of a tape as they lie there. */
export function rowsOf(tape: string): Rows {
  const database = new Database(tape, { readonly: true });
  try {
    const statement = database.prepare<[], unknown[]>('SELECT * FROM exchanges ORDER BY id').raw();
    return { columns: statement.columns().map(({ name }) => name), values: statement.all() };
  } finally {
    database.close();
  }
}

/** Same tables, same index, same journal as a tape; closes it. The clock starts when the file is open. */
export async function insertRows<T>(
  rows: Rows,
  file: string,
  timed: (work: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const { database } = openForWriting(file);
  database.pragma('foreign_keys = OFF'); // the rows of sessions and connections are left out
  const places = rows.columns.map(() => '?').join(', ');
  const insert = database.prepare(`INSERT INTO exchanges (${rows.columns.join(', ')}) VALUES (${places})`);
  const insertBatch = database.transaction((batch: readonly unknown[][]) => {
    for (const row of batch) insert.run(row);
  });
  return timed(async () => {
    for (let from = 0; from < rows.values.length; from += rowsOfBatch)
      insertBatch(rows.values.slice(from, from + rowsOfBatch));
    database.close();
  });
}
