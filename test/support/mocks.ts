/** Outbound exchanges for tests of mocks, and requests to a mock server that show what a client sees. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { HeaderList } from '../../tape/model/body';
import type { HttpRequest, HttpResponse, InformationalResponse } from '../../tape/model/http/http';
import type { Message } from '../../tape/model/message';
import type { StoredExchange } from '../../tape/store/tape';
import { httpIn } from './contents';
import { type ExchangeSketch, storedExchanges } from './exchanges';

export interface CallSketch extends ExchangeSketch {
  /** Whether the recorded connection was TLS. */
  readonly tls?: boolean;
  /** Address of the upstream; null where it is not known. */
  readonly remote?: string | null;
  /** A connect that never carried a request. */
  readonly request?: 'none';
  /** `2` makes of it what HTTP/2 carries: `:authority` for Host, names in lower case, no reason. Default 1.1. */
  readonly version?: '2';
  readonly early?: readonly InformationalResponse[];
  /** The answer's body as messages of an event stream, each so many microseconds after the answer's start. */
  readonly events?: readonly (readonly [afterUs: number, data: string])[];
}

/** Outbound exchanges to `payments:8080` unless a sketch says otherwise, numbered from 1; a connection for each host. */
export function calls(...sketches: readonly CallSketch[]): StoredExchange[] {
  const stored = storedExchanges(
    ...sketches.map(({ tls, remote: _, request: __, version: ___, early: ____, events: _____, ...sketch }) => ({
      direction: 'outbound' as const,
      host: 'payments:8080',
      connection: `${sketch.direction} ${sketch.host} ${tls}`,
      ...sketch,
    })),
  );
  return stored.map((each, i) => withConnection(each, sketches[i] ?? {}));
}

function withConnection(stored: StoredExchange, sketch: CallSketch): StoredExchange {
  const connection = {
    ...stored.exchange.connection,
    tls: sketch.tls === true ? { library: 'openssl' } : null,
    remote: sketch.remote === undefined ? '10.0.0.7:8080' : sketch.remote,
  };
  const { exchange } = stored;
  const { request, response } = httpIn(exchange);
  const content = {
    request: sketch.request === 'none' || request === null ? null : asSent(request, sketch),
    response: response === null ? null : asAnswered(response, sketch),
  };
  const carried =
    sketch.version === '2' ? ({ protocol: 'http2', channel: 1 } as const) : ({ protocol: 'http1' } as const);
  const messages = eventsOf(sketch, response?.startedAtUs ?? 0);
  return { ...stored, exchange: { ...exchange, ...carried, connection, content, messages } };
}

function asSent(request: HttpRequest, { version, tls, host = 'payments:8080' }: CallSketch): HttpRequest {
  if (version === undefined) return request;
  const headers = lowerCase(request.headers.filter(([name]) => name !== 'Host'));
  return { ...request, version, authority: host, scheme: tls === true ? 'https' : 'http', headers };
}

function asAnswered(response: HttpResponse, { version, early = [], events }: CallSketch): HttpResponse {
  const informed = { ...response, informational: early };
  const last = events?.at(-1)?.[0] ?? 0;
  const timed = { ...informed, endedAtUs: informed.endedAtUs + last };
  return version === undefined ? timed : { ...timed, version, reason: '', headers: lowerCase(timed.headers) };
}

function lowerCase(headers: HeaderList): HeaderList {
  return headers.map(([name, value]) => [name.toLowerCase(), value]);
}

function eventsOf({ events = [] }: CallSketch, startedAtUs: number): Message[] {
  return events.map(([afterUs, data]) => {
    const atUs = startedAtUs + afterUs;
    const body = { bytes: Buffer.from(data), codings: [], wireSize: data.length };
    return { from: 'server', kind: 'event', startedAtUs: atUs, endedAtUs: atUs, facts: {}, body };
  });
}

export interface Seen {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: readonly string[];
  readonly trailers: Readonly<Record<string, string | undefined>>;
  readonly text: string;
  readonly bytes: Buffer;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  readonly ca?: string;
  readonly servername?: string;
}

/** One request on a connection of its own; rejects with the connection's error. */
export function ask(url: string, sent: Sent = {}): Promise<Seen> {
  const send = url.startsWith('https:') ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const { method = 'GET', headers = {}, ca, servername } = sent;
    const tls = { ...(ca === undefined ? {} : { ca }), ...(servername === undefined ? {} : { servername }) };
    const framing = sent.body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(sent.body)) };
    const outgoing = send(url, { method, headers: { ...framing, ...headers }, agent: false, ...tls });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const bytes = Buffer.concat(chunks);
        resolve({
          status: response.statusCode ?? 0,
          reason: response.statusMessage ?? '',
          headers: response.headers,
          rawHeaders: response.rawHeaders,
          trailers: response.trailers,
          text: bytes.toString('utf8'),
          bytes,
        });
      });
    });
    outgoing.end(sent.body);
  });
}

/** Asks a server by Host header, as a client that was pointed at its one port does. */
export function askHost(base: string, host: string, path: string, sent: Sent = {}): Promise<Seen> {
  return ask(`${base}${path}`, { ...sent, headers: { Host: host, ...sent.headers } });
}
