/**
 * Sends a request on to the real upstream: only under `--on-miss passthrough`, and only to an upstream the tape knows.
 * Certificates of the upstream are checked as usual. Adds nothing and follows nothing. A request that came over HTTP/2 goes
 * on over it where the upstream speaks it: by ALPN, or without TLS as it did when it was recorded; otherwise over HTTP/1.1, as
 * does every handshake of a WebSocket.
 */
import { connectionOptions, framing, hopByHop } from '../../../tape/http/hop-by-hop';
import { replyJson } from '../answering';
import { type Asked, type FlatHeaders, type Opened, pairsOf } from '../front/asked';
import type { MockSet } from '../mock';
import type { Upstream } from '../upstream';
import { createHttp1Sender } from './send-http1';
import { createHttp2Sender } from './send-http2';
import { createSocketSender } from './send-socket';

export interface Passthrough {
  send(upstream: Upstream, asked: Asked, body: Buffer): void;
  close(): void;
}

/** A request on its way to an upstream, and its answer on the way back. */
export interface Passing {
  readonly upstream: Upstream;
  readonly asked: Asked;
  readonly body: Buffer;
}

export function createPassthrough({ mocks }: Pick<MockSet, 'mocks'>): Passthrough {
  const sockets = createSocketSender();
  const http1 = createHttp1Sender();
  const http2 = createHttp2Sender(new Set(mocks.filter(spokeHttp2).map(({ upstream }) => upstream)));
  return {
    send(upstream, asked, body) {
      const passing = { upstream, asked, body };
      if (asked.upgrade !== null) {
        sockets.send(passing);
        return;
      }
      if (asked.version !== '2') {
        http1.send(passing);
        return;
      }
      http2.sessionTo(upstream).then(
        (session) => (session === null ? http1.send(passing) : http2.send(session, passing)),
        (error: Error) => failPassing(passing, error),
      );
    },
    close() {
      sockets.close();
      http1.close();
      http2.close();
    },
  };
}

function spokeHttp2({ request }: MockSet['mocks'][number]): boolean {
  return request.version === '2';
}

/** What belongs to one connection is made anew for the other; the length of an answer is kept. */
export function passedFields(flat: FlatHeaders, side: 'request' | 'answer'): string[] {
  const pairs = pairsOf(flat);
  const options = connectionOptions(pairs);
  const own = side === 'request' ? requestFields : hopByHop;
  return pairs.flatMap((pair) => {
    const lower = pair[0].toLowerCase();
    return own.has(lower) || options.has(lower) || lower.startsWith(':') ? [] : pair;
  });
}

const requestFields: ReadonlySet<string> = new Set([...framing, 'host', 'proxy-authorization', 'expect']);

/** As its clients wrote it: without the port that is its scheme's own. */
export function authorityOf(upstream: Upstream): string {
  return upstream.port === (upstream.tls ? 443 : 80) ? upstream.host : upstream.name;
}

/** Ends the answer after its body with the trailers that have come by then. */
export function pipeAnswer(from: NodeJS.ReadableStream, { body, end }: Opened, trailers: () => FlatHeaders): void {
  from.pipe(body, { end: false });
  from.once('end', () => end(passedFields(trailers(), 'answer')));
}

export function failPassing({ asked: { reply }, upstream }: Passing, error: Error): void {
  if (reply.isBegun) {
    reply.abort();
    return;
  }
  replyJson(reply, 502, {
    error: 'PASSTHROUGH_FAILED',
    message: `Cannot pass the request on to ${upstream.name}: ${error.message}`,
  });
}
