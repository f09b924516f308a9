/** What the binder knows of a socket, and of a TLS stream that runs over one. Only data, and what follows of it. */

import type { DataEvent, Role } from '../../events';
import type { Agreed } from '../../tls-hello';
import type { WireEvent } from '../decode/decode';
import type { TlsLibraryName } from '../decode/wire';
import type { Handshake } from './handshake';
import { ALERT_BYTES, KEY_UPDATE_BYTES, type TlsAccount } from './tls-account';
import type { TlsLook } from './unread';

export type DataWire = Extract<WireEvent, { kind: 'data' }>;
export type OpenWire = Extract<WireEvent, { kind: 'open' | 'open-unix' }>;
export type SealedWire = Extract<WireEvent, { kind: 'sealed' }>;
export type BindWire = Extract<WireEvent, { kind: 'tls-bind' }>;
export type AgreedWire = Extract<WireEvent, { kind: 'tls-agreed' }>;
export type CloseWire = Extract<WireEvent, { kind: 'close' | 'tls-close' | 'standing' }>;
export type SealedBoth = CloseWire['sealed'];

export type StreamDirection = DataEvent['direction'];
export type ByDirection = Record<StreamDirection, number>;

export interface Socket {
  readonly key: number;
  readonly openedAtNs: number;
  readonly pid: number;
  readonly startedEarlier: boolean;
  readonly role: Role;
  tlsSeen: boolean;
  /** Null before TLS. */
  handshake: Handshake | null;
  /** The thread that received on it last; null before that. */
  receivedBy: number | null;
  /** What its process had aboard when TLS was seen: it may have ended when the socket closes. */
  look: TlsLook | null;
  /** The one that was bound last. */
  stream: Stream | null;
  /** Those before it: of the other direction where a library has an object for each, and of keys that were changed. */
  readonly earlier: Stream[];
  /** Where the next byte stands that is emitted. */
  readonly end: ByDirection;
  /** Plaintext bytes of its TLS streams so far. */
  readonly plaintext: ByDirection;
  /** Null before TLS, and where one TLS stream runs within another: then nothing can be said of the sums. */
  account: TlsAccount | null;
  /** Bytes that open like TLS, until the other direction says whether they are. */
  maybe: DataWire[];
  maybeBytes: number;
  /** Records that passed before that. */
  readonly sealedFirst: SealedWire[];
}

export interface Stream {
  readonly key: number;
  readonly pid: number;
  readonly library: TlsLibraryName;
  socket: Socket | null;
  /** Its TLS object leads to the socket itself. */
  holdsSocket: boolean;
  /** Its ciphertext passes through memory: the program receives, and gives its library what came. */
  throughMemory: boolean;
  /** One thread receives, another one gives it what came: that may be any time later. */
  isFedByOthers: boolean;
  /** Emitted as a connection of its own because no socket was found. */
  alone: boolean;
  held: DataWire[];
  heldBytes: number;
  /** What was said before the server answered, until it is known whether it took that. */
  early: DataWire[];
  /** Something of it was told. */
  begun: boolean;
  /** What its library told its program that it is to carry. */
  agreed: Agreed;
  /** Bytes that were left out at its beginning: some of the probes of its process were not in place yet. */
  readonly skipped: ByDirection;
  /** Where its next byte stands, and how many of the bytes before it the account found missing since the last. */
  readonly next: ByDirection;
  readonly assumed: ByDirection;
  /** Added to a position of the stream: its place among the bytes of the socket, and among its plaintext. */
  readonly base: ByDirection;
  readonly plaintextBase: ByDirection;
  total: ByDirection | null;
}

export function newStream(event: DataWire | BindWire | AgreedWire): Stream {
  return {
    key: event.tls,
    pid: event.pid,
    library: event.library,
    socket: null,
    holdsSocket: false,
    throughMemory: false,
    isFedByOthers: false,
    alone: false,
    held: [],
    heldBytes: 0,
    early: [],
    begun: false,
    agreed: null,
    skipped: { sent: 0, received: 0 },
    next: { sent: 0, received: 0 },
    assumed: { sent: 0, received: 0 },
    base: { sent: 0, received: 0 },
    plaintextBase: { sent: 0, received: 0 },
    total: null,
  };
}

