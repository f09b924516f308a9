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
 * that stands alone then takes the next answer, and the pair is kept back, on probation, with those that follow it: an
 * answer too many or a request too many says that they were shifted, and they are taken apart. If time passes without
 * that, or the connection ends, they were right, and so is the count from there on. A client that was seen to send
 * requests ahead of answers proves nothing by waiting: on its connections doubt stays. What this cannot see: a client
 * that begins unseen, and keeps a constant number of requests ahead for longer than probation lasts, without pausing.
 */
import type { Outcome } from '../../../tape/model/exchange';
import type { HttpRequest, HttpResponse, InformationalResponse } from '../../../tape/model/http/http';
import type { Ending } from '../../follow/follower';
import type { MessageQueue } from '../message-queue';
import { problemBits } from '../problems';
import type { Host } from '../protocol';
import { Draft } from './draft';

/** Pairs made in doubt on one connection: after so many without a sign of the contrary, the count is right. */
const longestProbation = 64;

type Turn = 'answer' | 'stray' | 'wait';

export class Pairing {
  /** The draft whose answer is being read. */
  answering: Draft | null = null;
  /** True once the connection is over: what could wait for the other direction no longer does. */
  closing = false;
  /** Requests whose exchange is not over, in order. */
  private readonly pending: Draft[] = [];
  /** Pairs made in doubt, oldest first. */
  private onProbation: Draft[] = [];
  private probationSinceUs = 0;
  /** Problem bits: why messages cannot be counted off; 0 where they can. */
  private doubt: number;
  /** True once the client is known to send requests before it has the answers to those before. */
  private pipelines = false;
  /**
   * True while it looks so: a request began, and of the answer to the one before nothing was seen. Where that answer
   * is missing, which shows only at the next one, it was no sign.
   */
  private seemsAhead = false;
  private nextIsStray = false;
  /** When the last answer without a request began: a request from before that, which comes late, may be its request. */
  private lastStrayAtUs = 0;
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
  get asking(): Draft | null {
    const last = this.pending.at(-1);
    return last === undefined || last.requestDone ? null : last;
  }

  /** The exchange of that number, where it is not over. */
  draftOf(number: number): Draft | null {
    const isIt = (draft: Draft) => draft.beginning.number === number;
    if (this.answering !== null && isIt(this.answering)) return this.answering;
    return this.pending.find(isIt) ?? null;
  }

  requestBegins(atUs: number): void {
    const draft = new Draft(this.host.begin(), atUs, this.doubt === 0);
    if (this.doubt !== 0) this.requestBeginsInDoubt(draft);
    else if (this.pending.length > 0) this.seemsAhead = true;
    this.pending.push(draft);
  }

  requestEnds(request: HttpRequest | null, problems: number): void {
    const draft = this.asking;
    if (draft === null) return;
    draft.request = request;
    draft.requestDone = true;
    draft.problems |= problems;
    this.finishIfDone(draft);
  }

  /** False where the answer has to wait for the request it belongs to. */
  responseBegins(atUs: number): boolean {
    if (this.answering !== null) return true; // the final answer after a 1xx
    this.pipelines ||= this.seemsAhead;
    const turn = this.turn();
    if (turn === 'wait') return false;
    this.answering = turn === 'answer' ? (this.pending[0] ?? null) : this.stray(atUs);
    this.nextIsStray = false;
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
    if (front.startedAtUs > beforeUs) this.nextIsStray = true;
  }

  informational(response: InformationalResponse): void {
    if (this.answering !== null) this.answering.informational = [...this.answering.informational, response];
  }

  responseEnds(response: HttpResponse | null, problems: number): void {
    const draft = this.answering;
    if (draft === null) return;
    this.answering = null;
    draft.response = response;
    draft.responseDone = true;
    draft.problems |= problems;
    this.lastAnswerDoubt = draft.problems | (draft.certain ? 0 : this.doubt);
    this.finishIfDone(draft);
  }

  /** The answer hands the connection over, and what becomes of the exchange is for who takes it: it is not emitted. */
  switches(response: HttpResponse): Draft | null {
    const draft = this.answering;
    if (draft === null) return null;
    this.answering = null;
    draft.response = response;
    draft.responseDone = true;
    this.remove(draft);
    return draft;
  }

  /** Requests are missing from here on, how many is not known; `partial` is what there is of the one under way. */
  breakRequests(partial: HttpRequest | null, problem: number): void {
    this.requestEnds(partial, problem);
    this.lose(problem);
  }

