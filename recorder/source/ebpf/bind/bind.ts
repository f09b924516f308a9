/**
 * Joins the two layers: sockets, and the TLS plaintext that runs over them. Out come events of one kind, in which a TLS
 * connection's data is its plaintext. Plaintext whose socket is not known yet is held, bounded; what never finds its
 * socket becomes a connection without addresses, never a guess. Pure: pids, ports and times come in with the events.
 */

import type { ContainerInfo, ProcessInfo } from '../../../../tape/model/exchange';
import { offersInRecords, onlyOffer } from '../../alpn';
import type { Role, SourceEvent } from '../../events';
import type { SealedCount, WireEvent } from '../decode/decode';
import type { TlsLibraryName } from '../decode/wire';
import {
  type BindWire,
  type CloseWire,
  type DataWire,
  hiddenOf,
  newSocket,
  newStream,
  type OpenWire,
  plaintextTotals,
  type SealedBoth,
  type SealedWire,
  type Socket,
  type Stream,
  type StreamDirection,
  skip,
  streamsOf,
  totalsOf,
  updatesOf,
  without,
} from './sockets-and-streams';
import { TlsAccount } from './tls-account';
import { judgeUnread, type TlsLook } from './unread';

export interface BinderOptions {
  /** Microseconds since the epoch at CLOCK_MONOTONIC zero. */
  readonly clockOffsetUs: number;
  readonly onEvent: (event: SourceEvent) => void;
  /** Ports on which inbound connections are told of; null for all. Outbound ones always are. */
  readonly inboundPorts?: ReadonlySet<number> | null;
  /** Plaintext without a socket: the process gives its TLS library memory BIOs. */
  readonly onUnbound?: (pid: number) => void;
  /** TLS began on a socket of this process; `isRead` tells later whether plaintext has come of it. */
  readonly onTls?: (pid: number, isRead: () => boolean) => void;
  /** Which TLS libraries the process has aboard, asked when TLS begins on a socket of it. */
  readonly lookAtTls?: (pid: number) => TlsLook | null;
  /** Since when a library of a process is read; undefined where it is not. */
  readonly probedAtNs?: (pid: number, file: string) => number | undefined;
  /** Plaintext held for streams without a socket; beyond it the oldest stream goes out unbound. */
  readonly heldBytesMost?: number;
}

/** What had been sealed on a socket when so much plaintext had been captured, and where a hole between the two would be. */
interface Balance {
  readonly direction: StreamDirection;
  readonly sealed: SealedCount;
  readonly plaintext: number;
  readonly position: number;
  readonly atNs: number;
}

const HELD_MOST = 64 << 20;
/** A ClientHello is at most a few KB; what goes on for longer without an answer is something else. */
const MAYBE_MOST = 64 << 10;
/** Sockets and streams known at once; beyond it close events are missing, and the oldest is the likeliest to be gone. */
const KNOWN_MOST = 131_072;
const NO_BYTES = new Uint8Array(0);
const nothingSealed: SealedBoth = { sent: { records: 0, bytes: 0 }, received: { records: 0, bytes: 0 } };
/** The end of a socket of which nothing is known but that it is gone. */
const noEnd = { sent: 0, received: 0, error: 0, carriedTls: false, sealed: nothingSealed };
const UNKNOWN: ProcessInfo = { pid: 0, name: '' };
/** errno values of Linux on x86-64 and arm64. */
const howByError: Record<number, 'refused' | 'reset' | 'timeout'> = {
  32: 'reset', // EPIPE
  101: 'refused', // ENETUNREACH
  104: 'reset', // ECONNRESET
  110: 'timeout', // ETIMEDOUT
  111: 'refused', // ECONNREFUSED
  113: 'refused', // EHOSTUNREACH
};

