/**
 * Reads the messages of one direction out of the bytes llhttp is fed. Knows one message at a time and nothing of the
 * other direction; what a message answers is the conversation's affair. Body bytes are copied once.
 */

import { codingsOf } from '../../../tape/http/codings';
import { returned } from '../../../tape/memo';
import type { Body, HeaderList } from '../../../tape/model/body';
import type { Side } from '../../../tape/model/content-model';
import type { Problem } from '../../../tape/model/exchange';
import type { HttpRequest, HttpResponse, InformationalResponse } from '../../../tape/model/http/http';
import { BodyBuffer } from '../body-buffer';
import type { BodyReader, MessageMemory } from '../body-reader';
import { HeadText, nameSpan, noHeaders, startSpan, valueSpan } from './head-text';
import { badLineEnd, flagBits, type Leniency, Llhttp, type LlhttpListener, methodNames, stops } from './llhttp';
import { type KeptMessage, SeenMessage } from './seen-message';

/** What the reader of a direction is told. Returns are those of `LlhttpListener`. */
export interface MessageSink {
  /** False: not yet; the reader stops in front of the message. */
  messageBegins(side: Side, atUs: number): boolean;
  headRead(side: Side, reader: MessageReader): number;
  messageEnds(side: Side, reader: MessageReader): void;
}

/**
 * `waits`: in front of a message that may not begin yet; `upgrade`: behind a message after which another protocol may
 * follow; `invalid`: the bytes are not what HTTP allows; `too-long`: the head or the trailers pass the limit.
 */
export type ReadStop = 'end' | 'waits' | 'upgrade' | 'invalid' | 'too-long';

/** What real peers accept is read; see docs/decisions/0021-how-lenient-http-parsing-is.md for each. */
export const leniencies: readonly Leniency[] = [
  'headers',
  'chunked_length',
  'keep_alive',
  'optional_cr_before_lf',
  'spaces_after_chunk_size',
];

/** Shorter body pieces are copied to llhttp like everything else: skipping the copy would not pay. */
const worthSkimming = 1024;
const nothing = new Uint8Array(0);
/** What a callback returns to end the parsing of a message. */
const refuse = 3;

export class MessageReader implements LlhttpListener {
  /** Where the last `read` stopped in the bytes it was given. */
  stoppedAt = 0;
  /** Facts of the message in hand; the head's are valid from `headRead` on. */
  stage: 'between' | 'head' | 'body' = 'between';
  startedAtUs = 0;
  status = 0;
  /** The request target, or the reason phrase. */
  startText = '';
  headers: HeaderList = noHeaders;
  upgrade = false;
  /** Length of the head's text, for accounts of memory. */
  headLength = 0;

  private readonly llhttp: Llhttp;
  private readonly body: BodyBuffer;
  /** Makes messages of the body; null where it is kept as it is. */
  private split: BodyReader | null = null;
  private trailers: HeaderList = noHeaders;
  private version: '1.0' | '1.1' = '1.1';
  private method = '';
  private expectedBody = 0;

  private bytes: Uint8Array = nothing;
  private end = 0;
  private atUs = 0;
  private readonly text = new HeadText();
  /** True where the last byte fed was inside body data, so that `remaining` counts data and not framing. */
  private insideData = false;
  /** Why the body bytes passed over were not captured; null while they are read. */
  private skippedFor: Problem | null = null;
  private waits = false;
  private tooLong = false;
  /** The line of the message in hand is told again, as llhttp can read it. */
  private isRetelling = false;
  /** llhttp is told a head that has been read without it. */
  private isTold = false;
  /** Of what was read before. */
  private lastByte = 0;
  private readonly seen = new SeenMessage();
  /** Of this read: messages that ended in it, and bytes of bodies; whether llhttp was told these bytes and no others. */
  private ended = 0;
  private bodyBytes = 0;
  private isVerbatim = true;
  /** What the sink said of the head. */
  private verdict = 0;
  private isChunked = false;

  constructor(
    private readonly side: Side,
    private readonly sink: MessageSink,
    private readonly memory: MessageMemory,
  ) {
    this.llhttp = new Llhttp(this, side, leniencies);
    this.body = new BodyBuffer(memory.limits.bodyBytes, memory.budget, memory.openSpill);
  }

