/**
 * Sends a request on to the real upstream: only under `--on-miss passthrough`, and only to an upstream the tape knows.
 * Certificates of the upstream are checked as usual. Adds nothing and follows nothing.
 */
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Upstream } from '../upstream';
import { writeJson } from './reply';

export interface Passthrough {
  send(upstream: Upstream, request: PassedRequest, response: ServerResponse): void;
  close(): void;
}

export interface PassedRequest {
  readonly message: IncomingMessage;
  readonly target: string;
  readonly body: Buffer;
}

const connectionFields = new Set([
  'host',
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'expect',
  'content-length',
]);

export function createPassthrough(): Passthrough {
  const plain = new HttpAgent({ keepAlive: true });
  const secure = new HttpsAgent({ keepAlive: true });
  return {
    send(upstream, { message, target, body }, response) {
      const send = upstream.tls ? httpsRequest : httpRequest;
      const outgoing = send({
        host: upstream.host.replace(/^\[|\]$/g, ''),
        port: upstream.port,
        agent: upstream.tls ? secure : plain,
        method: message.method,
        path: target,
        headers: headersFor(upstream, message, body.length),
      });
      outgoing.on('response', (answer) => passBack(answer, response));
      outgoing.on('error', (error) => fail(response, upstream, error));
      response.on('close', () => outgoing.destroy());
      outgoing.end(body);
    },
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}

function headersFor(upstream: Upstream, message: IncomingMessage, length: number): string[] {
  const host = upstream.port === (upstream.tls ? 443 : 80) ? upstream.host : upstream.name;
  const framing = length > 0 || message.headers['content-length'] !== undefined ? ['Content-Length', `${length}`] : [];
  return ['Host', host, ...withoutConnectionFields(message.rawHeaders, 'host'), ...framing];
}

function passBack(answer: IncomingMessage, response: ServerResponse): void {
  response.sendDate = false;
  response.writeHead(answer.statusCode ?? 502, answer.statusMessage ?? '', withoutConnectionFields(answer.rawHeaders));
  answer.on('error', () => response.destroy());
  answer.pipe(response);
}

/** What belongs to one connection is made anew for the other; a Content-Length of the answer is kept. */
function withoutConnectionFields(flat: readonly string[], side: 'host' | 'answer' = 'answer'): string[] {
  const kept: string[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) {
    const name = flat[i] ?? '';
    const lower = name.toLowerCase();
    const own = connectionFields.has(lower) && !(side === 'answer' && lower === 'content-length');
    if (!own) kept.push(name, flat[i + 1] ?? '');
  }
  return kept;
}

function fail(response: ServerResponse, upstream: Upstream, error: Error): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  writeJson(response, 502, {
    error: 'PASSTHROUGH_FAILED',
    message: `Cannot pass the request on to ${upstream.name}: ${error.message}`,
  });
}
