/**
 * Joins the two layers: sockets, and the TLS plaintext that runs over them. Out come events of one kind, in which a TLS
 * connection's data is its plaintext. Plaintext whose socket is not known yet is held, bounded; what never finds its
 * socket becomes a connection without addresses, never a guess. Pure: pids, ports and times come in with the events.
 */
import type { ContainerInfo, ProcessInfo } from '../../../../tape/model/exchange';
import type { DataEvent, Role, SourceEvent } from '../../events';
import type { WireEvent } from '../decode/decode';

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
  /** Plaintext held for streams without a socket; beyond it the oldest stream goes out unbound. */
  readonly heldBytesMost?: number;
}

interface Socket {
  readonly key: number;
  readonly openedAtNs: number;
  readonly pid: number;
  tlsSeen: boolean;
  stream: Stream | null;
  /** Plain bytes told before TLS began: where the plaintext's positions start. */
  sentBefore: number;
  receivedBefore: number;
}

interface Stream {
  readonly key: number;
  readonly pid: number;
  socket: Socket | null;
  /** Told as a connection of its own because no socket was found. */
  alone: boolean;
  held: DataWire[];
  heldBytes: number;
  sentBase: number;
  receivedBase: number;
  sentTotal: number | null;
  receivedTotal: number | null;
}

type DataWire = Extract<WireEvent, { kind: 'data' }>;
type OpenWire = Extract<WireEvent, { kind: 'open' }>;
type CloseWire = Extract<WireEvent, { kind: 'close' | 'tls-close' }>;

