/**
 * Writes exchanges to a tape, one transaction an append; `queued-writer.ts` gathers what makes one. Takes redacted
 * exchanges only, and leaves a file that needs no journal when it closes.
 */
import { unlinkSync } from 'node:fs';
import type { HeaderList } from '../../model/body';
import type { PackedBytes } from '../../model/content-model';
import type { Connection } from '../../model/exchange';
import type { ConnectionEnd, Loss, SessionEnd, SessionId, SessionStart, TapeWriter } from '../tape';
import { createBodyStore, inlineLimitBytes } from './bodies';
import { closeQuietly } from './close';
import { connectionCells, connectionColumns, endCells, endColumns, isSameConnection } from './connection-row';
import { gone } from './errors';
import { createExchangeRows } from './exchange-rows';
import { createHeadStore, type HeadPlace } from './heads';
import { guarded, openForWriting, type TapeDatabase } from './open';
import { fateOf, type Place } from './place';
import { rescue } from './rescue';
import { reserveRoom } from './reserve';
import { type Cell, messageColumns, type PreparedExchange, type PreparedMessage, prepareExchange } from './row';

/** The writer with what one needs that takes exchanges as they come. */
export interface SqliteTapeWriter extends TapeWriter {
  appendPrepared(session: SessionId, exchanges: readonly PreparedExchange[], ends: readonly ConnectionEnd[]): void;
  /** Saves the rows and throws TAPE_GONE where the tape's name is gone or names another file. */
  requireThere(): void;
  /** Ends the sessions that are open, as far as the disk still lets it: nobody asked for this end. */
  cutShort(reason: 'disk-full' | 'tape-gone' | 'failed'): void;
  /** Closes, and takes away what was made for a recording that never began: its session, and a tape that is new. */
  abandon(): void;
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

/** Opens or creates a tape. Throws TAPE_FOREIGN, TAPE_NEWER, TAPE_UNREADABLE, TAPE_UNSAFE, TAPE_DAMAGED, TAPE_BUSY or FILE_UNREADABLE. */
export function openTapeWriter(path: string): SqliteTapeWriter {
  const { database, place } = openForWriting(path);
  try {
    return guarded(path, 'write', () => createWriter(database, place));
  } catch (error) {
    database.close();
    throw error;
  }
}

function createWriter(database: TapeDatabase, place: Place): SqliteTapeWriter {
  const { path } = place;
  const giveBackRoom = reserveRoom(path);
  let isGone = false;
  const statements = prepareStatements(database);
  const rows = createExchangeRows(database);
  const bodies = createBodyStore(database);
  const heads = createHeadStore(database);
  /** Of the transaction under way, or of the last one: what a reader asks for who wants to know what is new. */
  let commitNumber = statements.lastCommit.get() ?? 0;
  const open = new Map<SessionId, OpenSession>();

  function sessionOf(id: SessionId): OpenSession {
    const session = open.get(id);
    if (session === undefined) throw new RangeError(`session ${id} is not open`);
    return session;
  }

  function connectionId(session: OpenSession, connection: Connection): number {
    const known = session.connections.get(connection.key);
    if (known !== undefined && isSameConnection(known.connection, connection)) return known.id;
    const cells = connectionCells(session.rowId, connection);
    const id = (known === undefined ? newConnection(cells) : undefined) ?? statements.upsertConnection.get(...cells);
    if (id === undefined) throw new Error('SQLite gave no id for a connection');
    if (session.connections.size >= rememberedConnections) session.connections.clear();
    session.connections.set(connection.key, { id, connection });
    return id;
  }

  /** Nearly all come for the first time, which need not be looked for. Undefined where it is on the tape already. */
  function newConnection(cells: readonly Cell[]): number | undefined {
    const { changes, lastInsertRowid } = statements.insertConnection.run(...cells);
    return changes === 0 ? undefined : Number(lastInsertRowid);
  }

  /** Returns how many exchanges there are more than before: 0 where an open one was replaced. */
  function insert(session: OpenSession, exchange: PreparedExchange): number {
    const { connection, number, isOpen, usual, rare, request, response } = exchange;
    const id = session.firstExchange + number - 1;
    // A body that is replaced soon is not worth sharing, and would stay behind.
    const requestId = isOpen ? null : sharedId(request);
    const responseId = isOpen ? null : sharedId(response);
    const requestHead = headOf(exchange.heads.request);
    const responseHead = headOf(exchange.heads.response);
    const bodyOf = (body: PackedBytes | null, shared: number | null) => (shared === null ? bytesOf(body) : null);
    const row = {
      own: [
        id,
        session.rowId,
        connectionId(session, connection),
        commitNumber,
        requestHead.id,
        requestHead.values,
        responseHead.id,
        responseHead.values,
        bodyOf(request, requestId),
        bodyOf(response, responseId),
      ],
      usual,
      rare,
      ownRare: requestId === null && responseId === null ? null : [requestId, responseId],
    };
    const replaces = session.unfinished.delete(number);
    if (isOpen) session.unfinished.add(number);
    if (replaces) rows.replace(row);
    else rows.add(row);
    if (exchange.messages.length > 0) rows.flush(); // they refer to it
    for (const [i, message] of exchange.messages.entries()) insertMessage(id, exchange.messagesBefore + i, message);
    return replaces ? 0 : 1;
  }

  function headOf(headers: HeaderList | null): HeadPlace | typeof noHead {
    return headers === null ? noHead : heads.place(headers);
  }

  function insertMessage(exchange: number, ordinal: number, { cells, body }: PreparedMessage): void {
    const shared = sharedId(body);
    statements.insertMessage.run([exchange, ordinal, ...cells, shared, shared === null ? bytesOf(body) : null]);
  }

  /** Of a body that is kept once; null for others, which stand in the row of what they belong to. */
  function sharedId(body: PackedBytes | null): number | null {
    if (body === null) return null;
    const { bytes, isCoded } = body;
    return bytes.length < inlineLimitBytes ? bodies.idOfRecurring(bytes) : bodies.idOf(bytes, isCoded);
  }

  function noteEnd({ rowId }: OpenSession, end: ConnectionEnd): void {
    statements.endConnection.run(...endCells(end), rowId, end.key);
  }

  type Batch = { readonly exchanges: readonly PreparedExchange[]; readonly ends: readonly ConnectionEnd[] };
  const insertAll = database.transaction((session: OpenSession, { exchanges, ends }: Batch) => {
    commitNumber++;
    rows.forget();
    let count = 0;
    for (const exchange of exchanges) count += insert(session, exchange);
    rows.flush();
    statements.countExchanges.run(count, session.rowId);
    for (const end of ends) noteEnd(session, end);
  });

  function appendPrepared(id: SessionId, exchanges: readonly PreparedExchange[], ends: readonly ConnectionEnd[]): void {
    const session = sessionOf(id);
    try {
      guarded(path, 'write', () => insertAll.immediate(session, { exchanges, ends }));
    } catch (error) {
      heads.forget();
      bodies.forget();
      throw error;
    }
  }

  function cutShort(reason: 'disk-full' | 'tape-gone' | 'failed'): void {
    giveBackRoom();
    try {
      for (const { rowId } of open.values()) statements.endSession.run(Date.now() * 1000, reason, rowId);
    } catch {
      // the session then has no end, which says as much
    }
  }

  function close(): void {
    giveBackRoom();
    // By now the names beside it may belong to another tape, whose journal a tidy end would remove.
    if (isGone) database.close();
    else closeQuietly(database);
  }

  return {
    beginSession(start) {
      return guarded(path, 'write', () => {
        const highest = statements.highestId.get() ?? 0;
        const firstExchange = highest + 1 + (open.size > 0 ? idsPerOpenSession : 0);
        const rowId = Number(statements.insertSession.run(sessionCells(start, firstExchange)).lastInsertRowid);
        const id = String(rowId);
        for (const [name, bytes] of start.protoFiles ?? [])
          statements.keepProtoFile.run(rowId, name, bytes, 'given', 0);
        open.set(id, { rowId, firstExchange, unfinished: new Set(), connections: new Map() });
        return id;
      });
    },
    append(id, exchanges) {
      appendPrepared(id, exchanges.map(prepareExchange), []);
    },
    appendPrepared,
    noteLoss(id, loss) {
      const { rowId } = sessionOf(id);
      guarded(path, 'write', () => statements.insertLoss.run(lossCells(rowId, loss)));
    },
    noteConnectionEnd(id, end) {
      const session = sessionOf(id);
      guarded(path, 'write', () => noteEnd(session, end));
    },
    keepProtoFile(id, { name, bytes, others }) {
      const { rowId } = sessionOf(id);
      guarded(path, 'write', () => statements.keepProtoFile.run(rowId, name, bytes, 'told', others));
    },
    endSession(id, end: SessionEnd) {
      const { rowId } = sessionOf(id);
      open.delete(id);
      guarded(path, 'write', () => statements.endSession.run(end.endedAtUs, end.reason, rowId));
    },
    requireThere() {
      const fate = isGone ? 'there' : fateOf(place);
      if (fate === 'there') return;
      isGone = true; // said once, and saved once
      cutShort('tape-gone');
      throw gone(path, fate, rescue(database, place));
    },
    cutShort,
    abandon() {
      for (const { rowId } of open.values()) statements.forget(rowId);
      const isEmpty = statements.sessions.get() === 0;
      close();
      if (place.isNew && isEmpty && fateOf(place) === 'there') unlinkSync(path);
    },
    close,
  };
}

const noHead = { id: null, values: null } as const;

function bytesOf(body: PackedBytes | null): Uint8Array | null {
  return body === null ? null : body.bytes;
}

function prepareStatements(database: TapeDatabase) {
  return {
    insertMessage: database.prepare(
      `INSERT ${into('messages', ['exchange_id', 'ordinal', ...messageColumns, 'body_id', 'body'])}`,
    ),
    lastCommit: database.prepare<[], number>('SELECT max(commit_number) FROM exchanges').pluck(),
    insertConnection: database.prepare<Cell[]>(`INSERT OR IGNORE ${into('connections', connectionColumns)}`),
    // A connection may become better known while it lives: its TLS library, its addresses.
    upsertConnection: database
      .prepare<Cell[], number>(
        `INSERT ${into('connections', connectionColumns)}
         ON CONFLICT (session_id, key) DO UPDATE SET ${connectionColumns.map((column) => `${column} = excluded.${column}`).join(', ')}
         RETURNING id`,
      )
      .pluck(),
    insertSession: database.prepare(
      `INSERT INTO sessions (started_us, wiretape_version, user, machine, kernel, source, targets, rules, first_exchange, sample_ppm)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    endSession: database.prepare('UPDATE sessions SET ended_us = ?, end_reason = ? WHERE id = ?'),
    countExchanges: database.prepare('UPDATE sessions SET exchanges = exchanges + ? WHERE id = ?'),
    highestId: database
      .prepare<[], number>(
        'SELECT max(coalesce((SELECT max(id) FROM exchanges), 0), coalesce((SELECT max(first_exchange) - 1 FROM sessions), 0))',
      )
      .pluck(),
    sessions: database.prepare<[], number>('SELECT count(*) FROM sessions').pluck(),
    forget: database.transaction((rowId: number) => {
      database.prepare('DELETE FROM losses WHERE session_id = ?').run(rowId);
      database.prepare('DELETE FROM proto_files WHERE session_id = ?').run(rowId);
      database.prepare('DELETE FROM sessions WHERE id = ? AND exchanges = 0').run(rowId);
    }),
    keepProtoFile: database.prepare(
      `INSERT INTO proto_files (session_id, name, bytes, source, others) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (session_id, name) DO UPDATE SET others = excluded.others`,
    ),
    endConnection: database.prepare(
      `UPDATE connections SET ${endColumns.map((column) => `${column} = ?`).join(', ')} WHERE session_id = ? AND key = ?`,
    ),
    insertLoss: database.prepare(
      'INSERT INTO losses (session_id, at_us, connection_key, reason, events, bytes) VALUES (?, ?, ?, ?, ?, ?)',
    ),
  };
}

function into(table: string, columns: readonly string[]): string {
  return `INTO ${table} (${columns.join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`;
}

/** Of the connections: `sample_ppm`. */
const millionths = 1_000_000;

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
    start.sample === undefined ? null : Math.round(start.sample * millionths),
  ];
}

function lossCells(session: number, loss: Loss): Cell[] {
  return [session, loss.atUs, loss.connection, loss.reason, loss.events, loss.bytes];
}
