/** One stream while it is put together: a request, its answer, and what is known to be missing of either. */

import { codingsOf } from '../../../tape/http/codings';
import { type HeaderList, headerValue } from '../../../tape/model/body';
import type { Side } from '../../../tape/model/content-model';
import type { HttpContent, HttpRequest, HttpResponse, InformationalResponse } from '../../../tape/model/http/http';
import type { Message } from '../../../tape/model/message';
import { BodyBuffer, emptyBody } from '../body-buffer';
import { type BodyReader, bodyReaderFor, type MessageMemory } from '../body-reader';
import { type MessageQueue, type QueuedMessages, queueFor } from '../message-queue';
import { problemBits, problemsOf } from '../problems';
import type { Beginning, Conversation, Host, Upgraded } from '../protocol';
import { type RequestHead, type ResponseHead, textSize } from './heads';

const noFields: HeaderList = [];

/** A message while it comes in. */
export class Half<Head extends { readonly headers: HeaderList }> {
  /** A header block of it was seen, readable or not. */
  begun = false;
  /** Nothing more will come of it, complete or not. */
  done = false;
  /** Null where it was not seen, or could not be read. */
  head: Head | null = null;
  trailers: HeaderList = noFields;
  startedAtUs = 0;
  endedAtUs = 0;
  /** Problem bits: why anything of it may be missing. */
  damage = 0;
  private body: BodyBuffer | null = null;
  /** Makes messages of the body; null where it is kept as it is. */
  private split: BodyReader | null = null;
  /** Bytes its sender said the body has; null where it did not say. */
  private declared: number | null = null;
  private heldFields = 0;
  /** Problem bits: why bytes of the body are missing. */
  private holes = 0;

  constructor(
    private readonly memory: MessageMemory,
    private readonly from: Message['from'],
    private readonly queue: () => MessageQueue,
  ) {}

  /** Bytes of the budget that fields hold. */
  get heldBytes(): number {
    return this.heldFields;
  }

  get bodySize(): number {
    return this.body?.wireSize ?? 0;
  }

  get bodyIsTruncated(): boolean {
    return this.body?.truncated === true || this.split?.truncated === true;
  }

  /**
   * All of its body came: its sender ended it, or has sent as much as it said that there is. Clients such as curl leave a
   * stream then, before its end is there.
   */
  get isWhole(): boolean {
    return this.done || (this.declared === this.bodySize && this.damage === 0 && this.holes === 0);
  }

  begin(startedAtUs: number): void {
    if (!this.begun) this.startedAtUs = startedAtUs;
    this.begun = true;
  }

  /** False where there is no memory left for it. */
  takeHead(head: Head): boolean {
    if (!this.holdFields(head.headers)) return false;
    this.head = head;
    this.split = bodyReaderFor({ headers: head.headers, from: this.from }, this.memory, this.queue);
    const length = headerValue(head.headers, 'content-length') ?? '';
    this.declared = /^\d{1,15}$/.test(length) ? Number(length) : null;
    return true;
  }

  holdFields(fields: HeaderList): boolean {
    const size = textSize(fields);
    if (!this.memory.budget.take(size)) return false;
    this.heldFields += size;
    return true;
  }

  append(bytes: Uint8Array, atUs: number): void {
    this.endedAtUs = atUs;
    if (this.split === null) {
      this.bodyBuffer().append(bytes, 0, bytes.length, this.declared ?? 0);
      return;
    }
    this.bodyBuffer().skip(bytes.length);
    this.split.read(bytes, 0, bytes.length, atUs);
  }

  /** `size` bytes of the body, or an unknown number of them (0), are missing. */
  skip(size: number, problem: number, atUs = this.endedAtUs): void {
    this.damage |= problem;
    this.holes |= problem;
    this.bodyBuffer().skip(size);
    this.split?.skip(size, problemsOf(problem)[0] ?? 'lost-bytes', atUs);
  }

  /** What a message has besides its head. Once it is over its body is taken, and stays on the budget until it is given back. */
  frame(head: Head, isOver: boolean) {
    const { trailers, startedAtUs, endedAtUs } = this;
    if (isOver) this.split?.end(this.done ? null : 'cut-short');
    const codings = this.bodySize > 0 ? codingsOf(head.headers) : [];
    const body = (isOver ? this.body?.take(codings) : this.body?.soFar(codings)) ?? emptyBody;
    return { version: '2', body, trailers, startedAtUs, endedAtUs } as const;
  }

