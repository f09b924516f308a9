/**
 * The client's end of a WebSocket, over ws: the handshake goes out with the fields it is given, over HTTP/2 where it was
 * recorded so and the target takes it, and what the server says comes in as it is said. Answers pings, follows no redirect,
 * sends nothing by itself. Knows no recording.
 */
import type { ClientRequest, IncomingMessage } from 'node:http';
import { isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type ClientOptions, WebSocket } from 'ws';
import { contentCodingsOf } from '../../tape/http/codings';
import type { HeaderList } from '../../tape/model/body';
import type { HttpResponse } from '../../tape/model/http/http';
import type { DriverOptions } from '../drive/driver';
import { type Failure, failureOf } from '../drive/failure';
import { pairsOf } from '../drive/gathering';
import { wayOf } from '../drive/way';
import { agreeOverHttp2 } from './client-http2';
import { type Handshake, type Http1Reason, offersIn } from './handshake';
import { goodbye, hearing, type LiveMessage, nowUs, type OpenSocket, speakingOn } from './socket';

export { isSendable, type LiveMessage, type OpenSocket } from './socket';

export interface SocketEvents {
  message(message: LiveMessage): void;
  /** Once, after the last message. `failure` is what the server did against the protocol, or what broke the connection. */
  ended(failure: Failure | null): void;
}

/** What came of a handshake. */
export interface Opening {
  readonly result: Opened | Failure;
  /** Null for what went out as it was recorded, or was to go out over HTTP/1.1. */
  readonly asHttp1: Http1Reason | null;
}

export type Opened =
  /** `response` as one of HTTP/1.1, whichever version carried it. */
  | { readonly kind: 'open'; readonly response: HttpResponse; readonly socket: OpenSocket }
  /** The server answered, and did not agree. */
  | { readonly kind: 'refused'; readonly response: HttpResponse };

const messageLimitBytes = 256 * 1024 * 1024;
const answerLimitBytes = 16 * 1024 * 1024;
/** How long a server may keep the connection after both sides have said close. */
const closeTimeoutMs = 2000;
const headLimitBytes = 256 * 1024;

/** Never rejects. `events` may be called as soon as it resolves. */
export async function openSocket(handshake: Handshake, options: DriverOptions, events: SocketEvents): Promise<Opening> {
  const overHttp1 = async (asHttp1: Http1Reason | null, stream: Duplex | null = null): Promise<Opening> => {
    return { result: await shakeHands(handshake, { options, events, stream }), asHttp1 };
  };
  if (wayOf(handshake, options) === 'http1') {
    return overHttp1(handshake.http2 === null || options.httpVersion === '1.1' ? null : 'behind-proxy');
  }
  const limits = { bodyBytes: answerLimitBytes, headBytes: headLimitBytes };
  const agreement = await agreeOverHttp2(handshake, options, limits);
  if (agreement.kind === 'not-over-http2') return overHttp1(agreement.lacking);
  if (agreement.kind === 'agreed') return overHttp1(null, agreement.stream);
  return { result: agreement, asHttp1: null };
}

interface Means {
  readonly options: DriverOptions;
  readonly events: SocketEvents;
  /** What takes the place of a connection of its own to the target; null for none. */
  readonly stream: Duplex | null;
}

function shakeHands(handshake: Handshake, { options, events, stream }: Means): Promise<Opened | Failure> {
  return new Promise((resolve) => {
    try {
      new Handshaking(handshake, { options, stream }, { events, resolve });
    } catch (error) {
      resolve({ ...failureOf(error, true), reason: 'unsendable' });
    }
  });
}

interface Listener {
  readonly events: SocketEvents;
  readonly resolve: (opening: Opened | Failure) => void;
}

class Handshaking {
  private readonly socket: WebSocket;
  private readonly deadline: NodeJS.Timeout;
  private isConnected = false;
  private isSettled = false;
  private failure: Failure | null = null;
  private response: HttpResponse | null = null;

  constructor(
    handshake: Handshake,
    { options, stream }: Omit<Means, 'events'>,
    private readonly listener: Listener,
  ) {
    const { target, timeoutMs } = options;
    this.isConnected = stream !== null;
    const path = target.basePath + handshake.path;
    const finishRequest = (request: ClientRequest) => {
      const made = target.secure ? 'secureConnect' : 'connect';
      request.once('socket', (socket) => socket.once(made, () => (this.isConnected = true)));
      writeFields(request, handshake.headers, options.hostHeader ?? target.authority);
      request.path = path; // as it was: an URL object would normalise it
      request.end();
    };
    const connection = stream === null ? {} : { createConnection: () => stream as Socket };
    const offering = clientOptions(options, handshake.headers);
    this.socket = new WebSocket(target.origin, [], { ...offering, ...connection, finishRequest });
    this.deadline = setTimeout(() => this.expire(timeoutMs), timeoutMs);
    this.listen();
  }

  private listen(): void {
    const { socket } = this;
    socket.on('upgrade', (response) => this.upgraded(response));
    socket.on('unexpected-response', (request, response) => this.refused(request, response));
    socket.on('open', () => this.opened());
    hearing(socket, (message) => this.listener.events.message(message));
    socket.on('close', (code, reason) => this.closed(goodbye(code, reason)));
    socket.on('error', (error) => this.fail(error));
  }

