/**
 * Follows connections from open to close and hands the bytes of each to a listener, in order, gaps included.
 * Knows no protocol and keeps no clock: time comes from events and from `sweep`.
 *
 * The way of one piece of data, from the ring to the tape:
 *
 *     decodeBatch            source/ebpf/decode   bytes of the ring as an event
 *     Binder.push            source/ebpf/bind     plaintext takes the place of its socket's ciphertext
 *     Stages.push            pipeline             the stages, one event after another
 *     Follower.push          follow               which connection it is of
 *     ByteStream.push        follow/byte-stream   its place in its direction: repeats are cut, holes waited for
 *     TimeMerge.data         follow/time-merge    both directions in the order of time, where one had a hole
 *     ParsedConnection.data  parse                who reads: recognition, resync, or the conversation of a protocol
 *     Conversation.data      parse/http1, ...     messages, and what belongs together
 *     ConnectionHost.emit    parse                its number, its cause, and what is wrong with the connection
 *     Stages.handOut         pipeline             filter, redaction, counts; then the tape's writer
 */
import type { Way } from '../../tape/model/exchange';
import { PassingMap } from '../../tape/passing-map';
import type {
  CloseEvent,
  DataEvent,
  EncryptedEvent,
  FactsEvent,
  LossEvent,
  OpenEvent,
  SourceEvent,
  TlsEvent,
} from '../source/events';
import type { Budget } from './budget';
import { ByteStream, type StreamReader } from './byte-stream';
import type { Limits } from './limits';
import { TimeMerge } from './time-merge';

/** How a connection's life ended for us; `unfinished`: it goes on, the recording does not. */
export type Ending = CloseEvent['how'] | 'unfinished';

/** What reads the streams of one connection. */
export interface ConnectionListener extends StreamReader {
  tls(event: TlsEvent): void;
  encrypted(event: EncryptedEvent): void;
  /** Says nothing of the bytes: no hole is given up for it. */
  facts(event: FactsEvent): void;
  /** Some of its bytes were taken this way, not from memory. */
  taken(way: Way): void;
  /** Something of this connection is missing, and no position says where. */
  loss(event: LossEvent): void;
  /** Called once, last. `wasLeft`: our side went before it had all that the other side had to say. */
  close(ending: Ending, atUs: number, wasLeft: boolean): void;
  /** Time has passed. True while something still waits for time to pass. */
  expire(nowUs: number): boolean;
}

/** Tells the follower that a connection waits for time to pass. */
export type Wait = () => void;

export interface FollowerOptions {
  readonly limits: Limits;
  readonly budget: Budget;
  open(event: OpenEvent, wait: Wait): ConnectionListener;
  /** Bytes of a connection nobody opened: its open event is missing, or it was closed before. */
  onUnopened(event: DataEvent): void;
  /** Several connections are looked at at once, and one of them was: what came of it may be let go of before the next. */
  between(): void;
}

export class Follower {
  private readonly connections = new PassingMap<number, FollowedConnection>();
  /** Those that wait for time to pass: few, however many connections there are. */
  private readonly waiting = new PassingMap<number, FollowedConnection>();

  constructor(private readonly options: FollowerOptions) {}

  get openConnections(): number {
    return this.connections.size;
  }

  /** Some connection waits for time to pass. */
  get isWaiting(): boolean {
    return this.waiting.size > 0;
  }

  push(event: SourceEvent): void {
    if (event.kind === 'open') {
      this.open(event);
      return;
    }
    const connection = event.connection === null ? undefined : this.connections.get(event.connection);
    if (connection === undefined) {
      if (event.kind === 'data') this.options.onUnopened(event);
      return;
    }
    this.pass(connection, event);
  }

  /** Gives up what has waited for too long. */
  sweep(nowUs: number): void {
    for (const connection of this.waiting.values()) {
      if (!connection.expire(nowUs)) this.waiting.delete(connection.key);
      if (connection.done) this.connections.delete(connection.key);
      this.options.between();
    }
  }

  /** The recording ends: everything still open is unfinished. */
  end(atUs: number): void {
    for (const connection of this.connections.values()) {
      connection.finish('unfinished', atUs);
      this.options.between();
    }
    this.connections.clear();
    this.waiting.clear();
  }

  private open(event: OpenEvent): void {
    if (this.connections.has(event.connection)) return;
    if (this.connections.size >= this.options.limits.connections) this.dropOldest(event.atUs);
    const connection = new FollowedConnection(event, this.options, this.waiting);
    this.connections.set(event.connection, connection);
  }

