/**
 * One connection between the follower and the protocols: finds out which protocol it speaks and who is the client, gives
 * its exchanges their place, and passes bytes on. Knows no protocol by name but the one for everything else.
 */
import type { Side } from '../../tape/model/content-model';
import type { Cause, Connection, Exchange, LossReason } from '../../tape/model/exchange';
import type { Budget } from '../follow/budget';
import type { GapReason } from '../follow/byte-stream';
import type { ConnectionListener, Ending, Wait } from '../follow/follower';
import type { Limits } from '../follow/limits';
import type { OpenInbound } from '../link/open-inbound';
import type { DataEvent, EncryptedEvent, LossEvent, OpenEvent, TlsEvent } from '../source/events';
import type { CreateHeaderDecoder } from './header-decoder';
import { InChannel } from './in-channel';
import type { LastingExchanges, LastingSource, Written } from './lasting';
import { problemBits, problemOfGap, problemsOf } from './problems';
import type {
  Beginning,
  Conversation,
  ConversationStart,
  Fallback,
  HandOver,
  Host,
  ParsedExchange,
  Protocol,
  Tunnel,
  Verdict,
} from './protocol';
import { fallback, protocols } from './registry';
import { BoundarySeeker } from './seeker';
import type { OpenSpill } from './spill';

type StreamDirection = DataEvent['direction'];
type Direction = Connection['direction'];
/** Which end of the connection is the client: `inbound` means the other one. */
type Orientation = Exclude<Direction, 'unknown'>;

/** What all connections of a recording share. */
export interface Recording {
  readonly limits: Limits;
  readonly budget: Budget;
  readonly keepRaw: boolean;
  readonly openSpill: OpenSpill;
  readonly createHeaderDecoder: CreateHeaderDecoder;
  readonly inbound: OpenInbound;
  readonly lasting: LastingExchanges;
  nextNumber(): number;
  emit(exchange: Exchange): void;
  lose(loss: { connection: number; reason: LossReason; bytes: number; atUs: number }): void;
  /** Nothing more comes of the connection. */
  closed(connection: number): void;
}

/** What came before it was clear which protocol it is. */
interface Early {
  readonly direction: StreamDirection;
  readonly bytes: Uint8Array;
  readonly atUs: number;
}

/** A connection whose beginning is missing: carried as raw until a message of some protocol begins. */
interface Joining {
  readonly missed: number;
  readonly meanwhile: Fallback;
  readonly seekers: readonly JoiningSeeker[];
}

interface JoiningSeeker {
  readonly protocol: Protocol;
  readonly direction: StreamDirection;
  readonly seeker: BoundarySeeker;
}

export class ParsedConnection implements ConnectionListener, Host, LastingSource {
  connection: Connection;
  private conversation: Conversation | null = null;
  /** The conversation, where it is the one for everything else. */
  private rest: Fallback | null = null;
  private joining: Joining | null = null;
  private readonly early: Early[] = [];
  private orientation: Orientation;
  private roleKnown: boolean;
  private problems = 0;
  private exchanges = 0;
  private atUs: number;
  /** How many events there were, and which one something was passed on in. */
  private events = 0;
  private passedOnAt = -1;
  private readonly causeAtOpen: Cause | null;

  constructor(
    private readonly open: OpenEvent,
    private readonly recording: Recording,
    readonly wait: Wait,
  ) {
    const { connection: key, atUs, local, remote, process } = open;
    this.connection = {
      key,
      direction: open.role,
      openedAtUs: atUs,
      local,
      remote,
      tls: null,
      unreadTls: null,
      process,
    };
    this.orientation = open.role === 'unknown' ? 'inbound' : open.role;
    this.roleKnown = open.role !== 'unknown';
    this.atUs = atUs;
    this.causeAtOpen = open.role === 'inbound' ? null : recording.inbound.causeOf(process?.pid);
    if (open.startedEarlier) this.join(problemBits['started-mid-stream']);
  }

  get limits(): Limits {
    return this.recording.limits;
  }

  get budget(): Budget {
    return this.recording.budget;
  }

  get keepRaw(): boolean {
    return this.recording.keepRaw;
  }

  get openSpill(): OpenSpill {
    return this.recording.openSpill;
  }

  get createHeaderDecoder(): CreateHeaderDecoder {
    return this.recording.createHeaderDecoder;
  }

  // The follower's side.

