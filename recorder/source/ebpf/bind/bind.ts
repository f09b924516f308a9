/**
 * Joins the two layers: sockets, and the TLS plaintext that runs over them. Out come events of one kind, in which a TLS
 * connection's data is its plaintext. Plaintext whose socket is not known yet is held, bounded; what never finds its
 * socket becomes a connection without addresses, never a guess. Pure: pids, ports and times come in with the events.
 */

import type { HostName } from '../../../../tape/model/connection-facts';
import type { Way } from '../../../../tape/model/exchange';
import { PassingMap } from '../../../../tape/passing-map';
import type { CloseEvent, MissingReason, Role, SourceEvent } from '../../events';
import type { Agreed } from '../../tls-hello';
import type { DataReason, WireEvent } from '../decode/decode';
import { HostNames } from '../names/host-names';
import { holesAtEnd, takeIntoSums, takeSealed, type Unaccounted } from './balance';
import { beginHandshake, factsOf, learnAgreed, spokenIn, takeIntoHandshake } from './handshake';
import { Processes } from './processes';
import {
  type AgreedWire,
  type BindWire,
  type CloseWire,
  type DataWire,
  newSocket,
  newStream,
  type OpenWire,
  plaintextTotals,
  type SealedBoth,
  type SealedWire,
  type Socket,
  type Stream,
  type StreamDirection,
  showsTwoThreads,
  skip,
  streamsOf,
  totalsOf,
  without,
} from './sockets-and-streams';
import { type EarlyData, JSSE_PADDING, TlsAccount } from './tls-account';
import { judgeUnread, type TlsLook } from './unread';

export interface BinderOptions {
  /** Microseconds since the epoch at CLOCK_MONOTONIC zero. */
  readonly clockOffsetUs: number;
  readonly onEvent: (event: SourceEvent) => void;
  /** Ports on which inbound connections are told of; null for all. Outbound ones always are. */
  readonly inboundPorts?: ReadonlySet<number> | null;
  /** True for a connection of the recorder's own with a process: nothing of it is told. */
  readonly isOwn?: (pid: number, local: string | null) => boolean;
  /** Plaintext without a socket: the process gives its TLS library memory BIOs. */
  readonly onUnbound?: (pid: number) => void;
  /** TLS began on a socket of this process; `isRead` tells later whether plaintext has come of it. */
  readonly onTls?: (pid: number, isRead: () => boolean) => void;
  /** Which TLS libraries the process has aboard, asked when TLS begins on a socket of it. */
  readonly lookAtTls?: (pid: number) => TlsLook | null;
  /** Since when a library of a process is read; undefined where it is not. */
  readonly probedAtNs?: (pid: number, file: string) => number | undefined;
  /** Which name the process has in a file for whom it connected to, where nobody was seen to tell it one. */
  readonly hostInFile?: (pid: number, remote: string, atNs: number) => HostName | null;
  /** Plaintext held for streams without a socket; beyond it the oldest stream goes out unbound. */
  readonly heldBytesMost?: number;
}

/** Where nothing is said. */
export const HELD_MOST = 64 << 20;
/** A ClientHello is at most a few KB; what goes on for longer without an answer is something else. */
const MAYBE_MOST = 64 << 10;
/** Sockets and streams known at once; beyond it close events are missing, and the oldest is the likeliest to be gone. */
const KNOWN_MOST = 131_072;
/** Records of one direction that pass before the other one shows that it is TLS. */
const SEALED_FIRST_MOST = 16;
/** Unix sockets that were not found are remembered, so many of them. */
const NOT_FOUND_MOST = 4096;
const NO_BYTES = new Uint8Array(0);
const nothingSealed: SealedBoth = { sent: { records: 0, bytes: 0 }, received: { records: 0, bytes: 0 } };
/** The end of a socket of which nothing is known but that it is gone. */
const noEnd = {
  sent: 0,
  received: 0,
  error: 0,
  ended: { sent: false, received: false },
  wasLeft: false,
  carriedTls: false,
  measured: null,
  sealed: nothingSealed,
};
/** errno values of Linux on x86-64 and arm64. */
const howByError: Record<number, 'refused' | 'reset' | 'timeout'> = {
  32: 'reset', // EPIPE
  101: 'refused', // ENETUNREACH
  104: 'reset', // ECONNRESET
  110: 'timeout', // ETIMEDOUT
  111: 'refused', // ECONNREFUSED
  113: 'refused', // EHOSTUNREACH
};

