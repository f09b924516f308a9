/**
 * The life of one WebSocket as one exchange: it begins with the handshake, which another protocol read, and grows by each
 * message until the connection ends. Holds no message longer than until the exchange is written as it is so far.
 */
import type { Side } from '../../../tape/model/content-model';
import type { Outcome } from '../../../tape/model/exchange';
import type { Message } from '../../../tape/model/message';
import { extensionsIn } from '../../../tape/model/websocket/websocket';
import type { GapReason } from '../../follow/byte-stream';
import type { Ending } from '../../follow/follower';
import { MessageQueue } from '../message-queue';
import { problemBits, problemsOf } from '../problems';
import type { Conversation, Host, ParsedExchange, SoFar, Upgraded } from '../protocol';
import { type Agreement, type MessageSink, SideReader } from './side-reader';

type WebSocketExchange = Extract<ParsedExchange, { protocol: 'websocket' }>;

export class WebSocketConversation implements Conversation, MessageSink {
  private readonly request: SideReader;
  private readonly response: SideReader;
  private readonly queue: MessageQueue;
  private problems: number;
  /** Who has said that nothing more comes. */
  private readonly closed = new Set<Message['from']>();

  constructor(
    private readonly host: Host,
    private readonly handshake: Upgraded,
  ) {
    this.problems = handshake.problems;
    this.queue = new MessageQueue(host.budget, {
      full: () => host.passOn(handshake.beginning),
      refused: () => this.mark(problemBits.truncated),
    });
    this.request = new SideReader('request', agreementOf(handshake, 'client_no_context_takeover'), host, this);
    this.response = new SideReader('response', agreementOf(handshake, 'server_no_context_takeover'), host, this);
  }

  data(side: Side, bytes: Uint8Array, atUs: number): void {
    this[side].read(bytes, atUs);
  }

  gap(side: Side, size: number, reason: GapReason, atUs: number): void {
    this[side].gap(size, reason, atUs);
  }

  taint(problem: number, side?: Side): void {
    this.problems |= problem;
    if (side !== undefined) this[side].interrupt(problemsOf(problem)[0] ?? 'lost-bytes');
  }

  close(ending: Ending, atUs: number): void {
    for (const side of [this.request, this.response]) if (side.end(atUs)) this.mark(problemBits['cut-short']);
    if (ending === 'unfinished') this.mark(problemBits['cut-short']);
    this.host.budget.giveBack(this.handshake.heldBytes);
    this.host.emit(this.exchangeOf(this.outcomeAt(ending), ending === 'unfinished' ? null : atUs), this.problems);
  }

  expire(): boolean {
    return false;
  }

  soFar(number: number): SoFar | null {
    if (number !== this.handshake.beginning.number) return null;
    const progress = 1 + this.queue.count;
    return { exchange: this.exchangeOf('open', null), problems: this.problems, progress, rewrittenBytes: 0 };
  }

  message(message: Message): void {
    if (message.kind === 'close') this.closed.add(message.from);
    this.queue.add(message);
  }

  mark(problem: number): void {
    this.problems |= problem;
  }

  /** The handshake was answered: what is told apart is how the connection ended, unless both sides had closed the WebSocket before. */
  private outcomeAt(ending: Ending): Outcome {
    const isOver = this.closed.has('client') && this.closed.has('server');
    return !isOver && (ending === 'reset' || ending === 'timeout') ? ending : 'response';
  }

  private exchangeOf(outcome: Outcome, endedAtUs: number | null): WebSocketExchange {
    const { beginning, startedAtUs, request, response } = this.handshake;
    return {
      ...beginning,
      channel: null,
      protocol: 'websocket',
      startedAtUs,
      durationUs: endedAtUs === null ? null : Math.max(0, endedAtUs - startedAtUs),
      outcome,
      content: { request, response, requestSize: this.request.size, responseSize: this.response.size },
      ...this.queue.take(),
    };
  }
}

/** RFC 7692 7.1.1: each peer's messages refer to earlier ones unless it was agreed that they do not. */
function agreementOf({ response, problems }: Upgraded, withoutContext: string): Agreement {
  const extensions = extensionsIn(response.headers);
  const deflate = extensions.find(({ name }) => name === 'permessage-deflate');
  return {
    deflate: deflate === undefined ? null : { takesOver: !deflate.parameters.has(withoutContext) },
    // Fields of a handshake over HTTP/2 may be hidden, and what was agreed on with them.
    hasOthers:
      extensions.some(({ name }) => name !== 'permessage-deflate') ||
      (problems & problemBits['undecodable-headers']) !== 0,
  };
}
