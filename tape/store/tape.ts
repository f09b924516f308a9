/**
 * The port between the recorder, the replayer and whatever keeps the tape: `registry.ts` finds the store of a location.
 * SQLite (`sqlite/`) keeps what has a path; `memory.ts` serves tests. The contract suites in test/contract run on both.
 */
import type { WiretapeError } from '../../errors/wiretape-error';
import type { GatheredFile } from '../body/protobuf/gathered';
import type { Operation } from '../model/content-model';
import type { ProtocolName } from '../model/contents';
import type {
  Connection,
  Direction,
  Exchange,
  Outcome,
  Problem,
  ProcessInfo,
  TlsInfo,
  UnreadTls,
} from '../model/exchange';
import type { ExchangeFilter } from '../model/filter';
import type { Redacted, RedactionEntry } from '../redact/redacted';
import type { SessionState } from './session-state';

export type SessionId = string;

export interface SessionStart {
  readonly startedAtUs: number;
  readonly wiretapeVersion: string;
  readonly user: string;
  readonly machine: string;
  readonly kernel: string;
  /** The command line's targets, as typed. */
  readonly targets: readonly string[];
  /** Names of the redaction rules in force, built-in and added. */
  readonly rules: readonly string[];
  /** Where bytes came from: `ebpf/tracepoint`, `har/shop.har`. */
  readonly source: string;
  /** Which share of the connections was to be recorded, above 0 and below 1; left out where it was all of them. */
  readonly sample?: number;
  /** Descriptors that are known for its messages of protobuf, by the names of their files. */
  readonly protoFiles?: ReadonlyMap<string, Uint8Array>;
}

export interface SessionEnd {
  readonly endedAtUs: number;
  /** Why it ended: `interrupted`, `time`, `size`, `target-ended`, `imported`, `failed` … */
  readonly reason: string;
}

/** Bytes or events that are missing from the recording and why; `connection` is null where that is not known. */
export interface Loss {
  readonly atUs: number;
  readonly connection: number | null;
  readonly reason: string;
  readonly events: number;
  readonly bytes: number;
}

/** What is known of a connection once it is over, or the recording: counts, and words of TLS. */
export type ConnectionEnd = Pick<Connection, 'key' | 'handshake' | 'transport'>;

export interface Session extends SessionStart {
  readonly id: SessionId;
  readonly end: SessionEnd | null;
  readonly state: SessionState;
  readonly exchanges: number;
  readonly losses: readonly Loss[];
  /** Those of its descriptors of which a server told others, that name fields otherwise; none where it is left out. */
  readonly contestedFiles?: readonly string[];
}

/** An exchange read back. `id` is unique on the tape and is what people type. */
export interface StoredExchange {
  readonly id: string;
  readonly session: SessionId;
  /** The id of the connection on the tape. */
  readonly connectionId: string;
  /** `exchange.cause.number` as an id on this tape; null also where that exchange is not on the tape. */
  readonly causeId: string | null;
  readonly exchange: Exchange;
  /** Which rule fired where; placeholders in the exchange are known by this, not by how they look. */
  readonly redacted: readonly RedactionEntry[];
}

/** What `ls` says of an exchange: everything but the messages, so that a million of them can be listed cheaply. */
export interface ExchangeSummary {
  readonly id: string;
  readonly session: SessionId;
  readonly connectionId: string;
  readonly channel: number | null;
  readonly seq: number;
  readonly startedAtUs: number;
  readonly durationUs: number | null;
  readonly direction: Direction;
  readonly protocol: ProtocolName;
  readonly tls: TlsInfo | null;
  readonly unreadTls: UnreadTls | null;
  readonly process: ProcessInfo | null;
  readonly local: string | null;
  readonly remote: string | null;
  readonly operation: Operation;
  /** Body bytes as they were on the wire; of raw streams all bytes. */
  readonly requestBytes: number;
  readonly responseBytes: number;
  /** How many messages it has besides a request and a response. */
  readonly messages: number;
  readonly problems: readonly Problem[];
  readonly outcome: Outcome;
  /** Null also where the exchange that caused this one is not on the tape. */
  readonly cause: { readonly id: string; readonly method: string } | null;
}

