/** Which host of mocks answers for exchanges of each protocol, and how a mock is made of one: one line a protocol. */
import type { ProtocolName } from '../../../tape/model/contents';
import type { Exchange } from '../../../tape/model/exchange';
import type { HttpRequest } from '../../../tape/model/http/http';
import type { Answers, HostName } from '../answers';
import { readHttp } from './http/read';
import { readWebSocket } from './websocket/read';

/** What a mock is made of, or why there is none: one word, or words of the tape. */
export type Read<H extends HostName = HostName> =
  | { readonly request: HttpRequest; readonly answer: Answers[H] }
  | { readonly reason: string };

export interface MockReader<H extends HostName = HostName> {
  readonly host: H;
  /** Refuses what is not whole; never throws. Pure. */
  read(exchange: Exchange): Read<H>;
}

/** Null for what nobody parses: it is passed over. */
export const readers: { readonly [P in ProtocolName]: MockReader | null } = {
  http1: readHttp,
  http2: readHttp,
  raw: null,
  websocket: readWebSocket,
};
