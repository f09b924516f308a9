/**
 * Makes stored exchanges out of real conversations with a real server: what a recorder without a kernel would see. The
 * client is ws, which is told what to say by the test and answers nothing by itself but pings.
 */
import type * as http from 'node:http';
import { type ClientOptions, WebSocket, WebSocketServer } from 'ws';
import type { HeaderList } from '../../tape/model/body';
import type { Problem } from '../../tape/model/exchange';
import type { Message } from '../../tape/model/message';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { StoredExchange } from '../../tape/store/tape';
import { type Listening, listen, nowUs, pairs } from './recorded-http';
import { bodyOf, connectionOf, exchangeOf, requestOf, responseOf } from './tapes';

/** A server of WebSockets on a port the system chooses; requests without an upgrade go to `answer`. */
export async function listenForSockets(
  connected: (socket: WebSocket, request: http.IncomingMessage) => void,
  answer: http.RequestListener = (_request, response) => void response.writeHead(404).end(),
  options: object = {},
): Promise<Listening> {
  const listening = await listen(answer);
  const sockets = new WebSocketServer({ server: listening.server, ...options });
  sockets.on('connection', connected);
  return {
    ...listening,
    close: () => {
      for (const socket of sockets.clients) socket.terminate();
      return listening.close();
    },
  };
}

/** What a test does as a client. */
export interface Speaker {
  say(data: string | Uint8Array): void;
  ping(): void;
  /** The next message of the server that nobody has heard. */
  hear(): Promise<string>;
  close(code?: number, reason?: string): Promise<void>;
  /** Until the server has closed. */
  closed(): Promise<void>;
}

export interface Recording {
  readonly path?: string;
  readonly protocols?: readonly string[];
  readonly headers?: HeaderList;
  readonly options?: ClientOptions;
  readonly id?: string;
  readonly problems?: readonly Problem[];
  readonly redacted?: readonly RedactionEntry[];
  readonly direction?: 'inbound' | 'outbound';
}

/** Holds the conversation and gives what a recorder would have seen of it. */
export async function recordSocket(
  url: string,
  speak: (speaker: Speaker) => Promise<void>,
  recording: Recording = {},
): Promise<StoredExchange> {
  const { path = '/chat', protocols = [], headers = [], options = {}, id = '1' } = recording;
  const messages: Message[] = [];
  const startedAtUs = nowUs();
  const socket = new WebSocket(url.replace(/^http/, 'ws') + path, [...protocols], {
    headers: Object.fromEntries(headers),
    ...options,
  });
  const heard: string[] = [];
  const waiting: ((text: string) => void)[] = [];
  const keep = (from: Message['from'], kind: string, data: string | Uint8Array, facts: Message['facts'] = {}) => {
    const atUs = nowUs();
    messages.push({ from, kind, startedAtUs: atUs, endedAtUs: atUs, facts, body: bodyOf(data) });
  };
  const { sent, answered } = { sent: requestFields(socket), answered: fieldsOf(socket) };
  socket.on('message', (data: Buffer, isBinary) => {
    keep('server', isBinary ? 'binary' : 'text', Buffer.from(data));
    const next = waiting.shift();
    if (next === undefined) heard.push(data.toString());
    else next(data.toString());
  });
  socket.on('ping', (data) => keep('server', 'ping', data));
  socket.on('pong', (data) => keep('server', 'pong', data));
  const closed = new Promise<void>((resolve) => {
    socket.on('close', (code, reason) => {
      if (code !== 1006) keep('server', 'close', '', { code: code === 1005 ? null : code, reason: reason.toString() });
      resolve();
    });
  });
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  const response = await answered;
  const endedAtUs = nowUs();
  await speak({
    say(data) {
      keep('client', typeof data === 'string' ? 'text' : 'binary', data);
      socket.send(data);
    },
    ping() {
      keep('client', 'ping', '');
      socket.ping();
    },
    hear: () =>
      new Promise((resolve) => {
        const text = heard.shift();
        if (text === undefined) waiting.push(resolve);
        else resolve(text);
      }),
    close(code, reason) {
      keep('client', 'close', '', { code: code ?? null, reason: reason ?? '' });
      socket.close(code, reason);
      return closed;
    },
    closed: () => closed,
  });
  if (socket.readyState === WebSocket.OPEN) socket.terminate();
  const exchange = exchangeOf({
    protocol: 'websocket',
    number: Number(id),
    connection: connectionOf({ key: 100 + Number(id), direction: recording.direction ?? 'inbound' }),
    startedAtUs,
    durationUs: nowUs() - startedAtUs,
    problems: recording.problems ?? [],
    request: requestOf({
      target: path,
      headers: await sent,
      body: bodyOf(''),
      startedAtUs,
      endedAtUs: startedAtUs,
    }),
    response: responseOf({
      status: 101,
      reason: 'Switching Protocols',
      headers: pairs(response.rawHeaders),
      body: bodyOf(''),
      startedAtUs: endedAtUs,
      endedAtUs,
    }),
    messages,
  });
  const connectionId = `socket ${id}`;
  return { id, session: '1', connectionId, causeId: null, exchange, redacted: recording.redacted ?? [] };
}

function fieldsOf(socket: WebSocket): Promise<http.IncomingMessage> {
  return new Promise((resolve) => socket.once('upgrade', resolve as () => void));
}

/** What ws sends, as it is on the wire. */
function requestFields(socket: WebSocket): Promise<HeaderList> {
  const request = (socket as unknown as { _req: http.ClientRequest })._req; // ws tells nobody what it sent
  const fields = request.getRawHeaderNames().map((name) => [name, String(request.getHeader(name))] as const);
  return Promise.resolve(fields);
}
