/** Reads tapes: sessions, exchanges in order of their start, single ones by id, and what is new. Holds one row at a time. */
import type { Statement } from 'better-sqlite3';
import { type ExchangeFilter, subjectPasses } from '../../model/filter';
import type { Message } from '../../model/message';
import type { RedactionEntry } from '../../redact/redacted';
import { follow } from '../follow';
import type { StoredExchange, TapeAtHand, TapeReader } from '../tape';
import type { Packing } from './bodies';
import { believed, boundedColumns, entriesIn } from './cells';
import { commitsOf } from './commits';
import type { HeadColumns } from './heads';
import { guarded, openForReading } from './open';
import { outlinesOf } from './outlines';
import { bodyOf, wholeRow } from './packed-rows';
import { type ExchangeColumns, exchangeOf, type MessageColumns, messageColumns, messageOf } from './row';
import { sessionsOf } from './sessions';
import { columnList, fromTables, ofConnection, type Source, sourceOf } from './source';
import { conditions, subjectOf, summaries } from './summaries';

/** Opens a tape. Throws TAPE_MISSING, TAPE_FOREIGN, TAPE_NEWER, TAPE_UNREADABLE or TAPE_DAMAGED. */
export function openTapeReader(path: string): TapeReader {
  const source = sourceOf(path, openForReading(path));
  const running = new Set<Iterator<unknown>>();
  const closing = new AbortController();
  const reading = async <T>(read: () => T): Promise<T> => guarded(path, 'read', read);
  return {
    sessions: () => reading(() => sessionsOf(source)),
    exchanges: (filter = {}) => stepwise(path, running, storedExchanges(source, filter)),
    summaries: (filter = {}) => stepwise(path, running, summaries(source, filter)),
    outlines: (filter = {}) => reading(() => outlinesOf(source, filter)),
    exchange: (id) => reading(() => exchangeWithId(source, id)),
    exchangesWith: (ids) => stepwise(path, running, exchangesWith(source, ids)),
    atHand: () => reading(() => atHand(source, running)),
    follow: (after, options) => follow(commitsOf(source), after, { ...options, closing: closing.signal }),
    close: async () => {
      closing.abort();
      // SQLite does not close under a running statement, and a caller may have left a loop in the middle.
      for (const iterator of running) iterator.return?.();
      source.database.close();
    },
  };
}

const allColumns = `e.*, ${ofConnection},
  x.id AS cause_id, qb.packing AS request_packing, qb.bytes AS request_packed, qb.size AS request_size, qb.packed AS request_at,
  rb.packing AS response_packing, rb.bytes AS response_packed, rb.size AS response_size, rb.packed AS response_at`;

const fromTablesAndBodies = `${fromTables}
  LEFT JOIN bodies qb ON qb.id = e.request_body_id
  LEFT JOIN bodies rb ON rb.id = e.response_body_id`;

interface StoredRow extends ExchangeColumns, HeadColumns {
  readonly request_body: Uint8Array | null;
  readonly response_body: Uint8Array | null;
  readonly request_packing: Packing | null;
  readonly request_packed: Uint8Array | null;
  readonly request_size: number | null;
  readonly request_at: number | null;
  readonly response_packing: Packing | null;
  readonly response_packed: Uint8Array | null;
  readonly response_size: number | null;
  readonly response_at: number | null;
  readonly packed: number | null;
}

function* storedExchanges(source: Source, filter: ExchangeFilter): IterableIterator<StoredExchange> {
  const { database, cells } = source;
  const { where, values } = conditions(filter);
  const sql = `SELECT ${columnList(allColumns, cells)} ${fromTablesAndBodies} ${where} ORDER BY e.started_us, e.id`;
  for (const row of database.prepare<unknown[], StoredRow>(sql).iterate(...values)) {
    if (subjectPasses(subjectOf(believed(row, cells.joined)), filter)) yield storedOf(source, row);
  }
}

function exchangeWithId(source: Source, id: string): StoredExchange | undefined {
  const { database, cells } = source;
  if (!isId(id)) return undefined;
  const sql = `SELECT ${columnList(allColumns, cells)} ${fromTablesAndBodies} WHERE e.id = ?`;
  const row = database.prepare<[number], StoredRow>(sql).get(Number(id));
  return row === undefined ? undefined : storedOf(source, believed(row, cells.joined));
}

function atHand(source: Source, running: Set<Iterator<unknown>>): TapeAtHand {
  const { path } = source;
  const rows = rowsWithIds(source); // once: what a statement takes is given back when its object is collected, if ever
  const readBy = (rows: () => IterableIterator<StoredExchange>) => ({
    [Symbol.iterator]: () => guardedSteps(path, running, rows()),
  });
  return {
    exchanges: (filter = {}) => readBy(() => storedExchanges(source, filter)),
    exchangesWith: (ids) => readBy(() => exchangesWith(source, ids, rows)),
  };
}

function isId(text: string): boolean {
  return /^[1-9]\d{0,15}$/.test(text);
}

