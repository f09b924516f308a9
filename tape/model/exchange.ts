/**
 * The unit everything downstream of the recorder uses: an envelope that is the same for every protocol, and the content
 * of one. Plain data, immutable; times are microseconds since the Unix epoch (they fit a double exactly).
 */
import type { HandshakeFacts, HostName, TransportFacts } from './connection-facts';
import type { Contents, ProtocolName } from './contents';
import type { Message } from './message';

/**
 * `inbound`: the watched process served it. `outbound`: it made it as a client. `unknown`: neither the kernel nor the
 * bytes said which; no test case and no mock is made of it.
 */
export type Direction = 'inbound' | 'outbound' | 'unknown';

export interface TlsInfo {
  /** The TLS library family that gave the plaintext, such as `openssl`. */
  readonly library: string;
}

/** Why TLS was not read. Words travel to the tape: never reuse one. docs/tape-format.md lists the same. */
export const unreadReasonWords = {
  'not-read': 'no library in the process is one that is read',
  'not-seen': 'the process had ended before anybody could look what it had aboard',
  late: 'its library is read, and probes were there only after the connection began',
  unexplained: 'its library is read, and its probes saw nothing of what it carried',
  'no-key': 'it was read from a file, and no key log held its secrets',
} as const;
export type UnreadReason = keyof typeof unreadReasonWords;

/** TLS whose plaintext nobody read: what the files of the process say of it. */
export interface UnreadTls {
  /** Such as `JSSE`; `unknown library` where no file tells. */
  readonly library: string;
  readonly reason: UnreadReason;
}

/**
 * How bytes of a connection were taken where not from the memory of its process. Words travel to the tape: never reuse
 * one. docs/tape-format.md lists the same; a test holds the two together.
 */
export const wayWords = {
  packets: 'from the packets they left in, by their numbers: sendfile, and splice into the socket',
  'io-uring': 'from the memory that a request of io_uring names, where no system call does',
} as const;
export type Way = keyof typeof wayWords;

export function isWay(word: string): word is Way {
  return Object.hasOwn(wayWords, word);
}

export interface ProcessInfo {
  readonly pid: number;
  readonly name: string;
  /** Present exactly where it is known to run in one. */
  readonly container?: ContainerInfo;
  /** The path of its program, in its own file system; present where it could be read. */
  readonly executable?: string;
  /** Its command line without its secrets, words with blanks between them; present where it could be read. */
  readonly command?: string;
  /** Present where it could be read. */
  readonly user?: UserInfo;
}

/** Whose rights a process has. */
export interface UserInfo {
  /** The effective user id, as the host numbers it. */
  readonly id: number;
  /** Null in containers, whose users have names of their own, and where the host has none for it. */
  readonly name: string | null;
}

/** The container of a process; null is what could not be told. */
export interface ContainerInfo {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly name: string | null;
  /** As the runtime was told it: `node:24-bookworm`. */
  readonly image: string | null;
  readonly pod: PodInfo | null;
}

export interface PodInfo {
  /** Kubernetes' UID, or Podman's id of a pod of its own. */
  readonly id: string | null;
  readonly name: string | null;
  readonly namespace: string | null;
}

/** The life of one socket. */
export interface Connection {
  /** The source's number of the socket: unique within a session, never reused. */
  readonly key: number;
  readonly direction: Direction;
  readonly openedAtUs: number;
  /** `address:port`, IPv6 in brackets, or `unix:/path` (`unix:@name` where it is abstract); null for a TLS stream that could not be bound to its socket. */
  readonly local: string | null;
  readonly remote: string | null;
  readonly tls: TlsInfo | null;
  /** Set where TLS was seen and its plaintext was not. */
  readonly unreadTls: UnreadTls | null;
  /** Present exactly where it carried TLS and the client's hello was seen and named one: the host it asked for, in lower case. */
  readonly serverName?: string;
  /** Present exactly where the process was told that this name has the address it connected to. */
  readonly hostName?: HostName;
  /** Present where it carried TLS and something of the hellos was seen. */
  readonly handshake?: HandshakeFacts;
  /** Present once it ended, or the recording did, and that was seen. */
  readonly transport?: TransportFacts;
  /** Present exactly where some of its bytes were taken another way than from memory: each way once, sorted. */
  readonly ways?: readonly Way[];
  /** Null where nobody saw it: traffic from a file. */
  readonly process: ProcessInfo | null;
}

