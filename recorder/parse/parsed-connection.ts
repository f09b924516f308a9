/**
 * One connection between the follower and the protocols: its bytes go to what finds out which protocol it speaks, then to
 * the conversation of that protocol. Knows no protocol by name but the one for everything else.
 */
import type { Side } from '../../tape/model/content-model';
import type { Cause, Connection, Way } from '../../tape/model/exchange';
import type { GapReason } from '../follow/byte-stream';
import type { ConnectionListener, Ending, Wait } from '../follow/follower';
import type { EncryptedEvent, FactsEvent, LossEvent, OpenEvent, TlsEvent } from '../source/events';
import type { Agreed } from '../source/tls-hello';
import { Channel } from './channel';
import { ConnectionHost, type Reader, type Recording } from './connection-host';
import { problemBits, problemOfGap } from './problems';
import type {
  Conversation,
  ConversationStart,
  Fallback,
  HandOver,
  ParsedExchange,
  Protocol,
  Successor,
} from './protocol';
import { directionFrom, type Early, type Orientation, Recognition, type StreamDirection, sideIn } from './recognition';
import { fallback, protocols, shownName, startOf, successorIn } from './registry';
import { type Joined, Resync } from './resync';

/** Who gets the bytes. */
type State =
  /** Nobody yet: they are kept until it is clear which protocol it is. */
  | { readonly kind: 'undecided'; readonly recognition: Recognition; readonly isInside: boolean }
  /** `raw` is the conversation, where it is the one for everything else. */
  | { readonly kind: 'speaking'; readonly conversation: Conversation; readonly raw: Fallback | null }
  /** The beginning is missing: they are raw until a message begins. */
  | { readonly kind: 'resync'; readonly resync: Resync };

const parsed = protocols.filter((protocol) => protocol.name !== fallback.name);

export class ParsedConnection implements ConnectionListener, Reader {
  private readonly host: ConnectionHost;
  private state: State;
  private orientation: Orientation;
  /** Whether the kernel or the bytes said who is the client. */
  private isRoleKnown: boolean;
  private readonly causeAtOpen: Cause | null;
  /** What TLS agreed to carry. */
  private agreed: Agreed = null;
  /** What came first was left out, and nothing has come since. */
  private beginsLate = false;

  constructor(
    private readonly open: OpenEvent,
    recording: Recording,
    wait: Wait,
  ) {
    this.host = new ConnectionHost(open, recording, this, wait);
    this.orientation = open.role === 'unknown' ? 'inbound' : open.role;
    this.isRoleKnown = open.role !== 'unknown';
    this.causeAtOpen = open.role === 'inbound' ? null : this.host.causeNow();
    this.state = open.startedEarlier ? this.resyncing(problemBits['started-mid-stream']) : this.undecided(false);
  }

  get conversation(): Conversation | null {
    // While a message is sought it may all turn out to be something else.
    return this.state.kind === 'speaking' ? this.state.conversation : null;
  }

  data(direction: StreamDirection, bytes: Uint8Array, atUs: number): void {
    this.host.at(atUs);
    if (this.beginsLate) this.beginLate(bytes);
    const { state } = this;
    if (state.kind === 'speaking') state.conversation.data(sideIn(this.orientation, direction), bytes, atUs);
    else if (state.kind === 'resync') this.seek(state.resync, { direction, bytes, atUs });
    else this.recognise(state.recognition, { direction, bytes, atUs });
  }

  gap(direction: StreamDirection, size: number, reason: GapReason, atUs: number): void {
    this.host.at(atUs);
    this.host.lose(reason === 'left-out' ? 'hole' : reason, size); // the kernel counts what it leaves out, of all together
    if (reason === 'left-out' && this.hasNotBegun()) this.beginsLate = true;
    else this.passGap(direction, size, reason, atUs);
  }

  tls(event: TlsEvent): void {
    const { connection } = this.host;
    this.host.connection = { ...connection, tls: { library: event.library }, ...named(event) };
    if (event.binding === 'uncertain' || connection.local === null) {
      this.host.problems |= problemBits['uncertain-connection'];
    }
    this.agreed = event.agreed ?? null;
    this.beginInside(event);
  }

