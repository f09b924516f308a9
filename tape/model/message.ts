/**
 * One message of an exchange that has many: a frame of a WebSocket, an event of an event stream, a message of gRPC. The
 * same shape for all, so that streams are stored, redacted and shown in one way, and grow while they last.
 */
import type { Body } from './body';

export interface Message {
  readonly from: 'client' | 'server';
  /** The protocol's word for it, such as `text`, `ping` or `event`. */
  readonly kind: string;
  /** First and last byte. */
  readonly startedAtUs: number;
  readonly endedAtUs: number;
  /** What the protocol says of it besides its bytes: an event's id, a close code. */
  readonly facts: MessageFacts;
  readonly body: Body;
}

/** Facts that say how a message was written, and nothing that was said. */
export const writingFacts: readonly string[] = ['layout', 'verbatim'];

export type MessageFacts = Readonly<Record<string, string | number | boolean | null>>;