  /** What came of a body that was none after all, up to where bytes are missing; `lost`: problem bits, why they are. */
  takeBytes(): { readonly bytes: Uint8Array; readonly lost: number } {
    const truncated = this.bodyIsTruncated ? problemBits.truncated : 0;
    const { bytes, wireSize } = this.body?.take([]) ?? emptyBody;
    this.memory.budget.giveBack(bytes.length);
    const lost = this.holes | truncated;
    return { bytes, lost: lost === 0 && bytes.length < wireSize ? problemBits['unread-bytes'] : lost };
  }

  drop(): void {
    this.body?.clear();
  }

  private bodyBuffer(): BodyBuffer {
    const { limits, budget, openSpill } = this.memory;
    this.body ??= new BodyBuffer(limits.bodyBytes, budget, openSpill);
    return this.body;
  }
}

export class Stream {
  readonly request: Half<RequestHead>;
  readonly response: Half<ResponseHead>;
  /** The request where it came over HTTP/1.1, which this connection was upgraded from. */
  upgraded: HttpRequest | null = null;
  informational: readonly InformationalResponse[] = [];
  problems = 0;
  /** Problem bits that hold where it ends without an answer: the end of it may have been missed. */
  doubt = 0;
  /** Set where one side gave it up while its request was not there yet. */
  resetBy: Reset | null = null;
  /** What its bytes are since it became a tunnel: its exchange is over then. */
  tunnel: Conversation | null = null;
  private queue: MessageQueue | null = null;
  /** Which sides of it are done. */
  readonly tunnelEnded = new Set<Side>();

  constructor(
    readonly id: number,
    readonly beginning: Beginning,
    readonly startedAtUs: number,
    private readonly host: Host,
  ) {
    const queue = (): MessageQueue => {
      this.queue ??= queueFor(this.host, this);
      return this.queue;
    };
    this.request = new Half(host, 'client', queue);
    this.response = new Half(host, 'server', queue);
  }

  /** Those of bodies that are made messages of, which were not taken before. */
  takeMessages(): QueuedMessages {
    return this.queue?.take() ?? { messages: [], messagesBefore: 0 };
  }

  get hasRequest(): boolean {
    return this.upgraded !== null || this.request.head !== null;
  }

  /** `isOver`: what it holds is taken, and nothing comes any more. */
  content(isOver: boolean): HttpContent {
    return { request: this.requestMessage(isOver), response: this.responseMessage(isOver) };
  }

  /** Bytes of the budget that go free with it, bodies not counted. */
  get heldBytes(): number {
    return this.request.heldBytes + this.response.heldBytes;
  }

  get startUs(): number {
    return this.request.begun ? this.request.startedAtUs : this.startedAtUs;
  }

  /** Grows with every head and every byte. */
  get progress(): number {
    const heads = (this.hasRequest ? 1 : 0) + (this.response.head === null ? 0 : 1) + this.informational.length;
    return heads + this.request.bodySize + this.response.bodySize + (this.queue?.count ?? 0);
  }

  /** For who goes on in it; null where a message is missing. */
  handshake(): Upgraded | null {
    const { request, response } = this.content(true);
    const { beginning, startUs: startedAtUs, problems, heldBytes } = this;
    if (request === null || response === null) return null;
    return { beginning, startedAtUs, request, response, problems, heldBytes };
  }

  markTruncation(): void {
    if (this.request.bodyIsTruncated || this.response.bodyIsTruncated) this.problems |= problemBits.truncated;
  }

  private requestMessage(isOver: boolean): HttpRequest | null {
    const { head } = this.request;
    if (this.upgraded !== null) return this.upgraded;
    return head === null ? null : { ...head, ...this.request.frame(head, isOver) };
  }

  private responseMessage(isOver: boolean): HttpResponse | null {
    const { head } = this.response;
    if (head === null) return null;
    const { informational } = this;
    return { ...head, reason: '', informational, ...this.response.frame(head, isOver) };
  }
}

export interface Reset {
  readonly side: Side;
  readonly code: number;
  readonly atUs: number;
}
