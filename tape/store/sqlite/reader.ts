/** Reads tapes: sessions, exchanges in order of their start, single ones by id. Holds one row at a time. */
import { type ExchangeFilter, type FilterSubject, subjectPasses } from '../../model/filter';
import type { Message } from '../../model/message';
import type { RedactionEntry } from '../../redact/redacted';
import { sessionState } from '../session-state';
import type { ExchangeSummary, Loss, Session, StoredExchange, TapeReader } from '../tape';
import { type Packing, unpackBody } from './bodies';
import { believed, boundedColumns, entriesIn, type Kind, type Kinds, kindsOf, textsIn } from './cells';
import { connectionColumns, connectionOf } from './connection-row';
import { isWriterAlive } from './lock';
import { guarded, openForReading, type TapeDatabase } from './open';
import {
  type ExchangeColumns,
  exchangeOf,
  type MessageColumns,
  messageColumns,
  messageOf,
  operationOf,
  problemsOf,
  protocolOf,
  type StoredBodies,
  type SummaryColumns,
} from './row';
import { currentVersion } from './schema';
import { referenceAt } from './shape';

/** Opens a tape. Throws TAPE_MISSING, TAPE_FOREIGN, TAPE_NEWER, TAPE_UNREADABLE or TAPE_DAMAGED. */
export function openTapeReader(path: string): TapeReader {
  const database = openForReading(path);
  const cells = cellsOfTape();
  const running = new Set<Iterator<unknown>>();
  return {
    sessions: () => guarded(path, 'read', () => sessionsOf(database, cells)),
    exchanges: (filter = {}) => guardedRows(path, running, storedExchanges({ database, cells }, filter)),
    summaries: (filter = {}) => guardedRows(path, running, summaries({ database, cells }, filter)),
    exchange: (id) => guarded(path, 'read', () => exchangeWithId({ database, cells }, id)),
    close: () => {
      // SQLite does not close under a running statement, and a caller may have left a loop in the middle.
      for (const iterator of running) iterator.return?.();
      database.close();
    },
  };
}

/** What is read, and what its cells may hold. */
interface Source {
  readonly database: TapeDatabase;
  readonly cells: Cells;
}

interface Cells {
  readonly sessions: Kinds;
  readonly losses: Kinds;
  /** Of messages joined with their bodies. */
  readonly messages: Kinds;
  /** Of exchanges joined with their connection, the one that caused them, and their bodies. */
  readonly joined: Kinds;
  /** The names of all columns of `exchanges`. */
  readonly exchangeColumns: readonly string[];
}

function cellsOfTape(): Cells {
  const reference = referenceAt(currentVersion);
  const [sessions, losses, exchanges, connections, ownOfMessages] = [
    'sessions',
    'losses',
    'exchanges',
    'connections',
    'messages',
  ].map((table) => kindsOf(reference, table)) as [Kinds, Kinds, Kinds, Kinds, Kinds];
  reference.close();
  const whole = { type: 'INTEGER', mayBeNull: false } as const;
  const joined = new Map([...connections, ...exchanges, ['connection_key', whole], ['cause_id', optional('INTEGER')]]);
  for (const side of ['request', 'response']) addBody(joined, side);
  const messages = new Map(ownOfMessages);
  addBody(messages, 'body');
  return { sessions, losses, messages, joined, exchangeColumns: [...exchanges.keys()].map((name) => `e.${name}`) };
}

function addBody(kinds: Map<string, Kind>, name: string): void {
  kinds
    .set(`${name}_packing`, optional('TEXT'))
    .set(`${name}_packed`, optional('BLOB'))
    .set(`${name}_size`, optional('INTEGER'));
}

function optional(type: 'INTEGER' | 'TEXT' | 'BLOB') {
  return { type, mayBeNull: true } as const;
}

const fromTables = `
  FROM exchanges e
  JOIN connections c ON c.id = e.connection_id
  JOIN sessions s ON s.id = e.session_id
  LEFT JOIN exchanges x ON x.id = s.first_exchange + e.cause_number - 1`;

const ofConnection = [
  'c.key AS connection_key',
  ...connectionColumns.filter((name) => name !== 'session_id' && name !== 'key').map((name) => `c.${name}`),
].join(', ');

const summaryColumns = `e.id, e.session_id, e.connection_id, e.channel, e.seq, e.started_us, e.duration_us, e.protocol,
  e.outcome, e.problems, e.cause_method, e.verb, e.authority, e.target, e.result, e.application, e.failed,
  e.over_verb, e.over_target, e.over_result, e.request_bytes, e.response_bytes, e.messages,
  ${ofConnection}, x.id AS cause_id`;