export class Binder {
  private readonly sockets = new Map<number, Socket>();
  private readonly streams = new Map<number, Stream>();
  private readonly processes = new Map<number, ProcessInfo>();
  /** Null for one that runs in none. */
  private readonly containers = new Map<number, ContainerInfo | null>();
  private readonly probedAtNs = new Map<number, number>();
  private readonly listening = new Set<string>();
  private readonly unwanted = new Set<number>();
  /** When each unix socket was first seen. */
  private readonly unixSockets = new Map<number, number>();
  private heldBytes = 0;

  constructor(private readonly options: BinderOptions) {}

  /** What /proc says of a process: the name its exchanges carry. */
  learnProcess(process: ProcessInfo): void {
    this.processes.set(process.pid, process);
  }

  knowsProcess(pid: number): boolean {
    return this.processes.has(pid);
  }

  /** The container a process runs in; its children run in it too. */
  learnContainer(pid: number, container: ContainerInfo | null): void {
    this.containers.set(pid, container);
  }

  knowsContainer(pid: number): boolean {
    return this.containers.has(pid);
  }

  /** When the TLS probes of a process were in place, those of the last library: older connections may have spoken before. */
  learnProbes(pid: number, atNs: number): void {
    this.probedAtNs.set(pid, Math.max(atNs, this.probedAtNs.get(pid) ?? 0));
  }

  learnListener(netns: number, port: number): void {
    this.listening.add(`${netns}:${port}`);
  }

  push(event: WireEvent): void {
    if (event.kind !== 'data') this.takeLifecycle(event);
    else if (event.layer === 'tls') this.takePlaintext(event);
    else this.takeSocketBytes(event);
  }

  private takeLifecycle(event: Exclude<WireEvent, DataWire>): void {
    switch (event.kind) {
      case 'open':
      case 'open-unix':
        this.openSocket(event);
        break;
      case 'close':
        this.closeSocket(event);
        break;
      case 'tls-bind':
        this.bind(this.streamOf(event), event.socket, event);
        break;
      case 'tls-close':
        this.closeStream(event);
        break;
      case 'tls-seen':
        this.noteTls(event.socket, event.client);
        break;
      case 'sealed':
        this.takeSealed(event);
        break;
      case 'listen':
        this.learnListener(event.netns, event.localPort);
        break;
      case 'exec':
        this.learnProcess({ pid: event.pid, name: event.name });
        break;
      case 'fork':
        this.learnProcess({ pid: event.other, name: event.name });
        this.inheritContainer(event.pid, event.other);
        break;
      case 'exit':
        this.forgetProcess(event.pid);
        break;
    }
  }

  /** The unix sockets that existed at `countedAtNs`: the others from before then were closed, and nobody told. */
  keepUnix(generations: ReadonlySet<number>, { countedAtNs, atNs }: { countedAtNs: number; atNs: number }): void {
    for (const [key, seenAtNs] of this.unixSockets) {
      if (generations.has(key) || seenAtNs >= countedAtNs) continue;
      this.closeSocket({ ...noEnd, kind: 'close', atNs, pid: 0, socket: key, tls: 0 });
    }
  }

  /** Something may be missing of unix sockets, which keep no sums that would show where: of this one, or of all. */
  doubtUnix(atNs: number, keys: Iterable<number> = this.unixSockets.keys()): void {
    const loss = { kind: 'loss', atUs: this.atUs(atNs), reason: 'program-skipped', events: 0, bytes: 0 } as const;
    for (const connection of keys) this.emit({ ...loss, connection });
  }

  get hasUnixSockets(): boolean {
    return this.unixSockets.size > 0;
  }

  /** Nothing more will come: streams still waiting go out without a socket, sealed sockets say so. */
  end(atNs: number): void {
    for (const stream of this.streams.values()) if (stream.socket === null) this.emitUnbound(stream);
    for (const socket of this.sockets.values()) {
      this.settleMaybe(socket);
      this.emitEncrypted(socket, { atNs, sent: 0, received: 0 });
    }
  }

