/**
 * A batch of the addon into events with names. Pure; data bytes stay views into the batch. The kernel is trusted to
 * write whole events: a batch that does not add up is a fault of ours, and says so by ending early.
 */
import { addressText, withPort } from './address';
import { type SocketKind, socketKindOf } from './socket-kinds';
import {
  offsetOf,
  type TlsLibraryName,
  WIRE_VERSION,
  wireBinding,
  wireDirection,
  wireFlag,
  wireLayer,
  wireLayout,
  wireLibrary,
  wireReason,
  wireRole,
  wireSizes,
  wireTold,
  wireType,
} from './wire';

interface WireBase {
  /** CLOCK_MONOTONIC. */
  readonly atNs: number;
  readonly pid: number;
  /** Generation of the socket; 0 where it is not known. */
  readonly socket: number;
  /** Generation of the TLS stream; 0 in the socket layer. */
  readonly tls: number;
}

export interface WireEndpoints {
  readonly local: string;
  readonly remote: string;
  readonly localPort: number;
  readonly netns: number;
}

type Role = 'unknown' | 'outbound' | 'inbound';
type StreamDirection = 'sent' | 'received';

interface Opening {
  readonly role: Role;
  readonly startedEarlier: boolean;
  /** The connection is not among those that are recorded: none of its bytes follow, unless they are TLS plaintext of which nobody knew whose it was. */
  readonly notSampled?: boolean;
}

type Binding = 'nested' | 'ciphertext-sent' | 'ciphertext-received' | 'within' | 'descriptor';

/** Why bytes are missing, if any are. */
export type DataReason = 'whole' | 'over-limit' | 'unreadable-call' | 'fault' | 'left-out' | 'in-packets';

/** Records of application data, and the bytes behind their headers; both modulo 2^32. */
export interface SealedCount {
  readonly records: number;
  readonly bytes: number;
}

/** What the kernel told of a TCP socket; null is what it did not tell. */
export interface Measured {
  readonly roundTripUs: number | null;
  readonly retransmits: number | null;
  readonly congestionWindow: number | null;
}

export type WireEvent =
  | (WireBase & { readonly kind: 'open' } & Opening & WireEndpoints)
  | (WireBase & {
      readonly kind: 'open-unix';
      /** `unix:/path`, `unix:@name` for an abstract one, `unix:` for none. */
      readonly local: string;
      readonly remote: string;
    } & Opening)
  | (WireBase & { readonly kind: 'listen' } & WireEndpoints)
  | (WireBase & { readonly kind: 'other-socket' } & SocketKind)
  | (WireBase & {
      readonly kind: 'data';
      readonly layer: 'socket' | 'tls';
      readonly direction: StreamDirection;
      readonly position: number;
      readonly size: number;
      readonly bytes: Uint8Array;
      readonly reason: DataReason;
      /** Plaintext: what had been sealed on the socket before this call's own bytes; null where nothing follows of it. */
      readonly sealedBefore: SealedCount | null;
      /** Socket bytes that open like TLS, which the other direction has not confirmed. */
      readonly maybeTls: boolean;
      /** Taken from a packet: the same bytes may come from elsewhere as well. */
      readonly fromPacket: boolean;
      /** Moved by a request of io_uring. */
      readonly byRequest: boolean;
      /** Means something in the TLS layer. */
      readonly library: TlsLibraryName;
      /** Who made the call. */
      readonly thread: number;
    })
  | (WireBase & {
      /** `standing`: it goes on, and this is how it stands. */
      readonly kind: 'close' | 'tls-close' | 'standing';
      readonly sent: number;
      readonly received: number;
      /** Positive errno, 0 for an orderly end. */
      readonly error: number;
      /** Directions whose FIN came before the end. */
      readonly ended: Readonly<Record<StreamDirection, boolean>>;
      /** The process went before the other side had ended, or without having taken all that it said. */
      readonly wasLeft: boolean;
      readonly carriedTls: boolean;
      /** Null where nothing measures: in the TLS layer. */
      readonly measured: Measured | null;
      readonly sealed: Readonly<Record<StreamDirection, SealedCount>>;
    })
  | (WireBase & {
      readonly kind: 'sealed';
      readonly direction: StreamDirection;
      readonly before: SealedCount;
      readonly added: SealedCount;
      /** Length of the last record. */
      readonly lastLength: number;
      /** Suite of the ServerHello; 0 where it was not seen. */
      readonly cipher: number;
      /** What the ServerHello has in the place of a version; 0 where it was not seen. */
      readonly version: number;
      readonly nested: boolean;
      /** The first event of a socket call: `before` is how things stood when the call began. */
      readonly callBegins: boolean;
      readonly thread: number;
    })
  /** The unix sockets that targets hold have been counted. */
  | (WireBase & { readonly kind: 'counted' })
  /** What the process received from a DNS server by UDP. The bytes are lent, as those of data. */
  | (WireBase & { readonly kind: 'answer'; readonly bytes: Uint8Array })
  | (WireBase & {
      readonly kind: 'tls-bind';
      readonly how: Binding;
      readonly library: TlsLibraryName;
      readonly thread: number;
    })
  /** What a TLS stream was agreed to carry (ALPN), as its library told its program. */
  | (WireBase & { readonly kind: 'tls-agreed'; readonly protocol: string; readonly library: TlsLibraryName })
  /** `client`: the direction the ClientHello went. */
  | (WireBase & { readonly kind: 'tls-seen'; readonly client: StreamDirection })
  | (WireBase & { readonly kind: 'fork' | 'exec' | 'exit'; readonly other: number; readonly name: string });

