/**
 * Both directions of one HTTP/2 connection: what the two lanes tell becomes requests and answers of streams. Neither
 * direction waits for the other: frames say which stream they belong to, and what is behind is waited for by stream.
 */
import { headerValue } from '../../../tape/model/body';
import type { Side } from '../../../tape/model/content-model';
import { type HttpRequest, keptBytesOf } from '../../../tape/model/http/http';
import type { GapReason } from '../../follow/byte-stream';
import type { Ending } from '../../follow/follower';
import { problemBits, problemOfGap } from '../problems';
import type { Conversation, ConversationStart, Host, SoFar } from '../protocol';
import { type FrameHead, frameTypes } from './frame';
import { hasPseudo, regularFields, requestHead, responseHead } from './heads';
import { Lane, type LaneListener, type PlacedBlock } from './lane';
import type { Stream } from './stream';
import { Streams } from './streams';
import { endingOf, endsInTunnel, isConnected, openTunnel, tunnelSoFar } from './tunnels';

/** A plain send is stamped at its end: a request may be this much older than it says. Plaintext of TLS is not late. */
const plainSendIsLateUs = 50_000;

export class Http2Conversation implements Conversation, LaneListener {
  private readonly requests: Lane;
  private readonly responses: Lane;
  private readonly streams: Streams;

  constructor(
    private readonly host: Host,
    { missed, handOver }: ConversationStart,
  ) {
    this.streams = new Streams(host);
    this.requests = new Lane('request', host, this, missed);
    this.responses = new Lane('response', host, this, missed);
    const asked = handOver?.to === 'http2' ? handOver.facts.request : null;
    if (asked !== null) this.goOnFrom(asked);
  }

  // The connection's side.

  data(side: Side, bytes: Uint8Array, atUs: number): void {
    this.laneOf(side).data(bytes, atUs);
  }

  gap(side: Side, size: number, reason: GapReason, atUs: number): void {
    this.laneOf(side).gap(size, reason, atUs);
  }

  taint(problem: number): void {
    for (const stream of this.streams.all()) {
      stream.problems |= problem;
      stream.tunnel?.taint(problem);
    }
  }

  close(ending: Ending, atUs: number): void {
    this.requests.close();
    this.responses.close();
    this.streams.close(ending, atUs, this.whyUnasked());
  }

  expire(nowUs: number): boolean {
    const tunnels = [...this.streams.all()].map(({ tunnel }) => tunnel?.expire(nowUs) ?? false);
    return this.streams.expire(nowUs, this.whyUnasked()) || tunnels.includes(true);
  }

  soFar(number: number): SoFar | null {
    const stream = this.streams.withExchange(number);
    if (stream === undefined) return tunnelSoFar(this.streams.all(), number);
    if (!stream.hasRequest) return null;
    const exchange = this.streams.toExchange(stream, 'open', null);
    const rewrittenBytes = keptBytesOf(exchange.content);
    return { exchange, problems: stream.problems, progress: stream.progress, rewrittenBytes };
  }

  // The lanes' side.

  block(side: Side, block: PlacedBlock): void {
    if (block.promised !== 0) this.promise(block);
    else if (side === 'request') this.requestBlock(block);
    else this.responseBlock(block);
  }

  body(side: Side, id: number, bytes: Uint8Array, atUs: number): void {
    const stream = this.streams.get(id);
    if (stream === undefined) {
      if (!this.streams.isGivenUp(id)) this.host.unread(bytes.length);
    } else if (stream.tunnel !== null) stream.tunnel.data(side, bytes, atUs);
    else if (stream[side].head === null) this.headless(stream, side, bytes.length);
    else stream[side].append(bytes, atUs);
  }

  bodyLost(side: Side, id: number, size: number, reason: GapReason, atUs: number): void {
    const stream = this.streams.get(id);
    if (stream === undefined) return;
    if (stream.tunnel !== null) {
      stream.tunnel.gap(side, size, reason, atUs);
      return;
    }
    stream.problems |= problemOfGap(reason);
    stream[side].skip(size, problemOfGap(reason), atUs);
  }