/** `isWithin`: the ciphertext of a stream is the plaintext of another one. */
interface TlsBegin {
  readonly atNs: number;
  readonly isWithin: boolean;
}

/**
 * A reset that comes after the answering side has ended its stream cut nothing off: a server that closes first gets one
 * where its client says goodbye as well.
 */
function howItEnded(role: Role, { error, ended }: Pick<CloseWire, 'error' | 'ended'>): CloseEvent['how'] {
  if (error === 0) return 'closed';
  const how = howByError[error] ?? 'reset';
  if (how !== 'reset' || role === 'unknown') return how;
  return ended[role === 'inbound' ? 'sent' : 'received'] ? 'closed' : 'reset';
}

export class Binder {
  private readonly sockets = new PassingMap<number, Socket>();
  private readonly streams = new PassingMap<number, Stream>();
  /** What is known of the processes that speak; whoever knows more tells it. */
  readonly processes = new Processes();
  private readonly names = new HostNames();
  private readonly listening = new Set<string>();
  private readonly unwanted = new Set<number>();
  /** Processes in which one thread was seen to receive what another one gave its TLS library. */
  private readonly handingOn = new Set<number>();
  /** The unix sockets that are known; whether their process was told that the other end has ended. */
  private readonly unixSockets = new PassingMap<number, boolean>();
  /** Which of them were gone at a count, until everything has come that was said before it. */
  private counts: { readonly atNs: number; readonly gone: readonly number[] }[] = [];
  /** Those that were gone at a count, the last ones: one that is on its way to another process was not found either. */
  private readonly notFound = new PassingMap<number, true>();
  private heldBytes = 0;
  /** Connections that were wanted, but for the sample. */
  notSampled = 0;

