/**
 * The streams of one connection, from their first frame to their exchange. Which answer belongs to which request the
 * stream's number says, so that nothing is ever paired by order; what is missing marks the streams it may have touched.
 *
 * Outcomes, in words:
 * - `response`  the answer's head was read, and nothing but the recorder, or the end of its stream, kept it from being whole;
 *               whole is also what has the length that was said, where its stream was left without a complaint
 * - `refused`   the server said that it did not take the request up (REFUSED_STREAM, or a GOAWAY below it)
 * - `reset`     one side gave the stream up before the answer was whole
 * - `closed`, `timeout`, and `reset` too: the connection ended that way before the answer was whole
 * - `lost`      whatever the answer was, the recorder has not seen it, or could not read its status
 * An outbound request without an answer is complete where that is what its client saw; an inbound one says `no-response`.
 */
import type { Side } from '../../../tape/model/content-model';
import type { Outcome } from '../../../tape/model/exchange';
import type { HttpRequest } from '../../../tape/model/http/http';
import { PassingMap } from '../../../tape/passing-map';
import type { Ending } from '../../follow/follower';
import { problemBits } from '../problems';
import type { Host, ParsedExchange } from '../protocol';
import { errorCodes } from './frame';
import { type Reset, Stream } from './stream';

/** What an exchange says of the stream that became one. */
export type Http2Exchange = Extract<ParsedExchange, { protocol: 'http2' }>;

export class Streams {
  private readonly open = new PassingMap<number, Stream>();
  private readonly byExchange = new PassingMap<number, Stream>();
  /** Streams whose request has not been seen and may come: that direction may be behind. */
  private readonly awaited = new Set<Stream>();
  /** The last streams that ended, and whether what still comes for them is counted as unread. */
  private readonly over = new PassingMap<number, boolean>();
  /** Numbers of a client only grow: below this one no request will be seen any more. */
  private highestAsked = 0;
  /** The highest stream that the server takes up. */
  private lastTakenUp = Number.POSITIVE_INFINITY;

  constructor(private readonly host: Host) {}

  all(): Iterable<Stream> {
    return this.open.values();
  }

  get(id: number): Stream | undefined {
    return this.open.get(id);
  }

  withExchange(number: number): Stream | undefined {
    return this.byExchange.get(number);
  }

  isOver(id: number): boolean {
    return this.over.has(id);
  }

  /** Whether frames that still come for it are none that anybody waits for: its peer has given it up. */
  isGivenUp(id: number): boolean {
    return this.over.get(id) === false;
  }

  wasAsked(id: number): boolean {
    return id % 2 === 1 && id <= this.highestAsked;
  }

  begin(id: number, atUs: number): Stream {
    if (this.open.size >= this.host.limits.pendingRequests) this.abandonOldest();
    const stream = new Stream(id, this.host.begin(), atUs, this.host);
    this.open.set(id, stream);
    this.byExchange.set(stream.beginning.number, stream);
    return stream;
  }

  /** Begun by what is not its request. `missing`: why its request will not come, where that is known. */
  beginUnasked(id: number, atUs: number, missing: number): Stream {
    const stream = this.begin(id, atUs);
    if (id % 2 === 0 || this.wasAsked(id)) this.missRequest(stream, missing);
    else {
      this.awaited.add(stream);
      this.host.wait();
    }
    return stream;
  }

  /** A request begins: those that would have come before it, and have not, are `missing`. */
  asked(stream: Stream, missing: number): void {
    this.awaited.delete(stream);
    if (stream.id % 2 === 0 || stream.id <= this.highestAsked) return;
    this.highestAsked = stream.id;
    for (const other of [...this.awaited]) {
      if (other.id > stream.id) continue;
      this.missRequest(other, missing);
      this.finishIfDone(other);
    }
  }