  streamEnds(side: Side, id: number, atUs: number): void {
    const stream = this.streams.get(id);
    if (stream !== undefined) this.ends(stream, side, atUs);
  }

  streamReset(side: Side, id: number, code: number, atUs: number): void {
    if (this.streams.isOver(id)) return;
    let stream = this.streams.get(id);
    // The client may give up what it asked where nobody saw it ask; a server may only do so before it was seen to.
    if (stream === undefined && (side === 'request' || this.streams.wasAsked(id))) return;
    stream ??= this.streams.beginUnasked(id, atUs, this.whyUnasked());
    if (stream.tunnel !== null) {
      this.streams.endTunnel(stream, endingOf({ code }), atUs);
      return;
    }
    stream.resetBy = { side, code, atUs };
    this.streams.finishIfDone(stream);
  }

  goesAway(side: Side, lastStream: number, atUs: number): void {
    if (side === 'response') this.streams.goesAway(lastStream, atUs);
  }

  allowsTable(side: Side, bytes: number): void {
    this.laneOf(side === 'request' ? 'response' : 'request').table.allow(bytes);
  }

  broken(side: Side, problem: number): void {
    for (const stream of this.streams.all()) {
      if (stream.tunnel !== null) stream.tunnel.taint(problem, side);
      else if (!stream[side].done) this.damage(stream, side, problem);
      // That it was given up may be among what is missing.
      else if (!stream.response.done) stream.doubt |= problem;
    }
  }

  mayBe(side: Side, { type, stream: id }: FrameHead): boolean {
    if (id === 0 || this.streams.get(id) !== undefined || this.streams.isOver(id)) return true;
    if (type === frameTypes.headers && side === 'request') return id % 2 === 1 && !this.streams.wasAsked(id);
    return this.laneOf('request').doubt !== 0 || this.laneOf('response').doubt !== 0;
  }

  // Requests.

  /** The request that asked for HTTP/2 is the first one of it (RFC 7540, 3.2), and its settings came with it. */
  private goOnFrom(request: HttpRequest): void {
    this.streams.upgraded(request);
    const settings = headerValue(request.headers, 'http2-settings');
    if (settings !== undefined) this.requests.settings(Buffer.from(settings, 'base64url'));
  }

  private requestBlock(block: PlacedBlock): void {
    const stream = this.streams.get(block.stream) ?? this.askedStream(block);
    if (stream === null || stream.tunnel !== null) return;
    if (stream.request.begun) this.takeTrailers(stream, 'request', block);
    else this.takeRequest(stream, block);
    if (block.endsStream) this.ends(stream, 'request', block.endedAtUs);
    else if (stream.tunnel === null) this.streams.finishIfDone(stream);
  }

  /** Null where the block belongs to a stream that is over, or to one whose request was missed. */
  private askedStream(block: PlacedBlock): Stream | null {
    const { stream: id } = block;
    if (id % 2 === 0 || this.streams.isOver(id) || this.streams.wasAsked(id) || isTrailers(block)) return null;
    return this.streams.begin(id, block.startedAtUs);
  }

  private takeRequest(stream: Stream, block: PlacedBlock): void {
    this.streams.asked(stream, this.whyUnasked());
    const { request } = stream;
    request.begin(block.startedAtUs);
    request.endedAtUs = block.endedAtUs;
    const head = requestHead(block.fields);
    stream.problems |= block.problems;
    if (isTooLong(block) || (head !== null && !request.takeHead(head))) stream.problems |= problemBits.truncated;
    else if (head === null && block.problems === 0) stream.problems |= problemBits['parse-error'];
    const lateUs = this.host.connection.tls === null ? plainSendIsLateUs : 0;
    if (block.startedAtUs - lateUs <= this.responses.brokenAtUs) this.damage(stream, 'response', this.responses.doubt);
    if (isConnected(stream)) openTunnel(stream, this.host, this.streams);
  }