  data(direction: StreamDirection, bytes: Uint8Array, atUs: number): void {
    this.atUs = atUs;
    this.events++;
    if (this.joining !== null) this.seek(this.joining, direction, bytes, atUs);
    else if (this.conversation !== null) this.conversation.data(this.sideOf(direction), bytes, atUs);
    else this.begins(direction, bytes, atUs);
  }

  gap(direction: StreamDirection, size: number, reason: GapReason, atUs: number): void {
    this.atUs = atUs;
    this.recording.lose({ connection: this.connection.key, reason, bytes: size, atUs });
    if (this.conversation === null) this.joinAfter(problemOfGap(reason));
    for (const { direction: sought, seeker } of this.joining?.seekers ?? []) if (sought === direction) seeker.giveUp();
    this.conversation?.gap(this.sideOf(direction), size, reason, atUs);
  }

  tls(event: TlsEvent): void {
    this.connection = { ...this.connection, tls: { library: event.library } };
    if (event.binding === 'uncertain' || this.connection.local === null) {
      this.problems |= problemBits['uncertain-connection'];
    }
    this.beginAnew(event);
  }

  encrypted(event: EncryptedEvent): void {
    this.atUs = event.atUs;
    this.connection = { ...this.connection, unreadTls: event.unread };
    const [request, response] =
      this.orientation === 'inbound' ? [event.receivedBytes, event.sentBytes] : [event.sentBytes, event.receivedBytes];
    if (this.conversation === null) this.settle(fallback, 0);
    this.joining = null;
    if (this.rest !== null) this.rest.encrypted(request, response, event.atUs);
    else this.conversation?.taint(problemBits.encrypted);
  }

  loss(event: LossEvent): void {
    if (this.conversation === null) this.joinAfter(problemOfGap(event.reason));
    else this.conversation.taint(problemOfGap(event.reason));
  }

  close(ending: Ending, atUs: number): void {
    this.atUs = atUs;
    if (this.conversation === null && this.early.length > 0) this.settle(fallback, 0);
    if (this.conversation === null) this.noteFailedConnect(ending, atUs);
    let closed: Conversation | null = null;
    // Closing may let go on what hands the connection over.
    while (this.conversation !== null && this.conversation !== closed) {
      closed = this.conversation;
      closed.close(ending, atUs);
    }
    this.recording.closed(this.connection.key);
  }

  expire(nowUs: number): boolean {
    return this.conversation?.expire(nowUs) ?? false;
  }

  // The conversation's side.

  begin(): Beginning {
    const beginning = this.beginRaw();
    if (this.connection.direction === 'inbound') {
      this.recording.inbound.begin(this.connection.process?.pid, beginning.number);
    }
    return beginning;
  }

  beginRaw(): Beginning {
    const outbound = this.connection.direction === 'outbound';
    const cause = outbound ? this.recording.inbound.causeOf(this.connection.process?.pid) : null;
    const number = this.recording.nextNumber();
    this.recording.lasting.begin(number, this, this.atUs);
    return { number, seq: this.exchanges++, cause };
  }

  ended(beginning: Beginning): void {
    if (this.connection.direction !== 'inbound') return;
    this.recording.inbound.end(this.connection.process?.pid, beginning.number);
  }

  forget({ number }: Beginning): void {
    this.recording.lasting.end(number);
    this.exchanges--;
  }

  emit(exchange: ParsedExchange, problems: number): void {
    this.recording.lasting.end(exchange.number);
    this.pass(exchange, problems);
  }

  passOn({ number }: Beginning): void {
    // Once an event: what is passed on is in memory, and on no budget, until the event is over.
    if (this.passedOnAt === this.events) return;
    this.passedOnAt = this.events;
    this.recording.lasting.writeNow(number, this.atUs);
  }

  emitSoFar(number: number, unless: number): Written | null {
    // Before it is known where messages begin it may all turn out to be something else.
    const found = this.joining === null ? (this.conversation?.soFar(number) ?? null) : null;
    if (found === null) return null;
    if (found.progress !== unless) this.pass(found.exchange, found.problems | problemBits['still-open']);
    return found;
  }

  private pass(exchange: ParsedExchange, problems: number): void {
    const { number, channel, seq, protocol, startedAtUs, durationUs, outcome, cause } = exchange;
    const { content, messages, messagesBefore } = exchange;
    this.recording.emit({
      number,
      connection: this.connection,
      channel,
      seq,
      protocol,
      startedAtUs,
      durationUs,
      outcome,
      problems: problemsOf(problems | this.problems),
      cause,
      content,
      messages,
      messagesBefore,
    } as Exchange); // protocol and content are of one exchange, which taking it apart makes the compiler forget
  }

