/**
 * Both directions of one HTTP/1 connection: two readers, and what makes one wait for the other. The method decides
 * whether an answer has a body, and the answer decides whether a connection is handed over, so each direction is held
 * where it needs to know what the other one says; arrival order decides nothing.
 */
import { http2Name, nameOfUpgrade } from '../../../tape/http/upgrade';
import type { Side } from '../../../tape/model/content-model';
import { type HttpContent, keptBytesOf } from '../../../tape/model/http/http';
import type { GapReason } from '../../follow/byte-stream';
import type { Ending } from '../../follow/follower';
import { bodyReaderFor } from '../body-reader';
import { MessageFinder } from '../message-finder';
import { type MessageQueue, queueFor } from '../message-queue';
import { problemBits, problemOfGap, problemWordOfGap } from '../problems';
import type { Conversation, Host, SoFar, Successor, Upgraded } from '../protocol';
import { recognise } from './boundary';
import { MessageReader, type MessageSink, type ReadStop } from './message-reader';
import { Pairing } from './pairing';
import type { PendingExchange } from './pending-exchange';
import { acceptsWebSocket } from './upgrade';

/** Bytes, or a gap, that wait. */
interface Waiting {
  readonly bytes: Uint8Array | null;
  readonly gap: number;
  readonly reason: GapReason;
  readonly atUs: number;
}

/**
 * An answer cannot come before its request. Plaintext of TLS is stamped when it begins to be written and when it has been
 * read, so the stamps say which was first; a plain send is stamped at its end, which may be this much late.
 */
const plainSendIsLateUs = 50_000;
const nothingLacks: GapReason = 'hole';

class Lane {
  /** Where the next message begins is not known. */
  seeker: MessageFinder | null = null;
  /** What came since the reader stopped; null while it reads. */
  queue: Waiting[] | null = null;
  queuedBytes = 0;
  /** Why it stopped: in front of an answer without a request, or behind a request that asks for an upgrade. */
  stoppedBy: 'waits' | 'upgrade' | null = null;

  constructor(
    readonly side: Side,
    readonly reader: MessageReader,
  ) {}

  seek(): void {
    this.reader.reset();
    this.stoppedBy = null;
    this.seeker = new MessageFinder((bytes) => recognise(this.side, bytes));
  }
}

export class HttpConversation implements Conversation, MessageSink {
  private readonly requests: Lane;
  private readonly responses: Lane;
  private readonly pairing: Pairing;
  /** The last request that asked for an upgrade. */
  private upgrading: PendingExchange | null = null;
  /** The protocol that the server said it changes over to. */
  private upgradedTo: string | null = null;
  /** The exchange in which it said so. */
  private changeOver: HttpContent | null = null;
  /** The exchange that ended in the change, where it goes on in the other protocol. */
  private goingOn: Upgraded | null = null;
  /** Who reads the connection since it was handed over. */
  private successor: Successor | null = null;
  /** While bytes are read that have not waited before: what waits of them has to be copied. */
  private isLent = false;
  /** The client closes before the server has ended. */
  private wasLeft = false;

  constructor(
    private readonly host: Host,
    missed: number,
  ) {
    this.requests = new Lane('request', new MessageReader('request', this, host));
    this.responses = new Lane('response', new MessageReader('response', this, host));
    this.pairing = new Pairing(host, missed);
    if (missed === 0) return;
    this.requests.seek();
    this.responses.seek();
  }

  data(side: Side, bytes: Uint8Array, atUs: number): void {
    const lane = side === 'request' ? this.requests : this.responses;
    this.isLent = true;
    if (lane.queue === null) this.feed(lane, bytes, atUs);
    else this.enqueue(lane, { bytes, gap: 0, reason: nothingLacks, atUs });
    this.isLent = false;
    this.release();
  }

  gap(side: Side, size: number, reason: GapReason, atUs: number): void {
    if (reason === 'left-out' && this.isBetweenExchanges()) {
      this.pairing.leaveOut(problemOfGap(reason));
      return;
    }
    const lane = side === 'request' ? this.requests : this.responses;
    if (lane.queue === null) this.passGap(lane, size, reason, atUs);
    else this.enqueue(lane, { bytes: null, gap: size, reason, atUs });
    this.release();
  }

  /** Everything that was asked is answered, and nobody is speaking. */
  private isBetweenExchanges(): boolean {
    const lanes = [this.requests, this.responses];
    const areAtRest = lanes.every(({ queue, seeker, reader }) => !queue && !seeker && reader.stage === 'between');
    return this.successor === null && areAtRest && this.pairing.isAtRest;
  }