/** How an exchange ended. Never reuse a word for another meaning: scripts read them. docs/tape-format.md lists the same. */
export const outcomeWords = {
  response: 'an answer came',
  refused: 'nobody took it up: the connection, or the stream on it, was refused',
  reset: 'the connection, or the stream on it, was reset before an answer was complete',
  timeout: 'the connection was never made, or ended by a time-out',
  closed: 'the connection was closed without an answer',
  lost: 'how it ended was not seen',
  open: 'it was going on when this was written: a recording that goes on, or one that was killed',
} as const;
export type Outcome = keyof typeof outcomeWords;

/** Why an exchange is not complete. docs/tape-format.md lists the same words; a test holds the two together. */
export const problemWords = {
  'lost-bytes': 'the recorder could not keep up; the bytes are counted and gone',
  truncated: 'longer than the capture limit; the true size is known',
  'unread-bytes':
    'moved by a call that could not be read (splice from a socket, sendfile where packets are not looked at, io_uring of older kernels), or seen only as ciphertext',
  'started-mid-stream':
    'the connection is older than the recorder or the probes in its process, or its beginning was lost for want of room',
  'cut-short': 'the connection, its stream or the recording ended in the middle of the message',
  'no-response': 'no answer was seen',
  'still-open': 'it was going on when this was written; what came later is not here',
  'undecodable-headers':
    'header fields are missing: their compression builds on headers from before the recording, or from among what is lost',
  'parse-error': 'the bytes are not what the protocol allows',
  'uncertain-connection': 'the TLS stream could not be bound to its socket with certainty',
  undecoded: 'a message is coded in a way that is not read, or refers to earlier ones that are missing',
  encrypted: 'TLS was seen and its plaintext was not: no library that is read, or probes that came too late',
  'not-in-file': 'the file it was imported from does not hold a body that was sent',
} as const;
export type Problem = keyof typeof problemWords;

export function isProblem(word: unknown): word is Problem {
  return typeof word === 'string' && Object.hasOwn(problemWords, word);
}

/** Why bytes are missing, as `losses.reason` has it. docs/tape-format.md lists the same words; a test holds the two together. */
export const lossWords = {
  'ring-full': 'the recorder could not keep up: every byte the kernel had no room for',
  'left-out':
    'the recorder was behind: of some connections nothing was recorded for a while, from one request to another; all their bytes meanwhile',
  hole: 'a gap in a recorded connection; where the recorder could not keep up, bytes of `ring-full` or `left-out` once more',
  'over-limit': 'longer than is taken of one call; the true size is known',
  'unreadable-call':
    'moved by a call that could not be read (splice from a socket, sendfile where packets are not looked at, io_uring of older kernels), or by a process that is not recorded',
  fault: 'memory of the process could not be read',
  unaccounted:
    'TLS whose ciphertext passed and whose plaintext was not seen; where the recorder could not keep up, partly bytes of `ring-full` once more',
  'program-skipped':
    "the kernel did not run the recorder's program for that many events, at most; of whom is not known",
  'other-socket':
    'a kind of socket that is not read (QUIC, vsock, TIPC, SMC, MPTCP, SCTP and others): so many sockets, of unknown size',
  'not-captured': 'packets that are missing in the file of an import',
  'no-boundary': 'seen, and no part of any exchange: after a gap or an error, before the next message began',
  'no-open': 'of a connection whose beginning was not seen',
} as const;
export type LossReason = keyof typeof lossWords;

export interface Cause {
  /** `number` of the inbound exchange during which this outbound one happened. */
  readonly number: number;
  readonly method: string;
}

/** What every protocol says of an exchange. Lists, filters, links, counts and stores look at this alone. */
export interface Envelope {
  /** Counts up from 1 within a session in the order exchanges begin. */
  readonly number: number;
  readonly connection: Connection;
  /** Which conversation of the connection: the stream of HTTP/2; null where there is one at a time. */
  readonly channel: number | null;
  /** Position among the exchanges of its connection, from 0. */
  readonly seq: number;
  readonly startedAtUs: number;
  /** First byte of the request to last byte of the response; null while there is no end. */
  readonly durationUs: number | null;
  readonly outcome: Outcome;
  /** Empty exactly when the exchange is complete. Sorted, without repeats. */
  readonly problems: readonly Problem[];
  readonly cause: Cause | null;
  /**
   * What was said on it message by message, where the protocol has more than a request and a response. While an exchange
   * grows it holds those that came since it was written before, `messagesBefore` in number.
   */
  readonly messages: readonly Message[];
  readonly messagesBefore: number;
}

/** An exchange of one protocol. */
export interface ExchangeOf<P extends ProtocolName> extends Envelope {
  readonly protocol: P;
  readonly content: Contents[P];
}

export type Exchange = { [P in ProtocolName]: ExchangeOf<P> }[ProtocolName];