  unread(bytes: number): void {
    if (bytes === 0) return;
    this.recording.lose({ connection: this.connection.key, reason: 'no-boundary', bytes, atUs: this.atUs });
  }

  handOver(handOver: HandOver): Conversation {
    const { to, missed } = handOver;
    if (to === null) return this.settleOn(fallback, { missed, named: handOver.named });
    return this.settleOn(protocols.find(({ name }) => name === to) ?? fallback, { missed, handOver });
  }

  openTunnel(channel: number, { missed, named }: Tunnel): Conversation {
    return fallback.open(new InChannel(this, channel), { missed, named });
  }

  /** What was said before TLS began, a CONNECT or a STARTTLS, says nothing about what is said inside it. */
  private beginAnew(event: TlsEvent): void {
    if (this.conversation === null && this.early.length > 0) this.settle(fallback, 0);
    if (this.rest === null && this.conversation !== null) return;
    if (this.joining !== null) this.dropMeanwhile(this.joining);
    else this.rest?.close('closed', event.atUs);
    this.conversation = null;
    this.rest = null;
    this.joining = null;
    if (event.startedEarlier || this.open.startedEarlier) this.join(problemBits['started-mid-stream']);
  }

  // Which protocol, and who is the client.

  private sideOf(direction: StreamDirection): Side {
    return (direction === 'received') === (this.orientation === 'inbound') ? 'request' : 'response';
  }

  private begins(direction: StreamDirection, bytes: Uint8Array, atUs: number): void {
    this.early.push({ direction, bytes, atUs });
    for (const protocol of protocols) {
      const { verdict, found } = this.verdictOn(protocol);
      if (verdict === 'unsure') return;
      if (verdict === 'no') continue;
      if (found !== null) this.learnDirection(found);
      this.settle(protocol, 0);
      return;
    }
  }

  private learnDirection(direction: Orientation): void {
    this.orientation = direction;
    this.roleKnown = true;
    this.connection = { ...this.connection, direction };
  }

  /** `found`: which way round the verdict holds, where the connection's own direction was not known. */
  private verdictOn(protocol: Protocol): { verdict: Verdict; found: Orientation | null } {
    const sent = this.earlyBytes('sent');
    const received = this.earlyBytes('received');
    const inbound = (): Verdict => verdictOf(protocol, received, sent);
    const outbound = (): Verdict => verdictOf(protocol, sent, received);
    if (this.roleKnown) {
      return { verdict: this.orientation === 'inbound' ? inbound() : outbound(), found: null };
    }
    if (protocol.name === fallback.name) {
      // Who speaks first is called the client where two sides have to be told apart; that is no proof of a direction.
      this.orientation = this.early[0]?.direction === 'sent' ? 'outbound' : 'inbound';
      return { verdict: 'yes', found: null };
    }
    const verdicts = { inbound: inbound(), outbound: outbound() };
    if (verdicts.inbound === 'yes' || verdicts.outbound === 'yes') {
      return { verdict: 'yes', found: verdicts.inbound === 'yes' ? 'inbound' : 'outbound' };
    }
    const unsure = verdicts.inbound === 'unsure' || verdicts.outbound === 'unsure';
    return { verdict: unsure ? 'unsure' : 'no', found: null };
  }

  private earlyBytes(direction: StreamDirection): Uint8Array | null {
    const pieces = this.early.filter((item) => item.direction === direction).map((item) => item.bytes);
    return pieces.length > 1 ? Buffer.concat(pieces) : (pieces[0] ?? null);
  }

  private settle(protocol: Protocol, missed: number): void {
    const conversation = this.settleOn(protocol, { missed });
    for (const item of this.early.splice(0)) conversation.data(this.sideOf(item.direction), item.bytes, item.atUs);
  }

  private settleOn(protocol: Protocol, start: ConversationStart): Conversation {
    this.rest = protocol.name === fallback.name ? fallback.open(this, start) : null;
    this.conversation = this.rest ?? protocol.open(this, start);
    return this.conversation;
  }

  // Connections whose beginning is missing.

