/** A client of HTTP/2 for tests: what it is told on each stream, raw. */
import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type OutgoingHttpHeaders,
  type SecureClientSessionOptions,
} from 'node:http2';

export interface Http2Seen {
  readonly status: number;
  /** Names and values in turn, without `:status`. */
  readonly fields: readonly string[];
  readonly early: readonly number[];
  readonly trailers: readonly string[];
  readonly text: string;
  readonly bytes: Buffer;
  /** The stream's error code: 0 where it ended in order. */
  readonly code: number;
}

export interface Http2Sent extends OutgoingHttpHeaders {
  readonly ':path': string;
}

export interface Http2Client {
  readonly session: ClientHttp2Session;
  /** One request; a stream that is reset before an answer has status 0. */
  ask(headers: Http2Sent, sent?: { body?: string | Buffer; trailers?: OutgoingHttpHeaders }): Promise<Http2Seen>;
}

/** With the preface at once, or by ALPN where the URL is one of TLS. */
export function openHttp2(url: string, options: SecureClientSessionOptions = {}): Http2Client {
  // Node's own limit on what is sent lies below the one on what is taken
  const session = connect(url, { maxSendHeaderBlockLength: 1024 * 1024, ...options });
  session.on('error', () => undefined); // each stream says by itself how it ended
  return {
    session,
    ask(headers, { body, trailers } = {}) {
      const isWhole = body === undefined && trailers === undefined;
      const options = { endStream: isWhole, waitForTrailers: trailers !== undefined };
      const stream = session.request(headers, options);
      if (trailers !== undefined) stream.once('wantTrailers', () => stream.sendTrailers(trailers));
      if (!isWhole) stream.end(body ?? '');
      return seenOn(stream);
    },
  };
}

export function seenOn(stream: ClientHttp2Stream): Promise<Http2Seen> {
  const chunks: Buffer[] = [];
  const early: number[] = [];
  const seen = { status: 0, fields: [] as readonly string[], trailers: [] as readonly string[] };
  stream.on('headers', (headers) => early.push(headers[':status'] ?? 0));
  stream.on('response', (headers, _flags, raw?: readonly string[]) => {
    seen.status = headers[':status'] ?? 0;
    seen.fields = (raw ?? []).slice(2);
  });
  stream.on('trailers', (_headers, _flags, raw?: readonly string[]) => {
    seen.trailers = raw ?? [];
  });
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('error', () => undefined); // its code tells
  return new Promise((resolve) => {
    stream.on('close', () => {
      const bytes = Buffer.concat(chunks);
      resolve({ ...seen, early, bytes, text: bytes.toString('utf8'), code: stream.rstCode ?? 0 });
    });
  });
}
