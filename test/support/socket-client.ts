/** Conversations for tests of mocks, written down by hand, and a client of WebSockets that hears message by message. */
import { type ClientOptions, WebSocket } from 'ws';
import type { HeaderList } from '../../tape/model/body';
import type { Message } from '../../tape/model/message';
import type { RedactionEntry } from '../../tape/redact/redacted';
import type { StoredExchange } from '../../tape/store/tape';
import { pairs } from './recorded-http';
import { bodyOf, connectionOf, epochUs, exchangeOf, messageOf, requestOf, responseOf } from './tapes';

export type Line = readonly [from: Message['from'], text: string | Uint8Array, over?: Partial<Message>];

export interface SocketSketch {
  readonly id?: string;
  readonly tls?: boolean;
  readonly host?: string;
  readonly target?: string;
  readonly fields?: HeaderList;
  readonly direction?: 'inbound' | 'outbound';
  readonly redacted?: readonly RedactionEntry[];
  /** Between two messages. */
  readonly gapUs?: number;
}

/** A conversation with `payments:8080`, one message each millisecond unless it says otherwise. */
export function socketCall(lines: readonly Line[], sketch: SocketSketch = {}): StoredExchange {
  const { id = '1', tls = false, host = 'payments:8080', target = '/chat', fields = [], gapUs = 1000 } = sketch;
  const messages = lines.map(([from, text, over = {}], i) => {
    const atUs = epochUs + (i + 1) * gapUs;
    const kind = typeof text === 'string' ? 'text' : 'binary';
    return messageOf('', { from, kind, body: bodyOf(text), startedAtUs: atUs, endedAtUs: atUs, ...over });
  });
  const upgrade: HeaderList = [
    ['Connection', 'Upgrade'],
    ['Upgrade', 'websocket'],
  ];
  const exchange = exchangeOf({
    protocol: 'websocket',
    number: Number(id),
    connection: connectionOf({
      key: Number(id),
      direction: sketch.direction ?? 'outbound',
      remote: '10.0.0.7:8080',
      tls: tls ? { library: 'openssl' } : null,
    }),
    durationUs: (lines.length + 1) * gapUs,
    request: requestOf({ target, headers: [['Host', host], ...upgrade], endedAtUs: epochUs, body: bodyOf('') }),
    response: responseOf({
      status: 101,
      headers: [...upgrade, ...fields],
      body: bodyOf(''),
      startedAtUs: epochUs,
      endedAtUs: epochUs,
    }),
    messages,
  });
  return { id, session: '1', connectionId: id, causeId: null, exchange, redacted: sketch.redacted ?? [] };
}

export interface Client {
  readonly socket: WebSocket;
  readonly fields: HeaderList;
  /** The next message that nobody has heard; `closed CODE REASON` once there is none left. */
  hear(): Promise<string>;
}

/** What a socket is told, in order: `closed CODE REASON` once there is nothing left. Nothing that comes from now on is missed. */
export function hearingOf(socket: WebSocket): () => Promise<string> {
  const heard: string[] = [];
  const waiting: ((text: string) => void)[] = [];
  const take = (text: string) => {
    const next = waiting.shift();
    if (next === undefined) heard.push(text);
    else next(text);
  };
  socket.on('message', (data, isBinary) => take(isBinary ? `0x${(data as Buffer).toString('hex')}` : data.toString()));
  socket.on('close', (code, reason) => take(`closed ${code} ${reason.toString()}`.trim()));
  return () =>
    new Promise((resolve) => {
      const text = heard.shift();
      if (text === undefined) waiting.push(resolve);
      else resolve(text);
    });
}

/** A conversation that was agreed to, or the answer that refused it, as `status text`. */
export function openClient(
  url: string,
  options: ClientOptions & { readonly protocols?: readonly string[] } = {},
): Promise<Client | { readonly refusal: string }> {
  const { protocols = [], ...rest } = options;
  const socket = new WebSocket(url.replace(/^http/, 'ws'), [...protocols], rest);
  const hear = hearingOf(socket);
  let fields: HeaderList = [];
  socket.on('upgrade', ({ rawHeaders: raw }) => {
    fields = pairs(raw);
  });
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('open', () => resolve({ socket, fields, hear }));
    socket.on('unexpected-response', (request, response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        resolve({ refusal: `${response.statusCode} ${Buffer.concat(chunks).toString()}` });
        request.destroy();
      });
    });
  });
}

/** Throws where the conversation was refused. */
export async function openConversation(url: string, options?: Parameters<typeof openClient>[1]): Promise<Client> {
  const client = await openClient(url, options);
  if ('refusal' in client) throw new Error(client.refusal);
  return client;
}