  taint(problem: number): void {
    this.pairing.taint(problem);
  }

  expire(nowUs: number): boolean {
    return this.pairing.expire(nowUs);
  }

  soFar(number: number): SoFar | null {
    const exchange = this.pairing.pendingOf(number);
    if (exchange === null) return null;
    const request = exchange.request ?? (exchange === this.pairing.asking ? this.requests.reader.requestSoFar() : null);
    if (request === null && !exchange.requestDone) return null;
    const isAnswering = exchange === this.pairing.answering;
    const response =
      exchange.response ?? (isAnswering ? this.responses.reader.responseSoFar(exchange.informational) : null);
    if (request === null && response === null) return null;
    const content = { request, response };
    return {
      exchange: { ...exchange.toExchange('open', null), content },
      problems: exchange.problems,
      progress: progressOf(content) + (exchange.messages?.count ?? 0),
      rewrittenBytes: keptBytesOf(content), // the messages of an event stream are not written again
    };
  }

  leaves(): void {
    this.wasLeft = true;
  }

  close(ending: Ending, atUs: number): void {
    this.pairing.closing = true;
    this.release();
    if (this.successor !== null) return;
    if (ending === 'closed' && !this.wasLeft) this.responses.reader.finish(atUs);
    const request = this.requests.reader.takeRequest();
    const response = this.responses.reader.takeResponse(this.pairing.answering?.informational ?? []);
    this.pairing.close(request, response, ending, atUs);
    this.end();
  }

  messageBegins(side: Side, atUs: number): boolean {
    if (side === 'response') {
      this.pairing.refuseEarlierAnswer(atUs + this.toleranceUs);
      return this.pairing.responseBegins(atUs);
    }
    if (this.pairing.pendingRequests >= this.host.limits.pendingRequests) return false;
    this.pairing.requestBegins(atUs);
    return true;
  }

  headRead(side: Side, reader: MessageReader): number {
    const exchange = side === 'request' ? this.pairing.asking : this.pairing.answering;
    if (exchange === null) return 0;
    if (!this.host.budget.take(reader.headLength)) return reader.refuseHead();
    exchange.headBytes += reader.headLength;
    return side === 'request' ? this.requestHeadRead(exchange, reader) : this.responseHeadRead(exchange, reader);
  }

  messageEnds(side: Side, reader: MessageReader): void {
    const problems = reader.bodyIsTruncated ? problemBits.truncated : 0;
    if (side === 'response' && reader.status === 101) this.switches(reader);
    else if (side === 'request') this.pairing.requestEnds(reader.takeRequest(), problems);
    else if (isInformational(reader.status))
      this.pairing.informational({ status: reader.status, headers: reader.headers });
    else this.pairing.responseEnds(reader.takeResponse(this.pairing.answering?.informational ?? []), problems);
  }

  private get toleranceUs(): number {
    return this.host.connection.tls === null ? plainSendIsLateUs : 0;
  }

  private requestHeadRead(exchange: PendingExchange, reader: MessageReader): number {
    exchange.method = reader.methodName;
    if (reader.upgrade) this.upgrading = exchange;
    reader.splitBody(
      bodyReaderFor({ headers: reader.headers, from: 'client' }, this.host, () => this.queueOf(exchange)),
    );
    return 0;
  }

  private responseHeadRead(exchange: PendingExchange, { headers, status }: MessageReader): number {
    if (!isInformational(status)) {
      this.responses.reader.splitBody(
        bodyReaderFor({ headers, from: 'server' }, this.host, () => this.queueOf(exchange)),
      );
    }
    return bodyRule(exchange.method, status);
  }

  private queueOf(exchange: PendingExchange): MessageQueue {
    exchange.messages ??= queueFor(this.host, exchange);
    return exchange.messages;
  }

  /** The server changes over to another protocol. */
  private switches(reader: MessageReader): void {
    this.upgradedTo = nameOfUpgrade(reader.headers);
    const request = this.pairing.answering?.request ?? null;
    const response = reader.takeResponse(this.pairing.answering?.informational ?? []);
    const isAsked = this.requests.stoppedBy === 'upgrade' && reader.upgrade;
    if (isAsked && request !== null && response !== null && acceptsWebSocket(request, response)) {
      this.goingOn = this.pairing.switches(response)?.upgraded() ?? null;
      return;
    }
    this.changeOver = { request, response };
    this.pairing.responseEnds(response, 0);
  }