  /** More connections than can be open at once: close events are missing. The oldest is the likeliest to be gone. */
  private dropOldest(atUs: number): void {
    const oldest = this.connections.values().next().value;
    if (oldest === undefined) return;
    oldest.finish('unfinished', atUs);
    this.forget(oldest);
  }

  private pass(connection: FollowedConnection, event: Exclude<SourceEvent, OpenEvent>): void {
    switch (event.kind) {
      case 'data':
        connection.data(event);
        break;
      case 'tls':
        connection.notify((listener) => listener.tls(event));
        break;
      case 'encrypted':
        connection.notify((listener) => listener.encrypted(event));
        break;
      case 'loss':
        connection.notify((listener) => listener.loss(event));
        break;
      case 'facts':
        connection.facts(event);
        break;
      case 'close':
        connection.close(event);
        break;
    }
    if (connection.done) this.forget(connection);
  }

  private forget(connection: FollowedConnection): void {
    this.connections.delete(connection.key);
    this.waiting.delete(connection.key);
  }
}

class FollowedConnection {
  readonly key: number;
  done = false;
  private readonly listener: ConnectionListener;
  private readonly merge: TimeMerge;
  private readonly sent: ByteStream;
  private readonly received: ByteStream;
  /** The close that came while bytes before it were still missing. */
  private closing: CloseEvent | null = null;

  constructor(
    event: OpenEvent,
    private readonly options: FollowerOptions,
    private readonly waiting: PassingMap<number, FollowedConnection>,
  ) {
    const { limits, budget } = options;
    this.key = event.connection;
    this.listener = options.open(event, () => this.waiting.set(this.key, this));
    this.merge = new TimeMerge(this.listener, budget);
    this.sent = new ByteStream('sent', this.merge, limits, budget);
    this.received = new ByteStream('received', this.merge, limits, budget);
  }

  data(event: DataEvent): void {
    const stream = event.direction === 'sent' ? this.sent : this.received;
    // Of packets it is their announcement that says that they are needed.
    if (event.way !== undefined && (event.way !== 'packets' || event.bytes.length === 0))
      this.listener.taken(event.way);
    stream.push(event);
    if (this.merge.holding || stream.hasHole) this.checkHoles(event.atUs);
    if (this.closing !== null && !this.lacksBytes(this.closing)) this.closeNow(this.closing);
  }

  facts(event: FactsEvent): void {
    this.listener.facts(event);
  }

  /** Anything but bytes: what was said before it comes first. */
  notify(call: (listener: ConnectionListener) => void): void {
    if (this.merge.holding) this.giveUpHoles();
    call(this.listener);
  }

  close(event: CloseEvent): void {
    if (!this.lacksBytes(event)) {
      this.closeNow(event);
      return;
    }
    this.closing = event;
    this.waiting.set(this.key, this);
  }

  /** True while something still waits for time to pass. */
  expire(nowUs: number): boolean {
    if (this.done) return false;
    this.checkHoles(nowUs);
    if (this.closing !== null && nowUs - this.closing.atUs >= this.options.limits.patienceUs)
      this.closeNow(this.closing);
    if (this.done) return false;
    return this.listener.expire(nowUs) || this.closing !== null || this.merge.holding;
  }

  finish(ending: Ending, atUs: number): void {
    if (this.done) return;
    this.done = true;
    this.sent.finish(this.closing?.sentTotal ?? null, atUs);
    this.received.finish(this.closing?.receivedTotal ?? null, atUs);
    this.merge.release();
    const { how = ending, atUs: endedAtUs = atUs, wasLeft = false } = this.closing ?? {};
    this.listener.close(how, endedAtUs, wasLeft);
  }

  /** While a direction has a hole, both are held; too much or too long, and the hole is given up. */
  private checkHoles(nowUs: number): void {
    this.sent.expire(nowUs);
    this.received.expire(nowUs);
    if (this.merge.heldBytes > this.options.limits.heldBytes) this.giveUpHoles();
    else if (this.sent.hasHole || this.received.hasHole) {
      this.merge.holding = true;
      this.waiting.set(this.key, this);
    } else if (this.merge.holding) this.merge.release();
  }

  private giveUpHoles(): void {
    this.sent.giveUpHoles();
    this.received.giveUpHoles();
    this.merge.release();
  }

  /** Events of different CPUs may be out of order: bytes from before the close may come after it. */
  private lacksBytes(event: CloseEvent): boolean {
    return (
      this.sent.hasHole ||
      this.received.hasHole ||
      this.sent.position < (event.sentTotal ?? 0) ||
      this.received.position < (event.receivedTotal ?? 0)
    );
  }

  private closeNow(event: CloseEvent): void {
    this.closing = event;
    this.finish(event.how, event.atUs);
  }
}