const at = {
  type: offsetOf('wire_header.type'),
  direction: offsetOf('wire_header.direction'),
  layer: offsetOf('wire_header.layer'),
  reason: offsetOf('wire_header.reason'),
  role: offsetOf('wire_header.role'),
  flags: offsetOf('wire_header.flags'),
  tgid: offsetOf('wire_header.tgid'),
  tid: offsetOf('wire_header.tid'),
  atNs: offsetOf('wire_header.at_ns'),
  socket: offsetOf('wire_header.socket'),
  tls: offsetOf('wire_header.tls'),
  position: offsetOf('wire_header.position'),
  size: offsetOf('wire_header.size'),
  captured: offsetOf('wire_header.captured'),
  sealedRecords: offsetOf('wire_header.sealed_records'),
  sealedBytes: offsetOf('wire_header.sealed_bytes'),
  family: offsetOf('wire_open.family'),
  localPort: offsetOf('wire_open.local_port'),
  remotePort: offsetOf('wire_open.remote_port'),
  netns: offsetOf('wire_open.netns'),
  local: offsetOf('wire_open.local'),
  remote: offsetOf('wire_open.remote'),
  localLength: offsetOf('wire_open_unix.local_length'),
  remoteLength: offsetOf('wire_open_unix.remote_length'),
  localName: offsetOf('wire_open_unix.local'),
  remoteName: offsetOf('wire_open_unix.remote'),
  records: offsetOf('wire_sealed.records'),
  bytes: offsetOf('wire_sealed.bytes'),
  cipher: offsetOf('wire_sealed.cipher'),
  helloVersion: offsetOf('wire_sealed.version'),
  sent: offsetOf('wire_close.sent'),
  received: offsetOf('wire_close.received'),
  error: offsetOf('wire_close.error'),
  sentRecords: offsetOf('wire_close.sent_records'),
  sentSealed: offsetOf('wire_close.sent_sealed'),
  receivedRecords: offsetOf('wire_close.received_records'),
  receivedSealed: offsetOf('wire_close.received_sealed'),
  told: offsetOf('wire_close.told'),
  roundTrip: offsetOf('wire_close.round_trip_us'),
  resent: offsetOf('wire_close.resent'),
  window: offsetOf('wire_close.window'),
  agreed: offsetOf('wire_agreed.name'),
  other: offsetOf('wire_process.other'),
  name: offsetOf('wire_process.name'),
} as const;

const HEADER_BYTES = wireLayout.wire_header[1];
const NAME_BYTES = wireLayout['wire_process.name'][1];
const reasons: Record<number, DataReason> = {
  [wireReason.whole]: 'whole',
  [wireReason.overLimit]: 'over-limit',
  [wireReason.unreadableCall]: 'unreadable-call',
  [wireReason.fault]: 'fault',
  [wireReason.leftOut]: 'left-out',
  [wireReason.inPackets]: 'in-packets',
};
const roles: Record<number, Role> = {
  [wireRole.unknown]: 'unknown',
  [wireRole.outbound]: 'outbound',
  [wireRole.inbound]: 'inbound',
};
const bindings: Record<number, Binding> = {
  [wireBinding.nested]: 'nested',
  [wireBinding.ciphertextSent]: 'ciphertext-sent',
  [wireBinding.ciphertextReceived]: 'ciphertext-received',
  [wireBinding.within]: 'within',
  [wireBinding.descriptor]: 'descriptor',
};
const libraries: ReadonlyMap<number, TlsLibraryName> = new Map(
  Object.entries(wireLibrary).map(([name, number]) => [number, name as TlsLibraryName]), // keys of that very object
);

/** One event of a batch: the batch, and where in it the event begins. */
class EventView {
  constructor(
    readonly view: DataView,
    readonly start: number,
  ) {}