  private feed(lane: Lane, bytes: Uint8Array, atUs: number): void {
    if (this.successor !== null) {
      this.successor.data(lane.side, bytes, atUs);
      return;
    }
    if (lane.side === 'response' && this.mayFollowHead(bytes)) {
      this.stopReading(lane, this.pairing.answering?.problems || problemBits['parse-error']);
    }
    if (lane.seeker === null) {
      this.read(lane, bytes, 0, atUs);
      return;
    }
    const found = lane.seeker.find(bytes, atUs);
    this.countUnread(lane.seeker);
    if (found === null) return;
    const { foundAtUs } = lane.seeker;
    lane.seeker = null;
    this.read(lane, found, 0, foundAtUs);
  }

  /**
   * The method of an answer whose request was not read may have been HEAD: where its body would begin, a message begins
   * then, and taking it for the body would shift everything behind it.
   */
  private mayFollowHead(bytes: Uint8Array): boolean {
    if (this.pairing.answering?.method !== null || !this.responses.reader.awaitsBody) return false;
    return recognise('response', bytes) !== 'no';
  }

  private read(lane: Lane, bytes: Uint8Array, start: number, atUs: number): void {
    let stop = lane.reader.read(bytes, start, atUs);
    while (stop === 'waits' && lane.side === 'request') {
      this.ignoreResponses();
      stop = lane.reader.read(bytes, lane.reader.stoppedAt, atUs);
    }
    if (stop !== 'end') this.stopped(lane, stop, bytes.subarray(lane.reader.stoppedAt), atUs);
  }

  private stopped(lane: Lane, stop: Exclude<ReadStop, 'end'>, rest: Uint8Array, atUs: number): void {
    switch (stop) {
      case 'waits':
        this.hold(lane, stop, rest, atUs);
        return;
      case 'upgrade':
        if (lane.side === 'request') this.hold(lane, stop, rest, atUs);
        else this.handOver(rest, atUs);
        return;
      case 'invalid':
        this.stopReading(lane, problemBits['parse-error']);
        break;
      case 'too-long':
        this.stopReading(lane, problemBits.truncated);
        break;
    }
    this.host.unread(rest.length);
  }

  private hold(lane: Lane, stop: 'waits' | 'upgrade', rest: Uint8Array, atUs: number): void {
    lane.stoppedBy = stop;
    lane.queue = [];
    if (rest.length > 0) this.enqueue(lane, { bytes: rest, gap: 0, reason: nothingLacks, atUs });
  }

  private enqueue(lane: Lane, item: Waiting): void {
    const size = costOf(item);
    const room = this.host.budget.take(size);
    if (!room) this.host.budget.charge(size);
    lane.queue?.push(this.isLent && item.bytes !== null ? { ...item, bytes: new Uint8Array(item.bytes) } : item);
    lane.queuedBytes += size;
    if (!room || lane.queuedBytes > this.host.limits.heldBytes) this.stopWaiting(lane);
  }

  /** More came than can be held: the other direction lacks what this one waits for. */
  private stopWaiting(lane: Lane): void {
    if (lane.side === 'response') {
      this.stopReading(this.requests, problemBits['lost-bytes']);
      return;
    }
    this.pairing.breakRequests(null, problemBits.truncated);
    this.leave(lane);
    lane.seek();
  }

  /** More requests without answers than can be kept. */
  private ignoreResponses(): void {
    this.stopReading(this.responses, problemBits.truncated);
    this.pairing.abandonPending();
  }

  /** Lets go on what no longer has to wait. */
  private release(): void {
    for (;;) {
      const { queue, stoppedBy } = this.responses;
      const first = queue?.[0];
      if (first !== undefined) this.pairing.refuseEarlierAnswer(first.atUs + this.toleranceUs);
      if (stoppedBy === 'waits' && this.pairing.canAnswer) this.drain(this.responses);
      else if (this.requests.stoppedBy === 'upgrade' && this.upgrading?.responseDone !== false)
        this.drain(this.requests);
      else return;
    }
  }

  private drain(lane: Lane): void {
    const items = lane.queue ?? [];
    const by = lane.stoppedBy;
    this.unhold(lane);
    if (by === 'upgrade') lane.reader.resumeAfterUpgrade();
    for (const item of items) {
      if (lane.queue !== null) this.enqueue(lane, item);
      else if (item.bytes !== null) this.feed(lane, item.bytes, item.atUs);
      else this.passGap(lane, item.gap, item.reason, item.atUs);
    }
  }

  private unhold(lane: Lane): void {
    this.host.budget.giveBack(lane.queuedBytes);
    lane.queue = null;
    lane.queuedBytes = 0;
    lane.stoppedBy = null;
  }

