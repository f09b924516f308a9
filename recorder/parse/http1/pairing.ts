/**
 * Which answer belongs to which request: HTTP/1 says it by order alone (RFC 9112 9.3), so that one message too few makes
 * every later pair wrong. Counts messages in each direction and never relies on which direction arrived first. Refuses to
 * pair where messages may be missing: it hands the halves out apart, marked.
 *
 * Outcomes, in words:
 * - `response`  the answer's head was read, and nothing but the recorder kept it from being whole
 * - `reset`, `timeout`, `closed`  the connection ended that way before the answer was whole (a part of it may be there)
 * - `lost`      whatever the answer was, the recorder has not seen it: bytes are missing, or the recording ended
 * An outbound request without an answer is complete when it ended by reset, timeout or close: that is what the client
 * saw. An inbound one says `no-response` there: who gave up is not known, and a service cannot be judged by it.
 *
 * Doubt: after a loss, or on a connection older than the recorder, an unknown number of messages is missing. A request
 * that stands alone then takes the next answer, and the pair is kept back with those that follow it: an
 * answer too many or a request too many says that they were shifted, and they are taken apart. If time passes without
 * that, or the connection ends, they were right, and so is the count from there on. A client that was seen to send
 * requests ahead of answers proves nothing by waiting: on its connections doubt stays. What this cannot see: a client
 * that begins unseen, and keeps a constant number of requests ahead for longer than a pair is held back, without pausing.
 */
import type { Outcome } from '../../../tape/model/exchange';
import type { HttpRequest, HttpResponse, InformationalResponse } from '../../../tape/model/http/http';
import type { Ending } from '../../follow/follower';
import type { MessageQueue } from '../message-queue';
import { problemBits } from '../problems';
import type { Host } from '../protocol';
import { PendingExchange } from './pending-exchange';

/** Pairs made in doubt on one connection: after so many without a sign of the contrary, the count is right. */
const longestProbation = 64;

type Turn = 'answer' | 'unrequested' | 'wait';

export class Pairing {
  /** The exchange whose answer is being read. */
  answering: PendingExchange | null = null;
  /** True once the connection is over: what could wait for the other direction no longer does. */
  closing = false;
  /** Requests whose exchange is not over, in order. */
  private readonly pending: PendingExchange[] = [];
  /** Pairs made in doubt, oldest first. */
  private heldBack: PendingExchange[] = [];
  private heldBackSinceUs = 0;
  /** Problem bits: why messages cannot be counted off; 0 where they can. */
  private doubt: number;
  /** True once the client is known to send requests before it has the answers to those before. */
  private pipelines = false;
  /**
   * True while it looks so: a request began, and of the answer to the one before nothing was seen. Where that answer
   * is missing, which shows only at the next one, it was no sign.
   */
  private seemsPipelined = false;
  private nextIsUnrequested = false;
  /** When the last answer without a request began: a request from before that, which comes late, may be its request. */
  private lastUnrequestedAtUs = 0;
  /** Problem bits of the last exchange that was answered: 0 where all is well with it. */
  lastAnswerDoubt = 0;

  constructor(
    private readonly host: Host,
    missed: number,
  ) {
    this.doubt = missed;
  }

  get pendingRequests(): number {
    return this.pending.length;
  }

  /** The request whose bytes are being read. */
  get asking(): PendingExchange | null {
    const last = this.pending.at(-1);
    return last === undefined || last.requestDone ? null : last;
  }

  /** The exchange of that number, where it is not over. */
  pendingOf(number: number): PendingExchange | null {
    const isIt = (exchange: PendingExchange) => exchange.beginning.number === number;
    if (this.answering !== null && isIt(this.answering)) return this.answering;
    return this.pending.find(isIt) ?? null;
  }

  requestBegins(atUs: number): void {
    const exchange = new PendingExchange(this.host.begin(), atUs, this.doubt === 0);
    if (this.doubt !== 0) this.requestBeginsInDoubt(exchange);
    else if (this.pending.length > 0) this.seemsPipelined = true;
    this.pending.push(exchange);
  }