  /** Reads bytes from `start` to their end, or to where reading has to stop. */
  read(bytes: Uint8Array, start: number, atUs: number): ReadStop {
    this.bytes = bytes;
    this.end = bytes.length;
    this.atUs = atUs;
    if (this.waits && !this.goOn()) {
      this.stoppedAt = start;
      return 'waits';
    }
    const error = this.readOn(start);
    this.lastByte = bytes.at(-1) ?? this.lastByte;
    this.stoppedAt = this.llhttp.stoppedAt;
    this.tooLong ||= this.text.keep(bytes, this.stoppedAt) > this.memory.limits.headBytes;
    this.bytes = nothing; // an idle connection must not keep the memory of its last event
    return this.stopOf(error);
  }

  /**
   * Passes over `size` bytes that were not captured, where framing allows it: inside a body whose length is known, or
   * that ends with the connection. `stoppedAt` says how many were passed over; the rest may hold anything.
   */
  skip(size: number, problem: Problem, atUs: number): ReadStop {
    this.stoppedAt = 0;
    if (this.stage !== 'body') return 'end';
    this.atUs = atUs;
    if (!this.endsWithConnection())
      return this.isInsideData() ? this.skipData(Math.min(size, this.llhttp.remaining), problem) : 'end';
    this.body.skip(size);
    this.split?.skip(size, problem, atUs);
    this.stoppedAt = size;
    return 'end';
  }

  /** The connection ended in order; a body without a length ends with it. */
  finish(atUs: number): void {
    this.atUs = atUs;
    if (this.stage === 'body' && this.endsWithConnection()) this.llhttp.finish();
  }

  /** Goes on behind a message after which no other protocol followed. */
  resumeAfterUpgrade(): void {
    this.llhttp.resumeAfterUpgrade();
  }

  /** Forgets the message in hand; the next byte begins a message. */
  reset(): void {
    this.llhttp.reset();
    this.body.clear();
    this.beginMessage();
    this.stage = 'between';
    this.waits = false;
  }

  free(): void {
    this.body.clear();
    this.llhttp.free();
  }

  /** For a sink that has no memory left for the head it was shown: the value to return. */
  refuseHead(): number {
    this.tooLong = true;
    return refuse;
  }

  /** True behind the head of a message whose body has not begun. */
  get awaitsBody(): boolean {
    return this.stage === 'body' && this.body.wireSize === 0;
  }

  get bodyIsTruncated(): boolean {
    return this.body.truncated || this.split?.truncated === true;
  }

  /** For a sink that was shown a head: the body goes there. */
  splitBody(reader: BodyReader | null): void {
    this.split = reader;
  }

  get methodName(): string {
    return this.method;
  }

  /** The request so far; null while its head is incomplete. */
  takeRequest(): HttpRequest | null {
    if (this.stage !== 'body') return null;
    const { method, startText: target, version, headers, trailers, startedAtUs, atUs: endedAtUs } = this;
    return { method, target, version, headers, trailers, startedAtUs, endedAtUs, body: this.takeBody() };
  }

  /** The message being read, as it is so far; it goes on. */
  requestSoFar(): HttpRequest | null {
    if (this.stage !== 'body') return null;
    return { method: this.method, target: this.startText, ...this.messageSoFar() };
  }

  responseSoFar(informational: readonly InformationalResponse[]): HttpResponse | null {
    if (this.stage !== 'body') return null;
    return { status: this.status, reason: this.startText, informational, ...this.messageSoFar() };
  }

  /** The response so far; null while its head is incomplete. */
  takeResponse(informational: readonly InformationalResponse[]): HttpResponse | null {
    if (this.stage !== 'body') return null;
    const { status, startText: reason, version, headers, trailers, startedAtUs, atUs: endedAtUs } = this;
    const body = this.takeBody();
    return { status, reason, informational, version, headers, trailers, startedAtUs, endedAtUs, body };
  }

  onMessageBegin(): number {
    if (this.waits) return stops.paused; // it was asked without llhttp
    if (this.isRetelling || this.isTold) return 0;
    this.waits = !this.sink.messageBegins(this.side, this.atUs);
    if (this.waits) return stops.paused;
    this.beginHead();
    return 0;
  }

  onUrl(at: number, length: number): number {
    return this.span(startSpan, at, length);
  }

  onStatus(at: number, length: number): number {
    return this.span(startSpan, at, length);
  }

  onHeaderField(at: number, length: number): number {
    return this.span(nameSpan, at, length);
  }

  onHeaderValue(at: number, length: number): number {
    return this.span(valueSpan, at, length);
  }