  /** The request of a connection that was upgraded. */
  upgraded(request: HttpRequest): void {
    const stream = this.begin(1, request.startedAtUs);
    this.host.budget.charge(request.body.bytes.length);
    stream.upgraded = request;
    const half = stream.request;
    half.begin(request.startedAtUs);
    half.endedAtUs = request.endedAtUs;
    half.done = true;
    this.highestAsked = 1;
  }

  goesAway(lastStream: number, atUs: number): void {
    this.lastTakenUp = Math.min(this.lastTakenUp, lastStream);
    for (const stream of [...this.open.values()]) this.refuseIfAbove(stream, atUs);
  }

  refuseIfAbove(stream: Stream, atUs: number): void {
    if (stream.id % 2 === 0 || stream.id <= this.lastTakenUp || !stream.request.done || stream.response.begun) return;
    this.finishReset(stream, { side: 'response', code: errorCodes.refusedStream, atUs });
  }

  finishIfDone(stream: Stream): void {
    if (stream.resetBy !== null && (stream.request.begun || stream.request.done)) {
      this.finishReset(stream, stream.resetBy);
      return;
    }
    if (!stream.request.done || !stream.response.done) return;
    if (this.awaited.has(stream)) return;
    this.remove(stream, true);
    this.emit(stream, stream.response.head === null ? 'lost' : 'response', endOf(stream));
  }

  finishReset(stream: Stream, reset: Reset): void {
    this.remove(stream, false);
    if (isCut(stream, isComplaint(reset))) stream.problems |= problemBits['cut-short'];
    const outcome = resetOutcome(stream, reset);
    if (this.lacksAnswer(stream, outcome)) stream.problems |= problemBits['no-response'];
    this.emit(stream, outcome, outcome === 'lost' ? null : reset.atUs);
  }

  /** The stream goes on as a tunnel, and its exchange is over unless that goes on in it. */
  finishAsTunnel(stream: Stream, goesOn: boolean): void {
    if (!goesOn) this.emit(stream, 'response', stream.response.endedAtUs);
    this.byExchange.delete(stream.beginning.number);
    this.host.ended(stream.beginning);
  }

  endTunnel(stream: Stream, ending: Ending, atUs: number): void {
    if (this.open.get(stream.id) !== stream) return;
    this.open.delete(stream.id);
    this.remember(stream.id, false);
    stream.tunnel?.close(ending, atUs);
  }

  /** True while a request is waited for. */
  expire(nowUs: number, missing: number): boolean {
    for (const stream of [...this.awaited]) {
      const sinceUs = stream.resetBy?.atUs ?? (stream.response.done ? stream.response.endedAtUs : nowUs);
      if (nowUs - sinceUs < this.host.limits.patienceUs) continue;
      this.missRequest(stream, missing);
      this.finishIfDone(stream);
    }
    return this.awaited.size > 0;
  }

  close(ending: Ending, atUs: number, missing: number): void {
    for (const stream of this.awaited) this.missRequest(stream, missing);
    for (const stream of [...this.open.values()]) {
      if (stream.tunnel === null) this.endWithConnection(stream, ending, atUs);
      else this.endTunnel(stream, ending, atUs);
    }
  }

  toExchange(stream: Stream, outcome: Outcome, endedAtUs: number | null): Http2Exchange {
    const { number, seq, cause } = stream.beginning;
    const startedAtUs = stream.startUs;
    // What is left of a body becomes its last message.
    const content = stream.content(outcome !== 'open');
    return {
      number,
      channel: stream.id,
      seq,
      protocol: 'http2',
      startedAtUs,
      // An answer may be seen before its request: stamps are taken on two CPUs, at the start and at the end of a call.
      durationUs: endedAtUs === null ? null : Math.max(0, endedAtUs - startedAtUs),
      content,
      outcome,
      cause,
      ...stream.takeMessages(),
    };
  }

  private missRequest(stream: Stream, missing: number): void {
    this.awaited.delete(stream);
    stream.request.done = true;
    stream.problems |= missing;
  }