  encrypted(event: EncryptedEvent): void {
    const { unread, sentBytes, receivedBytes, atUs, agreed = null } = event;
    this.host.at(atUs);
    this.host.connection = { ...this.host.connection, unreadTls: unread, ...named(event) };
    if (this.state.kind === 'undecided') this.settle(fallback, this.state.recognition);
    if (this.state.kind === 'resync') this.stayRaw(this.state.resync);
    if (this.state.kind !== 'speaking') return;
    const { raw, conversation } = this.state;
    const [request, response] =
      this.orientation === 'inbound' ? [receivedBytes, sentBytes] : [sentBytes, receivedBytes];
    if (raw === null) conversation.taint(problemBits.encrypted);
    else {
      raw.encrypted(request, response, atUs);
      if (agreed !== null) raw.named(shownName(agreed));
    }
  }

  facts({ handshake, transport }: FactsEvent): void {
    const { connection } = this.host;
    this.host.connection = {
      ...connection,
      ...(handshake === undefined ? {} : { handshake }),
      ...(transport === undefined ? {} : { transport }),
    };
  }

  taken(way: Way): void {
    const { connection } = this.host;
    if (connection.ways?.includes(way)) return;
    this.host.connection = { ...connection, ways: [...(connection.ways ?? []), way].sort() };
  }

  loss({ reason }: LossEvent): void {
    if (this.state.kind === 'undecided') this.loseTrack(this.state.recognition, problemOfGap(reason));
    else this.reading()?.taint(problemOfGap(reason));
  }

  close(ending: Ending, atUs: number, wasLeft: boolean): void {
    this.host.at(atUs);
    if (this.hasNotBegun() && !this.beginsLate) this.noteFailedConnect(ending, atUs);
    let closed: Conversation | null = null;
    // What a conversation held back until now may hand the connection over.
    for (let open = this.lastReading(); open !== null && open !== closed; open = this.lastReading()) {
      closed = open;
      if (wasLeft && this.orientation === 'outbound') open.leaves?.();
      open.close(ending, atUs);
    }
    this.host.end();
  }

  expire(nowUs: number): boolean {
    return this.reading()?.expire(nowUs) ?? false;
  }

  handOver(handOver: HandOver): Conversation {
    return this.speak(successorIn(handOver), startOf(handOver));
  }

  openInside(): Successor {
    this.state = this.undecided(true);
    const directionOf = (side: Side) => directionFrom(this.orientation, side);
    return {
      data: (side, bytes, atUs) => this.data(directionOf(side), bytes, atUs),
      // It was counted as a loss of the connection when it came.
      gap: (side, size, reason, atUs) => this.passGap(directionOf(side), size, reason, atUs),
    };
  }

  openTunnel(channel: number, handOver: HandOver): Conversation {
    return new Channel(this.host, channel, handOver);
  }

  /** Nothing of the connection itself was read yet. */
  private hasNotBegun(): boolean {
    return this.state.kind === 'undecided' && this.state.recognition.isEmpty && !this.state.isInside;
  }

  /**
   * Where nothing follows what was left out, nothing is said of the connection. A client begins to speak here: with a
   * request, or in the middle of a protocol that can only be joined.
   */
  private beginLate(bytes: Uint8Array): void {
    this.beginsLate = false;
    const isRequest = parsed.some((protocol) => protocol.recognise('request', bytes) !== 'no');
    if (this.state.kind === 'undecided' && !isRequest) this.loseTrack(this.state.recognition, problemOfGap('left-out'));
  }

  /** Who reads the bytes at this moment, whether or not it will have been the right one. */
  private reading(): Conversation | null {
    return this.state.kind === 'resync' ? this.state.resync.raw : this.conversation;
  }

  /** `isInside`: it is not the connection itself that begins. */
  private undecided(isInside: boolean): State {
    return { kind: 'undecided', recognition: new Recognition(protocols, this.knownOrientation()), isInside };
  }

  private resyncing(missed: number): State {
    const raw = fallback.open(this.host, { missed });
    return {
      kind: 'resync',
      resync: new Resync(parsed, this.knownOrientation(), raw, { missed, agreed: this.agreed }),
    };
  }

  /** Nothing more comes that would tell which protocol it is. */
  private lastReading(): Conversation | null {
    if (this.state.kind === 'undecided' && !this.state.recognition.isEmpty)
      this.settle(fallback, this.state.recognition);
    return this.reading();
  }