  constructor(private readonly options: BinderOptions) {}

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
      case 'other-socket':
        this.tellOther(event);
        break;
      case 'standing':
        this.takeStanding(event);
        break;
      case 'counted':
        this.closeUncounted(event.atNs);
        break;
      case 'answer':
        this.names.takeDatagram(event.pid, event.bytes);
        break;
      case 'tls-bind':
        this.bind(this.streamOf(event), event.socket, event);
        break;
      case 'tls-agreed':
        this.takeAgreed(event);
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
        this.processes.learn({ pid: event.pid, name: event.name });
        break;
      case 'fork':
        this.processes.fork(event.pid, { pid: event.other, name: event.name });
        this.names.fork(event.pid, event.other);
        break;
      case 'exit':
        this.forgetProcess(event.pid);
        break;
    }
  }

  /** The unix sockets that were there at `atNs`: the others that are known were closed, and nobody told. */
  countUnix(generations: ReadonlySet<number>, atNs: number): void {
    const gone = [...this.unixSockets.keys()].filter((key) => !generations.has(key));
    this.counts.push({ atNs, gone });
  }

  /** Everything has come that was said before `atNs`, also of sockets that were gone by then. */
  closeUncounted(atNs: number): void {
    const isOver = (count: { readonly atNs: number }) => count.atNs <= atNs;
    const gone = this.counts.filter(isOver).flatMap((count) => count.gone);
    this.counts = this.counts.filter((count) => !isOver(count));
    for (const key of gone) {
      const hasEnded = this.unixSockets.get(key);
      if (hasEnded === undefined) continue;
      if (!this.unwanted.has(key)) this.rememberNotFound(key);
      this.closeSocket({ ...noEnd, wasLeft: !hasEnded, kind: 'close', atNs, pid: 0, socket: key, tls: 0 });
    }
  }

  private rememberNotFound(key: number): void {
    const [oldest] = this.notFound.keys();
    if (oldest !== undefined && this.notFound.size >= NOT_FOUND_MOST) this.notFound.delete(oldest);
    this.notFound.set(key, true);
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
      if (socket.stream !== null) this.judgeEarlyData(socket.stream, socket, 'untold');
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
    const role = event.kind === 'open' ? this.roleOf(event) : event.role;
    if (this.sockets.size >= KNOWN_MOST) this.dropOldestSocket();
    this.sockets.set(key, newSocket(event, role));
    if (event.kind === 'open-unix') this.unixSockets.set(key, false);
    this.names.open(key, event.remote);
    const isOwn = this.options.isOwn?.(event.pid, event.local) ?? false;
    const isWanted = !isOwn && this.isWanted(role, event.kind === 'open' ? event.localPort : null);
    if (isWanted && event.notSampled === true) this.notSampled++;
    if (!isWanted || event.notSampled === true) this.unwanted.add(key);
    this.emit({
      kind: 'open',
      connection: key,
      atUs: this.atUs(event.atNs),
      role,
      process: this.processes.of(event.pid),
      local: event.local,
      remote: event.remote,
      ...(role === 'inbound' ? {} : this.hostOf(event, role)),
      startedEarlier,
    });
  }

  private tellOther({ pid, atNs, socketKind, peer }: Extract<WireEvent, { kind: 'other-socket' }>): void {
    const process = this.processes.of(pid);
    this.emit({ kind: 'other-socket', connection: null, atUs: this.atUs(atNs), process, socketKind, peer });
  }

  /** Since when an older connection is there nobody knows, nor what a file said then. */
  private hostOf({ pid, remote, atNs, startedEarlier }: OpenWire, role: Role): { readonly hostName?: HostName } {
    const told = this.names.of(pid, remote);
    if (told.hostName !== undefined || role !== 'outbound' || startedEarlier) return told;
    const hostName = this.options.hostInFile?.(pid, remote, atNs) ?? null;
    return hostName === null ? {} : { hostName };
  }

  private dropOldestSocket(): void {
    const [oldest] = this.sockets.values();
    if (oldest === undefined) return;
    this.sockets.delete(oldest.key);
    this.unixSockets.delete(oldest.key);
    this.names.close(oldest.key);
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
    // It goes on: that it was over has been told, so this is counted as missing.
    if (socket === undefined && this.notFound.has(event.socket)) this.emitData(event, event.socket, event.position);
    if (socket === undefined || socket.stream !== null || socket.tlsSeen) return;
    if (event.maybeTls && socket.maybeBytes < MAYBE_MOST) {
      if (event.direction === 'received') socket.receivedBy = event.thread;
      socket.maybe.push(keptOf(event));
      socket.maybeBytes += event.bytes.length;
      return;
    }
    this.settleMaybe(socket);
    this.names.takeStream(socket.key, event);
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
    // What is taken from packets may come before its place is told of, and after it.
    socket.end[event.direction] = Math.max(socket.end[event.direction], event.position + event.size);
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
    return !stream.begun && event.atNs < this.processes.probedAtNs(event.pid);
  }

  private streamOf(event: DataWire | BindWire | AgreedWire): Stream {
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
    stream.holdsSocket = event.kind === 'tls-bind' && event.how === 'descriptor';
    stream.throughMemory = event.kind === 'tls-bind' && event.how.startsWith('ciphertext');
    stream.isFedByOthers = stream.throughMemory && this.handingOn.has(event.pid);
    if (stream.throughMemory) this.noteThread(stream, socket, event);
    Object.assign(stream.base, without(socket.end, stream.skipped));
    Object.assign(stream.plaintextBase, socket.plaintext);
    this.beginTls(socket);
    socket.account?.learnOwnPadding(stream.library === 'jsse' ? JSSE_PADDING : 0);
    const isWithin = event.kind === 'tls-bind' && event.how === 'within';
    if (isWithin) socket.account = null;
    else if (socket.handshake !== null) learnAgreed(socket.handshake, stream.agreed);
    if (socket.stream === null || isWithin) this.emitTls(socket, stream, { atNs: event.atNs, isWithin });
    if (socket.stream !== null) socket.earlier.push(socket.stream);
    socket.stream = stream;
    for (const held of this.release(stream)) this.emitFirst(stream, socket, held);
  }

  private beginTls(socket: Socket, client: StreamDirection | null = null): void {
    if (!socket.tlsSeen) {
      socket.account = new TlsAccount(client ?? 'sent', socket.startedEarlier || client === null);
      socket.handshake = beginHandshake(socket.maybe, client);
      socket.maybe = [];
      socket.maybeBytes = 0;
    }
    socket.tlsSeen = true;
  }

  /** What the hellos said, where that was not told yet. */
  private emitHandshake({ key: connection, handshake }: Socket, atNs: number): void {
    if (handshake?.isNews !== true) return;
    handshake.isNews = false;
    this.emit({ kind: 'facts', connection, atUs: this.atUs(atNs), handshake: factsOf(handshake) });
  }

  /** A program asks its library before its first data, as a rule: then no socket is known yet. */
  private takeAgreed(event: AgreedWire): void {
    const stream = this.streamOf(event);
    stream.agreed ??= event.protocol;
    const { socket } = stream;
    if (socket?.handshake == null || streamsOf(socket).length > 1) return;
    learnAgreed(socket.handshake, stream.agreed);
    this.emitHandshake(socket, event.atNs);
  }

  private emitTls(socket: Socket, { library, agreed }: Stream, { atNs, isWithin }: TlsBegin): void {
    this.emitHandshake(socket, atNs);
    this.emit({
      kind: 'tls',
      connection: socket.key,
      atUs: this.atUs(atNs),
      library,
      binding: 'certain',
      startedEarlier: socket.openedAtNs < this.processes.probedAtNs(socket.pid),
      agreed: isWithin ? agreed : agreedOf(socket),
      serverName: socket.handshake?.serverName ?? null,
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
    const process = this.processes.of(stream.pid);
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

  private noteThread(stream: Stream, socket: Socket, { thread, pid }: DataWire | BindWire): void {
    if (stream.isFedByOthers || !showsTwoThreads(stream, socket, thread)) return;
    stream.isFedByOthers = true;
    this.handingOn.add(pid);
  }

  private emitPlaintext(stream: Stream, socket: Socket, event: DataWire): void {
    if (event.direction === 'sent' && stream.early.length > 0) this.judgeEarlyData(stream, socket, 'untold');
    if (event.direction === 'received') this.noteThread(stream, socket, event);
    const { place, hole } = takeIntoSums(stream, socket, event);
    if (hole !== null) this.emitHoles(socket, [hole]);
    this.emitData(event, socket.key, place);
  }

  /**
   * What a client says before its server has answered (0-RTT) the server may refuse: then it has not been said, and the client
   * says it again, or something else. So it waits for what the end of the handshake tells of it.
   */
  private emitFirst(stream: Stream, socket: Socket, event: DataWire): void {
    if (event.direction === 'sent' && socket.account?.earlyData === 'undecided') stream.early.push(event);
    else this.emitPlaintext(stream, socket, event);
  }

  private judgeEarlyData(stream: Stream, socket: Socket, verdict: EarlyData): void {
    if (verdict === 'undecided' || stream.early.length === 0) return;
    const { early } = stream;
    stream.early = [];
    for (const event of early) {
      if (verdict === 'refused') skip(stream, event);
      else this.emitPlaintext(stream, socket, { ...event, sealedBefore: null });
      // Its records pass for a part of the handshake.
      if (verdict === 'taken') stream.plaintextBase.sent -= event.size;
    }
    const [first] = early;
    if (verdict === 'untold' && first !== undefined) this.doubt(socket.key, first.atNs);
  }

  private doubt(connection: number, atNs: number): void {
    this.emit({ kind: 'loss', connection, atUs: this.atUs(atNs), reason: 'unaccounted', events: 0, bytes: 0 });
  }

  private takeSealed(event: SealedWire): void {
    const socket = this.sockets.get(event.socket);
    if (socket === undefined) return;
    if (!socket.tlsSeen && socket.sealedFirst.length < SEALED_FIRST_MOST) socket.sealedFirst.push(event);
    if (socket.handshake !== null && takeIntoHandshake(socket.handshake, event)) this.emitHandshake(socket, event.atNs);
    const holes = takeSealed(socket, event);
    if (socket.stream !== null) this.judgeEarlyData(socket.stream, socket, socket.account?.earlyData ?? 'untold');
    this.emitHoles(socket, holes);
  }

  private emitHoles({ key: connection }: Socket, holes: readonly Unaccounted[]): void {
    for (const { direction, position, size, atNs } of holes) {
      const hole = { direction, position, bytes: NO_BYTES, size, missing: 'unaccounted' } as const;
      this.emit({ kind: 'data', connection, atUs: this.atUs(atNs), ...hole });
    }
  }

  private emitData(event: DataWire, connection: number, position: number): void {
    const { direction, bytes, size, reason } = event;
    const missing = bytes.length === size ? null : missingWord(reason);
    const atUs = this.atUs(event.atNs);
    const data = { kind: 'data', connection, atUs, direction, position, bytes, size, missing } as const;
    const way = wayOf(event);
    this.emit(way === null ? data : { ...data, way });
  }

  private noteTls(key: number, client: StreamDirection): void {
    const socket = this.sockets.get(key);
    if (socket === undefined || socket.tlsSeen) return;
    this.beginTls(socket, client);
    for (const event of socket.sealedFirst.splice(0)) this.takeSealed(event);
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
    this.names.close(event.socket);
    this.settleMaybe(socket);
    if (socket.stream !== null) this.judgeEarlyData(socket.stream, socket, 'untold');
    this.emitEncrypted(socket, event);
    this.emitHoles(socket, holesAtEnd(socket, event));
    this.emitHandshake(socket, event.atNs);
    this.emitTransport(event);
    const totals = socket.tlsSeen ? plaintextTotals(socket) : totalsOf(event);
    for (const { key } of streamsOf(socket)) this.streams.delete(key);
    this.emit({
      kind: 'close',
      connection: socket.key,
      atUs: this.atUs(event.atNs),
      how: howItEnded(socket.role, event),
      ...(event.wasLeft ? { wasLeft: true } : {}),
      sentTotal: totals?.sent ?? null,
      receivedTotal: totals?.received ?? null,
    });
  }

  /** Of a unix socket that its process was told that the other end has ended; of others how they stand. */
  private takeStanding(event: CloseWire): void {
    if (event.ended.received && this.unixSockets.has(event.socket)) this.unixSockets.set(event.socket, true);
    else this.emitTransport(event);
  }

  /** How it ended, or how it stands; told again where it is told of twice. */
  private emitTransport({ socket: connection, atNs, sent, received, measured }: CloseWire): void {
    if (measured === null) return;
    const transport = { sentBytes: sent, receivedBytes: received, ...measured };
    this.emit({ kind: 'facts', connection, atUs: this.atUs(atNs), transport });
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
    const { pid, look, openedAtNs } = socket;
    this.emit({
      kind: 'encrypted',
      connection: socket.key,
      atUs: this.atUs(end.atNs),
      sentBytes: Math.max(0, end.sent - socket.end.sent),
      receivedBytes: Math.max(0, end.received - socket.end.received),
      unread: judgeUnread(look, openedAtNs, (file) => this.options.probedAtNs?.(pid, file)),
      agreed: agreedOf(socket),
      serverName: socket.handshake?.serverName ?? null,
    });
  }

  private forgetProcess(pid: number): void {
    this.processes.forget(pid);
    this.handingOn.delete(pid);
    this.names.forgetProcess(pid);
    // Nobody frees the TLS objects of a process that just ends.
    for (const stream of this.streams.values()) {
      if (stream.pid !== pid || stream.socket !== null) continue;
      this.emitUnbound(stream);
      this.streams.delete(stream.key);
    }
  }
}

/** What TLS is said to carry. */
function agreedOf({ handshake }: Socket): Agreed {
  return handshake === null ? null : spokenIn(handshake);
}

/** Null for what was read from memory during its call. */
function wayOf({ fromPacket, reason, byRequest }: DataWire): Way | null {
  if (fromPacket || reason === 'in-packets') return 'packets';
  return byRequest ? 'io-uring' : null;
}

function missingWord(reason: DataReason): MissingReason {
  if (reason === 'whole') return 'fault';
  return reason === 'in-packets' ? 'unreadable-call' : reason;
}

/** The bytes of an event are lent. */
function keptOf(event: DataWire): DataWire {
  return { ...event, bytes: new Uint8Array(event.bytes) };
}
