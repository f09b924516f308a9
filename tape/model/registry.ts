/** The model of each protocol's content, and what can be asked of an exchange whatever its protocol. */
import type { ContentModel, Operation, Sizes } from './content-model';
import type { Contents, ProtocolName } from './contents';
import type { Exchange } from './exchange';
import type { HttpContent, HttpVersion } from './http/http';
import { httpModel } from './http/model';
import { rawModel } from './raw/model';
import { webSocketModel } from './websocket/model';

const models: { readonly [P in ProtocolName]: ContentModel<Contents[P]> } = {
  http1: httpModel,
  http2: httpModel,
  raw: rawModel,
  websocket: webSocketModel,
};

/** The protocol that carries each version of HTTP. */
export const carrierOf = { '1.0': 'http1', '1.1': 'http1', '2': 'http2' } as const satisfies Record<
  HttpVersion,
  ProtocolName
>;

export const protocolNames = Object.keys(models) as readonly ProtocolName[];

type Protocolled = Pick<Exchange, 'protocol' | 'content'>;
type Connected = Pick<Exchange, 'connection'>;
type Spoken = Pick<Exchange, 'protocol' | 'content' | 'messages'>;

/** The model for the content of that protocol. */
export function modelFor(protocol: ProtocolName): ContentModel<Contents[ProtocolName]> {
  return models[protocol] as ContentModel<Contents[ProtocolName]>;
}

export function isProtocol(name: string): name is ProtocolName {
  return Object.hasOwn(models, name);
}

/** Where the content names no host, that which TLS was asked for is it. */
export function operationOf({ protocol, content, messages, connection }: Spoken & Partial<Connected>): Operation {
  const operation = modelFor(protocol).operation(content, messages);
  return { ...operation, authority: operation.authority ?? connection?.serverName ?? null };
}

export function sizesOf({ protocol, content }: Protocolled): Sizes {
  return modelFor(protocol).sizes(content);
}

/** True where both sides go on in messages after the request was answered. */
export function isConversation({ protocol }: Pick<Exchange, 'protocol'>): boolean {
  return modelFor(protocol).isConversation;
}

/** The exchange as a request and a response of HTTP, whole as they were on the wire; null where it is neither. */
export function httpOf(exchange: Spoken): HttpContent | null {
  return modelFor(exchange.protocol).http(wholeContentOf(exchange));
}

/** The content with what was made messages of put together again. */
export function wholeContentOf({ protocol, content, messages }: Spoken): Contents[ProtocolName] {
  return messages.length === 0 ? content : modelFor(protocol).whole(content, messages);
}