const allColumns = `e.*, ${ofConnection},
  x.id AS cause_id, qb.packing AS request_packing, qb.bytes AS request_packed, qb.size AS request_size,
  rb.packing AS response_packing, rb.bytes AS response_packed, rb.size AS response_size`;

const fromTablesAndBodies = `${fromTables}
  LEFT JOIN bodies qb ON qb.id = e.request_body_id
  LEFT JOIN bodies rb ON rb.id = e.response_body_id`;

interface StoredRow extends ExchangeColumns {
  readonly request_body: Uint8Array | null;
  readonly response_body: Uint8Array | null;
  readonly request_packing: Packing | null;
  readonly request_packed: Uint8Array | null;
  readonly request_size: number | null;
  readonly response_packing: Packing | null;
  readonly response_packed: Uint8Array | null;
  readonly response_size: number | null;
}

function* storedExchanges(source: Source, filter: ExchangeFilter): IterableIterator<StoredExchange> {
  const { database, cells } = source;
  const { where, values } = conditions(filter);
  const sql = `SELECT ${columnList(allColumns, cells)} ${fromTablesAndBodies} ${where} ORDER BY e.started_us, e.id`;
  for (const row of database.prepare<unknown[], StoredRow>(sql).iterate(...values)) {
    if (subjectPasses(subjectOf(believed(row, cells.joined)), filter)) yield storedOf(source, row);
  }
}

function* summaries({ database, cells }: Source, filter: ExchangeFilter): IterableIterator<ExchangeSummary> {
  const { where, values } = conditions(filter);
  const sql = `SELECT ${columnList(summaryColumns, cells)} ${fromTables} ${where} ORDER BY e.started_us, e.id`;
  for (const row of database.prepare<unknown[], SummaryColumns>(sql).iterate(...values)) {
    if (subjectPasses(subjectOf(believed(row, cells.joined)), filter)) yield summaryFrom(row);
  }
}

function subjectOf(row: SummaryColumns): FilterSubject {
  const { direction, local, remote } = row;
  return { direction, local, remote, ...operationOf(row) };
}

function columnList(columns: string, { joined, exchangeColumns }: Cells): string {
  const names = columns.split(',').map((column) => column.trim());
  return boundedColumns(
    names.flatMap((name) => (name === 'e.*' ? exchangeColumns : [name])),
    joined,
  );
}

/** Session and direction are SQLite's to check; patterns are not SQL. */
function conditions(filter: ExchangeFilter): { where: string; values: readonly unknown[] } {
  const checks: string[] = [];
  const values: unknown[] = [];
  if (filter.session !== undefined) {
    checks.push('e.session_id = ?');
    values.push(/^\d{1,15}$/.test(filter.session) ? Number(filter.session) : -1);
  }
  if (filter.direction !== undefined) {
    checks.push('c.direction = ?');
    values.push(filter.direction);
  }
  return { where: checks.length === 0 ? '' : `WHERE ${checks.join(' AND ')}`, values };
}

function exchangeWithId(source: Source, id: string): StoredExchange | undefined {
  const { database, cells } = source;
  if (!/^[1-9]\d{0,15}$/.test(id)) return undefined;
  const sql = `SELECT ${columnList(allColumns, cells)} ${fromTablesAndBodies} WHERE e.id = ?`;
  const row = database.prepare<[number], StoredRow>(sql).get(Number(id));
  return row === undefined ? undefined : storedOf(source, believed(row, cells.joined));
}

function storedOf(source: Source, row: StoredRow): StoredExchange {
  const messages = row.messages === 0 ? [] : messagesOf(source, row.id);
  return {
    id: String(row.id),
    session: String(row.session_id),
    connectionId: String(row.connection_id),
    causeId: row.cause_id === null ? null : String(row.cause_id),
    exchange: exchangeOf(
      row,
      bodiesFrom(row),
      messages.map(({ message }) => message),
    ),
    redacted: [...entriesIn(row.redacted), ...messages.flatMap(({ redacted }) => redacted)],
  };
}

function bodiesFrom(row: StoredRow): StoredBodies {
  return {
    request: unpacked(row.request_packing, row.request_packed, row.request_size) ?? row.request_body,
    response: unpacked(row.response_packing, row.response_packed, row.response_size) ?? row.response_body,
  };
}