/**
 * What an index of exchanges is made of: what was asked, of whom, how it ended, and what was taken out of it. There may be
 * millions: what is the same of many is said once, and the rest is made when somebody asks for it.
 */
export interface Outlines {
  readonly kinds: readonly OutlineKind[];
  /** Which of the kinds each exchange is of, in the order of the tape. */
  readonly kindOf: Uint32Array;
  /** What redaction took out of all but their messages, each once. */
  readonly redacted: readonly RedactionEntry[];
  /** Those of the kinds with these numbers, in the order of the tape. */
  of(isWanted: (kind: number) => boolean): Iterable<ExchangeOutline>;
}

/** What exchanges have in common that differ in their target, what caused them and what they carried. */
export interface OutlineKind {
  readonly connection: Pick<Connection, 'remote' | 'tls'>;
  readonly protocol: ProtocolName;
  readonly outcome: Outcome;
  readonly problems: readonly Problem[];
  /** What the protocol itself says, whatever is spoken over it; `hasTarget` where it has one. */
  readonly verb: string | null;
  readonly hasTarget: boolean;
  readonly result: string | null;
  readonly authority: string | null;
  /** Whether that, and a Host field that says the same, is all it says of where it goes. */
  readonly isPlainlyAddressed: boolean;
  /** How many messages it has besides a request and a response. */
  readonly messages: number;
}

export interface ExchangeOutline {
  /** Its place among all of them, from 0. */
  readonly at: number;
  readonly id: string;
  readonly causeId: string | null;
  readonly target: string | null;
}

/** Keeps tapes. Opening, reading and writing reject with errors of the catalogue. */
export interface TapeStore {
  /** The scheme of its locations, such as `postgres` of `postgres://…`; null where a location is a path. */
  readonly scheme: string | null;
  openReader(location: string): Promise<TapeReader>;
  /** Makes the tape where there is none. */
  openWriter(location: string, options?: WriterOptions): Promise<QueuedWriter>;
  /** Writes a tape anew, which then is that of before or that of after. Left out where a store has nothing to pack. */
  rewrite?(location: string, rewriting: Rewriting): Promise<Rewritten>;
}

export interface Rewriting {
  /** Where it goes; the location itself replaces the tape. */
  readonly output: string;
  /** As small as it gets, or as it was recorded. */
  readonly isPacked: boolean;
}

export interface Rewritten {
  readonly bytesBefore: number;
  readonly bytesAfter: number;
}

export interface WriterOptions {
  /** Told once, when the tape cannot be written any more; what was recorded until then is kept. */
  readonly onFailure?: (error: WiretapeError) => void;
}

/**
 * What a recorder writes to: `append` waits for no other machine or thread, since whoever feeds it must not; the tape
 * follows, in order, and is whole after `flush` and `close`. Exchanges become readable in transactions, none of them in part.
 */
export interface QueuedWriter {
  beginSession(start: SessionStart): Promise<SessionId>;
  /**
   * Takes the exchanges in every case; false asks the feeder to wait for `drained` before it brings more. An exchange
   * takes the place of one of the same number that was written with the outcome `open`.
   */
  append(session: SessionId, exchanges: readonly Redacted<Exchange>[]): boolean;
  noteLoss(session: SessionId, loss: Loss): void;
  /** Behind what was appended; nothing happens where none of its exchanges is on the tape. */
  noteConnectionEnd(session: SessionId, end: ConnectionEnd): void;
  /** Keeps descriptors that a server told; of a file that is there already no more than how many others were told. */
  keepProtoFile(session: SessionId, file: GatheredFile): void;
  endSession(session: SessionId, end: SessionEnd): void;
  /** Bytes taken and not yet on the tape. */
  pending(): number;
  /** Resolves when less than half the queue is pending. */
  drained(): Promise<void>;
  /** Resolves when everything taken is on the tape. Rejects when it cannot be written. */
  flush(): Promise<void>;
  /** Why the tape cannot be written any more; null while it can. */
  failure(): WiretapeError | null;
  /** Flushes and closes the tape. Rejects when something could not be written; it is closed anyway. */
  close(): Promise<void>;
  /** Closes, and takes away what was made for a recording that never began. Never rejects. */
  abandon(): Promise<void>;
}