  private join(missed: number): void {
    const meanwhile = fallback.open(this, { missed });
    const seekers = protocols
      .filter((protocol) => protocol.name !== fallback.name)
      .flatMap((protocol) => [this.seekerFor(protocol, 'received'), this.seekerFor(protocol, 'sent')]);
    this.joining = { missed, meanwhile, seekers };
    this.conversation = meanwhile;
    this.rest = meanwhile;
  }

  private joinAfter(missed: number): void {
    const early = this.early.splice(0);
    this.join(missed);
    for (const item of early) this.data(item.direction, item.bytes, item.atUs);
  }

  private seekerFor(protocol: Protocol, direction: StreamDirection): JoiningSeeker {
    const seeker = new BoundarySeeker((bytes) =>
      bestOf(this.sidesOf(direction).map((side) => verdictOnJoining(protocol, side, bytes))),
    );
    return { protocol, direction, seeker };
  }

  /** What the bytes of a direction can be. */
  private sidesOf(direction: StreamDirection): readonly Side[] {
    return this.roleKnown ? [this.sideOf(direction)] : ['request', 'response'];
  }

  private seek(joining: Joining, direction: StreamDirection, bytes: Uint8Array, atUs: number): void {
    for (const candidate of joining.seekers) {
      if (candidate.direction !== direction) continue;
      const found = candidate.seeker.find(bytes, atUs);
      if (found === null) continue;
      this.joinWith(joining, candidate, found);
      return;
    }
    joining.meanwhile.data(this.sideOf(direction), bytes, atUs);
  }

  private joinWith(joining: Joining, found: JoiningSeeker, bytes: Uint8Array): void {
    joining.meanwhile.drop();
    this.joining = null;
    if (!this.roleKnown) this.orient(found, bytes);
    for (const { seeker, protocol } of joining.seekers)
      if (protocol === found.protocol) this.unread(seeker.passedBytes);
    const conversation = this.settleOn(found.protocol, { missed: joining.missed });
    conversation.data(this.sideOf(found.direction), bytes, found.seeker.foundAtUs);
    for (const other of joining.seekers) if (other.protocol === found.protocol) this.passCandidate(other, conversation);
  }

  /** It was not raw: what was passed over so far is counted, and is no exchange. */
  private dropMeanwhile(joining: Joining): void {
    joining.meanwhile.drop();
    this.joining = null;
    const [first] = joining.seekers;
    for (const { seeker, protocol } of joining.seekers)
      if (protocol === first?.protocol) this.unread(seeker.passedBytes);
  }

  private passCandidate({ seeker, direction }: JoiningSeeker, conversation: Conversation): void {
    const candidate = seeker.takeCandidate();
    if (candidate !== null) conversation.data(this.sideOf(direction), candidate, seeker.foundAtUs);
  }

  private orient(found: JoiningSeeker, bytes: Uint8Array): void {
    const isRequest = verdictOnJoining(found.protocol, 'request', bytes) === 'yes';
    this.learnDirection(isRequest === (found.direction === 'received') ? 'inbound' : 'outbound');
  }

  /** The connect itself is what happened: refused, reset or timed out before a byte was said. */
  private noteFailedConnect(ending: Ending, atUs: number): void {
    if (ending === 'closed' || ending === 'unfinished' || this.open.role !== 'outbound' || this.open.startedEarlier)
      return;
    const startedAtUs = this.open.atUs;
    const exchange = {
      ...this.beginRaw(),
      ...fallback.silence(),
      startedAtUs,
      durationUs: Math.max(0, atUs - startedAtUs),
      outcome: ending,
      cause: this.causeAtOpen,
    };
    this.emit(exchange as ParsedExchange, 0);
  }
}

/** The client's bytes decide; only without them the server's do. */
function verdictOf(protocol: Protocol, request: Uint8Array | null, response: Uint8Array | null): Verdict {
  if (request === null) return response === null ? 'unsure' : protocol.recognise('response', response);
  const verdict = protocol.recognise('request', request);
  return verdict === 'unsure' && response !== null ? protocol.recognise('response', response) : verdict;
}

function verdictOnJoining(protocol: Protocol, side: Side, bytes: Uint8Array): Verdict {
  return protocol.joins?.(side, bytes) ?? protocol.recognise(side, bytes);
}

function bestOf(verdicts: readonly Verdict[]): Verdict {
  if (verdicts.includes('yes')) return 'yes';
  return verdicts.includes('unsure') ? 'unsure' : 'no';
}