  u8(offset: number): number {
    return this.view.getUint8(this.start + offset);
  }

  u16(offset: number): number {
    return this.view.getUint16(this.start + offset, true);
  }

  u32(offset: number): number {
    return this.view.getUint32(this.start + offset, true);
  }

  i32(offset: number): number {
    return this.view.getInt32(this.start + offset, true);
  }

  /** Generations, positions and times stay below 2^53 (positions) or lose less than a microsecond (uptime over 104 days). */
  u64(offset: number): number {
    return this.u32(offset) + this.u32(offset + 4) * 4294967296;
  }

  bytes(offset: number, length: number): Uint8Array {
    return new Uint8Array(this.view.buffer, this.view.byteOffset + this.start + offset, length);
  }

  has(flag: number): boolean {
    return (this.u16(at.flags) & flag) !== 0;
  }

  get direction(): StreamDirection {
    return this.u8(at.direction) === wireDirection.sent ? 'sent' : 'received';
  }

  get role(): Role {
    return roles[this.u8(at.role)] ?? 'unknown';
  }

  /** In the TLS layer. */
  get library(): TlsLibraryName {
    return libraries.get(this.u8(at.role)) ?? 'openssl';
  }

  get base(): WireBase {
    return { atNs: this.u64(at.atNs), pid: this.u32(at.tgid), socket: this.u64(at.socket), tls: this.u64(at.tls) };
  }
}

/** The events of a batch, in the ring's order. */
export function decodeBatch(batch: Uint8Array): WireEvent[] {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const events: WireEvent[] = [];
  let start = 0;
  while (start + HEADER_BYTES <= batch.length && view.getUint8(start) === WIRE_VERSION) {
    const event = new EventView(view, start);
    const type = event.u8(at.type);
    const isOfBytes = type === wireType.data || type === wireType.answer;
    const used = isOfBytes ? HEADER_BYTES + event.u32(at.captured) : (wireSizes[type] ?? HEADER_BYTES);
    if (start + used > batch.length) break;
    const decoded = decodeEvent(type, event);
    if (decoded !== undefined) events.push(decoded);
    start += (used + 7) & ~7;
  }
  return events;
}

function decodeEvent(type: number, event: EventView): WireEvent | undefined {
  switch (type) {
    case wireType.data:
      return decodeData(event);
    case wireType.open:
      return { kind: 'open', ...event.base, ...opening(event), ...endpoints(event) };
    case wireType.openUnix:
      return { kind: 'open-unix', ...event.base, ...opening(event), ...unixNames(event) };
    case wireType.otherSocket:
      return { kind: 'other-socket', ...event.base, ...socketKind(event) };
    case wireType.listen:
      return { kind: 'listen', ...event.base, ...endpoints(event) };
    case wireType.close:
      return decodeClose('close', event);
    case wireType.tlsClose:
      return decodeClose('tls-close', event);
    case wireType.standing:
      return decodeClose('standing', event);
    case wireType.answer:
      return decodeAnswer(event);
    case wireType.sealed:
      return decodeSealed(event);
    case wireType.tlsBind:
      return {
        kind: 'tls-bind',
        ...event.base,
        how: bindings[event.u8(at.reason)] ?? 'nested',
        library: event.library,
        thread: event.u32(at.tid),
      };
    case wireType.counted:
      return { kind: 'counted', ...event.base };
    case wireType.tlsAgreed:
      return decodeAgreed(event);
    case wireType.tlsSeen:
      return { kind: 'tls-seen', ...event.base, client: event.direction };
    case wireType.fork:
      return decodeProcess('fork', event);
    case wireType.exec:
      return decodeProcess('exec', event);
    case wireType.exit:
      return decodeProcess('exit', event);
    default:
      return undefined;
  }
}

function socketKind(event: EventView): SocketKind {
  const [family, protocol] = [event.u16(offsetOf('wire_other.family')), event.u16(offsetOf('wire_other.protocol'))];
  return socketKindOf({
    family,
    protocol,
    cid: event.u32(offsetOf('wire_other.cid')),
    port: event.u32(offsetOf('wire_other.port')),
  });
}

function decodeData(event: EventView): WireEvent {
  return {
    kind: 'data',
    atNs: event.u64(at.atNs),
    pid: event.u32(at.tgid),
    socket: event.u64(at.socket),
    tls: event.u64(at.tls),
    layer: event.u8(at.layer) === wireLayer.tls ? 'tls' : 'socket',
    direction: event.direction,
    position: event.u64(at.position),
    size: event.u32(at.size),
    bytes: event.bytes(HEADER_BYTES, event.u32(at.captured)),
    reason: reasons[event.u8(at.reason)] ?? 'fault',
    sealedBefore: event.has(wireFlag.account) ? sealedOf(event) : null,
    maybeTls: event.has(wireFlag.maybeTls),
    fromPacket: event.has(wireFlag.fromPacket),
    byRequest: event.has(wireFlag.byRequest),
    library: event.library,
    thread: event.u32(at.tid),
  };
}

