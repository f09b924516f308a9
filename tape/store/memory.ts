/** Tapes in memory, for tests: the same contract as SQLite's, and nothing on disk. A store holds what was written to it. */
import { WiretapeError } from '../../errors/wiretape-error';
import type { Exchange } from '../model/exchange';
import { type ExchangeFilter, passesFilter } from '../model/filter';
import { messageIn } from '../model/path';
import type { Redacted } from '../redact/redacted';
import { markOf } from './cursor';
import { type Commits, follow } from './follow';
import { type SessionState, sessionState } from './session-state';
import { outlinesOf, summaryOf } from './summary';
import type {
  ConnectionEnd,
  Loss,
  QueuedWriter,
  Session,
  SessionEnd,
  SessionId,
  SessionStart,
  StoredExchange,
  TapeReader,
  TapeStore,
  TapeWriter,
} from './tape';

interface MemorySession {
  readonly id: SessionId;
  readonly start: SessionStart;
  readonly firstExchange: number;
  readonly connections: Map<number, string>;
  /** How those that ended stood then. */
  readonly ends: Map<number, ConnectionEnd>;
  readonly losses: Loss[];
  readonly protoFiles: Map<string, Uint8Array>;
  readonly contested: Set<string>;
  end: SessionEnd | null;
  exchanges: number;
  isOpen: boolean;
}

function filesOf({ protoFiles, contested }: MemorySession): Pick<Session, 'protoFiles' | 'contestedFiles'> {
  return {
    ...(protoFiles.size === 0 ? {} : { protoFiles: new Map(protoFiles) }),
    ...(contested.size === 0 ? {} : { contestedFiles: [...contested].sort() }),
  };
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

export interface MemoryTape {
  readonly writer: TapeWriter;
  openReader(): TapeReader;
}

interface Kept {
  readonly session: MemorySession;
  readonly redacted: Redacted<Exchange>;
  readonly commit: number;
}

export function createMemoryTape(location = 'a tape in memory'): MemoryTape {
  const sessions: MemorySession[] = [];
  const exchanges = new Map<number, Kept>();
  const listeners = new Set<() => void>();
  let connections = 0;
  let commit = 0;
  let version = 0;
  let isBeingWritten = true;

  function tellChange(): void {
    version++;
    for (const listener of listeners) listener();
  }

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
      exchange: { ...exchange, connection: { ...exchange.connection, ...session.ends.get(exchange.connection.key) } },
      redacted: redacted.entries,
    };
  }

  function passes(stored: StoredExchange, filter: ExchangeFilter): boolean {
    if (filter.session !== undefined && stored.session !== filter.session) return false;
    return passesFilter(stored.exchange, filter);
  }

  function* inOrder(filter: ExchangeFilter): Generator<StoredExchange, undefined, undefined> {
    const ids = [...exchanges.entries()]
      .map(([id, { redacted }]) => ({ id, atUs: redacted.exchange.startedAtUs }))
      .sort((a, b) => a.atUs - b.atUs || a.id - b.id);
    for (const { id } of ids) {
      const stored = storedOf(id);
      if (stored !== undefined && passes(stored, filter)) yield stored;
    }
  }

  async function* listed<T>(
    filter: ExchangeFilter,
    shown: (stored: StoredExchange) => T,
  ): AsyncGenerator<T, undefined, undefined> {
    for (const stored of inOrder(filter)) yield shown(stored);
  }

  const stateOf = ({ end, isOpen }: MemorySession): SessionState =>
    sessionState(end === null, { reason: end?.reason ?? null, isWriterAlive: isOpen });

  const commits: Commits = {
    location,
    async find(id) {
      const found = exchanges.get(id);
      return found === undefined ? undefined : { commit: found.commit, mark: markOf(found.session.start) };
    },
    async page(after, { filter, limit }) {
      return [...exchanges]
        .map(([id, kept]) => ({ id, ...kept }))
        .filter((each) => each.commit > after.commit || (each.commit === after.commit && each.id > after.id))
        .sort((a, b) => a.commit - b.commit || a.id - b.id)
        .slice(0, limit)
        .map(({ id, commit: at, session }) => {
          const stored = storedOf(id);
          const summary = stored !== undefined && passes(stored, filter) ? summaryOf(stored) : null;
          return { id, commit: at, mark: markOf(session.start), summary };
        });
    },
    states: async () => new Map(sessions.map((session) => [session.id, stateOf(session)])),
    isBeingWritten: async () => isBeingWritten,
    requireFollowable: async () => undefined,
    version: async () => version,
    changed: (seen, signal) =>
      new Promise((resolve) => {
        const done = () => {
          listeners.delete(done);
          signal.removeEventListener('abort', done);
          resolve();
        };
        if (version !== seen || signal.aborted) return resolve();
        listeners.add(done);
        signal.addEventListener('abort', done);
      }),
  };

  const writer: TapeWriter = {
    beginSession(start) {
      const open = sessions.some((session) => session.isOpen);
      const highest = Math.max(0, ...sessions.map((s) => s.firstExchange - 1), ...exchanges.keys());
      const session: MemorySession = {
        id: String(sessions.length + 1),
        start,
        firstExchange: highest + 1 + (open ? idsPerOpenSession : 0),
        connections: new Map(),
        ends: new Map(),
        losses: [],
        protoFiles: new Map(start.protoFiles),
        contested: new Set(),
        end: null,
        exchanges: 0,
        isOpen: true,
      };
      sessions.push(session);
      isBeingWritten = true;
      tellChange();
      return session.id;
    },
    append(id, batch) {
      const session = sessionOf(id);
      commit++;
      for (const redacted of batch) {
        const { key } = redacted.exchange.connection;
        if (!session.connections.has(key)) session.connections.set(key, String(++connections));
        const place = session.firstExchange + redacted.exchange.number - 1;
        if (!exchanges.has(place)) session.exchanges++;
        exchanges.set(place, { session, redacted: grown(exchanges.get(place)?.redacted, redacted), commit });
      }
      tellChange();
    },
    noteConnectionEnd(id, end) {
      const { connections, ends } = sessionOf(id);
      if (connections.has(end.key)) ends.set(end.key, end);
    },
    noteLoss(id, loss) {
      sessionOf(id).losses.push(loss);
    },
    keepProtoFile(id, { name, bytes, others }) {
      const { protoFiles, contested } = sessionOf(id);
      if (!protoFiles.has(name)) protoFiles.set(name, bytes);
      if (others > 0) contested.add(name);
    },
    endSession(id, end) {
      const session = sessionOf(id);
      session.end = end;
      session.isOpen = false;
      tellChange();
    },
    close() {
      for (const session of sessions) session.isOpen = false;
      isBeingWritten = false;
      tellChange();
    },
  };

  const withId = (id: string): StoredExchange | undefined => (/^[1-9]\d*$/.test(id) ? storedOf(Number(id)) : undefined);

  function* inOrderOf(ids: readonly string[]): Generator<StoredExchange, undefined, undefined> {
    for (const id of ids) {
      const stored = withId(id);
      if (stored !== undefined) yield stored;
    }
  }

  function openReader(): TapeReader {
    const closing = new AbortController();
    return {
      sessions: async (): Promise<readonly Session[]> =>
        sessions.map((session) => ({
          id: session.id,
          ...session.start,
          end: session.end,
          state: stateOf(session),
          exchanges: session.exchanges,
          losses: [...session.losses],
          ...filesOf(session),
        })),
      exchanges: (filter = {}) => listed(filter, (stored) => stored),
      summaries: (filter = {}) => listed(filter, summaryOf),
      outlines: async (filter = {}) => outlinesOf([...inOrder(filter)]),
      exchange: async (id) => withId(id),
      async *exchangesWith(ids) {
        yield* inOrderOf(ids);
      },
      atHand: async () => ({
        exchanges: (filter = {}) => ({ [Symbol.iterator]: () => inOrder(filter) }),
        exchangesWith: (ids) => ({ [Symbol.iterator]: () => inOrderOf(ids) }),
      }),
      follow: (after, options) => follow(commits, after, { ...options, closing: closing.signal }),
      close: async () => closing.abort(),
    };
  }

  return { writer, openReader };
}