  private emit(event: SourceEvent): void {
    if (event.connection === null || !this.unwanted.has(event.connection)) this.options.onEvent(event);
    else if (event.kind === 'close') this.unwanted.delete(event.connection);
  }

  /** Under `inboundPorts` inbound connections elsewhere are not wanted, those on unix sockets among them. */
  private isWanted(role: Role, localPort: number | null): boolean {
    const { inboundPorts } = this.options;
    if (role !== 'inbound' || inboundPorts === undefined || inboundPorts === null) return true;
    return localPort !== null && inboundPorts.has(localPort);
  }

  private atUs(atNs: number): number {
    return Math.round(this.options.clockOffsetUs + atNs / 1000);
  }

  private openSocket(event: OpenWire): void {
    const { socket: key, startedEarlier } = event;
    if (this.sockets.size >= KNOWN_MOST) this.dropOldestSocket();
    this.sockets.set(key, newSocket(event));
    if (event.kind === 'open-unix') this.unixSockets.set(key, event.atNs);
    const role = event.kind === 'open' ? this.roleOf(event) : event.role;
    if (!this.isWanted(role, event.kind === 'open' ? event.localPort : null)) this.unwanted.add(key);
    this.emit({
      kind: 'open',
      connection: key,
      atUs: this.atUs(event.atNs),
      role,
      process: this.processOf(event.pid),
      local: event.local,
      remote: event.remote,
      startedEarlier,
    });
  }

  private processOf(pid: number): ProcessInfo {
    const process = this.processes.get(pid) ?? { ...UNKNOWN, pid };
    const container = this.containers.get(pid);
    return container === undefined || container === null ? process : { ...process, container };
  }

  private inheritContainer(parent: number, child: number): void {
    const container = this.containers.get(parent);
    if (container !== undefined) this.containers.set(child, container);
  }

  private dropOldestSocket(): void {
    const [oldest] = this.sockets.values();
    if (oldest === undefined) return;
    this.sockets.delete(oldest.key);
    this.unixSockets.delete(oldest.key);
    this.unwanted.delete(oldest.key);
    for (const { key } of streamsOf(oldest)) this.streams.delete(key);
  }

  /**
   * A connect was seen: outbound. Somebody listens on its port: it was accepted there. Otherwise nothing is known:
   * ports prove nothing, and a listener may be gone.
   */
  private roleOf(event: Extract<OpenWire, { kind: 'open' }>): Role {
    if (event.role !== 'unknown') return event.role;
    return this.listening.has(`${event.netns}:${event.localPort}`) ? 'inbound' : 'unknown';
  }

  private takeSocketBytes(event: DataWire): void {
    const socket = this.sockets.get(event.socket);
    if (socket === undefined || socket.stream !== null || socket.tlsSeen) return;
    if (event.maybeTls && socket.maybeBytes < MAYBE_MOST) {
      socket.maybe.push(keptOf(event));
      socket.maybeBytes += event.bytes.length;
      return;
    }
    this.settleMaybe(socket);
    this.emitPlain(socket, event);
  }

  /** What opened like TLS was none, or nobody answered: it goes out as it is. */
  private settleMaybe(socket: Socket): void {
    const { maybe } = socket;
    socket.maybe = [];
    socket.maybeBytes = 0;
    for (const event of maybe) this.emitPlain(socket, event);
  }

  private emitPlain(socket: Socket, event: DataWire): void {
    socket.end[event.direction] = event.position + event.size;
    this.emitData(event, socket.key, event.position);
  }

  private takePlaintext(event: DataWire): void {
    const stream = this.streamOf(event);
    if (event.socket !== 0 && stream.socket === null) this.bind(stream, event.socket, event);
    if (this.isHalfSeen(stream, event)) {
      skip(stream, event);
      return;
    }
    stream.begun = true;
    if (stream.socket !== null) this.emitPlaintext(stream, stream.socket, event);
    else if (stream.alone) this.emitData(event, stream.key, event.position);
    else this.hold(stream, event);
  }