function sealedOf(event: EventView): SealedCount {
  return { records: event.u32(at.sealedRecords), bytes: event.u32(at.sealedBytes) };
}

function decodeSealed(event: EventView): WireEvent {
  return {
    kind: 'sealed',
    ...event.base,
    direction: event.direction,
    before: sealedOf(event),
    added: { records: event.u32(at.records), bytes: event.u32(at.bytes) },
    lastLength: event.u32(at.size),
    cipher: event.u16(at.cipher),
    version: event.u16(at.helloVersion),
    nested: event.has(wireFlag.nested),
    callBegins: event.has(wireFlag.callBegins),
    thread: event.u32(at.tid),
  };
}

/** One that was not copied whole says nothing. */
function decodeAnswer(event: EventView): WireEvent | undefined {
  const captured = event.u32(at.captured);
  if (captured < event.u32(at.size)) return undefined;
  return { kind: 'answer', ...event.base, bytes: event.bytes(HEADER_BYTES, captured) };
}

const AGREED_MOST = wireLayout['wire_agreed.name'][1];

function decodeAgreed(event: EventView): WireEvent {
  const name = event.bytes(at.agreed, Math.min(event.u32(at.size), AGREED_MOST));
  return { kind: 'tls-agreed', ...event.base, protocol: Buffer.from(name).toString('latin1'), library: event.library };
}

function decodeClose(kind: 'close' | 'tls-close' | 'standing', event: EventView): WireEvent {
  const told = event.u32(at.told);
  return {
    kind,
    ...event.base,
    sent: event.u64(at.sent),
    received: event.u64(at.received),
    error: event.i32(at.error),
    ended: { sent: (told & wireTold.sentEnd) !== 0, received: (told & wireTold.receivedEnd) !== 0 },
    wasLeft: (told & wireTold.left) !== 0,
    carriedTls: event.has(wireFlag.socketTls),
    measured: kind === 'tls-close' ? null : measuredOf(event),
    sealed: {
      sent: { records: event.u32(at.sentRecords), bytes: event.u32(at.sentSealed) },
      received: { records: event.u32(at.receivedRecords), bytes: event.u32(at.receivedSealed) },
    },
  };
}

function measuredOf(event: EventView): Measured {
  const told = event.u32(at.told);
  const fact = (bit: number, offset: number) => ((told & bit) === 0 ? null : event.u32(offset));
  return {
    roundTripUs: fact(wireTold.roundTrip, at.roundTrip),
    retransmits: fact(wireTold.resent, at.resent),
    congestionWindow: fact(wireTold.window, at.window),
  };
}

function decodeProcess(kind: 'fork' | 'exec' | 'exit', event: EventView): WireEvent {
  let name = '';
  for (let i = 0; i < NAME_BYTES && event.u8(at.name + i) !== 0; i++)
    name += String.fromCharCode(event.u8(at.name + i));
  return { kind, ...event.base, other: event.u32(at.other), name };
}

function opening(event: EventView): Opening {
  const { role } = event;
  const startedEarlier = event.has(wireFlag.startedEarlier);
  return event.has(wireFlag.notSampled) ? { role, startedEarlier, notSampled: true } : { role, startedEarlier };
}

function endpoints(event: EventView): WireEndpoints {
  const family = event.u16(at.family);
  const localPort = event.u16(at.localPort);
  return {
    local: endpoint(event, family, at.local, localPort),
    remote: endpoint(event, family, at.remote, event.u16(at.remotePort)),
    localPort,
    netns: event.u32(at.netns),
  };
}

function unixNames(event: EventView): { local: string; remote: string } {
  return {
    local: unixName(event.bytes(at.localName, event.u8(at.localLength))),
    remote: unixName(event.bytes(at.remoteName, event.u8(at.remoteLength))),
  };
}

/** unix(7): a path ends at its first NUL; an abstract name begins with one, and every byte of it counts. */
function unixName(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  return text.startsWith('\0') ? `unix:@${text.slice(1)}` : `unix:${text.split('\0', 1)[0]}`;
}

const AF_INET = 2;

function endpoint({ view, start }: EventView, family: number, offset: number, port: number): string {
  const length = family === AF_INET ? 4 : 16;
  return withPort(addressText(new DataView(view.buffer, view.byteOffset + start + offset, length)), port);
}