const HELD_MOST = 64 << 20;
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

  /** When the TLS probes of a process were in place: older connections may have spoken before. */
  learnProbes(pid: number, atNs: number): void {
    if (!this.probedAtNs.has(pid)) this.probedAtNs.set(pid, atNs);
  }

  learnListener(netns: number, port: number): void {
    this.listening.add(`${netns}:${port}`);
  }

  push(event: WireEvent): void {
    if (event.kind !== 'data') this.takeNews(event);
    else if (event.layer === 'tls') this.takePlaintext(event);
    else this.takeSocketBytes(event);
  }

  private takeNews(event: Exclude<WireEvent, DataWire>): void {
    switch (event.kind) {
      case 'open':
        this.openSocket(event);
        break;
      case 'close':
        this.closeSocket(event);
        break;
      case 'tls-bind':
        this.bind(this.streamOf(event), event.socket, event.atNs);
        break;
      case 'tls-close':
        this.closeStream(event);
        break;
      case 'tls-seen':
        this.noteTls(event.socket);
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

  /** Nothing more will come: streams still waiting go out without a socket, sealed sockets say so. */
  end(atNs: number): void {
    for (const stream of this.streams.values()) if (stream.socket === null) this.tellAlone(stream);
    for (const socket of this.sockets.values()) this.tellEncrypted(socket, { atNs, sent: 0, received: 0 });
  }

  private emit(event: SourceEvent): void {
    if (event.connection === null || !this.unwanted.has(event.connection)) this.options.onEvent(event);
    else if (event.kind === 'close') this.unwanted.delete(event.connection);
  }

  private isWanted(role: Role, localPort: number): boolean {
    const { inboundPorts } = this.options;
    return role !== 'inbound' || inboundPorts === undefined || inboundPorts === null || inboundPorts.has(localPort);
  }

  private atUs(atNs: number): number {
    return Math.round(this.options.clockOffsetUs + atNs / 1000);
  }

  private openSocket(event: OpenWire): void {
    const socket = { key: event.socket, openedAtNs: event.atNs, pid: event.pid, tlsSeen: false, stream: null };
    this.sockets.set(event.socket, { ...socket, sentBefore: 0, receivedBefore: 0 });
    const role = this.roleOf(event);
    if (!this.isWanted(role, event.localPort)) this.unwanted.add(event.socket);
    this.emit({
      kind: 'open',
      connection: event.socket,
      atUs: this.atUs(event.atNs),
      role,
      process: this.processOf(event.pid),
      local: event.local,
      remote: event.remote,
      startedEarlier: event.startedEarlier,
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

  /** A connect was seen: outbound. Otherwise the socket was accepted if somebody listens on its port. */
  private roleOf(event: OpenWire): Role {
    if (event.role !== 'unknown') return event.role;
    return this.listening.has(`${event.netns}:${event.localPort}`) ? 'inbound' : 'unknown';
  }

  private takeSocketBytes(event: DataWire): void {
    const socket = this.sockets.get(event.socket);
    if (socket === undefined || socket.stream !== null) return; // ciphertext, seen before the socket was known for TLS
    if (event.direction === 'sent') socket.sentBefore = event.position + event.size;
    else socket.receivedBefore = event.position + event.size;
    this.tell(event, socket.key, 0);
  }

  private takePlaintext(event: DataWire): void {
    const stream = this.streamOf(event);
    if (event.socket !== 0 && stream.socket === null) this.bind(stream, event.socket, event.atNs);
    if (stream.socket !== null) this.tellPlaintext(stream, stream.socket.key, event);
    else if (stream.alone) this.tell(event, stream.key, 0);
    else this.hold(stream, event);
  }

  private streamOf(event: WireEvent): Stream {
    const known = this.streams.get(event.tls);
    if (known !== undefined) return known;
    const stream: Stream = {
      key: event.tls,
      pid: event.pid,
      socket: null,
      alone: false,
      held: [],
      heldBytes: 0,
      sentBase: 0,
      receivedBase: 0,
      sentTotal: null,
      receivedTotal: null,
    };
    this.streams.set(event.tls, stream);
    return stream;
  }

  private hold(stream: Stream, event: DataWire): void {
    stream.held.push(event);
    stream.heldBytes += event.bytes.length;
    this.heldBytes += event.bytes.length;
    this.options.onUnbound?.(stream.pid);
    if (this.heldBytes <= (this.options.heldBytesMost ?? HELD_MOST)) return;
    const oldest = [...this.streams.values()].find((waiting) => waiting.held.length > 0);
    if (oldest !== undefined) this.tellAlone(oldest);
  }

  private bind(stream: Stream, key: number, atNs: number): void {
    const socket = this.sockets.get(key);
    if (socket === undefined || stream.socket !== null || stream.alone) return;
    stream.socket = socket;
    stream.sentBase = socket.sentBefore;
    stream.receivedBase = socket.receivedBefore;
    socket.tlsSeen = true;
    if (socket.stream === null) this.tellTls(socket, atNs);
    socket.stream = stream;
    for (const event of this.release(stream)) this.tellPlaintext(stream, key, event);
  }

  private tellTls(socket: Socket, atNs: number): void {
    const probedAtNs = this.probedAtNs.get(socket.pid) ?? 0;
    this.emit({
      kind: 'tls',
      connection: socket.key,
      atUs: this.atUs(atNs),
      library: 'openssl',
      binding: 'certain',
      startedEarlier: socket.openedAtNs < probedAtNs,
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
  private tellAlone(stream: Stream): void {
    const held = this.release(stream);
    const first = held[0];
    if (stream.alone || first === undefined) return;
    stream.alone = true;
    const atUs = this.atUs(first.atNs);
    const process = this.processOf(stream.pid);
    const connection = stream.key;
    this.emit({
      kind: 'open',
      connection,
      atUs,
      role: 'unknown',
      process,
      local: null,
      remote: null,
      startedEarlier: false,
    });
    this.emit({
      kind: 'tls',
      connection,
      atUs,
      library: 'openssl',
      binding: 'uncertain',
      startedEarlier: false,
    });
    for (const event of held) this.tell(event, connection, 0);
  }

  private tellPlaintext(stream: Stream, connection: number, event: DataWire): void {
    const base = event.direction === 'sent' ? stream.sentBase : stream.receivedBase;
    const socket = stream.socket;
    if (socket !== null) {
      const end = base + event.position + event.size;
      if (event.direction === 'sent') socket.sentBefore = end;
      else socket.receivedBefore = end;
    }
    this.tell(event, connection, base);
  }

  private tell(event: DataWire, connection: number, base: number): void {
    const told: DataEvent = {
      kind: 'data',
      connection,
      atUs: this.atUs(event.atNs),
      direction: event.direction,
      position: base + event.position,
      bytes: event.bytes,
      size: event.size,
      missing: event.bytes.length === event.size ? null : event.reason === 'whole' ? 'fault' : event.reason,
    };
    this.emit(told);
  }

  private noteTls(key: number): void {
    const socket = this.sockets.get(key);
    if (socket === undefined || socket.tlsSeen) return;
    socket.tlsSeen = true;
    this.options.onTls?.(socket.pid, () => socket.stream !== null || !this.sockets.has(key));
  }

  private closeStream(event: CloseWire): void {
    const stream = this.streams.get(event.tls);
    if (stream === undefined) return;
    this.streams.delete(event.tls);
    stream.sentTotal = event.sent;
    stream.receivedTotal = event.received;
    if (stream.socket !== null) return;
    this.tellAlone(stream);
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
    this.tellEncrypted(socket, event);
    const { stream } = socket;
    const knownPlain = stream !== null && stream.sentTotal !== null && stream.receivedTotal !== null;
    const plain = knownPlain
      ? { sent: stream.sentBase + (stream.sentTotal ?? 0), received: stream.receivedBase + (stream.receivedTotal ?? 0) }
      : null;
    const totals = socket.tlsSeen ? plain : { sent: event.sent, received: event.received };
    if (stream !== null) this.streams.delete(stream.key);
    this.emit({
      kind: 'close',
      connection: socket.key,
      atUs: this.atUs(event.atNs),
      how: howByError[event.error] ?? (event.error === 0 ? 'closed' : 'reset'),
      sentTotal: totals?.sent ?? null,
      receivedTotal: totals?.received ?? null,
    });
  }

  private tellEncrypted(socket: Socket, end: { atNs: number; sent: number; received: number }): void {
    if (!socket.tlsSeen || socket.stream !== null) return;
    const { atNs, sent, received } = end;
    const sentBytes = Math.max(0, sent - socket.sentBefore);
    const receivedBytes = Math.max(0, received - socket.receivedBefore);
    this.emit({
      kind: 'encrypted',
      connection: socket.key,
      atUs: this.atUs(atNs),
      sentBytes,
      receivedBytes,
    });
  }

  private forgetProcess(pid: number): void {
    this.probedAtNs.delete(pid);
    this.processes.delete(pid);
    this.containers.delete(pid);
    // Nobody frees the TLS objects of a process that just ends.
    for (const stream of this.streams.values()) {
      if (stream.pid !== pid || stream.socket !== null) continue;
      this.tellAlone(stream);
      this.streams.delete(stream.key);
    }
  }
}