  private upgraded(response: IncomingMessage): void {
    this.isConnected = true;
    this.response = responseOf(response, Buffer.alloc(0), nowUs());
    // What was offered as recorded was not offered through ws, which would take the answer for one to nothing.
    delete response.headers['sec-websocket-protocol'];
  }

  private opened(): void {
    if (this.response !== null) this.settle({ kind: 'open', response: this.response, socket: speakingOn(this.socket) });
  }

  private refused(request: ClientRequest, response: IncomingMessage): void {
    const startedAtUs = nowUs();
    const chunks: Buffer[] = [];
    let size = 0;
    response.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > answerLimitBytes) request.destroy();
      else chunks.push(chunk);
    });
    response.on('error', (error) => this.fail(error));
    response.on('end', () => {
      this.settle({ kind: 'refused', response: responseOf(response, Buffer.concat(chunks), startedAtUs) });
      this.socket.terminate();
    });
  }

  private closed(last: LiveMessage | null): void {
    if (!this.isSettled) this.settle(failureOf(new Error('the connection was closed during the handshake'), true));
    if (last !== null && this.failure === null) this.listener.events.message(last);
    this.listener.events.ended(this.failure);
  }

  private fail(error: Error): void {
    this.failure ??= protocolFailure(error) ?? failureOf(error, this.isConnected);
    this.settle(this.failure);
  }

  private expire(timeoutMs: number): void {
    const detail = `${this.isConnected ? 'no answer to the handshake' : 'no connection'} after ${timeoutMs} ms`;
    const reason = this.isConnected ? 'timeout' : 'connect-timeout';
    this.settle({ kind: 'failed', reason, detail, unreachable: !this.isConnected });
    this.socket.terminate();
  }

  private settle(opening: Opened | Failure): void {
    clearTimeout(this.deadline);
    if (this.isSettled) return;
    this.isSettled = true;
    this.listener.resolve(opening);
  }
}

function clientOptions(options: DriverOptions, headers: HeaderList): ClientOptions & { closeTimeout: number } {
  const { insecure, ca, hostHeader } = options;
  const name = hostHeader?.replace(/:\d+$/, '') ?? '';
  return {
    perMessageDeflate: offersIn(headers).length > 0,
    maxPayload: messageLimitBytes,
    closeTimeout: closeTimeoutMs,
    rejectUnauthorized: !insecure,
    ...(ca === null ? {} : { ca }),
    ...(name === '' || name.startsWith('[') || isIP(name) !== 0 ? {} : { servername: name }),
  };
}

/** The fields of the handshake in the order and the case they were recorded in; what a recording left out is added. */
function writeFields(request: ClientRequest, headers: HeaderList, host: string): void {
  const own = new Map([
    ['host', host],
    ['sec-websocket-key', String(request.getHeader('Sec-WebSocket-Key'))],
    ['sec-websocket-extensions', offersIn(headers).join(', ')],
  ]);
  const named = new Set(headers.map(([name]) => name.toLowerCase()));
  const needed = needs.filter(([name]) => !named.has(name.toLowerCase()));
  for (const name of request.getRawHeaderNames()) request.removeHeader(name);
  const values = new Map<string, { readonly name: string; readonly values: string[] }>();
  for (const [name, value] of [...headers, ...needed]) {
    const lower = name.toLowerCase();
    if (bodyFields.has(lower)) continue;
    const known = values.get(lower);
    if (known === undefined) values.set(lower, { name, values: [own.get(lower) ?? value] });
    else if (!own.has(lower)) known.values.push(value);
  }
  for (const { name, values: all } of values.values()) {
    if (all.join('') !== '') request.setHeader(name, all.length === 1 ? (all[0] ?? '') : all);
  }
}

/** RFC 6455 4.1. */
const needs: HeaderList = [
  ['Host', ''],
  ['Connection', 'Upgrade'],
  ['Upgrade', 'websocket'],
  ['Sec-WebSocket-Version', '13'],
  ['Sec-WebSocket-Key', ''],
];

/** A handshake has no body. */
const bodyFields = new Set(['content-length', 'transfer-encoding', 'expect']);

/** ws says what a peer did against RFC 6455 by codes of its own. */
function protocolFailure(error: Error): Failure | null {
  const { code } = error as { code?: unknown };
  const isWs = typeof code === 'string' && code.startsWith('WS_ERR_');
  const isHandshake = /^(Invalid|Server (sent|indicated))/.test(error.message);
  if (!isWs && !isHandshake) return null;
  const reason = code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH' ? 'too-large' : 'bad-answer';
  return { kind: 'failed', reason, detail: error.message, unreachable: false };
}

function responseOf(response: IncomingMessage, bytes: Uint8Array, startedAtUs: number): HttpResponse {
  const headers = pairsOf(response.rawHeaders);
  return {
    version: '1.1',
    status: response.statusCode ?? 0,
    reason: response.statusMessage ?? '',
    informational: [],
    headers,
    body: { bytes, codings: contentCodingsOf(headers), wireSize: bytes.length },
    trailers: pairsOf(response.rawTrailers),
    startedAtUs,
    endedAtUs: nowUs(),
  };
}
