/** Which host of mocks answers for exchanges of each protocol, and how a mock is made of one: one line a protocol. */
import type { ProtocolName } from '../../../tape/model/contents';
import type { Exchange } from '../../../tape/model/exchange';
import type { HttpRequest } from '../../../tape/model/http/http';
import type { OutlineKind } from '../../../tape/store/tape';
import type { Answers, HostName } from '../answers';
import type { Mock } from '../mock';
import { readGrpc } from './grpc/read';
import { readHttp } from './http/read';
import { readWebSocket } from './websocket/read';

/** What a mock is made of, or why there is none: one word, or words of the tape. */
export type Read<H extends HostName = HostName> =
  | { readonly request: HttpRequest; readonly answer: Answers[H] }
  | { readonly reason: string };

export interface MockReader<H extends HostName = HostName> {
  readonly host: H;
  /** Whether an exchange is one for its host; left out where all of the protocol are. */
  takes?(exchange: Exchange): boolean;
  /**
   * What outlines of a kind say of exchanges of which everything else can wait until it is asked for; null where they must be
   * looked at whole. Left out where outlines never say enough. Pure.
   */
  outlined?(kind: OutlineKind): Omit<OutlinedMock, 'target'> | null;
  /** Refuses what is not whole; never throws. Pure. */
  read(exchange: Exchange): Read<H>;
  /** Once all mocks are read: each of them again, in the same order, where the others say how it is asked for. Pure. */
  arrange?(mocks: readonly Mock[]): readonly Mock[];
}

/** What is to be known of a mock before anybody asks for it. */
export interface OutlinedMock {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Null where it was not answered. */
  readonly status: number | null;
}

/** In the order they are asked; none for what nobody parses: it is passed over. */
const readers: { readonly [P in ProtocolName]: readonly MockReader[] } = {
  http1: [readHttp],
  http2: [readGrpc, readHttp],
  raw: [],
  websocket: [readWebSocket],
};

/** Null where an exchange is passed over. */
export function readerOf(exchange: Exchange): MockReader | null {
  return readers[exchange.protocol].find(({ takes }) => takes?.(exchange) ?? true) ?? null;
}

/** What outlines alone say; null where the exchanges must be looked at whole, also where they will be passed over. */
export function outlinedMocks(kind: OutlineKind): Omit<OutlinedMock, 'target'> | null {
  const [first, ...others] = readers[kind.protocol];
  return others.length > 0 ? null : (first?.outlined?.(kind) ?? null);
}

export function arranged(mocks: readonly Mock[]): readonly Mock[] {
  const all = new Set(Object.values(readers).flat());
  return [...all].reduce((before, { arrange }) => arrange?.(before) ?? before, mocks);
}