  private promise(block: PlacedBlock): void {
    if (this.streams.get(block.promised) !== undefined || this.streams.isOver(block.promised)) return;
    const stream = this.streams.begin(block.promised, block.startedAtUs);
    this.takeRequest(stream, block);
    this.ends(stream, 'request', block.endedAtUs);
  }

  // Answers.

  private responseBlock(block: PlacedBlock): void {
    const stream = this.streams.get(block.stream) ?? this.answeredStream(block);
    if (stream === null || stream.tunnel !== null) return;
    if (stream.response.head === null) this.takeResponse(stream, block);
    else this.takeTrailers(stream, 'response', block);
    if (block.endsStream) this.ends(stream, 'response', block.endedAtUs);
  }

  private answeredStream(block: PlacedBlock): Stream | null {
    const { stream: id } = block;
    if (this.streams.isOver(id) || isTrailers(block)) return null;
    return this.streams.beginUnasked(id, block.startedAtUs, this.whyUnasked());
  }

  private takeResponse(stream: Stream, block: PlacedBlock): void {
    const { response } = stream;
    const head = responseHead(block.fields);
    response.endedAtUs = block.endedAtUs;
    stream.problems |= block.problems;
    if (head !== null && head.status < 200 && !isTooLong(block)) {
      if (response.holdFields(head.headers)) stream.informational = [...stream.informational, head];
      else stream.problems |= problemBits.truncated;
      return;
    }
    response.begin(block.startedAtUs);
    if (isTooLong(block) || (head !== null && !response.takeHead(head))) stream.problems |= problemBits.truncated;
    else if (head === null && block.problems === 0) stream.problems |= response.damage || problemBits['parse-error'];
    if (!block.endsStream && isConnected(stream)) openTunnel(stream, this.host, this.streams);
  }

  // Both.

  private takeTrailers(stream: Stream, side: Side, block: PlacedBlock): void {
    const half = stream[side];
    half.endedAtUs = block.endedAtUs;
    stream.problems |= block.problems;
    const fields = regularFields(block.fields);
    if (isTooLong(block) || !half.holdFields(fields)) stream.problems |= problemBits.truncated;
    else if (fields.length > 0) half.trailers = fields;
  }

  private ends(stream: Stream, side: Side, atUs: number): void {
    if (stream.tunnel !== null) {
      endsInTunnel(stream, side, atUs, this.streams);
      return;
    }
    const half = stream[side];
    half.endedAtUs = atUs;
    half.done = true;
    if (!half.begun && side === 'response') stream.problems |= this.responses.doubt || problemBits['parse-error'];
    if (side === 'request') this.streams.refuseIfAbove(stream, atUs);
    if (this.streams.get(stream.id) === stream) this.streams.finishIfDone(stream);
  }

  /** Bytes of a body whose head is not known belong to no message. */
  private headless(stream: Stream, side: Side, size: number): void {
    this.host.unread(size);
    const half = stream[side];
    if (!half.begun) stream.problems |= half.damage || this.laneOf(side).doubt || problemBits['parse-error'];
    half.begun = true;
  }

  private damage(stream: Stream, side: Side, problem: number): void {
    stream.problems |= problem;
    // A body whose head is still to come is none that something is missing of.
    if (stream[side].head === null) stream[side].damage |= problem;
    else stream[side].skip(0, problem);
  }

  /** Why a request is not there, where there is an answer. */
  private whyUnasked(): number {
    return this.requests.doubt || problemBits['parse-error'];
  }

  private laneOf(side: Side): Lane {
    return side === 'request' ? this.requests : this.responses;
  }
}

/** A whole block without pseudo-headers opens nothing. */
function isTrailers({ problems, fields }: PlacedBlock): boolean {
  return problems === 0 && !hasPseudo(fields);
}

function isTooLong({ problems }: PlacedBlock): boolean {
  return (problems & problemBits.truncated) !== 0;
}
