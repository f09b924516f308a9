/**
 * A batch of the addon into events with names. Pure; data bytes stay views into the batch. The kernel is trusted to
 * write whole events: a batch that does not add up is a fault of ours, and says so by ending early.
 */
import { WIRE_VERSION, wireBinding, wireDirection, wireFlag, wireLayer, wireReason, wireRole, wireType } from './wire';

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

export type WireEvent =
  | (WireBase & {
      readonly kind: 'open';
      readonly role: 'unknown' | 'outbound' | 'inbound';
      readonly startedEarlier: boolean;
    } & WireEndpoints)
  | (WireBase & { readonly kind: 'listen' } & WireEndpoints)
  | (WireBase & {
      readonly kind: 'data';
      readonly layer: 'socket' | 'tls';
      readonly direction: 'sent' | 'received';
      readonly position: number;
      readonly size: number;
      readonly bytes: Uint8Array;
      readonly reason: 'whole' | 'over-limit' | 'unreadable-call' | 'fault';
    })
  | (WireBase & {
      readonly kind: 'close' | 'tls-close';
      readonly sent: number;
      readonly received: number;
      readonly error: number;
      readonly carriedTls: boolean;
    })
  | (WireBase & { readonly kind: 'tls-bind'; readonly how: 'nested' | 'ciphertext-sent' | 'ciphertext-received' })
  | (WireBase & { readonly kind: 'tls-seen' })
  | (WireBase & { readonly kind: 'fork' | 'exec' | 'exit'; readonly other: number; readonly name: string });

const HEADER_BYTES = 64;
const sizeOfType: Record<number, number> = {
  [wireType.open]: 112,
  [wireType.listen]: 112,
  [wireType.close]: 88,
  [wireType.tlsClose]: 88,
  [wireType.fork]: 88,
  [wireType.exec]: 88,
  [wireType.exit]: 88,
};
const reasons: Record<number, 'whole' | 'over-limit' | 'unreadable-call' | 'fault'> = {
  [wireReason.whole]: 'whole',
  [wireReason.overLimit]: 'over-limit',
  [wireReason.unreadableCall]: 'unreadable-call',
  [wireReason.fault]: 'fault',
};
const roles: Record<number, 'unknown' | 'outbound' | 'inbound'> = {
  [wireRole.unknown]: 'unknown',
  [wireRole.outbound]: 'outbound',
  [wireRole.inbound]: 'inbound',
};
const bindings: Record<number, 'nested' | 'ciphertext-sent' | 'ciphertext-received'> = {
  [wireBinding.nested]: 'nested',
  [wireBinding.ciphertextSent]: 'ciphertext-sent',
  [wireBinding.ciphertextReceived]: 'ciphertext-received',
};

/** The events of a batch, in the ring's order. */
export function decodeBatch(batch: Uint8Array): WireEvent[] {
  const view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
  const events: WireEvent[] = [];
  let at = 0;
  while (at + HEADER_BYTES <= batch.length && view.getUint8(at) === WIRE_VERSION) {
    const type = view.getUint8(at + 1);
    const captured = view.getUint32(at + 52, true);
    const used = type === wireType.data ? HEADER_BYTES + captured : (sizeOfType[type] ?? HEADER_BYTES);
    if (at + used > batch.length) break;
    const event = decodeEvent(type, view, at, captured);
    if (event !== undefined) events.push(event);
    at += (used + 7) & ~7;
  }
  return events;
}

