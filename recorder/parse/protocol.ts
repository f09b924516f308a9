/**
 * What a protocol plug-in is: it recognises its opening, and reads both directions of a connection into exchanges.
 * Bytes are pushed as they come, so that a body is never parsed twice and never held twice
 * (docs/decisions/0020-parsers-are-pushed-bytes.md). Plug-ins never throw on input and never import each other.
 */
import type { Side } from '../../tape/model/content-model';
import type { ProtocolName } from '../../tape/model/contents';
import type { Cause, Connection, ExchangeOf } from '../../tape/model/exchange';
import type { HttpContent, HttpRequest, HttpResponse } from '../../tape/model/http/http';
import type { Budget } from '../follow/budget';
import type { GapReason } from '../follow/byte-stream';
import type { Ending } from '../follow/follower';
import type { Limits } from '../follow/limits';
import type { CreateHeaderDecoder } from './header-decoder';
import type { OpenSpill } from './spill';

export type Verdict = 'yes' | 'no' | 'unsure';

export interface Protocol<C extends Conversation = Conversation> {
  readonly name: ProtocolName;
  /** Does a message of this protocol begin with these bytes? `unsure` asks to be asked again with more of them. */
  recognise(side: Side, bytes: Uint8Array): Verdict;
  /**
   * The same where the beginning of the connection was missed, for protocols whose messages do not begin as it does.
   * `isAgreed`: TLS agreed on this protocol, so that less is needed to believe it.
   */
  joins?(side: Side, bytes: Uint8Array, isAgreed: boolean): Verdict;
  /** What TLS calls it (RFC 7301); left out where it has no name there. */
  readonly alpn?: { readonly names: readonly string[]; readonly shown: string };
  open(host: Host, start: ConversationStart): C;
}

export interface ConversationStart {
  /**
   * A bit of `problemBits` where the beginning of the connection was missed, so that its first messages may be halves
   * and its first answer may belong to a request nobody saw; 0 where it was seen from its first byte.
   */
  readonly missed: number;
  /** What the protocol before this one said that comes now, such as `WebSocket`. */
  readonly named?: string | null;
  /** How the protocol before this one handed the connection over; missing where the connection begins with this one. */
  readonly handOver?: HandOver;
}

/**
 * A connection that goes on in another protocol. `missed` is not 0 where it is not certain at which byte of the client
 * that one begins.
 */
export type HandOver = {
  readonly missed: number;
} /** Nobody is known to read it; what this one was told that it is, such as `WebSocket`. */ & (
  | { readonly to: null; readonly named: string | null }
  | { [P in keyof HandOverFacts]: { readonly to: P; readonly facts: HandOverFacts[P] } }[keyof HandOverFacts]
);

/** What each protocol that is handed connections has to be told: one line a protocol. */
export interface HandOverFacts {
  /** The exchange that led to it; null is what was not read. */
  readonly http2: HttpContent;
  readonly websocket: Upgraded;
}

/** Who is given the rest of a connection by the protocol that read it so far. */
export type Successor = Pick<Conversation, 'data' | 'gap'>;

/** The exchange of HTTP that ended in a change of protocol. It has not been emitted: that is for who takes over. */
export interface Upgraded {
  readonly beginning: Beginning;
  readonly startedAtUs: number;
  readonly request: HttpRequest;
  readonly response: HttpResponse;
  readonly problems: number;
  /** What it holds of the budget. */
  readonly heldBytes: number;
}

/** The two directions of one connection, read by one protocol. */
export interface Conversation {
  /** `bytes` is lent: its memory is used for other bytes as soon as the call is over. What is kept of it has to be copied. */
  data(side: Side, bytes: Uint8Array, atUs: number): void;
  gap(side: Side, size: number, reason: GapReason, atUs: number): void;
  /**
   * Marks everything that is under way, and doubts what follows: something is missing, and no position says where.
   * `side`: it is missing here in that direction, and nobody knows how much it is.
   */
  taint(problem: number, side?: Side): void;
  /** The client closes, and the server had not ended, as far as anybody took what it said: called before `close`. */
  leaves?(): void;
  close(ending: Ending, atUs: number): void;
  /** Time has passed. True while something still waits for time to pass. */
  expire(nowUs: number): boolean;
  /** An exchange that is not over, as it is so far; null where there is nothing to be said of it yet. */
  soFar(number: number): SoFar | null;
}

export interface SoFar {
  readonly exchange: ParsedExchange;
  readonly problems: number;
  /** Grows with every head, every message and every byte of a body. */
  readonly progress: number;
  /** About the bytes that are written again with it: all but the messages, which are written once. */
  readonly rewrittenBytes: number;
}

/** An exchange as a conversation knows it: the connection, and what is wrong with that, is added by who holds it. */
export type ParsedExchange = {
  [P in ProtocolName]: Omit<ExchangeOf<P>, 'connection' | 'problems'>;
}[ProtocolName];

/** The protocol that takes what no other one does. */
export interface FallbackProtocol extends Protocol<Fallback> {
  /** What there is to say of a connection on which nothing was said. */
  silence(): Pick<ParsedExchange, 'channel' | 'protocol' | 'content' | 'messages' | 'messagesBefore'>;
}

/** Its conversation. */
export interface Fallback extends Conversation {
  /** TLS that nobody read. Sizes are totals of the connection so far. */
  encrypted(requestSize: number, responseSize: number, atUs: number): void;
  /** What it speaks, where its bytes do not tell. */
  named(name: string): void;
  /** It was another protocol after all: nothing is emitted. */
  drop(): void;
}

/** The place of an exchange in the recording, fixed when its first byte is seen. */
export interface Beginning {
  readonly number: number;
  readonly seq: number;
  readonly cause: Cause | null;
}

/** What a conversation is given of the connection it reads. */
export interface Host {
  readonly limits: Limits;
  readonly budget: Budget;
  readonly keepRaw: boolean;
  readonly openSpill: OpenSpill;
  readonly createHeaderDecoder: CreateHeaderDecoder;
  readonly connection: Connection;
  /** A parsed exchange begins; it counts as open until `ended`. Raw streams are never open: they may last for days. */
  begin(): Beginning;
  beginRaw(): Beginning;
  ended(beginning: Beginning): void;
  /** The last beginning led to nothing. */
  forget(beginning: Beginning): void;
  /** Problems of the connection itself are added here. */
  emit(exchange: ParsedExchange, problems: number): void;
  /** Bytes that were captured and belong to no message that could be read. */
  unread(bytes: number): void;
  /** What there is of an exchange that grows goes to the tape now, if it can: it holds more than is worth holding. */
  passOn(beginning: Beginning): void;
  /** Another protocol continues: bytes are for the conversation returned from now on. */
  handOver(handOver: HandOver): Conversation;
  /** A tunnel begins that takes all of the connection, both sides at a known byte: what it carries tells what it is. */
  openInside(): Successor;
  /** Bytes inside one channel of this conversation, which stays, are for the conversation returned. */
  openTunnel(channel: number, handOver: HandOver): Conversation;
  /** Asks for `expire` to be called. */
  wait(): void;
}
