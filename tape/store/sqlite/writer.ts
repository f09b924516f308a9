/**
 * Writes exchanges to a tape, one transaction an append. Synchronous; `writer-thread.ts` keeps it away from the thread
 * that feeds it. Takes redacted exchanges only, and leaves a file that needs no journal when it closes.
 */
import type { Connection } from '../../model/exchange';
import type { Loss, SessionEnd, SessionId, SessionStart, TapeWriter } from '../tape';
import { createBodyStore, inlineLimitBytes } from './bodies';
import { releaseWriterLock, takeWriterLock } from './lock';
import { guarded, openForWriting, type TapeDatabase } from './open';
import { bodiesOf, type Cell, cellsOf, exchangeColumns, numberCell } from './row';

/** One exchange on its way to the tape. */
export interface PreparedExchange {
  readonly connection: Connection;
  readonly cells: Cell[];
  readonly request: Uint8Array | null;
  readonly response: Uint8Array | null;
}

/** The writer with the one entry the writing thread needs: exchanges that were prepared elsewhere. */
export interface SqliteTapeWriter extends TapeWriter {
  appendPrepared(session: SessionId, exchanges: Iterable<PreparedExchange>): void;
}

/** Connections remembered with their ids; forgetting them costs one lookup each. */
const rememberedConnections = 20_000;

/** Ids of a session that begins while another is still open start this far above, so that both can grow. */
const idsPerOpenSession = 1_000_000_000;

interface OpenSession {
  readonly rowId: number;
  readonly firstExchange: number;
  /** Exchanges on the tape that were still open when they were written: the next one of that number replaces them. */
  readonly unfinished: Set<number>;
  readonly connections: Map<number, { id: number; connection: Connection }>;
}

/** Opens or creates a tape. Throws TAPE_FOREIGN, TAPE_NEWER, TAPE_UNREADABLE, TAPE_DAMAGED, TAPE_BUSY or FILE_UNREADABLE. */
export function openTapeWriter(path: string): SqliteTapeWriter {
  const database = openForWriting(path);
  try {
    return guarded(path, 'write', () => {
      takeWriterLock(database, path);
      return createWriter(database, path);
    });
  } catch (error) {
    database.close();
    throw error;
  }
}

function createWriter(database: TapeDatabase, path: string): SqliteTapeWriter {
  const statements = prepareStatements(database);
  const bodies = createBodyStore(database);
  const open = new Map<SessionId, OpenSession>();

  function sessionOf(id: SessionId): OpenSession {
    const session = open.get(id);
    if (session === undefined) throw new RangeError(`session ${id} is not open`);
    return session;
  }

  function connectionId(session: OpenSession, connection: Connection): number {
    const known = session.connections.get(connection.key);
    if (known !== undefined && isSameConnection(known.connection, connection)) return known.id;
    const id = statements.upsertConnection.get(connectionCells(session.rowId, connection));
    if (id === undefined) throw new Error('SQLite gave no id for a connection');
    if (session.connections.size >= rememberedConnections) session.connections.clear();
    session.connections.set(connection.key, { id, connection });
    return id;
  }

  /** Returns how many exchanges there are more than before: 0 where an open one was replaced. */
  function insert(session: OpenSession, { connection, cells, request, response }: PreparedExchange): number {
    // A body that is replaced soon is not worth sharing, and would stay behind.
    const isOpen = cells[outcomeCell] === 'open';
    const requestInline = isOpen || request === null || request.length < inlineLimitBytes;
    const responseInline = isOpen || response === null || response.length < inlineLimitBytes;
    const number = cells[numberCell] as number;
    cells.push(
      session.firstExchange + number - 1,
      session.rowId,
      connectionId(session, connection),
      requestInline ? null : bodies.idOf(request, cells[requestCodingsCell] !== ''),
      responseInline ? null : bodies.idOf(response, cells[responseCodingsCell] !== ''),
      requestInline ? request : null,
      responseInline ? response : null,
    );
    const replaces = session.unfinished.delete(number);
    if (isOpen) session.unfinished.add(number);
    (replaces ? statements.replaceExchange : statements.insertExchange).run(cells);
    return replaces ? 0 : 1;
  }

  const insertAll = database.transaction((session: OpenSession, exchanges: Iterable<PreparedExchange>) => {
    let count = 0;
    for (const exchange of exchanges) {
      count += insert(session, exchange);
    }
    statements.countExchanges.run(count, session.rowId);
  });

  function appendPrepared(id: SessionId, exchanges: Iterable<PreparedExchange>): void {
    const session = sessionOf(id);
    guarded(path, 'write', () => insertAll.immediate(session, exchanges));
  }

  return {
    beginSession(start) {
      return guarded(path, 'write', () => {
        const highest = statements.highestId.get() ?? 0;
        const firstExchange = highest + 1 + (open.size > 0 ? idsPerOpenSession : 0);
        const rowId = Number(statements.insertSession.run(sessionCells(start, firstExchange)).lastInsertRowid);
        const id = String(rowId);
        open.set(id, { rowId, firstExchange, unfinished: new Set(), connections: new Map() });
        return id;
      });
    },
    append(id, exchanges) {
      appendPrepared(id, exchanges.map(prepareExchange));
    },
    appendPrepared,
    noteLoss(id, loss) {
      const { rowId } = sessionOf(id);
      guarded(path, 'write', () => statements.insertLoss.run(lossCells(rowId, loss)));
    },
    endSession(id, end: SessionEnd) {
      const { rowId } = sessionOf(id);
      open.delete(id);
      guarded(path, 'write', () => statements.endSession.run(end.endedAtUs, end.reason, rowId));
    },
    close() {
      closeQuietly(database);
    },
  };
}

