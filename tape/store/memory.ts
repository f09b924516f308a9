/** A tape in memory, for tests: the same contract as SQLite's, and nothing on disk. */
import type { Exchange } from '../model/exchange';
import { type ExchangeFilter, passesFilter } from '../model/filter';
import { messageIn } from '../model/path';
import type { Redacted } from '../redact/redacted';
import { sessionState } from './session-state';
import { summaryOf } from './summary';
import type {
  ExchangeSummary,
  Loss,
  Session,
  SessionEnd,
  SessionId,
  SessionStart,
  StoredExchange,
  TapeReader,
  TapeWriter,
} from './tape';

interface MemorySession {
  readonly id: SessionId;
  readonly start: SessionStart;
  readonly firstExchange: number;
  readonly connections: Map<number, string>;
  readonly losses: Loss[];
  end: SessionEnd | null;
  exchanges: number;
  isOpen: boolean;
}

/** Ids of a session that begins while another is still open start this far above, so that both can grow. */
export const idsPerOpenSession = 1_000_000_000;

/** The exchange as it is now, with the messages it had before. */
function grown(before: Redacted<Exchange> | undefined, { exchange, entries }: Redacted<Exchange>): Redacted<Exchange> {
  const kept = before?.exchange.messages.slice(0, exchange.messagesBefore) ?? [];
  const keptEntries = before?.entries.filter(({ path }) => (messageIn(path) ?? kept.length) < kept.length) ?? [];
  const messages = [...kept, ...exchange.messages];
  const own = entries.filter(({ path }) => messageIn(path) === null);
  const later = entries.filter(({ path }) => messageIn(path) !== null);
  const whole = { exchange: { ...exchange, messages, messagesBefore: 0 }, entries: [...own, ...keptEntries, ...later] };
  return whole as unknown as Redacted<Exchange>; // both halves have the stamp
}

export function createMemoryTape(): TapeWriter & TapeReader {
  const sessions: MemorySession[] = [];
  const exchanges = new Map<number, { session: MemorySession; redacted: Redacted<Exchange> }>();
  let connections = 0;

  function sessionOf(id: SessionId): MemorySession {
    const session = sessions[Number(id) - 1];
    if (session === undefined) throw new RangeError(`there is no session ${id}`);
    return session;
  }

  function storedOf(id: number): StoredExchange | undefined {
    const found = exchanges.get(id);
    if (found === undefined) return undefined;
    const { session, redacted } = found;
    const { exchange } = redacted;
    const cause = exchange.cause === null ? undefined : session.firstExchange + exchange.cause.number - 1;
    return {
      id: String(id),
      session: session.id,
      connectionId: session.connections.get(exchange.connection.key) ?? '',
      causeId: cause !== undefined && exchanges.has(cause) ? String(cause) : null,
      exchange,
      redacted: redacted.entries,
    };
  }

  function* inOrder(filter: ExchangeFilter): IterableIterator<StoredExchange> {
    const ids = [...exchanges.entries()]
      .map(([id, { redacted }]) => ({ id, atUs: redacted.exchange.startedAtUs }))
      .sort((a, b) => a.atUs - b.atUs || a.id - b.id);
    for (const { id } of ids) {
      const stored = storedOf(id);
      if (stored === undefined || (filter.session !== undefined && stored.session !== filter.session)) continue;
      if (passesFilter(stored.exchange, filter)) yield stored;
    }
  }

  return {
    beginSession(start) {
      const open = sessions.some((session) => session.isOpen);
      const highest = Math.max(0, ...sessions.map((s) => s.firstExchange - 1), ...exchanges.keys());
      const session: MemorySession = {
        id: String(sessions.length + 1),
        start,
        firstExchange: highest + 1 + (open ? idsPerOpenSession : 0),
        connections: new Map(),
        losses: [],
        end: null,
        exchanges: 0,
        isOpen: true,
      };
      sessions.push(session);
      return session.id;
    },
    append(id, batch) {
      const session = sessionOf(id);
      for (const redacted of batch) {
        const { key } = redacted.exchange.connection;
        if (!session.connections.has(key)) session.connections.set(key, String(++connections));
        const place = session.firstExchange + redacted.exchange.number - 1;
        if (!exchanges.has(place)) session.exchanges++;
        exchanges.set(place, { session, redacted: grown(exchanges.get(place)?.redacted, redacted) });
      }
    },
    noteLoss(id, loss) {
      sessionOf(id).losses.push(loss);
    },
    endSession(id, end) {
      const session = sessionOf(id);
      session.end = end;
      session.isOpen = false;
    },
    sessions(): readonly Session[] {
      return sessions.map(({ id, start, end, isOpen, exchanges: count, losses }) => ({
        id,
        ...start,
        end,
        state: sessionState(end === null, { reason: end?.reason ?? null, isWriterAlive: isOpen }),
        exchanges: count,
        losses: [...losses],
      }));
    },
    exchanges: (filter = {}) => inOrder(filter),
    *summaries(filter = {}): IterableIterator<ExchangeSummary> {
      for (const stored of inOrder(filter)) yield summaryOf(stored);
    },
    exchange(id) {
      return /^[1-9]\d*$/.test(id) ? storedOf(Number(id)) : undefined;
    },
    close() {
      for (const session of sessions) session.isOpen = false;
    },
  };
}