  private passGap(lane: Lane, size: number, reason: GapReason, atUs: number): void {
    if (this.successor !== null) {
      this.successor.gap(lane.side, size, reason, atUs);
      return;
    }
    const skipped = lane.seeker === null ? this.skip(lane, size, reason, atUs) : 0;
    if (skipped === size) return;
    if (lane.queue === null) this.stopReading(lane, problemOfGap(reason));
    else this.enqueue(lane, { bytes: null, gap: size - skipped, reason, atUs });
  }

  /** Passes over what framing allows to pass over; what it touches is marked before it can end. */
  private skip(lane: Lane, size: number, reason: GapReason, atUs: number): number {
    this.mark(lane.side, problemOfGap(reason));
    const stop = lane.reader.skip(size, problemWordOfGap(reason), atUs);
    const skipped = lane.reader.stoppedAt;
    if (stop !== 'end') this.stopped(lane, stop, new Uint8Array(0), atUs);
    return skipped;
  }

  private mark(side: Side, problem: number): void {
    const exchange = side === 'request' ? this.pairing.asking : this.pairing.answering;
    if (exchange !== null) exchange.problems |= problem;
  }

  /** Nothing in this direction can be relied on until a message begins again. */
  private stopReading(lane: Lane, problem: number): void {
    if (lane.seeker !== null) {
      lane.seeker.giveUp();
      this.countUnread(lane.seeker);
    }
    if (lane.side === 'request') this.pairing.breakRequests(lane.reader.takeRequest(), problem);
    else this.breakResponses(problem);
    this.leave(lane);
    lane.seek();
  }

  private breakResponses(problem: number): void {
    const informational = this.pairing.answering?.informational ?? [];
    this.pairing.breakResponses(this.responses.reader.takeResponse(informational), problem);
    // The answer to an upgrade may be among what is missing: what the client sends may be another protocol already.
    if (this.requests.stoppedBy !== 'upgrade') return;
    this.leave(this.requests);
    this.requests.seek();
  }

  private handOver(rest: Uint8Array, atUs: number): void {
    const successor = this.handedOver();
    this.successor = successor;
    this.pairing.close(this.requests.reader.takeRequest(), null, 'closed', atUs);
    const sent = this.requests.queue ?? [];
    this.unhold(this.requests);
    for (const item of sent) {
      if (item.bytes !== null) successor.data('request', item.bytes, item.atUs);
      else successor.gap('request', item.gap, item.reason, item.atUs);
    }
    if (rest.length > 0) successor.data('response', rest, atUs);
    this.end();
  }

  private handedOver(): Successor {
    if (this.goingOn !== null) return this.host.handOver({ to: 'websocket', missed: 0, facts: this.goingOn });
    // A client that did not ask, or whose request is not whole: at which byte it changes over is not known.
    const unasked = this.requests.stoppedBy === 'upgrade' ? 0 : problemBits['parse-error'];
    const missed = this.pairing.lastAnswerDoubt || unasked;
    // Without a change of protocol it was CONNECT.
    if (this.changeOver === null && missed === 0) return this.host.openInside();
    if (this.upgradedTo === http2Name && this.changeOver !== null)
      return this.host.handOver({ to: 'http2', missed, facts: this.changeOver });
    return this.host.handOver({ to: null, missed, named: this.upgradedTo });
  }

  private end(): void {
    for (const lane of [this.requests, this.responses]) {
      this.leave(lane);
      if (lane.seeker !== null) this.countUnread(lane.seeker);
      lane.reader.free();
    }
  }

  /** Gives up what waits in a direction. */
  private leave(lane: Lane): void {
    for (const item of lane.queue ?? []) this.host.unread(item.bytes?.length ?? 0);
    this.unhold(lane);
  }

  private countUnread(seeker: MessageFinder): void {
    this.host.unread(seeker.passedBytes);
    seeker.passedBytes = 0;
  }
}

/** Grows with every byte of a body, and with each head. */
function progressOf({ request, response }: HttpContent): number {
  const heads = (request === null ? 0 : 1) + (response === null ? 0 : 1 + response.informational.length);
  return heads + (request?.body.wireSize ?? 0) + (response?.body.wireSize ?? 0);
}

function isInformational(status: number): boolean {
  return status < 200 && status !== 101;
}

/** What llhttp has to be told of the body (RFC 9112 6.3): 0 as the headers say, 1 none, 2 none and a tunnel follows. */
function bodyRule(method: string | null, status: number): number {
  if (status === 101) return 0;
  if (isInformational(status) || method === 'HEAD') return 1;
  return method === 'CONNECT' && status < 300 ? 2 : 0;
}

function costOf(item: Waiting): number {
  return (item.bytes?.length ?? 0) + 64;
}