/** One statement for all of them: what better-sqlite3 makes ready for rows of so many columns costs more than a row. */
function* exchangesWith(source: Source, ids: readonly string[], ready?: RowsWithIds): IterableIterator<StoredExchange> {
  const rows = ready === undefined || ready.busy ? rowsWithIds(source) : ready;
  for (const row of rows.iterate(JSON.stringify(ids.filter(isId).map(Number)))) {
    yield storedOf(source, believed(row, source.cells.joined));
  }
}

type RowsWithIds = Statement<[string], StoredRow>;

function rowsWithIds({ database, cells }: Source): RowsWithIds {
  const inOrder = fromTablesAndBodies.replace('exchanges e', 'json_each(?) j CROSS JOIN exchanges e ON e.id = j.value');
  return database.prepare(`SELECT ${columnList(allColumns, cells)} ${inOrder}`);
}

function storedOf(source: Source, found: StoredRow): StoredExchange {
  const row = wholeRow(found, 'exchanges', source);
  const messages = row.messages === 0 ? [] : messagesOf(source, row.id);
  return {
    id: String(row.id),
    session: String(row.session_id),
    connectionId: String(row.connection_id),
    causeId: row.cause_id === null ? null : String(row.cause_id),
    exchange: exchangeOf(
      row,
      { heads: source.heads.headsOf(row), ...bodiesFrom(row, source) },
      messages.map(({ message }) => message),
    ),
    redacted: [...entriesIn(row.redacted), ...messages.flatMap(({ redacted }) => redacted)],
  };
}

function bodiesFrom(
  row: StoredRow,
  source: Source,
): { readonly request: Uint8Array | null; readonly response: Uint8Array | null } {
  return {
    request:
      apart(
        { packing: row.request_packing, bytes: row.request_packed, size: row.request_size, packed: row.request_at },
        source,
      ) ?? row.request_body,
    response:
      apart(
        { packing: row.response_packing, bytes: row.response_packed, size: row.response_size, packed: row.response_at },
        source,
      ) ?? row.response_body,
  };
}

/** Opened for each exchange that has messages: few have. */
function messagesOf(
  source: Source,
  exchange: number,
): readonly { readonly message: Message; readonly redacted: readonly RedactionEntry[] }[] {
  const { database, cells } = source;
  const own = boundedColumns(['m.packed', 'm.body', ...messageColumns.map((name) => `m.${name}`)], cells.messages);
  const sql = `SELECT ${own}, ${boundedColumns(['b.packing AS body_packing', 'b.bytes AS body_packed', 'b.size AS body_size', 'b.packed AS body_at'], cells.messages)}
    FROM messages m LEFT JOIN bodies b ON b.id = m.body_id WHERE m.exchange_id = ? ORDER BY m.ordinal`;
  return database
    .prepare<[number], MessageRow>(sql)
    .all(exchange)
    .map((found) => {
      const row = wholeRow(believed(found, cells.messages), 'messages', source);
      const { body_packing: packing, body_packed: bytes, body_size: size, body_at: packed } = row;
      const message = messageOf(row, apart({ packing, bytes, size, packed }, source) ?? row.body);
      return { message, redacted: entriesIn(row.redacted) };
    });
}

interface MessageRow extends MessageColumns {
  readonly body: Uint8Array | null;
  readonly body_packing: Packing | null;
  readonly body_packed: Uint8Array | null;
  readonly body_size: number | null;
  readonly body_at: number | null;
  readonly packed: number | null;
}

/** A body that has a row of its own; null where there is none. */
function apart({ packing, bytes, size, packed }: ApartColumns, { blocks }: Source): Uint8Array | null {
  return packing === null || bytes === null || size === null ? null : bodyOf({ packing, bytes, size, packed }, blocks);
}

interface ApartColumns {
  readonly packing: Packing | null;
  readonly bytes: Uint8Array | null;
  readonly size: number | null;
  readonly packed: number | null;
}

/** The rows as a caller awaits them, each step guarded; a step is one promise and no more, so that lists stay quick. */
function stepwise<T>(
  path: string,
  running: Set<Iterator<unknown>>,
  rows: IterableIterator<T>,
): AsyncIterableIterator<T> {
  const steps = guardedSteps(path, running, rows);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: async () => steps.next(),
    return: async () => steps.return(),
  };
}

interface GuardedSteps<T> extends IterableIterator<T> {
  return(): IteratorResult<T>;
}

function guardedSteps<T>(path: string, running: Set<Iterator<unknown>>, rows: IterableIterator<T>): GuardedSteps<T> {
  const end = (): IteratorResult<T> => {
    rows.return?.();
    running.delete(rows);
    return { done: true, value: undefined };
  };
  return {
    [Symbol.iterator]() {
      return this;
    },
    next() {
      running.add(rows);
      try {
        const step = guarded(path, 'read', () => rows.next());
        return step.done === true ? end() : step;
      } catch (error) {
        end();
        throw error;
      }
    },
    return: end,
  };
}