/**
 * What writes a tape on the thread that calls it, one transaction an append: behind a `QueuedWriter`, and where a program
 * does nothing but write, as an import does. No part of the port: a store over a network cannot offer it.
 */
export interface TapeWriter {
  beginSession(start: SessionStart): SessionId;
  /** An exchange takes the place of one of the same number that was written with the outcome `open`. */
  append(session: SessionId, exchanges: readonly Redacted<Exchange>[]): void;
  noteLoss(session: SessionId, loss: Loss): void;
  /** Behind what was appended; nothing happens where none of its exchanges is on the tape. */
  noteConnectionEnd(session: SessionId, end: ConnectionEnd): void;
  keepProtoFile(session: SessionId, file: GatheredFile): void;
  endSession(session: SessionId, end: SessionEnd): void;
  close(): void;
}

export interface TapeReader {
  sessions(): Promise<readonly Session[]>;
  /** Ordered by start time, then id. Bodies are loaded lazily as the iteration reaches them. */
  exchanges(filter?: ExchangeFilter): AsyncIterableIterator<StoredExchange>;
  /** The same exchanges in the same order, without headers and bodies. */
  summaries(filter?: ExchangeFilter): AsyncIterableIterator<ExchangeSummary>;
  /** Outlines of the same exchanges in the same order: what a million of them are indexed by. */
  outlines(filter?: ExchangeFilter): Promise<Outlines>;
  exchange(id: string): Promise<StoredExchange | undefined>;
  /** Those with these ids, in the order of the ids; one that is not on the tape is passed over. */
  exchangesWith(ids: readonly string[]): AsyncIterableIterator<StoredExchange>;
  /** The tape as it is read on the thread that asks; null where a store cannot offer that, as one over a network. */
  atHand(): Promise<TapeAtHand | null>;
  /**
   * What was committed after the cursor, null for all of it, in the order of commits; then waits for more. An exchange
   * that grew is given again, in its new state; one that grew twice meanwhile is given once. Rejects with
   * CURSOR_FOREIGN where the cursor is not of this tape, TAPE_NOT_FOLLOWED where it cannot be told what is new.
   */
  follow(after: Cursor | null, options: FollowOptions): AsyncIterableIterator<Committed>;
  /** Ends what is being followed, and iterations that were left in the middle. */
  close(): Promise<void>;
}

/**
 * What a program reads again when it comes to it, instead of holding all of a long tape. Throws what the reader rejects with,
 * and belongs to it: nothing can be read any more once that is closed.
 */
export interface TapeAtHand {
  /** The same as those of the reader; each loop over them reads them anew. */
  exchanges(filter?: ExchangeFilter): Iterable<StoredExchange>;
  /** The same; for one it costs ten times as much as for each of many. */
  exchangesWith(ids: readonly string[]): Iterable<StoredExchange>;
}

/** A place among the commits of one tape, to continue from: in this process, in another, or tomorrow. Opaque. */
export type Cursor = string;

export interface FollowOptions {
  /**
   * What ends it: `caught-up`, where nothing new is there; `ended`, where moreover no session is being recorded, of the
   * filter's session only that one; `aborted`, nothing but the signal.
   */
  readonly until: 'caught-up' | 'ended' | 'aborted';
  /** Ends it at once, whatever it waits for. The iteration then ends as any other. */
  readonly signal?: AbortSignal;
  readonly filter?: ExchangeFilter;
}

/** An exchange as it is on the tape now. Its messages are read by its id, so that waiting holds no bodies. */
export interface Committed {
  /** Continues after it. */
  readonly cursor: Cursor;
  readonly exchange: ExchangeSummary;
  /** Of its session, as it was before the exchange was read; null where the session began since. */
  readonly sessionState: SessionState | null;
}