export function newSocket(event: OpenWire, role: Role): Socket {
  return {
    key: event.socket,
    openedAtNs: event.atNs,
    pid: event.pid,
    startedEarlier: event.startedEarlier,
    role,
    tlsSeen: false,
    handshake: null,
    receivedBy: null,
    look: null,
    stream: null,
    earlier: [],
    end: { sent: 0, received: 0 },
    plaintext: { sent: 0, received: 0 },
    account: null,
    maybe: [],
    maybeBytes: 0,
    sealedFirst: [],
  };
}

/**
 * Messages without plaintext that are taken for what they look like. Of key updates too where all data passes one function
 * a direction, and what had no room in the ring shows by its position. OpenSSL has more ways to write than are known; Mbed
 * TLS never changes keys.
 */
const updates: Record<TlsLibraryName, readonly number[]> = {
  openssl: [],
  go: [KEY_UPDATE_BYTES],
  gnutls: [KEY_UPDATE_BYTES],
  nss: [KEY_UPDATE_BYTES],
  mbedtls: [],
  wolfssl: [KEY_UPDATE_BYTES],
  rustls: [KEY_UPDATE_BYTES],
  jsse: [KEY_UPDATE_BYTES],
  s2n: [KEY_UPDATE_BYTES],
  boringssl: [KEY_UPDATE_BYTES],
};

const alerts = [ALERT_BYTES, 2 * ALERT_BYTES];

const hidden: ReadonlyMap<string, readonly number[]> = new Map(
  Object.entries(updates).map(([library, lengths]) => [
    library,
    [...alerts, ...lengths.flatMap((update) => [update, update + ALERT_BYTES])],
  ]),
);

/** What may pass without plaintext at once: an alert, or two (one that says that it ends early: JSSE), a key update, both. */
export function hiddenOf({ library }: Stream): readonly number[] {
  return hidden.get(library) ?? alerts;
}

/**
 * Records may wait to be opened while others are received: a program that does the input and output of an SSLEngine may do
 * the two on different threads, and so may one that gives OpenSSL memory BIOs (Kestrel of .NET does, Node.js does not).
 * rustls is fed at once by what was received. What feeds a BoringSSL without names cannot be told: gRPC receives several times first.
 */
export function opensLater({ library, holdsSocket, isFedByOthers }: Stream): boolean {
  return (library === 'jsse' && !holdsSocket) || library === 'boringssl' || isFedByOthers;
}

/** True where somebody received for this stream who is not the one that gives it what came, sends what it sealed, or takes plaintext from it. */
export function showsTwoThreads({ library, throughMemory }: Stream, { receivedBy }: Socket, thread: number): boolean {
  return library === 'openssl' && throughMemory && receivedBy !== null && receivedBy !== thread;
}

export function skip(stream: Stream, { direction, size }: DataWire): void {
  stream.skipped[direction] += size;
  stream.next[direction] += size;
  stream.base[direction] -= size;
}

export function without(end: ByDirection, skipped: ByDirection): ByDirection {
  return { sent: end.sent - skipped.sent, received: end.received - skipped.received };
}

/** True lengths of the plaintext, where its TLS object was freed; null where only the ciphertext's are known. */
export function plaintextTotals({ stream }: Socket): ByDirection | null {
  if (stream?.total == null) return null;
  const { base, total } = stream;
  return { sent: base.sent + total.sent, received: base.received + total.received };
}

/** Every stream that is bound to the socket. */
export function streamsOf({ stream, earlier }: Socket): readonly Stream[] {
  return stream === null ? earlier : [...earlier, stream];
}

export function totalsOf({ sent, received }: CloseWire): ByDirection {
  return { sent, received };
}
