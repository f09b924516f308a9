/**
 * What llhttp made of the last message of a direction that came alone and whole: the next one is read without llhttp where
 * its head has the same bytes and its body is as long. From one message to the next llhttp stands at the same place, so
 * that the same bytes are the same message; test/protocol/http1/seen-messages.test.ts holds both ways of reading together.
 */
import type { HeaderList } from '../../../tape/model/body';

/** What llhttp says of a head. */
export interface HeadFacts {
  readonly method: string;
  readonly version: '1.0' | '1.1';
  readonly status: number;
  /** The request target, or the reason phrase. */
  readonly startText: string;
  readonly headers: HeaderList;
  /** Length of the head's text, for accounts of memory. */
  readonly headLength: number;
  /** Bytes of the body, where the head tells; 0 where not. */
  readonly expectedBody: number;
}

/** A message as it was read: from `start` of its event to the end of it, with its body from `bodyAt` on. */
export interface WholeMessage {
  readonly start: number;
  readonly bodyAt: number;
  /** What the sink returned for the head. */
  readonly verdict: number;
  readonly facts: HeadFacts;
}

/** What is kept of a connection between two messages. */
const longestHead = 2048;
const none = Buffer.alloc(0);

export class SeenMessage {
  verdict = 0;
  facts: HeadFacts | null = null;
  private head: Buffer = none;
  private bodyLength = 0;
  /** Of the last message, kept or not: one is kept only after another one as long. */
  private lastLength = 0;

  /** Where the body begins of a message like the one kept, which has to be all there is from `start` on; -1 where it is not like it. */
  bodyOf(bytes: Uint8Array, start: number): number {
    const { head, bodyLength } = this;
    if (this.facts === null || bytes.length - start !== head.length + bodyLength) return -1;
    const bodyAt = start + head.length;
    return head.compare(bytes, start, bodyAt) === 0 ? bodyAt : -1;
  }

  keep(bytes: Uint8Array, { start, bodyAt, verdict, facts }: WholeMessage): void {
    const length = bytes.length - start;
    const comesAgain = length === this.lastLength;
    this.lastLength = length;
    if (!comesAgain || bodyAt - start > longestHead) return;
    this.head = Buffer.from(bytes.subarray(start, bodyAt));
    this.bodyLength = bytes.length - bodyAt;
    this.verdict = verdict;
    this.facts = facts;
  }
}
