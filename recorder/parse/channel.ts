/**
 * One channel of a connection that is read as a connection of its own: a tunnel in a stream of HTTP/2. Where nobody said
 * what it carries, that tells what it is; which end is the client is known. Knows no protocol by name but the one for
 * everything else.
 */
import type { Side } from '../../tape/model/content-model';
import type { GapReason } from '../follow/byte-stream';
import type { Ending } from '../follow/follower';
import { type ChannelReader, InChannel } from './in-channel';
import { problemOfGap } from './problems';
import type { Conversation, ConversationStart, HandOver, Host, Protocol, SoFar, Successor } from './protocol';
import { directionFrom, type Early, Recognition, sideIn } from './recognition';
import { fallback, protocols, startOf, successorIn } from './registry';
import { Resync } from './resync';

/** The two sides as directions, whichever way the connection goes. */
const orientation = 'inbound';

type State =
  | { readonly kind: 'undecided'; readonly recognition: Recognition }
  | { readonly kind: 'speaking'; readonly conversation: Conversation }
  /** Something is missing where it began: it is raw until a message begins. */
  | { readonly kind: 'resync'; readonly resync: Resync };

export class Channel implements Conversation, ChannelReader {
  private readonly host: InChannel;
  private state: State = undecided();

  constructor(host: Host, channel: number, handOver: HandOver) {
    this.host = new InChannel(host, channel, this);
    if (!isUnknown(handOver)) this.speak(successorIn(handOver), startOf(handOver));
  }

  data(side: Side, bytes: Uint8Array, atUs: number): void {
    const { state } = this;
    if (state.kind === 'speaking') state.conversation.data(side, bytes, atUs);
    else if (state.kind === 'resync') this.seek(state.resync, { side, bytes, atUs });
    else this.recognise(state.recognition, { side, bytes, atUs });
  }

  gap(side: Side, size: number, reason: GapReason, atUs: number): void {
    const reading = this.readingWith(problemOfGap(reason));
    if (this.state.kind === 'resync') this.state.resync.gap(directionFrom(orientation, side));
    reading.gap(side, size, reason, atUs);
  }

  taint(problem: number, side?: Side): void {
    this.readingWith(problem).taint(problem, side);
  }

  close(ending: Ending, atUs: number): void {
    let closed: Conversation | null = null;
    // What a conversation held back until now may hand the channel over.
    for (let open = this.lastReading(); open !== null && open !== closed; open = this.lastReading()) {
      closed = open;
      open.close(ending, atUs);
    }
  }

  expire(nowUs: number): boolean {
    return this.conversation?.expire(nowUs) ?? false;
  }

  soFar(number: number): SoFar | null {
    return this.conversation?.soFar(number) ?? null;
  }

  handOver(handOver: HandOver): Conversation {
    return this.speak(successorIn(handOver), startOf(handOver));
  }

  openInside(): Successor {
    this.state = undecided();
    return {
      data: (side, bytes, atUs) => this.data(side, bytes, atUs),
      gap: (side, size, reason, atUs) => this.gap(side, size, reason, atUs),
    };
  }

  /** Null before it is clear what it carries. */
  private get conversation(): Conversation | null {
    return this.state.kind === 'speaking' ? this.state.conversation : null;
  }

  private recognise(recognition: Recognition, { side, bytes, atUs }: Piece): void {
    const item = { direction: directionFrom(orientation, side), bytes: new Uint8Array(bytes), atUs };
    const found = recognition.add(item);
    if (found !== null) this.settle(found.protocol, recognition);
  }

  private settle(protocol: Protocol, recognition: Recognition): void {
    this.speak(protocol, { missed: 0 });
    this.read(recognition.take());
  }

  private seek(resync: Resync, { side, bytes, atUs }: Piece): void {
    const joined = resync.find(directionFrom(orientation, side), bytes, atUs);
    if (joined === null) {
      resync.raw.data(side, bytes, atUs);
      return;
    }
    resync.raw.drop();
    this.host.unread(joined.passedBytes);
    this.speak(joined.protocol, { missed: resync.missed });
    this.read(joined.pieces);
  }

  private read(pieces: readonly Early[]): void {
    for (const { direction, bytes, atUs } of pieces) this.data(sideIn(orientation, direction), bytes, atUs);
  }

  /** Nothing more comes that would tell which protocol it is. */
  private lastReading(): Conversation | null {
    const { state } = this;
    if (state.kind === 'undecided' && !state.recognition.isEmpty) this.settle(fallback, state.recognition);
    return this.state.kind === 'resync' ? this.state.resync.raw : this.conversation;
  }

  /** Who reads where something is missing. */
  private readingWith(missed: number): Conversation {
    const { state } = this;
    if (state.kind === 'speaking') return state.conversation;
    if (state.kind === 'resync') return state.resync.raw;
    const raw = fallback.open(this.host, { missed });
    this.state = { kind: 'resync', resync: new Resync(parsed, orientation, raw, { missed, agreed: null }) };
    this.read(state.recognition.take());
    return this.readingWith(missed); // what came before may have told by now
  }

  private speak(protocol: Protocol, start: ConversationStart): Conversation {
    const before = this.state;
    const conversation = protocol.open(this.host, start);
    // A protocol that cannot go on has handed over by now.
    if (this.state === before) this.state = { kind: 'speaking', conversation };
    return conversation;
  }
}

interface Piece {
  readonly side: Side;
  readonly bytes: Uint8Array;
  readonly atUs: number;
}

const parsed = protocols.filter(({ name }) => name !== fallback.name);

function undecided(): State {
  return { kind: 'undecided', recognition: new Recognition(protocols, orientation) };
}

function isUnknown(handOver: HandOver): boolean {
  return handOver.to === null && handOver.named === null && handOver.missed === 0;
}
