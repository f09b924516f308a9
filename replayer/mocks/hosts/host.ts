/**
 * The port between requests that arrived and the mocks that answer them. A front hands requests over whatever version of
 * HTTP carried them; a host of mocks knows one kind of answer: what it needs of a request, when that can be matched, and
 * how the answer is told. Whoever serves mocks of a kind knows nothing of connections, and of no other host.
 */
import type { Answering } from '../answering';
import type { HostName } from '../answers';
import type { Asked } from '../front/asked';
import type { MockSet } from '../mock';

export interface MockHost {
  readonly name: HostName;
  /** Whether a request is one for mocks of this host, by its head and what was recorded. The last of the registry takes every one. */
  takes(asked: Asked, set: MockSet): boolean;
  open(answering: Answering): OpenHost;
}

export interface OpenHost {
  /** Answers in the end, or never where that was recorded. What it does later it does under `guard`. */
  serve(asked: Asked): void;
  close(): void;
}