  onHeadersComplete(status: number, upgrade: boolean): number {
    if (this.isTold) return this.verdict;
    const text = this.text.text(this.bytes);
    this.headLength = text.length;
    this.startText = this.text.startText(text);
    this.headers = this.text.headers(text);
    this.text.clear();
    this.status = status;
    this.upgrade = upgrade;
    if (!this.readFraming()) return refuse;
    if (this.side === 'request') this.method = methodNames[this.llhttp.method] ?? '';
    return this.headIsRead();
  }

  onBody(at: number, length: number): number {
    this.insideData = at + length === this.end;
    this.bodyBytes += length;
    if (this.skippedFor !== null) {
      this.body.skip(length);
      this.split?.skip(length, this.skippedFor, this.atUs);
    } else if (this.split !== null) {
      this.body.skip(length);
      this.split.read(this.bytes, at, at + length, this.atUs);
    } else this.body.append(this.bytes, at, at + length, this.expectedBody);
    return 0;
  }

  onMessageComplete(): number {
    this.trailers = this.text.isEmpty ? noHeaders : this.text.headers(this.text.text(this.bytes));
    this.split?.end(null);
    this.sink.messageEnds(this.side, this);
    this.body.clear();
    this.stage = 'between';
    this.ended++;
    return 0;
  }

  /** llhttp has said that a message begins, and does not say it again after a pause. */
  private goOn(): boolean {
    this.waits = !this.sink.messageBegins(this.side, this.atUs);
    if (this.waits) return false;
    this.llhttp.resume();
    this.beginHead();
    return true;
  }

  private beginHead(): void {
    this.beginMessage();
    this.startedAtUs = this.atUs;
    this.stage = 'head';
  }

  /** A message like the one before it, or else by llhttp. */
  private readOn(start: number): number {
    if (this.stage !== 'between' || this.waits) return this.feedLines(start);
    const like = this.seen.like(this.bytes, start);
    if (like !== null) return this.readLike(like, start);
    this.ended = 0;
    this.bodyBytes = 0;
    this.isVerbatim = true;
    const error = this.feedLines(start);
    if (error === stops.none && this.ended === 1 && this.isVerbatim) this.note(start);
    return error;
  }

  /** One message ended in this read, which began with it. */
  private note(start: number): void {
    const endsAtEnd = this.stage === 'between' && (this.bodyBytes === 0 || this.insideData);
    if (!endsAtEnd || this.isChunked) return;
    const bodyAt = this.end - this.bodyBytes;
    if (!this.seen.isWorthKeeping(bodyAt - start, this.bodyBytes)) return;
    const { method, version, status, startText, headers, headLength, expectedBody, verdict } = this;
    const facts = { method, version, status, startText, headers, headLength, expectedBody };
    this.seen.keep(this.bytes.subarray(start, bodyAt), { bodyLength: this.bodyBytes, verdict, facts });
  }

  private readLike({ head, bodyLength, verdict, facts }: KeptMessage, start: number): number {
    this.waits = !this.sink.messageBegins(this.side, this.atUs);
    // It hears that it has to wait, as if it had asked.
    if (this.waits) return this.llhttp.execute(this.bytes, start, this.end);
    this.beginHead();
    this.method = facts.method;
    this.version = facts.version;
    this.status = facts.status;
    this.startText = facts.startText;
    this.headers = returned(facts.headers);
    this.headLength = facts.headLength;
    this.expectedBody = facts.expectedBody;
    this.upgrade = false;
    const bodyAt = start + head.length;
    if (this.headIsRead() !== verdict) return this.tellHead(start, bodyAt);
    if (bodyLength > 0) this.onBody(bodyAt, bodyLength);
    this.onMessageComplete();
    this.llhttp.stoppedAt = this.end;
    return stops.none;
  }

  /** The sink says something else of this head than of the one before it: llhttp has to know of the message, and goes on. */
  private tellHead(start: number, bodyAt: number): number {
    this.isTold = true;
    const error = this.llhttp.execute(this.bytes, start, bodyAt);
    this.isTold = false;
    return error === stops.none && bodyAt < this.end ? this.llhttp.execute(this.bytes, bodyAt, this.end) : error;
  }

  /**
   * A request line that ends in LF alone is told again with CRLF, which this llhttp wants there: nginx and Python's servers
   * take such a request, and answer it. Where it stands alone, its LF and the empty line's pass for one CRLF.
   */
  private feedLines(start: number): number {
    let error = this.feed(start);
    while (error === badLineEnd && this.endsInLf(this.llhttp.stoppedAt - 1)) {
      const at = this.llhttp.stoppedAt;
      error = this.retellLine('');
      if (error === stops.none) error = this.llhttp.execute(this.bytes, at, this.end);
    }
    const isHeadOver = error === stops.none && this.endsInLf(this.end - 1) && this.endsInLf(this.end - 2);
    return isHeadOver ? this.retellLine('\r\n') : error;
  }