/** The work that can be done before the exchange reaches the thread that writes. */
export function prepareExchange(redacted: Parameters<typeof cellsOf>[0]): PreparedExchange {
  return { connection: redacted.exchange.connection, cells: cellsOf(redacted), ...bodiesOf(redacted.exchange) };
}

const outcomeCell = exchangeColumns.indexOf('outcome');
const requestCodingsCell = exchangeColumns.indexOf('request_codings');
const responseCodingsCell = exchangeColumns.indexOf('response_codings');

function prepareStatements(database: TapeDatabase) {
  const columns = [
    ...exchangeColumns,
    'id',
    'session_id',
    'connection_id',
    'request_body_id',
    'response_body_id',
    'request_body',
    'response_body',
  ];
  const into = `INTO exchanges (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
  return {
    insertExchange: database.prepare(`INSERT ${into}`),
    replaceExchange: database.prepare(`REPLACE ${into}`),
    // A connection may become better known while it lives: its TLS library, its addresses.
    upsertConnection: database
      .prepare<[Cell[]], number>(
        `INSERT INTO connections (session_id, key, direction, opened_us, local, remote, tls_library, pid, process)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (session_id, key) DO UPDATE SET direction = excluded.direction, local = excluded.local,
           remote = excluded.remote, tls_library = excluded.tls_library, pid = excluded.pid, process = excluded.process
         RETURNING id`,
      )
      .pluck(),
    insertSession: database.prepare(
      `INSERT INTO sessions (started_us, wiretape_version, user, machine, kernel, source, targets, rules, first_exchange)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    endSession: database.prepare('UPDATE sessions SET ended_us = ?, end_reason = ? WHERE id = ?'),
    countExchanges: database.prepare('UPDATE sessions SET exchanges = exchanges + ? WHERE id = ?'),
    highestId: database
      .prepare<[], number>(
        'SELECT max(coalesce((SELECT max(id) FROM exchanges), 0), coalesce((SELECT max(first_exchange) - 1 FROM sessions), 0))',
      )
      .pluck(),
    insertLoss: database.prepare(
      'INSERT INTO losses (session_id, at_us, connection_key, reason, events, bytes) VALUES (?, ?, ?, ?, ?, ?)',
    ),
  };
}

function isSameConnection(a: Connection, b: Connection): boolean {
  return (
    a === b ||
    (a.direction === b.direction &&
      a.local === b.local &&
      a.remote === b.remote &&
      a.tls?.library === b.tls?.library &&
      a.process.pid === b.process.pid &&
      a.process.name === b.process.name)
  );
}

function connectionCells(session: number, connection: Connection): Cell[] {
  const { key, direction, openedAtUs, local, remote, tls, process } = connection;
  return [session, key, direction, openedAtUs, local, remote, tls?.library ?? null, process.pid, process.name];
}

function sessionCells(start: SessionStart, firstExchange: number): Cell[] {
  return [
    start.startedAtUs,
    start.wiretapeVersion,
    start.user,
    start.machine,
    start.kernel,
    start.source,
    JSON.stringify(start.targets),
    JSON.stringify(start.rules),
    firstExchange,
  ];
}

function lossCells(session: number, loss: Loss): Cell[] {
  return [session, loss.atUs, loss.connection, loss.reason, loss.events, loss.bytes];
}

/**
 * Leaves one file without journal, which opens from read-only media and by other users; where a reader is in the way,
 * or the disk is full, the journal stays and the tape is as good.
 */
function closeQuietly(database: TapeDatabase): void {
  if (!database.open) return;
  try {
    releaseWriterLock(database);
    database.pragma('busy_timeout = 0');
    database.pragma('journal_mode = DELETE');
  } catch {
    // the lock ends with the process, and the journal is read by whoever opens the tape next
  }
  database.close();
}