  /**
   * Probes come one after another: of what is said meanwhile one direction may be seen and the other not, and requests
   * without answers would look like those of a client that sends ahead. A connection begins once all are in place.
   */
  private isHalfSeen(stream: Stream, event: DataWire): boolean {
    return !stream.begun && event.atNs < (this.probedAtNs.get(event.pid) ?? 0);
  }

  private streamOf(event: DataWire | BindWire): Stream {
    const known = this.streams.get(event.tls);
    if (known !== undefined) return known;
    if (this.streams.size >= KNOWN_MOST) this.dropOldestStream();
    const stream = newStream(event);
    this.streams.set(event.tls, stream);
    return stream;
  }

  private dropOldestStream(): void {
    const [oldest] = this.streams.values();
    if (oldest === undefined) return;
    this.emitUnbound(oldest);
    this.streams.delete(oldest.key);
  }

  private hold(stream: Stream, event: DataWire): void {
    stream.held.push(keptOf(event));
    stream.heldBytes += event.bytes.length;
    this.heldBytes += event.bytes.length;
    this.options.onUnbound?.(stream.pid);
    if (this.heldBytes <= (this.options.heldBytesMost ?? HELD_MOST)) return;
    for (const waiting of this.streams.values()) {
      if (waiting.held.length === 0) continue;
      this.emitUnbound(waiting);
      return;
    }
  }

  /** A stream that is bound in mid-course (its first events were lost) begins at the position its event says. */
  private bind(stream: Stream, key: number, event: DataWire | BindWire): void {
    const socket = this.sockets.get(key);
    if (socket === undefined || stream.socket !== null || stream.alone) return;
    stream.socket = socket;
    Object.assign(stream.base, without(socket.end, stream.skipped));
    Object.assign(stream.plaintextBase, socket.plaintext);
    this.beginTls(socket);
    const isWithin = event.kind === 'tls-bind' && event.how === 'within';
    if (isWithin) socket.account = null;
    if (socket.stream === null || isWithin) this.emitTls(socket, stream.library, event.atNs);
    if (socket.stream !== null) socket.earlier.push(socket.stream);
    socket.stream = stream;
    for (const held of this.release(stream)) this.emitPlaintext(stream, socket, held);
  }

  private beginTls(socket: Socket, client: StreamDirection | null = null): void {
    if (!socket.tlsSeen) {
      socket.account = new TlsAccount(client ?? 'sent', socket.startedEarlier || client === null);
      socket.agreed = onlyOffer(offersInRecords(Buffer.concat(socket.maybe.map(({ bytes }) => bytes))));
      socket.maybe = [];
      socket.maybeBytes = 0;
    }
    socket.tlsSeen = true;
  }

  private emitTls(socket: Socket, library: TlsLibraryName, atNs: number): void {
    const probedAtNs = this.probedAtNs.get(socket.pid) ?? 0;
    this.emit({
      kind: 'tls',
      connection: socket.key,
      atUs: this.atUs(atNs),
      library,
      binding: 'certain',
      startedEarlier: socket.openedAtNs < probedAtNs,
      agreed: socket.agreed,
    });
  }

  private release(stream: Stream): DataWire[] {
    const held = stream.held;
    this.heldBytes -= stream.heldBytes;
    stream.held = [];
    stream.heldBytes = 0;
    return held;
  }

  /** The socket never showed: a connection without addresses, which says that it is uncertain. */
  private emitUnbound(stream: Stream): void {
    const held = this.release(stream);
    const first = held[0];
    if (stream.alone || first === undefined) return;
    stream.alone = true;
    const atUs = this.atUs(first.atNs);
    const process = this.processOf(stream.pid);
    const { key: connection, library } = stream;
    const startedEarlier = false;
    this.emit({
      kind: 'open',
      connection,
      atUs,
      role: 'unknown',
      process,
      local: null,
      remote: null,
      startedEarlier,
    });
    this.emit({ kind: 'tls', connection, atUs, library, binding: 'uncertain', startedEarlier });
    for (const event of held) this.emitData(event, connection, event.position);
  }

