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

/** A message in as far as the next one may be like it. */
export interface KeptMessage {
  /** All bytes before its body. */
  readonly head: Buffer;
  readonly bodyLength: number;
  /** What the sink returned for the head. */
  readonly verdict: number;
  readonly facts: HeadFacts;
}

/** What is kept of a connection between two messages. */
const longestHead = 2048;

export class SeenMessage {
  private kept: KeptMessage | null = null;
  private lastLength = 0;

  /** The message kept, where all that is there from `start` on is one like it; null where not. */
  like(bytes: Uint8Array, start: number): KeptMessage | null {
    const { kept } = this;
    if (kept === null || bytes.length - start !== kept.head.length + kept.bodyLength) return null;
    return kept.head.compare(bytes, start, start + kept.head.length) === 0 ? kept : null;
  }

  /** Of a message that came alone and whole, whether it is to be kept: only after another one as long. */
  isWorthKeeping(headLength: number, bodyLength: number): boolean {
    const comesAgain = headLength + bodyLength === this.lastLength;
    this.lastLength = headLength + bodyLength;
    return comesAgain && headLength <= longestHead;
  }

  /** `head` is copied: it lies in memory that is lent. */
  keep(head: Uint8Array, message: Omit<KeptMessage, 'head'>): void {
    this.kept = { head: Buffer.from(head), ...message };
  }
}