  /** Answers are missing from here on, how many is not known; `partial` is what there is of the one under way. */
  breakResponses(partial: HttpResponse | null, problem: number): void {
    this.responseEnds(partial, problem);
    this.seemsAhead = false;
    for (const draft of this.pending) this.doubtAnswer(draft, problem);
    this.lose(problem);
  }

  /** Gives up every request whose answer was not begun. */
  abandonPending(): void {
    for (const draft of [...this.pending]) if (draft !== this.answering) this.abandon(draft);
  }

  /** Something is missing, and nobody knows of which direction: of what is under way, or whole messages. */
  taint(problem: number): void {
    if (this.answering !== null) this.answering.problems |= problem;
    for (const draft of this.onProbation) draft.problems |= problem;
    for (const draft of this.pending) if (draft !== this.answering) this.doubtAnswer(draft, problem);
    this.seemsAhead = false;
    this.lose(problem);
  }

  /** True while a pair is on probation. */
  expire(nowUs: number): boolean {
    if (nowUs - this.probationSinceUs >= this.host.limits.patienceUs) this.confirm();
    return this.onProbation.length > 0;
  }

  /** The partial messages are what there is of those under way. */
  close(request: HttpRequest | null, response: HttpResponse | null, ending: Ending, atUs: number): void {
    // A request without an answer is one too many, unless its answer may just be on its way.
    const unanswered = this.pending.some((draft) => !draft.certain && draft !== this.answering);
    if (unanswered && ending !== 'unfinished') this.takeAllApart();
    this.confirm();
    if (this.asking !== null) this.asking.request = request;
    if (this.answering !== null) this.answering.response = response;
    const drafts = [...this.pending];
    if (this.answering !== null && !drafts.includes(this.answering)) drafts.push(this.answering);
    for (const draft of drafts) this.endWithConnection(draft, ending, atUs);
    this.pending.length = 0;
    this.answering = null;
  }

  private requestBeginsInDoubt(next: Draft): void {
    if (next.startedAtUs <= this.lastStrayAtUs) this.doubtAnswer(next, this.doubt);
    const last = this.pending.at(-1);
    if (last === undefined) return;
    if (!last.answerMayBeLost) {
      this.seemsAhead = true;
      this.takeAllApart();
    }
    for (const draft of this.pending.filter((pending) => !pending.certain)) {
      if (draft === this.answering) draft.mispaired = true;
      else this.abandon(draft);
    }
  }

  private turn(): Turn {
    if (this.nextIsStray) return 'stray';
    const front = this.pending[0];
    if (front === undefined) return this.doubt === 0 && !this.closing ? 'wait' : 'stray';
    if (!front.certain && !this.standsAlone(front)) return 'stray';
    const readable = front.method !== null || front.requestDone || this.closing;
    if (readable && !front.responseDone) return 'answer';
    return this.closing ? 'stray' : 'wait';
  }

  private standsAlone(front: Draft): boolean {
    return this.pending.length === 1 && !this.pipelines && !this.seemsAhead && !front.answerMayBeLost;
  }

  /** An answer without a request: the client did not ask (RFC 9112 9.2), or the request is among what is missing. */
  private stray(atUs: number): Draft {
    this.takeAllApart();
    const draft = new Draft(this.host.begin(), atUs, false);
    draft.stray = true;
    this.lastStrayAtUs = Math.max(this.lastStrayAtUs, atUs);
    draft.requestDone = true;
    if (this.doubt === 0) this.doubt = problemBits['parse-error'];
    draft.problems = this.doubt;
    return draft;
  }

  private lose(problem: number): void {
    this.doubt |= problem;
    this.takeAllApart();
  }

  private finishIfDone(draft: Draft): void {
    if (!draft.requestDone || !draft.responseDone) return;
    this.remove(draft);
    if (draft.mispaired) this.takeApart(draft);
    else if (draft.certain || draft.stray) this.finish(draft);
    else this.putOnProbation(draft);
  }

  private finish(draft: Draft): void {
    this.emit(draft, draft.response === null ? 'lost' : 'response', endOf(draft));
  }

  private putOnProbation(draft: Draft): void {
    if (this.onProbation.length === 0) this.probationSinceUs = endOf(draft) ?? draft.startedAtUs;
    this.onProbation.push(draft);
    if (this.onProbation.length >= longestProbation) this.confirm();
    else this.host.wait();
  }

