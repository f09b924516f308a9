/** Exchanges with everything in them that can go wrong on the way into a file of another tool, and a server that says what it was sent. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { pathTemplate } from '../../replayer/cases/name';
import type { Exporter } from '../../tape/export/exporter';
import type { StoredExchange } from '../../tape/store/tape';
import { storedExchanges } from './exchanges';

export const nasty = `it's "quoted" $(id) \`id\` \\n {{x}} {% #1\nü \u2028 ${'`'.repeat(3)}`;

/** Inbound ones, then outbound ones, then what no tool can take. */
export function sampleExchanges(): StoredExchange[] {
  return storedExchanges(
    {
      method: 'GET',
      target: '/orders?page=2&q=a%20b&open=true',
      responseBody: { items: [{ id: 1, at: '2026-11-20T10:00:00Z' }] },
    },
    {
      method: 'POST',
      target: '/orders',
      requestHeaders: [
        ['Authorization', 'Bearer kqzmwv-placeholder'],
        ['X-Empty', ''],
        ['X-Odd', `'; echo "$(id)" #{{x}} \\ Ã©`],
        ['Accept-Encoding', 'gzip'],
      ],
      requestBody: { sku: 'lamp', note: nasty, count: 3 },
      status: 201,
      responseBody: { id: 17, total: 9.5 },
      redacted: [
        { in: 'request', path: 'header["authorization"]', rule: 'authorization', placeholder: 'kqzmwv-placeholder' },
      ],
    },
    {
      method: 'PUT',
      target: '/orders/17/note',
      requestBody: nasty,
      requestHeaders: [['Content-Type', 'text/plain']],
      status: 204,
    },
    {
      method: 'POST',
      target: '/images/0a1b2c3d4e5f60718293a4b5c6d7e8f9',
      requestHeaders: [['Content-Type', 'image/png']],
      requestBody: Buffer.from([0, 255, 10, 13, 39, 128]),
      responseHeaders: [['Content-Type', 'image/png']],
      responseBody: Buffer.from([137, 80, 0, 255]),
    },
    {
      method: 'POST',
      target: '/coded',
      requestHeaders: [
        ['Content-Type', 'application/json'],
        ['Content-Encoding', 'gzip'],
      ],
      requestBody: gzipSync('[{"a":1}]'),
      responseHeaders: [
        ['Content-Type', 'text/plain'],
        ['Content-Encoding', 'gzip'],
        ['Set-Cookie', 'a=1; Path=/'],
        ['Set-Cookie', 'b=2'],
      ],
      responseBody: gzipSync('hello'),
    },
    {
      method: 'POST',
      target: '/form',
      requestHeaders: [['Content-Type', 'application/x-www-form-urlencoded']],
      requestBody: 'a=1+2&b=%C3%A4&b=3',
      status: 302,
      responseHeaders: [['Location', '/']],
    },
    { method: 'HEAD', target: '/orders/18', responseHeaders: [['Content-Length', '99']] },
    {
      method: 'DELETE',
      target: "/it's/{a}?[x]=$y",
      status: 404,
      responseBody: 'gone',
      responseHeaders: [['Content-Type', 'text/plain; charset=utf-8']],
    },
    ...[1, 2, 2].map(
      (left) =>
        ({
          direction: 'outbound',
          connection: 'upstream',
          host: 'stock:9000',
          target: '/left/token-xyzzy12',
          responseBody: { left },
          redacted: [{ in: 'request', path: 'path', rule: 'path-secret', placeholder: 'token-xyzzy12' }],
        }) as const,
    ),
    {
      direction: 'outbound',
      connection: 'upstream',
      host: 'payments:8443',
      method: 'POST',
      target: '/charges',
      requestBody: { amount: 3, card: '4929881000000001' },
      status: 201,
      responseBody: { ok: true },
      redacted: [{ in: 'request', path: 'body.card', rule: 'card', placeholder: '4929881000000001' }],
    },
    { method: 'GET', target: '/half', problems: ['cut-short'] },
    { method: 'GET', target: '/none', response: 'none', outcome: 'reset', problems: ['no-response'] },
  );
}

export interface Exported {
  readonly text: string;
  readonly written: readonly string[];
  readonly leftOut: readonly string[];
}

export async function exported(
  exporter: Exporter,
  exchanges: Iterable<StoredExchange>,
  target: string | null = null,
): Promise<Exported> {
  const written: string[] = [];
  const leftOut: string[] = [];
  const pieces = exporter.render(exchanges, {
    target,
    wiretapeVersion: '0.0.0',
    template: pathTemplate,
    onWritten: ({ id }) => written.push(id),
    onLeftOut: (why) => leftOut.push(why),
  });
  return { text: (await Array.fromAsync(pieces)).join(''), written, leftOut };
}

export const inboundOf = (exchanges: readonly StoredExchange[]) =>
  exchanges.filter(({ exchange }) => exchange.connection.direction === 'inbound');
export const outboundOf = (exchanges: readonly StoredExchange[]) =>
  exchanges.filter(({ exchange }) => exchange.connection.direction === 'outbound');

/** A request as it arrived. */
export interface Arrived {
  readonly method: string;
  readonly url: string;
  /** As they came, repeats and order kept; what belongs to a connection is left out. */
  readonly headers: readonly string[];
  readonly body: Buffer;
}

/** A server on loopback that writes down what it is sent, and answers 200. */
export async function startNotingServer(): Promise<{ url: string; arrived: Arrived[]; stop(): Promise<void> }> {
  const arrived: Arrived[] = [];
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const pairs = request.rawHeaders.flatMap((name, i) =>
        i % 2 === 0 ? [[name, request.rawHeaders[i + 1] ?? '']] : [],
      );
      const headers = pairs
        .filter(([name]) => !/^(host|connection|content-length|transfer-encoding)$/i.test(name ?? ''))
        .map(([name, value]) => `${name?.toLowerCase()}: ${value}`);
      arrived.push({ method: request.method ?? '', url: request.url ?? '', headers, body: Buffer.concat(pieces) });
      response.end('ok');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => new Promise<void>((resolve) => server.close(() => resolve()));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, arrived, stop };
}
