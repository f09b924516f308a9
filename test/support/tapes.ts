/** Exchanges for tests of the tape itself, and the stamp that only redaction gives in earnest. */
import type { Body } from '../../tape/model/body';
import type { ProtocolName } from '../../tape/model/contents';
import type { Connection, Envelope, Exchange } from '../../tape/model/exchange';
import type { HttpContent, HttpRequest, HttpResponse } from '../../tape/model/http/http';
import type { Message } from '../../tape/model/message';
import type { RawContent } from '../../tape/model/raw/raw';
import type { Redacted, RedactionEntry } from '../../tape/redact/redacted';
import type { SessionStart } from '../../tape/store/tape';

export const epochUs = Date.UTC(2026, 10, 20, 10, 0, 0) * 1000;

export const sessionStart: SessionStart = {
  startedAtUs: epochUs,
  wiretapeVersion: '0.1.0',
  user: 'ada',
  machine: 'engine',
  kernel: '6.1.0',
  targets: ['--port', '8080'],
  rules: ['authorization', 'cookie'],
  source: 'tracepoint',
};

export function bodyOf(data: string | Uint8Array, over: Partial<Body> = {}): Body {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  return { bytes, codings: [], wireSize: bytes.length, ...over };
}

export function connectionOf(over: Partial<Connection> = {}): Connection {
  return {
    key: 1,
    direction: 'inbound',
    openedAtUs: epochUs,
    local: '127.0.0.1:8080',
    remote: '127.0.0.1:50112',
    tls: null,
    unreadTls: null,
    process: { pid: 4711, name: 'node' },
    ...over,
  };
}

export function requestOf(over: Partial<HttpRequest> = {}): HttpRequest {
  return {
    version: '1.1',
    method: 'GET',
    target: '/orders?x=1',
    headers: [
      ['Host', 'shop.test'],
      ['Accept', '*/*'],
    ],
    body: bodyOf(''),
    trailers: [],
    startedAtUs: epochUs,
    endedAtUs: epochUs + 10,
    ...over,
  };
}

export function responseOf(over: Partial<HttpResponse> = {}): HttpResponse {
  return {
    version: '1.1',
    status: 200,
    reason: 'OK',
    headers: [['Content-Type', 'application/json']],
    body: bodyOf('{"ok":true}'),
    trailers: [],
    informational: [],
    startedAtUs: epochUs + 3000,
    endedAtUs: epochUs + 3420,
    ...over,
  };
}

/** What a test says of an exchange: its envelope, and its request and response or its raw stream. */
export interface ExchangeParts extends Partial<Envelope> {
  readonly protocol?: ProtocolName;
  readonly request?: HttpRequest | null;
  readonly response?: HttpResponse | null;
  readonly raw?: RawContent | null;
}

export function exchangeOf({ protocol = 'http1', request, response, raw, ...over }: ExchangeParts = {}): Exchange {
  const envelope: Envelope = {
    number: 1,
    connection: connectionOf(),
    channel: null,
    seq: 0,
    startedAtUs: epochUs,
    durationUs: 3420,
    outcome: 'response',
    problems: [],
    cause: null,
    messages: [],
    messagesBefore: 0,
    ...over,
  };
  if (protocol === 'raw') return { ...envelope, protocol, content: raw ?? emptyStream };
  if (protocol === 'websocket')
    return {
      ...envelope,
      protocol,
      content: {
        ...handshakeOf(),
        ...(request === undefined ? {} : { request }),
        ...(response === undefined ? {} : { response }),
        ...sizesOf(envelope.messages),
      },
    };
  const content = {
    request: request === undefined ? requestOf() : request,
    response: response === undefined ? responseOf() : response,
  };
  return { ...envelope, protocol, content } as Exchange;
}

function handshakeOf(): HttpContent {
  const upgrade = [
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
  ] as const;
  return {
    request: requestOf({
      target: '/chat',
      headers: [['Host', 'shop.test'], ...upgrade, ['Sec-WebSocket-Key', 'dGhlIHNhbXBsZSBub25jZQ==']],
    }),
    response: responseOf({
      status: 101,
      reason: 'Switching Protocols',
      headers: [
        ...upgrade,
        ['Sec-WebSocket-Accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo='],
        ['Sec-WebSocket-Protocol', 'chat'],
      ],
      body: bodyOf(''),
    }),
  };
}

function sizesOf(messages: readonly Message[]): { requestSize: number; responseSize: number } {
  const sizeFrom = (from: Message['from']) =>
    messages.filter((message) => message.from === from).reduce((size, { body }) => size + body.wireSize, 0);
  return { requestSize: sizeFrom('client'), responseSize: sizeFrom('server') };
}

/** A text message of a WebSocket. */
export function messageOf(text: string, over: Partial<Message> = {}): Message {
  return {
    from: 'client',
    kind: 'text',
    startedAtUs: epochUs,
    endedAtUs: epochUs + 1,
    facts: {},
    body: bodyOf(text),
    ...over,
  };
}

const emptyStream: RawContent = {
  protocol: null,
  requestSize: 0,
  responseSize: 0,
  requestBytes: null,
  responseBytes: null,
};

/** The stamp of redaction without redaction: for tests that look at storing alone. */
export function asRedacted(exchange: Exchange, entries: readonly RedactionEntry[] = []): Redacted<Exchange> {
  return { exchange, entries } as unknown as Redacted<Exchange>;
}