  private confirm(): void {
    const drafts = this.onProbation;
    if (drafts.length === 0) return;
    this.onProbation = [];
    if (!this.pipelines && !this.seemsAhead) this.endDoubt();
    for (const draft of drafts) this.emit(draft, draft.response === null ? 'lost' : 'response', endOf(draft));
  }

  /** What was counted in doubt was counted right, and so is what waits. */
  private endDoubt(): void {
    this.doubt = 0;
    for (const draft of this.pending) draft.certain ||= !draft.answerMayBeLost && !draft.mispaired;
  }

  private takeAllApart(): void {
    const drafts = this.onProbation;
    this.onProbation = [];
    for (const draft of drafts) this.takeApart(draft);
  }

  /** The pair was none: the answer is an older request's, and this request's own may be anywhere. */
  private takeApart(draft: Draft): void {
    const { response, messages } = draft;
    if (response !== null && messages?.isGrowing === true) {
      this.emitRequestApart(draft, response);
      return;
    }
    const said = messages?.takeApart('server') ?? null;
    draft.response = null;
    draft.problems |= this.doubt;
    this.emit(draft, 'lost', null);
    if (response !== null) this.emitApart(response, said);
  }

  /** What was said in answer is on the tape under the number of the pair already: it is the request that gets another. */
  private emitRequestApart(draft: Draft, response: HttpResponse): void {
    const asked = new Draft(this.host.begin(), draft.startedAtUs, false);
    asked.request = draft.request;
    asked.messages = draft.messages?.takeApart('client') ?? null;
    asked.problems = draft.problems | this.doubt | lackOf(draft.request);
    this.host.ended(asked.beginning);
    this.emit(asked, 'lost', null);
    draft.request = null;
    draft.problems = this.doubt;
    this.emit(draft, 'response', response.endedAtUs);
  }

  private emitApart(response: HttpResponse, messages: MessageQueue | null): void {
    const answer = new Draft(this.host.begin(), response.startedAtUs, false);
    answer.response = response;
    answer.messages = messages;
    answer.problems = this.doubt;
    this.host.ended(answer.beginning);
    this.emit(answer, 'response', response.endedAtUs);
  }

  private doubtAnswer(draft: Draft, problem: number): void {
    draft.problems |= problem;
    draft.certain = false;
    draft.answerMayBeLost = true;
  }

  private abandon(draft: Draft): void {
    this.remove(draft);
    draft.responseDone = true;
    draft.problems |= this.doubt;
    this.emit(draft, draft.response === null ? 'lost' : 'response', null);
  }

  private endWithConnection(draft: Draft, ending: Ending, atUs: number): void {
    this.host.ended(draft.beginning);
    if (!draft.requestDone || (!draft.responseDone && draft.response !== null))
      draft.problems |= problemBits['cut-short'];
    if (!draft.certain) draft.problems |= this.doubt;
    const outcome = outcomeOf(draft, ending);
    if (draft.requestDone && this.lacksAnswer(draft, outcome)) draft.problems |= problemBits['no-response'];
    this.emit(draft, outcome, ending === 'unfinished' || outcome === 'lost' ? null : atUs);
  }

  private lacksAnswer(draft: Draft, outcome: Outcome): boolean {
    if (draft.response !== null || draft.answerMayBeLost) return false;
    return outcome === 'lost' || this.host.connection.direction === 'inbound';
  }

  private remove(draft: Draft): void {
    const place = this.pending.indexOf(draft);
    if (place >= 0) this.pending.splice(place, 1);
    this.host.ended(draft.beginning);
  }

  private emit(draft: Draft, outcome: Outcome, endedAtUs: number | null): void {
    this.host.budget.giveBack(draft.heldBytes);
    this.host.emit(draft.toExchange(outcome, endedAtUs), draft.problems);
  }
}

/** Messages of a request that were written with its answer are not with it. */
function lackOf(request: HttpRequest | null): number {
  return request !== null && request.body.bytes.length < request.body.wireSize ? problemBits.truncated : 0;
}

function outcomeOf(draft: Draft, ending: Ending): Outcome {
  if (draft.responseDone || ending === 'unfinished') return draft.response === null ? 'lost' : 'response';
  if (draft.response === null && draft.answerMayBeLost) return 'lost';
  return ending === 'refused' ? 'closed' : ending;
}

/** The last byte of both messages: a server may answer before the request is over. */
function endOf(draft: Draft): number | null {
  if (draft.response === null) return null;
  return Math.max(draft.response.endedAtUs, draft.request?.endedAtUs ?? 0);
}