  requestEnds(request: HttpRequest | null, problems: number): void {
    const exchange = this.asking;
    if (exchange === null) return;
    exchange.request = request;
    exchange.requestDone = true;
    exchange.problems |= problems;
    this.finishIfDone(exchange);
  }

  /** False where the answer has to wait for the request it belongs to. */
  responseBegins(atUs: number): boolean {
    if (this.answering !== null) return true; // the final answer after a 1xx
    this.pipelines ||= this.seemsPipelined;
    const turn = this.turn();
    if (turn === 'wait') return false;
    this.answering = turn === 'answer' ? (this.pending[0] ?? null) : this.unrequested(atUs);
    this.nextIsUnrequested = false;
    return true;
  }

  /** True where an answer could begin now. */
  get canAnswer(): boolean {
    return this.answering !== null || this.turn() !== 'wait';
  }

  /** An answer that came `beforeUs`, and waits, came too long before the oldest request to be its answer. */
  refuseEarlierAnswer(beforeUs: number): void {
    const front = this.pending[0];
    if (this.answering !== null || front === undefined || front.responseDone) return;
    if (front.startedAtUs > beforeUs) this.nextIsUnrequested = true;
  }

  informational(response: InformationalResponse): void {
    if (this.answering !== null) this.answering.informational = [...this.answering.informational, response];
  }

  responseEnds(response: HttpResponse | null, problems: number): void {
    const exchange = this.answering;
    if (exchange === null) return;
    this.answering = null;
    exchange.response = response;
    exchange.responseDone = true;
    exchange.problems |= problems;
    this.lastAnswerDoubt = exchange.problems | (exchange.certain ? 0 : this.doubt);
    this.finishIfDone(exchange);
  }

  /** The answer hands the connection over, and what becomes of the exchange is for who takes it: it is not emitted. */
  switches(response: HttpResponse): PendingExchange | null {
    const exchange = this.answering;
    if (exchange === null) return null;
    this.answering = null;
    exchange.response = response;
    exchange.responseDone = true;
    this.remove(exchange);
    return exchange;
  }

  /** Requests are missing from here on, how many is not known; `partial` is what there is of the one under way. */
  breakRequests(partial: HttpRequest | null, problem: number): void {
    this.requestEnds(partial, problem);
    this.lose(problem);
  }

  /** Answers are missing from here on, how many is not known; `partial` is what there is of the one under way. */
  breakResponses(partial: HttpResponse | null, problem: number): void {
    this.responseEnds(partial, problem);
    this.seemsPipelined = false;
    for (const exchange of this.pending) this.doubtAnswer(exchange, problem);
    this.lose(problem);
  }

  /** No exchange is under way. */
  get isAtRest(): boolean {
    return this.pending.length === 0 && this.answering === null;
  }

  /**
   * Turns were left out, from one request to another: as many requests as answers, unless the client sends requests ahead.
   * So what follows is in doubt; what is held back is no more so than before.
   */
  leaveOut(problem: number): void {
    this.doubt |= problem;
  }

  /** Gives up every request whose answer was not begun. */
  abandonPending(): void {
    for (const exchange of [...this.pending]) if (exchange !== this.answering) this.abandon(exchange);
  }

  /** Something is missing, and nobody knows of which direction: of what is under way, or whole messages. */
  taint(problem: number): void {
    if (this.answering !== null) this.answering.problems |= problem;
    for (const exchange of this.heldBack) exchange.problems |= problem;
    for (const exchange of this.pending) if (exchange !== this.answering) this.doubtAnswer(exchange, problem);
    this.seemsPipelined = false;
    this.lose(problem);
  }

  /** True while a pair is held back. */
  expire(nowUs: number): boolean {
    if (nowUs - this.heldBackSinceUs >= this.host.limits.patienceUs) this.confirm();
    return this.heldBack.length > 0;
  }