  /** `at` is that of the byte before those of this read, or of one of them. */
  private endsInLf(at: number): boolean {
    if (this.side === 'response' || this.stage !== 'head' || !this.text.isStartAlone) return false;
    return (at < 0 ? this.lastByte : this.bytes[at]) === 0x0a;
  }

  private retellLine(rest: string): number {
    this.isVerbatim = false;
    const { bytes, end, llhttp, text } = this;
    const { method, majorVersion, minorVersion } = llhttp;
    const target = text.startText(text.text(bytes));
    const line = `${methodNames[method]} ${target} HTTP/${majorVersion}.${minorVersion}\r\n${rest}`;
    text.clear();
    llhttp.reset();
    this.bytes = Buffer.from(line, 'latin1');
    this.end = this.bytes.length;
    this.isRetelling = true;
    const error = llhttp.execute(this.bytes, 0, this.end);
    this.isRetelling = false;
    text.keep(this.bytes, this.end);
    this.bytes = bytes;
    this.end = end;
    llhttp.stoppedAt = end;
    return error;
  }

  /** llhttp only counts body data: data at the front is passed by its length, without copying it there. */
  private feed(start: number): number {
    const data = this.stage === 'body' && this.isInsideData() ? Math.min(this.llhttp.remaining, this.end - start) : 0;
    this.insideData = false;
    if (data < worthSkimming) return this.llhttp.execute(this.bytes, start, this.end);
    const error = this.llhttp.skim(start, start + data);
    return error === stops.none && start + data < this.end
      ? this.llhttp.execute(this.bytes, start + data, this.end)
      : error;
  }

  private skipData(length: number, problem: Problem): ReadStop {
    this.end = length;
    this.insideData = false;
    this.skippedFor = problem;
    const error = this.llhttp.skim(0, length);
    this.skippedFor = null;
    this.stoppedAt = length;
    return this.stopOf(error);
  }

  private stopOf(error: number): ReadStop {
    if (this.tooLong) return 'too-long';
    if (error === stops.none) return 'end';
    if (error === stops.paused) return 'waits';
    return error === stops.upgrade ? 'upgrade' : 'invalid';
  }

  private isInsideData(): boolean {
    const { flags } = this.llhttp;
    if ((flags & flagBits.chunked) !== 0) return this.insideData && this.llhttp.remaining > 0;
    return (flags & flagBits.contentLength) !== 0 && this.llhttp.remaining > 0;
  }

  private endsWithConnection(): boolean {
    return this.side === 'response' && this.llhttp.needsEnd;
  }

  private beginMessage(): void {
    this.text.clear();
    this.insideData = false;
    this.tooLong = false;
    this.split = null;
    this.trailers = noHeaders;
  }

  private span(kind: number, at: number, length: number): number {
    if (this.isTold) return 0;
    this.tooLong = this.text.add(kind, at, length) > this.memory.limits.headBytes;
    return this.tooLong ? refuse : 0;
  }

  /** False where the version is none of ours, or a request claims a coding that leaves its length unknown (RFC 9112 6.3). */
  private readFraming(): boolean {
    const { majorVersion, minorVersion, flags } = this.llhttp;
    if (majorVersion !== 1 || minorVersion > 1) return false;
    this.version = minorVersion === 0 ? '1.0' : '1.1';
    const chunked = (flags & flagBits.chunked) !== 0;
    this.isChunked = chunked;
    this.expectedBody = !chunked && (flags & flagBits.contentLength) !== 0 ? this.llhttp.remaining : 0;
    return this.side === 'response' || chunked || (flags & flagBits.transferEncoding) === 0;
  }

  private headIsRead(): number {
    this.stage = 'body';
    this.verdict = this.sink.headRead(this.side, this);
    return this.verdict;
  }

  private takeBody(): Body {
    this.split?.end('cut-short');
    this.split = null;
    return this.body.take(this.codings());
  }

  private messageSoFar(): Omit<HttpRequest, 'method' | 'target'> {
    const { version, headers, trailers, startedAtUs, atUs: endedAtUs } = this;
    return { version, headers, trailers, startedAtUs, endedAtUs, body: this.body.soFar(this.codings()) };
  }

  private codings(): readonly string[] {
    return this.body.wireSize > 0 ? codingsOf(this.headers) : [];
  }
}
