/**
 * WebSockets in streams of HTTP/2 (RFC 8441) for tests: a server and a client on node:http2 that hand the stream to ws as it
 * is, and recordings of HTTP/1.1 as if they had come so.
 */
import * as http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { HeaderList } from '../../tape/model/body';
import type { Exchange } from '../../tape/model/exchange';
import type { HttpContent } from '../../tape/model/http/http';
import type { StoredExchange } from '../../tape/store/tape';
import { hearingOf } from './socket-client';

/** ws has no other way to be given a stream whose handshake is over; types do not tell of it. */
interface OverStream {
  _isServer: boolean;
  setSocket(stream: Duplex, head: Buffer, options: object): void;
}

export function socketOn(stream: http2.Http2Stream & Duplex, role: 'server' | 'client'): WebSocket {
  const socket = new WebSocket(null as unknown as string, undefined, { autoPong: true });
  const inner = socket as unknown as OverStream;
  inner._isServer = role === 'server';
  inner.setSocket(stream, Buffer.alloc(0), {
    allowSynchronousEvents: true,
    maxPayload: 2 ** 28,
    maxBufferedChunks: 2 ** 20,
    maxFragments: 2 ** 14,
  });
  return socket;
}

export interface StreamServer {
  readonly url: string;
  /** Fields of each extended CONNECT, pseudo-headers among them. */
  readonly asked: readonly (readonly string[])[];
  close(): Promise<void>;
}

export interface StreamServerOptions {
  readonly enables?: boolean;
  readonly tls?: { readonly key: string; readonly cert: string };
  readonly answer?: Readonly<http2.OutgoingHttpHeaders>;
  /** What is said to an extended CONNECT in place of taking it up. */
  readonly refuse?: (stream: http2.ServerHttp2Stream) => void;
  /** What else is asked, over either version. */
  readonly upgrade?: (request: object, socket: Duplex, head: Buffer) => void;
}

type Opened = [http2.ServerHttp2Stream, http2.IncomingHttpHeaders, number, string[]];

export async function listenForStreams(
  connected: (socket: WebSocket, fields: readonly string[]) => void,
  { enables = true, tls, answer = {}, refuse, upgrade }: StreamServerOptions = {},
): Promise<StreamServer> {
  const settings = { enableConnectProtocol: enables };
  const server =
    tls === undefined
      ? http2.createServer({ settings })
      : http2.createSecureServer({ settings, allowHTTP1: true, ...tls });
  const asked: string[][] = [];
  const sessions = new Set<http2.ServerHttp2Session>();
  const sockets = new Set<Duplex>();
  server.on('session', (session) => sessions.add(session));
  server.on('upgrade', (request: object, socket: Duplex, head: Buffer) => {
    sockets.add(socket);
    if (upgrade === undefined) socket.destroy();
    else upgrade(request, socket, head);
  });
  server.on('stream', (...[stream, headers, , raw]: Opened) => {
    stream.on('error', () => {});
    if (headers[':protocol'] !== 'websocket') {
      stream.respond({ ':status': 404 }, { endStream: true });
      return;
    }
    asked.push(raw);
    if (refuse !== undefined) {
      refuse(stream);
      return;
    }
    stream.respond({ ':status': 200, ...answer });
    connected(socketOn(stream, 'server'), raw);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: tls === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    asked,
    close: () =>
      new Promise((resolve) => {
        for (const session of sessions) session.destroy();
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

export interface StreamClient {
  readonly status: number;
  readonly fields: HeaderList;
  /** Null where the server did not agree; then `body` is what it said. */
  readonly socket: WebSocket | null;
  readonly body: string;
  /** The next message nobody has heard; `closed CODE REASON` at the end. */
  hear(): Promise<string>;
  close(): void;
}

export interface Asking {
  readonly path?: string;
  readonly authority?: string;
  readonly headers?: HeaderList;
  readonly protocol?: string;
  readonly ca?: string;
}

/** Asks by an extended CONNECT once the server has said that it takes one. Rejects where it does not, or resets the stream. */
export async function openStream(url: string, asking: Asking = {}): Promise<StreamClient> {
  const { path = '/chat', headers = [], protocol = 'websocket', ca } = asking;
  const session = http2.connect(url, ca === undefined ? {} : { ca });
  const settings = await new Promise<http2.Settings>((resolve, reject) => {
    session.once('remoteSettings', resolve).once('error', reject);
  });
  if (settings.enableConnectProtocol !== true) {
    session.destroy();
    throw new Error('extended CONNECT is not enabled');
  }
  session.on('error', () => {});
  const { host, protocol: scheme } = new URL(url);
  const address = [':scheme', scheme.slice(0, -1), ':authority', asking.authority ?? host, ':path', path];
  const fields = [':method', 'CONNECT', ':protocol', protocol, ...address, 'sec-websocket-version', '13'];
  const stream = session.request([...fields, ...headers.flat()], { endStream: false });
  return new Promise((resolve, reject) => {
    stream.on('error', (error) => {
      session.destroy();
      reject(error);
    });
    stream.once('response', (answer, _flags, raw: readonly string[]) => {
      const status = Number(answer[':status']);
      const pairs = fieldPairs(raw);
      const close = () => session.destroy();
      if (status === 200) {
        const socket = socketOn(stream, 'client');
        resolve({ status, fields: pairs, socket, body: '', hear: hearingOf(socket), close });
        return;
      }
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.once('end', () => {
        const hear = () => Promise.resolve('');
        resolve({ status, fields: pairs, socket: null, body: Buffer.concat(chunks).toString(), hear, close });
        stream.end();
      });
    });
  });
}

function fieldPairs(raw: readonly string[]): [string, string][] {
  return Array.from({ length: raw.length / 2 }, (_, i) => [raw[2 * i] ?? '', raw[2 * i + 1] ?? '']);
}

const ofHttp1 = /^(connection|upgrade|host|sec-websocket-(key|accept))$/i;

/** A recorded conversation, or a refused handshake, as if it had come in a stream of HTTP/2. */
export function asOverHttp2(stored: StoredExchange, { tls = false } = {}): StoredExchange {
  const { exchange } = stored;
  const { request, response } = exchange.content as HttpContent;
  const fields = (headers: HeaderList) =>
    headers.filter(([name]) => !ofHttp1.test(name)).map(([name, value]) => [name.toLowerCase(), value] as const);
  if (request === null || response === null) throw new Error('no handshake');
  const authority = request.headers.find(([name]) => name.toLowerCase() === 'host')?.[1] ?? 'shop.test';
  const content = {
    ...exchange.content,
    request: {
      ...request,
      version: '2',
      method: 'CONNECT',
      authority,
      scheme: tls ? 'https' : 'http',
      protocol: 'websocket',
      headers: fields(request.headers),
    },
    response: {
      ...response,
      version: '2',
      status: response.status === 101 ? 200 : response.status,
      reason: '',
      headers: fields(response.headers),
    },
  };
  const connection = { ...exchange.connection, tls: tls ? ({ library: 'openssl' } as const) : null };
  const protocol = exchange.protocol === 'http1' ? 'http2' : exchange.protocol;
  return { ...stored, exchange: { ...exchange, protocol, channel: 1, connection, content } as unknown as Exchange };
}