  /** The partial messages are what there is of those under way. */
  close(request: HttpRequest | null, response: HttpResponse | null, ending: Ending, atUs: number): void {
    // A request without an answer is one too many, unless its answer may just be on its way.
    const unanswered = this.pending.some((exchange) => !exchange.certain && exchange !== this.answering);
    if (unanswered && ending !== 'unfinished') this.takeAllApart();
    this.confirm();
    if (this.asking !== null) this.asking.request = request;
    if (this.answering !== null) this.answering.response = response;
    const unfinished = [...this.pending];
    if (this.answering !== null && !unfinished.includes(this.answering)) unfinished.push(this.answering);
    for (const exchange of unfinished) this.endWithConnection(exchange, ending, atUs);
    this.pending.length = 0;
    this.answering = null;
  }

  private requestBeginsInDoubt(next: PendingExchange): void {
    if (next.startedAtUs <= this.lastUnrequestedAtUs) this.doubtAnswer(next, this.doubt);
    const last = this.pending.at(-1);
    if (last === undefined) return;
    if (!last.answerMayBeLost) {
      this.seemsPipelined = true;
      this.takeAllApart();
    }
    for (const exchange of this.pending.filter((pending) => !pending.certain)) {
      if (exchange === this.answering) exchange.mispaired = true;
      else this.abandon(exchange);
    }
  }

  private turn(): Turn {
    if (this.nextIsUnrequested) return 'unrequested';
    const front = this.pending[0];
    if (front === undefined) return this.doubt === 0 && !this.closing ? 'wait' : 'unrequested';
    if (!front.certain && !this.standsAlone(front)) return 'unrequested';
    const readable = front.method !== null || front.requestDone || this.closing;
    if (readable && !front.responseDone) return 'answer';
    return this.closing ? 'unrequested' : 'wait';
  }

  private standsAlone(front: PendingExchange): boolean {
    return this.pending.length === 1 && !this.pipelines && !this.seemsPipelined && !front.answerMayBeLost;
  }

  /** An answer without a request: the client did not ask (RFC 9112 9.2), or the request is among what is missing. */
  private unrequested(atUs: number): PendingExchange {
    this.takeAllApart();
    const exchange = new PendingExchange(this.host.begin(), atUs, false);
    exchange.unrequested = true;
    this.lastUnrequestedAtUs = Math.max(this.lastUnrequestedAtUs, atUs);
    exchange.requestDone = true;
    if (this.doubt === 0) this.doubt = problemBits['parse-error'];
    exchange.problems = this.doubt;
    return exchange;
  }

  private lose(problem: number): void {
    this.doubt |= problem;
    this.takeAllApart();
  }

  private finishIfDone(exchange: PendingExchange): void {
    if (!exchange.requestDone || !exchange.responseDone) return;
    this.remove(exchange);
    if (exchange.mispaired) this.separate(exchange);
    else if (exchange.certain || exchange.unrequested) this.finish(exchange);
    else this.holdBack(exchange);
  }

  private finish(exchange: PendingExchange): void {
    this.emit(exchange, exchange.response === null ? 'lost' : 'response', endOf(exchange));
  }

  private holdBack(exchange: PendingExchange): void {
    if (this.heldBack.length === 0) this.heldBackSinceUs = endOf(exchange) ?? exchange.startedAtUs;
    this.heldBack.push(exchange);
    if (this.heldBack.length >= longestProbation) this.confirm();
    else this.host.wait();
  }

  private confirm(): void {
    const unfinished = this.heldBack;
    if (unfinished.length === 0) return;
    this.heldBack = [];
    if (!this.pipelines && !this.seemsPipelined) this.endDoubt();
    for (const exchange of unfinished)
      this.emit(exchange, exchange.response === null ? 'lost' : 'response', endOf(exchange));
  }

  /** What was counted in doubt was counted right, and so is what waits. */
  private endDoubt(): void {
    this.doubt = 0;
    for (const exchange of this.pending) exchange.certain ||= !exchange.answerMayBeLost && !exchange.mispaired;
  }

  private takeAllApart(): void {
    const unfinished = this.heldBack;
    this.heldBack = [];
    for (const exchange of unfinished) this.separate(exchange);
  }

