/** An exchange while it is put together: what is there of it, and what is known to be missing. */
import type { Outcome } from '../../../tape/model/exchange';
import type { HttpRequest, HttpResponse, InformationalResponse } from '../../../tape/model/http/http';
import type { MessageQueue, QueuedMessages } from '../message-queue';
import type { Beginning, ParsedExchange, Upgraded } from '../protocol';

/** What a exchange becomes; its connection is added later. */
export type Http1Exchange = Extract<ParsedExchange, { protocol: 'http1' }>;

const noInformational: readonly InformationalResponse[] = [];

const noMessages: QueuedMessages = { messages: [], messagesBefore: 0 };

export class PendingExchange {
  /** Null while the request's head was not read. */
  method: string | null = null;
  request: HttpRequest | null = null;
  response: HttpResponse | null = null;
  informational: readonly InformationalResponse[] = noInformational;
  /** Nothing more will come of it, complete or not. */
  requestDone = false;
  responseDone = false;
  problems = 0;
  /** An answer without a request. */
  unrequested = false;
  /** True where its answer turned out to be another one's. */
  mispaired = false;
  /** True where bytes that may have been its answer are missing. */
  answerMayBeLost = false;
  /** True where the request asks for another protocol on this connection. */
  asksUpgrade = false;
  /** The events of its answer; null where that is no event stream. */
  messages: MessageQueue | null = null;
  /** Head text held in memory, on the budget. */
  headBytes = 0;

  constructor(
    readonly beginning: Beginning,
    readonly startedAtUs: number,
    /** False where an unknown number of messages is missing before it, so that answers cannot be counted off. */
    public certain: boolean,
  ) {}

  /** Bytes of the budget that go free with it. */
  get heldBytes(): number {
    return this.headBytes + (this.request?.body.bytes.length ?? 0) + (this.response?.body.bytes.length ?? 0);
  }

  /** For the protocol that goes on with it; both messages are there. */
  upgraded(): Upgraded | null {
    const { beginning, startedAtUs, request, response, problems, heldBytes } = this;
    if (request === null || response === null) return null;
    return { beginning, startedAtUs, request, response, problems, heldBytes };
  }

  /** `endedAtUs`: when its last byte was seen, or the connection ended; null where it has no end. */
  toExchange(outcome: Outcome, endedAtUs: number | null): Http1Exchange {
    const { messages, messagesBefore } = this.messages?.take() ?? noMessages;
    return {
      number: this.beginning.number,
      channel: null,
      seq: this.beginning.seq,
      protocol: 'http1',
      startedAtUs: this.startedAtUs,
      // Stamps of two directions may be taken on two CPUs, one at the start and one at the end of a call.
      durationUs: endedAtUs === null ? null : Math.max(0, endedAtUs - this.startedAtUs),
      content: { request: this.request, response: this.response },
      outcome,
      cause: this.beginning.cause,
      messages,
      messagesBefore,
    };
  }
}
