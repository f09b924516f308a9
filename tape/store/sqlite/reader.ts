/** Reads tapes: sessions, exchanges in order of their start, single ones by id. Holds one row at a time. */
import { type ExchangeFilter, subjectPasses } from '../../model/filter';
import type { ExchangeSummary, Loss, Session, StoredExchange, TapeReader } from '../tape';
import { type Packing, unpackBody } from './bodies';
import { guarded, openForReading, type TapeDatabase } from './open';
import {
  type ConnectionColumns,
  connectionOf,
  containerColumns,
  type ExchangeColumns,
  entriesOf,
  exchangeOf,
  problemsOf,
  type StoredBodies,
} from './row';

/** Opens a tape. Throws TAPE_MISSING, TAPE_FOREIGN, TAPE_NEWER, TAPE_UNREADABLE or TAPE_DAMAGED. */
export function openTapeReader(path: string): TapeReader {
  const database = openForReading(path);
  const running = new Set<Iterator<unknown>>();
  return {
    sessions: () => guarded(path, 'read', () => sessionsOf(database)),
    exchanges: (filter = {}) => guardedRows(path, running, storedExchanges(database, filter)),
    summaries: (filter = {}) => guardedRows(path, running, summaries(database, filter)),
    exchange: (id) => guarded(path, 'read', () => exchangeWithId(database, id)),
    close: () => {
      // SQLite does not close under a running statement, and a caller may have left a loop in the middle.
      for (const iterator of running) iterator.return?.();
      database.close();
    },
  };
}

const fromTables = `
  FROM exchanges e
  JOIN connections c ON c.id = e.connection_id
  JOIN sessions s ON s.id = e.session_id
  LEFT JOIN exchanges x ON x.id = s.first_exchange + e.cause_number - 1`;

const connectionColumns = [
  'c.key AS connection_key',
  ...['direction', 'opened_us', 'local', 'remote', 'tls_library', 'unread_tls', 'unread_reason', 'pid', 'process'].map(
    (name) => `c.${name}`,
  ),
  ...containerColumns.map((name) => `c.${name}`),
].join(', ');

const summaryColumns = `e.id, e.session_id, e.connection_id, e.seq, e.started_us, e.duration_us, e.protocol, e.outcome,
  e.problems, e.cause_method, e.method, e.host, e.path, e.status, e.request_bytes, e.response_bytes, e.raw_protocol,
  ${connectionColumns}, x.id AS cause_id`;

const allColumns = `e.*, ${connectionColumns},
  x.id AS cause_id, qb.packing AS request_packing, qb.bytes AS request_packed, rb.packing AS response_packing, rb.bytes AS response_packed`;

const fromTablesAndBodies = `${fromTables}
  LEFT JOIN bodies qb ON qb.id = e.request_body_id
  LEFT JOIN bodies rb ON rb.id = e.response_body_id`;

type SummaryRow = ConnectionColumns &
  Pick<
    ExchangeColumns,
    | 'id'
    | 'session_id'
    | 'connection_id'
    | 'cause_id'
    | 'seq'
    | 'started_us'
    | 'duration_us'
    | 'protocol'
    | 'outcome'
    | 'problems'
    | 'cause_method'
    | 'method'
    | 'host'
    | 'path'
    | 'status'
    | 'request_bytes'
    | 'response_bytes'
    | 'raw_protocol'
  >;

interface StoredRow extends ExchangeColumns {
  readonly request_body: Uint8Array | null;
  readonly response_body: Uint8Array | null;
  readonly request_packing: Packing | null;
  readonly request_packed: Uint8Array | null;
  readonly response_packing: Packing | null;
  readonly response_packed: Uint8Array | null;
}

function* storedExchanges(database: TapeDatabase, filter: ExchangeFilter): IterableIterator<StoredExchange> {
  const { where, values } = conditions(filter);
  const sql = `SELECT ${allColumns} ${fromTablesAndBodies} ${where} ORDER BY e.started_us, e.id`;
  for (const row of database.prepare<unknown[], StoredRow>(sql).iterate(...values)) {
    if (subjectPasses(row, filter)) yield storedOf(row);
  }
}

function* summaries(database: TapeDatabase, filter: ExchangeFilter): IterableIterator<ExchangeSummary> {
  const { where, values } = conditions(filter);
  const sql = `SELECT ${summaryColumns} ${fromTables} ${where} ORDER BY e.started_us, e.id`;
  for (const row of database.prepare<unknown[], SummaryRow>(sql).iterate(...values)) {
    if (subjectPasses(row, filter)) yield summaryFrom(row);
  }
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

function exchangeWithId(database: TapeDatabase, id: string): StoredExchange | undefined {
  if (!/^[1-9]\d{0,15}$/.test(id)) return undefined;
  const sql = `SELECT ${allColumns} ${fromTablesAndBodies} WHERE e.id = ?`;
  const row = database.prepare<[number], StoredRow>(sql).get(Number(id));
  return row === undefined ? undefined : storedOf(row);
}

function storedOf(row: StoredRow): StoredExchange {
  return {
    id: String(row.id),
    session: String(row.session_id),
    connectionId: String(row.connection_id),
    causeId: row.cause_id === null ? null : String(row.cause_id),
    exchange: exchangeOf(row, bodiesFrom(row)),
    redacted: entriesOf(row.redacted),
  };
}

function bodiesFrom(row: StoredRow): StoredBodies {
  return {
    request: unpacked(row.request_packing, row.request_packed) ?? row.request_body,
    response: unpacked(row.response_packing, row.response_packed) ?? row.response_body,
  };
}

function unpacked(packing: Packing | null, bytes: Uint8Array | null): Uint8Array | null {
  return packing === null || bytes === null ? null : unpackBody({ packing, bytes });
}

function summaryFrom(row: SummaryRow): ExchangeSummary {
  const { tls, unreadTls, process } = connectionOf(row);
  return {
    id: String(row.id),
    session: String(row.session_id),
    connectionId: String(row.connection_id),
    seq: row.seq,
    startedAtUs: row.started_us,
    durationUs: row.duration_us,
    direction: row.direction,
    protocol: row.protocol,
    tls,
    unreadTls,
    process,
    local: row.local,
    remote: row.remote,
    method: row.method,
    host: row.host,
    path: row.path,
    status: row.status,
    requestBytes: row.request_bytes,
    responseBytes: row.response_bytes,
    rawProtocol: row.raw_protocol,
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

function sessionsOf(database: TapeDatabase): readonly Session[] {
  const losses = database.prepare<[number], Loss>(
    'SELECT at_us AS atUs, connection_key AS connection, reason, events, bytes FROM losses WHERE session_id = ? ORDER BY id',
  );
  return database
    .prepare<[], SessionRow>('SELECT * FROM sessions ORDER BY id')
    .all()
    .map((row) => ({
      id: String(row.id),
      startedAtUs: row.started_us,
      wiretapeVersion: row.wiretape_version,
      user: row.user,
      machine: row.machine,
      kernel: row.kernel,
      source: row.source,
      targets: JSON.parse(row.targets) as string[],
      rules: JSON.parse(row.rules) as string[],
      end: row.ended_us === null ? null : { endedAtUs: row.ended_us, reason: row.end_reason ?? '' },
      exchanges: row.exchanges,
      losses: losses.all(row.id),
    }));
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
