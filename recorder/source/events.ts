/**
 * What every source yields, whatever it reads: opens, bytes, closes, losses. Immutable. A TLS connection's `data`
 * holds plaintext: binding plaintext to its socket is the source's work, so nothing to the right knows about TLS.
 * Times are microseconds since the Unix epoch. Directions are seen from the watched process.
 */
import type { HandshakeFacts, HostName, TransportFacts } from '../../tape/model/connection-facts';
import type { ProcessInfo, UnreadTls, Way } from '../../tape/model/exchange';
import type { Agreed } from './tls-hello';

export type Role = 'inbound' | 'outbound' | 'unknown';

export interface OpenEvent {
  readonly kind: 'open';
  /** The source's number of the socket: unique within a session, never reused. */
  readonly connection: number;
  readonly atUs: number;
  readonly role: Role;
  /** Null where the source cannot tell: traffic from a file. */
  readonly process: ProcessInfo | null;
  /** `address:port`; null for TLS plaintext whose socket is not known. */
  readonly local: string | null;
  readonly remote: string | null;
  /** What the process asked for to learn the address of the other end; left out where that is not known. */
  readonly hostName?: HostName;
  /** True where the connection is older than the recorder, or than the probes in its process. */
  readonly startedEarlier: boolean;
}

/** Sent once, before the first plaintext, when a connection turns out to carry TLS that is read. */
export interface TlsEvent {
  readonly kind: 'tls';
  readonly connection: number;
  readonly atUs: number;
  readonly library: string;
  readonly binding: 'certain' | 'probable' | 'uncertain';
  /** True where the probes of its process are younger than the connection: plaintext may have gone unseen. */
  readonly startedEarlier: boolean;
  /** What TLS agreed to carry (tls-hello.ts); null or left out where that was not seen. */
  readonly agreed?: Agreed;
  /** The host the client asked for in its hello; null or left out where it named none, or that was not seen. */
  readonly serverName?: string | null;
}

/** Why bytes of a call are not there. Words travel to the tape: never reuse one. */
export type MissingReason =
  | 'ring-full'
  | 'left-out'
  | 'over-limit'
  | 'unreadable-call'
  | 'fault'
  | 'unaccounted'
  | 'program-skipped'
  | 'not-captured';

export interface DataEvent {
  readonly kind: 'data';
  readonly connection: number;
  /** When the bytes were there: written TLS plaintext from the beginning of its call, everything else at its end. */
  readonly atUs: number;
  readonly direction: 'sent' | 'received';
  /** Offset of the first byte in this direction's stream, counted from where recording of the connection began. */
  readonly position: number;
  /** The bytes that were captured: the first `bytes.length` of `size`. */
  readonly bytes: Uint8Array;
  /** True number of bytes this event stands for; more than `bytes.length` where some are missing. */
  readonly size: number;
  /** Set exactly when bytes.length < size. */
  readonly missing: MissingReason | null;
  /**
   * Set where bytes are taken another way than from the memory of the process: with bytes it is these, which may come
   * twice; without any it is the bytes that are missing here, and will come that way.
   */
  readonly way?: Way;
}

export interface CloseEvent {
  readonly kind: 'close';
  readonly connection: number;
  readonly atUs: number;
  readonly how: 'closed' | 'refused' | 'reset' | 'timeout';
  /** The process closed it before the other side had ended, or without having taken all that it said. */
  readonly wasLeft?: boolean;
  /** Final stream lengths, for finding a loss at the very end; null where the source cannot know. */
  readonly sentTotal: number | null;
  readonly receivedTotal: number | null;
}

/** TLS was seen on the socket and its plaintext could not be read; bytes are counted (totals so far), not kept. */
export interface EncryptedEvent {
  readonly kind: 'encrypted';
  readonly connection: number;
  readonly atUs: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** Which library it was, and why its plaintext is not there. */
  readonly unread: UnreadTls;
  readonly agreed?: Agreed;
  readonly serverName?: string | null;
}

/** What is known of a connection beside its bytes; each part takes the place of what was told before. */
export interface FactsEvent {
  readonly kind: 'facts';
  readonly connection: number;
  readonly atUs: number;
  readonly handshake?: HandshakeFacts;
  readonly transport?: TransportFacts;
}

/** Losses that no position shows: events dropped before they could be tied to a connection. */
export interface LossEvent {
  readonly kind: 'loss';
  readonly atUs: number;
  readonly connection: number | null;
  readonly reason: MissingReason;
  readonly events: number;
  readonly bytes: number;
}

/** Bytes moved on a socket of a kind that is not read: nothing more of it is told. */
export interface OtherSocketEvent {
  readonly kind: 'other-socket';
  readonly connection: null;
  readonly atUs: number;
  readonly process: ProcessInfo;
  /** `vsock`, `tipc`, `mptcp`, `family 99` */
  readonly socketKind: string;
  /** The other end, as its family writes it; null where it is not known. */
  readonly peer: string | null;
}

export type SourceEvent =
  | OpenEvent
  | TlsEvent
  | DataEvent
  | CloseEvent
  | EncryptedEvent
  | FactsEvent
  | LossEvent
  | OtherSocketEvent;