  private passGap(direction: StreamDirection, size: number, reason: GapReason, atUs: number): void {
    if (this.state.kind === 'undecided') this.loseTrack(this.state.recognition, problemOfGap(reason));
    if (this.state.kind === 'resync') this.state.resync.gap(direction);
    this.reading()?.gap(sideIn(this.orientation, direction), size, reason, atUs);
  }

  private knownOrientation(): Orientation | null {
    return this.isRoleKnown ? this.orientation : null;
  }

  private recognise(recognition: Recognition, item: Early): void {
    const found = recognition.add(item);
    if (found === null) return;
    this.orientation = found.orientation;
    if (found.isProven) this.learnDirection(found.orientation);
    this.settle(found.protocol, recognition);
  }

  private learnDirection(orientation: Orientation): void {
    this.orientation = orientation;
    if (this.isRoleKnown) return;
    this.isRoleKnown = true;
    this.host.connection = { ...this.host.connection, direction: orientation };
  }

  private settle(protocol: Protocol, recognition: Recognition): void {
    const conversation = this.speak(protocol, { missed: 0 });
    for (const { direction, bytes, atUs } of recognition.take()) {
      conversation.data(sideIn(this.orientation, direction), bytes, atUs);
    }
  }

  private speak(protocol: Protocol, start: ConversationStart): Conversation {
    const raw = protocol.name === fallback.name ? fallback.open(this.host, start) : null;
    const conversation = raw ?? protocol.open(this.host, start);
    // A protocol that cannot go on has handed over by now.
    if (this.conversation !== conversation) this.state = { kind: 'speaking', conversation, raw };
    return conversation;
  }

  private stayRaw({ raw }: Resync): void {
    this.state = { kind: 'speaking', conversation: raw, raw };
  }

  /** Something is missing before it was clear which protocol it is. */
  private loseTrack(recognition: Recognition, missed: number): void {
    this.state = this.resyncing(missed);
    for (const { direction, bytes, atUs } of recognition.take()) this.data(direction, bytes, atUs);
  }

  private seek(resync: Resync, { direction, bytes, atUs }: Early): void {
    const joined = resync.find(direction, bytes, atUs);
    if (joined === null) resync.raw.data(sideIn(this.orientation, direction), bytes, atUs);
    else this.join(resync, joined);
  }

  private join(resync: Resync, { protocol, orientation, passedBytes, pieces }: Joined): void {
    resync.raw.drop();
    if (orientation !== null) this.learnDirection(orientation);
    this.host.unread(passedBytes);
    const conversation = this.speak(protocol, { missed: resync.missed });
    for (const { direction, bytes, atUs } of pieces) {
      conversation.data(sideIn(this.orientation, direction), bytes, atUs);
    }
  }

  /** What was said before TLS began, a CONNECT or a STARTTLS, says nothing about what is said inside it. */
  private beginInside(event: TlsEvent): void {
    const { state } = this;
    if (state.kind === 'undecided' && !state.recognition.isEmpty) this.settle(fallback, state.recognition);
    if (this.state.kind === 'speaking') {
      if (this.state.raw === null) return;
      this.state.raw.close('closed', event.atUs);
    }
    if (this.state.kind === 'resync') {
      this.state.resync.raw.drop();
      this.host.unread(this.state.resync.passedBytes());
    }
    const isLate = event.startedEarlier || this.open.startedEarlier;
    this.state = isLate ? this.resyncing(problemBits['started-mid-stream']) : this.undecided(true);
  }

  /** The connect itself is what happened: refused, reset or timed out before a byte was said. */
  private noteFailedConnect(ending: Ending, atUs: number): void {
    if (ending === 'closed' || ending === 'unfinished' || this.open.role !== 'outbound' || this.open.startedEarlier)
      return;
    const startedAtUs = this.open.atUs;
    const exchange = {
      ...this.host.beginRaw(),
      ...fallback.silence(),
      startedAtUs,
      durationUs: Math.max(0, atUs - startedAtUs),
      outcome: ending,
      cause: this.causeAtOpen,
    };
    this.host.emit(exchange as ParsedExchange, 0);
  }
}

function named({ serverName = null }: Pick<TlsEvent, 'serverName'>): Pick<Connection, 'serverName'> {
  return serverName === null ? {} : { serverName };
}
