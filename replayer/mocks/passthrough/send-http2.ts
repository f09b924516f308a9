/** Sends a request on over HTTP/2: one session an upstream, made on first use and again when it has ended. */
import { type ClientHttp2Session, type ClientHttp2Stream, connect as connectHttp2 } from 'node:http2';
import { connect as connectTls } from 'node:tls';
import { outgoingFields } from '../front/http2/fields';
import type { Upstream } from '../upstream';
import { authorityOf, failPassing, type Passing, passedFields, pipeAnswer } from './passthrough';

export interface Http2Sender {
  /** Null where the upstream does not speak HTTP/2. Rejects where it cannot be reached. */
  sessionTo(upstream: Upstream): Promise<ClientHttp2Session | null>;
  send(session: ClientHttp2Session, passing: Passing): void;
  close(): void;
}

/** `knowing` are the upstreams that spoke HTTP/2 when they were recorded: without TLS nothing else tells. */
export function createHttp2Sender(knowing: ReadonlySet<string>): Http2Sender {
  const sessions = new Map<string, Promise<ClientHttp2Session | null>>();
  const open = (upstream: Upstream): Promise<ClientHttp2Session | null> => {
    const opening = upstream.tls
      ? byAlpn(upstream)
      : Promise.resolve(knowing.has(upstream.name) ? plain(upstream) : null);
    const forget = (): void => {
      if (sessions.get(upstream.name) === opening) sessions.delete(upstream.name);
    };
    opening.then((session) => session?.once('close', forget), forget);
    sessions.set(upstream.name, opening);
    return opening;
  };
  return {
    sessionTo: (upstream) => sessions.get(upstream.name) ?? open(upstream),
    send,
    close() {
      for (const session of sessions.values())
        session.then(
          (opened) => opened?.destroy(),
          () => {},
        );
    },
  };
}

function plain(upstream: Upstream): ClientHttp2Session {
  const session = connectHttp2(`http://${upstream.name}`);
  session.on('error', () => {}); // the requests on it are told, each by its stream
  return session;
}

function byAlpn(upstream: Upstream): Promise<ClientHttp2Session | null> {
  const host = upstream.host.replace(/^\[|\]$/g, '');
  return new Promise((resolve, reject) => {
    const servername = /^[\d.]+$|:/.test(host) ? '' : host;
    const socket = connectTls({ host, port: upstream.port, servername, ALPNProtocols: ['h2', 'http/1.1'] });
    socket.once('error', reject);
    socket.once('secureConnect', () => {
      if (socket.alpnProtocol !== 'h2') {
        socket.destroy();
        resolve(null);
        return;
      }
      const session = connectHttp2(`https://${upstream.name}`, { createConnection: () => socket });
      session.on('error', () => {});
      resolve(session);
    });
  });
}

function send(session: ClientHttp2Session, passing: Passing): void {
  const { asked, body, upstream } = passing;
  const trailers = passedFields(asked.trailers(), 'request');
  const fields = outgoingFields(passedFields(asked.headers(), 'request'));
  const wantsTrailers = asked.header('te')?.toLowerCase() === 'trailers' ? { te: 'trailers' } : {};
  const stream = session.request(
    {
      ...fields,
      ...wantsTrailers,
      ':method': asked.method,
      ':path': asked.target,
      ':authority': authorityOf(upstream),
      ':scheme': upstream.tls ? 'https' : 'http',
    },
    { endStream: body.length === 0 && trailers.length === 0, waitForTrailers: trailers.length > 0 },
  );
  stream.on('error', (error) => failPassing(passing, error));
  stream.once('close', () => {
    if (!asked.reply.isBegun) failPassing(passing, new Error(`the stream ended with code ${stream.rstCode}`));
  });
  stream.once('wantTrailers', () => stream.sendTrailers(outgoingFields(trailers)));
  passBack(stream, passing);
  asked.reply.whenOver(() => stream.close());
  if (!stream.writableEnded) stream.end(body);
}

function passBack(stream: ClientHttp2Stream, { asked }: Passing): void {
  let trailers: readonly string[] = [];
  stream.on('headers', (headers) => {
    const status = headers[':status'] ?? 0;
    if (status > 101) asked.reply.early({ status, headers: [] });
  });
  stream.on('trailers', (_, __, raw?: readonly string[]) => {
    trailers = raw ?? [];
  });
  stream.on('response', (headers, _, raw?: readonly string[]) => {
    const opened = asked.reply.open({
      status: headers[':status'] ?? 502,
      reason: null,
      headers: passedFields(raw ?? [], 'answer'),
      framing: [],
    });
    stream.once('aborted', () => asked.reply.abort());
    pipeAnswer(stream, opened, () => trailers);
  });
}
