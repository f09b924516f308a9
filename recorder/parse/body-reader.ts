/** The port of bodies that are made messages of as they come, whichever version of HTTP carries them, and its members. */
import { eventStreamType } from '../../tape/body/event-stream';
import { mediaTypeOf } from '../../tape/body/media-type';
import { rpcTypeNamed } from '../../tape/body/rpc/type';
import { codingsOf } from '../../tape/http/codings';
import type { HeaderList } from '../../tape/model/body';
import type { Problem } from '../../tape/model/exchange';
import type { Message } from '../../tape/model/message';
import type { Budget } from '../follow/budget';
import type { Limits } from '../follow/limits';
import { EnvelopeReader } from './envelopes';
import { EventStreamReader } from './event-stream';
import type { MessageQueue } from './message-queue';
import type { OpenSpill } from './spill';

/** What a message may take up. */
export interface MessageMemory {
  readonly limits: Limits;
  readonly budget: Budget;
  readonly openSpill: OpenSpill;
}

export interface BodyReader {
  /** True where part of a message was left out because of a limit. */
  readonly truncated: boolean;
  /** Decoded bytes of the body, lent. */
  read(bytes: Uint8Array, start: number, end: number, atUs: number): void;
  /** Bytes of the body that were not captured; 0 where nobody knows how many. */
  skip(size: number, problem: Problem, atUs: number): void;
  /** Nothing more comes; `problem` says why, where the body does not end here. Doing it twice does no harm. */
  end(problem: Problem | null): void;
}

export interface BodyOf {
  readonly headers: HeaderList;
  readonly from: Message['from'];
}

/** Null where the body is kept as it is. What is compressed as a whole cannot be cut before it is whole. */
export function bodyReaderFor(
  { headers, from }: BodyOf,
  memory: MessageMemory,
  queue: () => MessageQueue,
): BodyReader | null {
  const { essence } = mediaTypeOf(headers);
  const rpc = rpcTypeNamed(essence);
  const isEvents = from === 'server' && essence === eventStreamType;
  if ((rpc === null && !isEvents) || codingsOf(headers).length > 0) return null;
  if (rpc === null) return new EventStreamReader(memory, queue());
  // In base64 messages begin within characters: such a body is cut when it is looked at.
  return rpc.enveloping === 'grpc-web-text' ? null : new EnvelopeReader({ headers, from, rpc }, memory, queue());
}