  private emitPlaintext(stream: Stream, socket: Socket, event: DataWire): void {
    const { direction, position, size, sealedBefore } = event;
    this.recogniseLost(stream, socket, event);
    const before = stream.plaintextBase[direction] + position;
    const expected = stream.base[direction] + position;
    if (sealedBefore !== null)
      this.settle(socket, { direction, sealed: sealedBefore, plaintext: before, position: expected, atNs: event.atNs });
    const place = stream.base[direction] + position; // behind the hole, where there is one
    socket.end[direction] = place + size;
    socket.plaintext[direction] = before + size;
    this.emitData(event, socket.key, place);
  }

  /** Bytes that had no room in the ring: the account may have missed them before their positions showed where they were. */
  private recogniseLost(stream: Stream, socket: Socket, { direction, position, size }: DataWire): void {
    const same = Math.max(0, Math.min(position - stream.next[direction], stream.assumed[direction]));
    stream.base[direction] -= same;
    socket.account?.giveBack(direction, same);
    stream.assumed[direction] = 0;
    stream.next[direction] = position + size;
  }

  /** Plaintext that passed unseen gets its place in the stream, so that whoever reads it knows of it. */
  private settle(socket: Socket, { direction, sealed, plaintext, position, atNs }: Balance): void {
    const missing = socket.account?.takeMissing(direction, sealed, plaintext) ?? 0;
    if (missing === 0) return;
    socket.end[direction] = position + missing;
    for (const { base, assumed } of streamsOf(socket)) {
      base[direction] += missing;
      assumed[direction] += missing;
    }
    this.emit({
      kind: 'data',
      connection: socket.key,
      atUs: this.atUs(atNs),
      direction,
      position,
      bytes: NO_BYTES,
      size: missing,
      missing: 'unaccounted',
    });
  }

  /** Records passed the socket outside any TLS call, or are among the first. */
  private takeSealed(event: SealedWire): void {
    const socket = this.sockets.get(event.socket);
    if (socket === undefined) return;
    const { direction, before, added, lastLength, nested, callBegins } = event;
    const { account } = socket;
    if (account === null) return;
    account.learnSuite(event.cipher);
    if (socket.stream !== null && !nested && callBegins && direction === 'received') {
      account.excuseHidden(direction, before, socket.plaintext.received, updatesOf(socket.stream));
      this.settleAll(socket, direction, before, event.atNs);
    }
    if (added.records === 1 && lastLength === added.bytes) account.learnRecord(direction, before, lastLength);
    const after = { records: before.records + added.records, bytes: before.bytes + added.bytes };
    account.learnTotal(direction, after);
    if (socket.stream === null || nested || direction !== 'sent') return;
    account.excuseHidden(direction, after, socket.plaintext.sent, hiddenOf(socket.stream));
    this.settleAll(socket, direction, after, event.atNs);
  }

  /** The library reads from the socket when it has nothing left, and writes what it was given: the sums must agree. */
  private settleAll(socket: Socket, direction: StreamDirection, sealed: SealedCount, atNs: number): void {
    const [plaintext, position] = [socket.plaintext[direction], socket.end[direction]];
    this.settle(socket, { direction, sealed, plaintext, position, atNs });
  }

  private emitData(event: DataWire, connection: number, position: number): void {
    this.emit({
      kind: 'data',
      connection,
      atUs: this.atUs(event.atNs),
      direction: event.direction,
      position,
      bytes: event.bytes,
      size: event.size,
      missing: event.bytes.length === event.size ? null : event.reason === 'whole' ? 'fault' : event.reason,
    });
  }