function decodeEvent(type: number, view: DataView, at: number, captured: number): WireEvent | undefined {
  const base: WireBase = {
    atNs: uint64(view, at + 16),
    pid: view.getUint32(at + 8, true),
    socket: uint64(view, at + 24),
    tls: uint64(view, at + 32),
  };
  switch (type) {
    case wireType.data:
      return decodeData(base, view, at, captured);
    case wireType.open:
      return {
        kind: 'open',
        ...base,
        role: roles[view.getUint8(at + 5)] ?? 'unknown',
        startedEarlier: (view.getUint16(at + 6, true) & wireFlag.startedEarlier) !== 0,
        ...endpoints(view, at),
      };
    case wireType.listen:
      return { kind: 'listen', ...base, ...endpoints(view, at) };
    case wireType.close:
    case wireType.tlsClose:
      return {
        kind: type === wireType.close ? 'close' : 'tls-close',
        ...base,
        sent: uint64(view, at + 64),
        received: uint64(view, at + 72),
        error: view.getInt32(at + 80, true),
        carriedTls: (view.getUint16(at + 6, true) & wireFlag.socketTls) !== 0,
      };
    case wireType.tlsBind:
      return { kind: 'tls-bind', ...base, how: bindings[view.getUint8(at + 4)] ?? 'nested' };
    case wireType.tlsSeen:
      return { kind: 'tls-seen', ...base };
    case wireType.fork:
      return decodeProcess('fork', base, view, at);
    case wireType.exec:
      return decodeProcess('exec', base, view, at);
    case wireType.exit:
      return decodeProcess('exit', base, view, at);
    default:
      return undefined;
  }
}

function decodeData(base: WireBase, view: DataView, at: number, captured: number): WireEvent {
  const reason = reasons[view.getUint8(at + 4)] ?? 'fault';
  return {
    kind: 'data',
    atNs: base.atNs,
    pid: base.pid,
    socket: base.socket,
    tls: base.tls,
    layer: view.getUint8(at + 3) === wireLayer.tls ? 'tls' : 'socket',
    direction: view.getUint8(at + 2) === wireDirection.sent ? 'sent' : 'received',
    position: uint64(view, at + 40),
    size: view.getUint32(at + 48, true),
    bytes: new Uint8Array(view.buffer, view.byteOffset + at + HEADER_BYTES, captured),
    reason,
  };
}

function decodeProcess(kind: 'fork' | 'exec' | 'exit', base: WireBase, view: DataView, at: number): WireEvent {
  let name = '';
  for (let i = at + 72; i < at + 88 && view.getUint8(i) !== 0; i++) name += String.fromCharCode(view.getUint8(i));
  return { kind, ...base, other: view.getUint32(at + 64, true), name };
}

function endpoints(view: DataView, at: number): WireEndpoints {
  const family = view.getUint16(at + 64, true);
  const localPort = view.getUint16(at + 66, true);
  return {
    local: endpoint(view, family, at + 80, localPort),
    remote: endpoint(view, family, at + 96, view.getUint16(at + 68, true)),
    localPort,
    netns: view.getUint32(at + 72, true),
  };
}

const AF_INET = 2;

function endpoint(view: DataView, family: number, at: number, port: number): string {
  if (family === AF_INET) return `${ipv4(view, at)}:${port}`;
  const mapped = isMapped(view, at);
  return mapped ? `${ipv4(view, at + 12)}:${port}` : `[${ipv6(view, at)}]:${port}`;
}

/** ::ffff:a.b.c.d, what a dual-stack listener's IPv4 peers look like (RFC 4291 2.5.5.2). */
function isMapped(view: DataView, at: number): boolean {
  return view.getUint32(at) === 0 && view.getUint32(at + 4) === 0 && view.getUint32(at + 8) === 0xffff;
}

function ipv4(view: DataView, at: number): string {
  return `${view.getUint8(at)}.${view.getUint8(at + 1)}.${view.getUint8(at + 2)}.${view.getUint8(at + 3)}`;
}

/** The shortest form (RFC 5952): the longest run of zero groups becomes `::`. */
function ipv6(view: DataView, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(at + 2 * i).toString(16));
  const runs = groups.join(':').match(/\b0(:0\b)+/g) ?? [];
  const longest = runs.reduce((a, b) => (b.length > a.length ? b : a), '');
  if (longest === '') return groups.join(':');
  const text = groups.join(':').replace(new RegExp(`(^|:)${longest}(:|$)`), '::');
  return text;
}

/** Generations, positions and times stay below 2^53 (positions) or lose less than a microsecond (uptime over 104 days). */
function uint64(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint32(at + 4, true) * 4294967296;
}
