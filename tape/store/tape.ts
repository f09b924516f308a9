/**
 * The port between the recorder, the replayer and whatever keeps the tape. SQLite (`sqlite/`) is the default;
 * `memory.ts` serves tests. The contract suite in test/contract runs on both.
 */
import type { Operation } from '../model/content-model';
import type { ProtocolName } from '../model/contents';
import type { Direction, Exchange, Outcome, Problem, ProcessInfo, TlsInfo, UnreadTls } from '../model/exchange';
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

export interface Session extends SessionStart {
  readonly id: SessionId;
  readonly end: SessionEnd | null;
  readonly state: SessionState;
  readonly exchanges: number;
  readonly losses: readonly Loss[];
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

/** Synchronous on purpose: better-sqlite3 is, and one transaction an append keeps a crash from tearing an exchange. */
export interface TapeWriter {
  beginSession(start: SessionStart): SessionId;
  /** An exchange takes the place of one of the same number that was written with the outcome `open`. */
  append(session: SessionId, exchanges: readonly Redacted<Exchange>[]): void;
  noteLoss(session: SessionId, loss: Loss): void;
  endSession(session: SessionId, end: SessionEnd): void;
  close(): void;
}

export interface TapeReader {
  sessions(): readonly Session[];
  /** Ordered by start time, then id. Bodies are loaded lazily as the iteration reaches them. */
  exchanges(filter?: ExchangeFilter): IterableIterator<StoredExchange>;
  /** The same exchanges in the same order, without headers and bodies. */
  summaries(filter?: ExchangeFilter): IterableIterator<ExchangeSummary>;
  exchange(id: string): StoredExchange | undefined;
  close(): void;
}
