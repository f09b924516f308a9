/** Outbound exchanges for tests of mocks, and requests to a mock server that show what a client sees. */
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { request as httpsRequest } from 'node:https';
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
}

/** Outbound exchanges to `payments:8080` unless a sketch says otherwise, numbered from 1; a connection for each host. */
export function calls(...sketches: readonly CallSketch[]): StoredExchange[] {
  const stored = storedExchanges(
    ...sketches.map(({ tls, remote: _, request: __, ...sketch }) => ({
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
  const content = { request: sketch.request === 'none' ? null : request, response };
  return { ...stored, exchange: { ...exchange, protocol: 'http1', connection, content } };
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
