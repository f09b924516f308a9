/** Exchanges for tests of the tape itself, and the stamp that only redaction gives in earnest. */
import type { Body, Connection, Exchange, HttpRequest, HttpResponse } from '../../tape/model/exchange';
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

export function exchangeOf(over: Partial<Exchange> = {}): Exchange {
  return {
    number: 1,
    connection: connectionOf(),
    seq: 0,
    protocol: 'http1',
    startedAtUs: epochUs,
    durationUs: 3420,
    request: requestOf(),
    response: responseOf(),
    outcome: 'response',
    problems: [],
    cause: null,
    raw: null,
    ...over,
  };
}

/** The stamp of redaction without redaction: for tests that look at storing alone. */
export function asRedacted(exchange: Exchange, entries: readonly RedactionEntry[] = []): Redacted<Exchange> {
  return { exchange, entries } as unknown as Redacted<Exchange>;
}
