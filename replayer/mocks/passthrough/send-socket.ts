/**
 * Sends the handshake of a WebSocket on over HTTP/1.1. Where the upstream agrees, both sides speak to each other: what they
 * say passes as it is, untouched and unread.
 */
import { randomBytes } from 'node:crypto';
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Duplex } from 'node:stream';
import { type FlatHeaders, pairsOf } from '../front/asked';
import { authorityOf, failPassing, type Passing, passedFields } from './passthrough';
import { passBack } from './send-http1';

export interface SocketSender {
  send(passing: Passing): void;
  /** With all that are open. */
  close(): void;
}

export function createSocketSender(): SocketSender {
  const open = new Set<Duplex>();
  return {
    send: (passing) => send(passing, open),
    close() {
      for (const stream of open) stream.destroy();
    },
  };
}

function send(passing: Passing, open: Set<Duplex>): void {
  const { upstream, asked } = passing;
  const ask = upstream.tls ? httpsRequest : httpRequest;
  const outgoing: ClientRequest = ask({
    host: upstream.host.replace(/^\[|\]$/g, ''),
    port: upstream.port,
    agent: false,
    method: asked.method,
    path: asked.target,
    headers: ['Host', authorityOf(upstream), ...handshakeFields(asked.headers())],
  });
  outgoing.on('upgrade', (answer, stream, head) => agree(passing, { answer, stream, head }, open));
  outgoing.on('response', (answer) => passBack(answer, passing));
  outgoing.on('error', (error) => failPassing(passing, error));
  asked.reply.whenOver(() => outgoing.destroy());
  outgoing.end();
}

/** A handshake that came over HTTP/2 has no key, and HTTP/1.1 none without. */
function handshakeFields(flat: FlatHeaders): string[] {
  const fields = passedFields(flat, 'request');
  const hasKey = pairsOf(flat).some(([name]) => name.toLowerCase() === 'sec-websocket-key');
  const key = hasKey ? [] : ['Sec-WebSocket-Key', randomBytes(16).toString('base64')];
  return ['Connection', 'Upgrade', 'Upgrade', 'websocket', ...fields, ...key];
}

interface Agreed {
  readonly answer: IncomingMessage;
  readonly stream: Duplex;
  /** What the upstream said already. */
  readonly head: Buffer;
}

function agree({ asked }: Passing, { answer, stream, head }: Agreed, open: Set<Duplex>): void {
  const taken = asked.upgrade?.take();
  if (taken === undefined) {
    stream.destroy();
    return;
  }
  const client = taken.stream;
  for (const [one, other] of [
    [client, stream],
    [stream, client],
  ] as const) {
    open.add(one);
    one.on('error', () => one.destroy());
    one.once('close', () => {
      open.delete(one);
      leave(other, one.readableEnded);
    });
  }
  client.write(answerText(answer), 'latin1');
  client.write(head);
  stream.write(taken.head);
  client.pipe(stream);
  stream.pipe(client);
}

/** What was said to the end is still told. */
function leave(stream: Duplex, isSaid: boolean): void {
  if (isSaid) stream.end(() => stream.destroy());
  else stream.destroy();
}

/** The answer as it came. */
function answerText({ statusMessage, rawHeaders }: IncomingMessage): string {
  const lines = pairsOf(rawHeaders).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 101 ${statusMessage ?? ''}\r\n${lines.join('')}\r\n`;
}