/** A store of its own: what one holds, no other has. */
export function createMemoryStore(): TapeStore {
  const tapes = new Map<string, MemoryTape>();
  return {
    scheme: 'memory',
    async openReader(location) {
      const tape = tapes.get(location);
      if (tape !== undefined) return tape.openReader();
      throw new WiretapeError('TAPE_MISSING', `There is no tape at ${location}`, { remedy: 'Write one to it first' });
    },
    async openWriter(location, { onFailure } = {}) {
      const isNew = !tapes.has(location);
      const tape = tapes.get(location) ?? createMemoryTape(location);
      tapes.set(location, tape);
      return queued(tape.writer, { onFailure, abandon: () => isNew && tapes.delete(location) });
    },
  };
}

interface Around {
  readonly onFailure: ((error: WiretapeError) => void) | undefined;
  abandon(): void;
}

/** What is written at once is never pending. */
function queued(writer: TapeWriter, { onFailure, abandon }: Around): QueuedWriter {
  let failed: WiretapeError | null = null;
  const tried = (write: () => void): void => {
    if (failed !== null) return;
    try {
      write();
    } catch (cause) {
      failed = new WiretapeError('INTERNAL', String(cause), { cause, remedy: 'This is a fault of wiretape' });
      onFailure?.(failed);
    }
  };
  const refuseFailed = (): void => {
    if (failed !== null) throw failed;
  };
  return {
    beginSession: async (start) => writer.beginSession(start),
    append(session, batch) {
      tried(() => writer.append(session, batch));
      return true;
    },
    noteConnectionEnd: (session, end) => tried(() => writer.noteConnectionEnd(session, end)),
    noteLoss: (session, loss) => tried(() => writer.noteLoss(session, loss)),
    keepProtoFile: (session, file) => tried(() => writer.keepProtoFile(session, file)),
    endSession: (session, end) => tried(() => writer.endSession(session, end)),
    pending: () => 0,
    drained: async () => undefined,
    flush: async () => refuseFailed(),
    failure: () => failed,
    async close() {
      writer.close();
      refuseFailed();
    },
    async abandon() {
      writer.close();
      abandon();
    },
  };
}