  /** The pair was none: the answer is an older request's, and this request's own may be anywhere. */
  private separate(exchange: PendingExchange): void {
    const { response, messages } = exchange;
    if (response !== null && messages?.isGrowing === true) {
      this.emitRequestApart(exchange, response);
      return;
    }
    const said = messages?.separate('server') ?? null;
    exchange.response = null;
    exchange.problems |= this.doubt;
    this.emit(exchange, 'lost', null);
    if (response !== null) this.emitApart(response, said);
  }

  /** What was said in answer is on the tape under the number of the pair already: it is the request that gets another. */
  private emitRequestApart(exchange: PendingExchange, response: HttpResponse): void {
    const asked = new PendingExchange(this.host.begin(), exchange.startedAtUs, false);
    asked.request = exchange.request;
    asked.messages = exchange.messages?.separate('client') ?? null;
    asked.problems = exchange.problems | this.doubt | lackOf(exchange.request);
    this.host.ended(asked.beginning);
    this.emit(asked, 'lost', null);
    exchange.request = null;
    exchange.problems = this.doubt;
    this.emit(exchange, 'response', response.endedAtUs);
  }

  private emitApart(response: HttpResponse, messages: MessageQueue | null): void {
    const answer = new PendingExchange(this.host.begin(), response.startedAtUs, false);
    answer.response = response;
    answer.messages = messages;
    answer.problems = this.doubt;
    this.host.ended(answer.beginning);
    this.emit(answer, 'response', response.endedAtUs);
  }

  private doubtAnswer(exchange: PendingExchange, problem: number): void {
    exchange.problems |= problem;
    exchange.certain = false;
    exchange.answerMayBeLost = true;
  }

  private abandon(exchange: PendingExchange): void {
    this.remove(exchange);
    exchange.responseDone = true;
    exchange.problems |= this.doubt;
    this.emit(exchange, exchange.response === null ? 'lost' : 'response', null);
  }

  private endWithConnection(exchange: PendingExchange, ending: Ending, atUs: number): void {
    this.host.ended(exchange.beginning);
    if (!exchange.requestDone || (!exchange.responseDone && exchange.response !== null))
      exchange.problems |= problemBits['cut-short'];
    if (!exchange.certain) exchange.problems |= this.doubt;
    const outcome = outcomeOf(exchange, ending);
    if (exchange.requestDone && this.lacksAnswer(exchange, outcome)) exchange.problems |= problemBits['no-response'];
    this.emit(exchange, outcome, ending === 'unfinished' || outcome === 'lost' ? null : atUs);
  }

  private lacksAnswer(exchange: PendingExchange, outcome: Outcome): boolean {
    if (exchange.response !== null || exchange.answerMayBeLost) return false;
    return outcome === 'lost' || this.host.connection.direction === 'inbound';
  }

  private remove(exchange: PendingExchange): void {
    const place = this.pending.indexOf(exchange);
    if (place === 0) this.pending.shift();
    else if (place > 0) this.pending.splice(place, 1);
    this.host.ended(exchange.beginning);
  }

  private emit(exchange: PendingExchange, outcome: Outcome, endedAtUs: number | null): void {
    this.host.budget.giveBack(exchange.heldBytes);
    this.host.emit(exchange.toExchange(outcome, endedAtUs), exchange.problems);
  }
}

/** Messages of a request that were written with its answer are not with it. */
function lackOf(request: HttpRequest | null): number {
  return request !== null && request.body.bytes.length < request.body.wireSize ? problemBits.truncated : 0;
}

function outcomeOf(exchange: PendingExchange, ending: Ending): Outcome {
  if (exchange.responseDone || ending === 'unfinished') return exchange.response === null ? 'lost' : 'response';
  if (exchange.response === null && exchange.answerMayBeLost) return 'lost';
  return ending === 'refused' ? 'closed' : ending;
}

/** The last byte of both messages: a server may answer before the request is over. */
function endOf(exchange: PendingExchange): number | null {
  if (exchange.response === null) return null;
  return Math.max(exchange.response.endedAtUs, exchange.request?.endedAtUs ?? 0);
}