  /** More streams at a time than can be kept. */
  private abandonOldest(): void {
    const oldest = this.open.values().next().value;
    if (oldest === undefined) return;
    this.remove(oldest, true);
    if (oldest.tunnel !== null) {
      oldest.tunnel.taint(problemBits.truncated);
      oldest.tunnel.close('unfinished', oldest.startedAtUs);
      return;
    }
    oldest.problems |= problemBits.truncated;
    this.emit(oldest, oldest.response.head === null ? 'lost' : 'response', null);
  }

  private endWithConnection(stream: Stream, ending: Ending, atUs: number): void {
    this.remove(stream, true);
    if (isCut(stream, false)) stream.problems |= problemBits['cut-short'];
    if (!stream.response.done) stream.problems |= stream.doubt;
    const outcome = this.outcomeAtEnd(stream, ending);
    if (this.lacksAnswer(stream, outcome)) stream.problems |= problemBits['no-response'];
    this.emit(stream, outcome, ending === 'unfinished' || outcome === 'lost' ? null : atUs);
  }

  private outcomeAtEnd({ id, response, doubt }: Stream, ending: Ending): Outcome {
    if (response.isWhole || ending === 'unfinished') return response.head === null ? 'lost' : 'response';
    if (response.head === null && (response.damage !== 0 || response.begun || doubt !== 0)) return 'lost';
    if (response.head === null && id > this.lastTakenUp) return 'refused';
    return ending === 'refused' ? 'closed' : ending;
  }

  private lacksAnswer({ request, response }: Stream, outcome: Outcome): boolean {
    if (!request.done || response.head !== null || response.begun || response.damage !== 0) return false;
    return outcome === 'lost' || this.host.connection.direction === 'inbound';
  }

  private remove(stream: Stream, countsRest: boolean): void {
    this.open.delete(stream.id);
    this.byExchange.delete(stream.beginning.number);
    this.awaited.delete(stream);
    this.remember(stream.id, countsRest);
    if (stream.tunnel === null) this.host.ended(stream.beginning);
  }

  private remember(id: number, countsRest: boolean): void {
    this.over.set(id, countsRest);
    if (this.over.size <= 2 * this.host.limits.pendingRequests) return;
    for (const oldest of this.over.keys()) {
      this.over.delete(oldest);
      return;
    }
  }

  private emit(stream: Stream, outcome: Outcome, endedAtUs: number | null): void {
    stream.markTruncation();
    const exchange = this.toExchange(stream, outcome, endedAtUs);
    const { request, response } = exchange.content;
    const bodies = (request?.body.bytes.length ?? 0) + (response?.body.bytes.length ?? 0);
    stream.request.drop();
    stream.response.drop();
    this.host.budget.giveBack(stream.heldBytes + bodies);
    this.host.emit(exchange, stream.problems);
  }
}

/** A message ends where its sender did not end it. `complained`: its length alone does not make it whole then. */
function isCut({ request, response }: Stream, complained: boolean): boolean {
  const isOver = (half: Stream[Side]) => (complained ? half.done : half.isWhole);
  return (request.begun && !isOver(request)) || (response.head !== null && !isOver(response));
}

/** Whoever gave the stream up says more than that it has what it needs. */
function isComplaint({ side, code }: Reset): boolean {
  if (code === errorCodes.none) return false;
  return side === 'response' || (code !== errorCodes.streamClosed && code !== errorCodes.cancel);
}

function resetOutcome({ response }: Stream, reset: Reset): Outcome {
  const { side, code } = reset;
  if (response.done) return response.head === null ? 'lost' : 'response';
  if (response.isWhole && !isComplaint(reset)) return 'response';
  if (response.head !== null) return 'reset';
  if (response.damage !== 0 || response.begun) return 'lost';
  return side === 'response' && code === errorCodes.refusedStream ? 'refused' : 'reset';
}

/** The last byte of both messages: a server may answer before the request is over. */
function endOf({ request, response }: Stream): number | null {
  return response.head === null ? null : Math.max(response.endedAtUs, request.endedAtUs);
}