  private noteTls(key: number, client: StreamDirection): void {
    const socket = this.sockets.get(key);
    if (socket === undefined || socket.tlsSeen) return;
    this.beginTls(socket, client);
    socket.look = this.options.lookAtTls?.(socket.pid) ?? null;
    this.options.onTls?.(socket.pid, () => socket.stream !== null || !this.sockets.has(key));
  }

  /** A forked process may go on with the stream: a bound one stays known until its socket ends. */
  private closeStream(event: CloseWire): void {
    const stream = this.streams.get(event.tls);
    if (stream === undefined) return;
    stream.total = { sent: event.sent, received: event.received };
    if (stream.socket !== null) return;
    this.streams.delete(event.tls);
    this.emitUnbound(stream);
    if (!stream.alone) return;
    const { sent, received } = event;
    this.emit({
      kind: 'close',
      connection: stream.key,
      atUs: this.atUs(event.atNs),
      how: 'closed',
      sentTotal: sent,
      receivedTotal: received,
    });
  }

  private closeSocket(event: CloseWire): void {
    const socket = this.sockets.get(event.socket);
    if (socket === undefined) return;
    this.sockets.delete(event.socket);
    this.unixSockets.delete(event.socket);
    this.settleMaybe(socket);
    this.emitEncrypted(socket, event);
    this.checkAtEnd(socket, event);
    const totals = socket.tlsSeen ? plaintextTotals(socket) : totalsOf(event);
    for (const { key } of streamsOf(socket)) this.streams.delete(key);
    this.emit({
      kind: 'close',
      connection: socket.key,
      atUs: this.atUs(event.atNs),
      how: howByError[event.error] ?? (event.error === 0 ? 'closed' : 'reset'),
      sentTotal: totals?.sent ?? null,
      receivedTotal: totals?.received ?? null,
    });
  }

  private checkAtEnd(socket: Socket, event: CloseWire): void {
    if (socket.stream === null) return;
    const hidden = hiddenOf(socket.stream);
    for (const direction of ['sent', 'received'] as const) {
      const sealed = event.sealed[direction];
      if (sealed.records === 0) continue;
      socket.account?.excuseHidden(direction, sealed, socket.plaintext[direction], hidden);
      this.settleAll(socket, direction, sealed, event.atNs);
    }
  }

  /** A handshake alone is nothing that could have been read: health checks end there. */
  private emitEncrypted(
    socket: Socket,
    end: { atNs: number; sent: number; received: number; sealed?: SealedBoth },
  ): void {
    if (!socket.tlsSeen || socket.stream !== null) return;
    const { account } = socket;
    for (const direction of ['sent', 'received'] as const) {
      const sealed = end.sealed?.[direction];
      if (sealed !== undefined && sealed.records > 0) account?.learnTotal(direction, sealed);
    }
    if (account !== null && !account.carriesData) return;
    const { pid, look, openedAtNs, agreed } = socket;
    this.emit({
      kind: 'encrypted',
      connection: socket.key,
      atUs: this.atUs(end.atNs),
      sentBytes: Math.max(0, end.sent - socket.end.sent),
      receivedBytes: Math.max(0, end.received - socket.end.received),
      unread: judgeUnread(look, openedAtNs, (file) => this.options.probedAtNs?.(pid, file)),
      agreed,
    });
  }

  private forgetProcess(pid: number): void {
    this.probedAtNs.delete(pid);
    this.processes.delete(pid);
    this.containers.delete(pid);
    // Nobody frees the TLS objects of a process that just ends.
    for (const stream of this.streams.values()) {
      if (stream.pid !== pid || stream.socket !== null) continue;
      this.emitUnbound(stream);
      this.streams.delete(stream.key);
    }
  }
}

/** The bytes of an event are lent. */
function keptOf(event: DataWire): DataWire {
  return { ...event, bytes: new Uint8Array(event.bytes) };
}
