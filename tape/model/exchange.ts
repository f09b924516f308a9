/**
 * The unit everything downstream of the recorder uses: one request and its outcome, with the connection it
 * happened on. Plain data, immutable; times are microseconds since the Unix epoch (they fit a double exactly).
 */

/**
 * `inbound`: the watched process served it. `outbound`: it made it as a client. `unknown`: neither the kernel nor the
 * bytes said which; no test case and no mock is made of it.
 */
export type Direction = 'inbound' | 'outbound' | 'unknown';

export type ProtocolName = 'http1' | 'raw';

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
} as const;
export type UnreadReason = keyof typeof unreadReasonWords;

/** TLS whose plaintext nobody read: what the files of the process say of it. */
export interface UnreadTls {
  /** Such as `Go crypto/tls`; `unknown library` where no file tells. */
  readonly library: string;
  readonly reason: UnreadReason;
}

export interface ProcessInfo {
  readonly pid: number;
  readonly name: string;
  /** Present exactly where it is known to run in one. */
  readonly container?: ContainerInfo;
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
  readonly process: ProcessInfo;
}

/** Header fields as they were on the wire: order, case and repeats kept; bytes read as latin1. */
export type HeaderList = readonly (readonly [name: string, value: string])[];

export interface Body {
  /** The body after transfer decoding (chunk framing undone). The content codings in `codings` are still applied. */
  readonly bytes: Uint8Array;
  /** Content codings still applied to `bytes`, lower-case, in the order they were applied; [] when there is none. */
  readonly codings: readonly string[];
  /** Body bytes on the wire (content coding kept, chunk framing not counted): the true count, also where `bytes` is short. */
  readonly wireSize: number;
}

interface MessageBase {
  readonly version: '1.0' | '1.1';
  readonly headers: HeaderList;
  readonly body: Body;
  readonly trailers: HeaderList;
  /** First byte and last byte of the message. */
  readonly startedAtUs: number;
  readonly endedAtUs: number;
}

export interface HttpRequest extends MessageBase {
  readonly method: string;
  /** The request target as it was on the wire: origin-form, absolute-form, authority-form or `*`. */
  readonly target: string;
}

export interface InformationalResponse {
  readonly status: number;
  readonly headers: HeaderList;
}

export interface HttpResponse extends MessageBase {
  readonly status: number;
  readonly reason: string;
  /** 1xx responses that came before the final one (101 is a final one: the connection is handed over). */
  readonly informational: readonly InformationalResponse[];
}

/** How an exchange ended. Never reuse a word for another meaning: scripts read them. docs/tape-format.md lists the same. */
export const outcomeWords = {
  response: 'an answer came',
  refused: 'nobody listened: the connection was refused',
  reset: 'the connection was reset before an answer was complete',
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
    'moved by a call that could not be read (sendfile, splice, io_uring, the later messages of sendmmsg), or seen only as ciphertext',
  'started-mid-stream':
    'the connection is older than the recorder or the probes in its process, or its beginning was lost for want of room',
  'cut-short': 'the connection or the recording ended in the middle of the message',
  'no-response': 'no answer was seen',
  'still-open': 'it was going on when this was written; what came later is not here',
  'parse-error': 'the bytes are not what the protocol allows',
  'uncertain-connection': 'the TLS stream could not be bound to its socket with certainty',
  encrypted: 'TLS was seen and its plaintext was not: no library that is read, or probes that came too late',
} as const;
export type Problem = keyof typeof problemWords;

/** Why bytes are missing, as `losses.reason` has it. docs/tape-format.md lists the same words; a test holds the two together. */
export const lossWords = {
  'ring-full': 'the recorder could not keep up: every byte the kernel had no room for',
  hole: 'a gap in a recorded connection; where the recorder could not keep up, bytes of `ring-full` once more',
  'over-limit': 'longer than is taken of one call; the true size is known',
  'unreadable-call':
    'moved by a call that could not be read (sendfile, splice, io_uring, the later messages of sendmmsg), or by a process that is not recorded',
  fault: 'memory of the process could not be read',
  unaccounted:
    'TLS whose ciphertext passed and whose plaintext was not seen; where the recorder could not keep up, partly bytes of `ring-full` once more',
  'no-boundary': 'seen, and no part of any exchange: after a gap or an error, before the next message began',
  'no-open': 'of a connection whose beginning was not seen',
} as const;
export type LossReason = keyof typeof lossWords;

export interface Cause {
  /** `number` of the inbound exchange during which this outbound one happened. */
  readonly number: number;
  readonly method: string;
}

export interface Exchange {
  /** Counts up from 1 within a session in the order exchanges begin. */
  readonly number: number;
  readonly connection: Connection;
  /** Position among the exchanges of its connection, from 0. */
  readonly seq: number;
  readonly protocol: ProtocolName;
  readonly startedAtUs: number;
  /** First byte of the request to last byte of the response; null while there is no end. */
  readonly durationUs: number | null;
  /** Null for raw streams, and for connects that never carried a request. */
  readonly request: HttpRequest | null;
  readonly response: HttpResponse | null;
  readonly outcome: Outcome;
  /** Empty exactly when the exchange is complete. Sorted, without repeats. */
  readonly problems: readonly Problem[];
  readonly cause: Cause | null;
  /** Bytes of a raw stream in each direction; null for parsed protocols. */
  readonly raw: RawStream | null;
}

/** What is kept of a protocol nobody parses: its name and sizes, and the bytes themselves only under --keep-raw. */
export interface RawStream {
  /** Such as `PostgreSQL`, where the bytes tell; null where they do not. */
  readonly protocol: string | null;
  /** From the client (of an unknown direction: from who spoke first) to the server, and back. True sizes, gaps included. */
  readonly requestSize: number;
  readonly responseSize: number;
  readonly requestBytes: Uint8Array | null;
  readonly responseBytes: Uint8Array | null;
}

/** The value of the first header of that name (any case), or undefined. */
export function headerValue(headers: HeaderList, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return headers.find(([key]) => key.length === wanted.length && key.toLowerCase() === wanted)?.[1];
}

/** Host and origin-form path of a request (RFC 9112 3.2): absolute-form wins over the Host header. */
export function addressOf(request: HttpRequest): { host: string | null; path: string } {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)(.*)$/i.exec(request.target);
  if (absolute) {
    const rest = absolute[2] ?? '';
    return { host: absolute[1] ?? null, path: rest.startsWith('/') ? rest : `/${rest}` };
  }
  if (request.method === 'CONNECT') return { host: request.target, path: '' };
  return { host: headerValue(request.headers, 'host') ?? null, path: request.target };
}