/** Opened for each exchange that has messages: few have. */
function messagesOf(
  { database, cells }: Source,
  exchange: number,
): readonly { readonly message: Message; readonly redacted: readonly RedactionEntry[] }[] {
  const own = boundedColumns(['m.body', ...messageColumns.map((name) => `m.${name}`)], cells.messages);
  const sql = `SELECT ${own}, ${boundedColumns(['b.packing AS body_packing', 'b.bytes AS body_packed', 'b.size AS body_size'], cells.messages)}
    FROM messages m LEFT JOIN bodies b ON b.id = m.body_id WHERE m.exchange_id = ? ORDER BY m.ordinal`;
  return database
    .prepare<[number], MessageRow>(sql)
    .all(exchange)
    .map((row) => {
      const { body_packing: packing, body_packed: packed, body_size: size } = believed(row, cells.messages);
      const message = messageOf(row, unpacked(packing, packed, size) ?? row.body);
      return { message, redacted: entriesIn(row.redacted) };
    });
}

interface MessageRow extends MessageColumns {
  readonly body: Uint8Array | null;
  readonly body_packing: Packing | null;
  readonly body_packed: Uint8Array | null;
  readonly body_size: number | null;
}

function unpacked(packing: Packing | null, bytes: Uint8Array | null, size: number | null): Uint8Array | null {
  return packing === null || bytes === null || size === null ? null : unpackBody({ packing, bytes }, size);
}

function summaryFrom(row: SummaryColumns): ExchangeSummary {
  const { tls, unreadTls, process } = connectionOf(row);
  return {
    id: String(row.id),
    session: String(row.session_id),
    connectionId: String(row.connection_id),
    channel: row.channel,
    seq: row.seq,
    startedAtUs: row.started_us,
    durationUs: row.duration_us,
    direction: row.direction,
    protocol: protocolOf(row),
    tls,
    unreadTls,
    process,
    local: row.local,
    remote: row.remote,
    operation: operationOf(row),
    requestBytes: row.request_bytes,
    responseBytes: row.response_bytes,
    messages: row.messages,
    problems: problemsOf(row.problems),
    outcome: row.outcome,
    cause: row.cause_id === null ? null : { id: String(row.cause_id), method: row.cause_method ?? '' },
  };
}

interface SessionRow {
  readonly id: number;
  readonly started_us: number;
  readonly ended_us: number | null;
  readonly end_reason: string | null;
  readonly wiretape_version: string;
  readonly user: string;
  readonly machine: string;
  readonly kernel: string;
  readonly source: string;
  readonly targets: string;
  readonly rules: string;
  readonly exchanges: number;
}

function sessionsOf(database: TapeDatabase, cells: Cells): readonly Session[] {
  const lossColumns = boundedColumns([...cells.losses.keys()], cells.losses);
  const losses = database.prepare<[number], LossRow>(
    `SELECT ${lossColumns} FROM losses WHERE session_id = ? ORDER BY id`,
  );
  const lossesOf = (id: number) => losses.all(id).map((row) => lossFrom(believed(row, cells.losses)));
  const sql = `SELECT ${boundedColumns([...cells.sessions.keys()], cells.sessions)} FROM sessions ORDER BY id`;
  const isAlive = isWriterAlive(database);
  return database
    .prepare<[], SessionRow>(sql)
    .all()
    .map((row) => sessionFrom(believed(row, cells.sessions), { isAlive, losses: lossesOf(row.id) }));
}

function sessionFrom(
  row: SessionRow,
  { isAlive, losses }: { isAlive: boolean | null; losses: readonly Loss[] },
): Session {
  return {
    id: String(row.id),
    startedAtUs: row.started_us,
    wiretapeVersion: row.wiretape_version,
    user: row.user,
    machine: row.machine,
    kernel: row.kernel,
    source: row.source,
    targets: textsIn(row.targets, 'targets'),
    rules: textsIn(row.rules, 'rules'),
    end: row.ended_us === null ? null : { endedAtUs: row.ended_us, reason: row.end_reason ?? '' },
    state: sessionState(row.ended_us === null, { reason: row.end_reason, isWriterAlive: isAlive }),
    exchanges: row.exchanges,
    losses,
  };
}

interface LossRow {
  readonly at_us: number;
  readonly connection_key: number | null;
  readonly reason: string;
  readonly events: number;
  readonly bytes: number;
}

function lossFrom({ at_us, connection_key, reason, events, bytes }: LossRow): Loss {
  return { atUs: at_us, connection: connection_key, reason, events, bytes };
}

/** A generator's errors come while it runs, so each step is guarded. */
function* guardedRows<T>(
  path: string,
  running: Set<Iterator<unknown>>,
  rows: IterableIterator<T>,
): IterableIterator<T> {
  running.add(rows);
  try {
    for (;;) {
      const step = guarded(path, 'read', () => rows.next());
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    rows.return?.();
    running.delete(rows);
  }
}
