/** A conversation of node:http2 with itself, in memory, as turns: real frames of a real encoder, tables and all. */
import {
  type ClientHttp2Session,
  connect,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
  type SessionOptions,
} from 'node:http2';
import { type Duplex, duplexPair, Transform } from 'node:stream';
import { client, closes, server, type Turn } from './converse';

export interface TalkOptions {
  readonly settings?: SessionOptions['settings'];
  /** Answers one stream. */
  answer(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void;
  /** Asks; resolves once everything that is waited for has come. */
  ask(session: ClientHttp2Session): Promise<unknown>;
}

export async function talkHttp2({ settings, answer, ask }: TalkOptions): Promise<readonly Turn[]> {
  const turns: Turn[] = [];
  const [clientEnd, between] = duplexPair();
  const [serverEnd, beyond] = duplexPair();
  const tap = (said: (bytes: Buffer) => Turn) =>
    new Transform({
      transform(chunk: Buffer, _encoding, done) {
        turns.push(said(Buffer.from(chunk)));
        done(null, chunk);
      },
    });
  between.pipe(tap(client)).pipe(beyond);
  beyond.pipe(tap(server)).pipe(between);
  const answering = createServer(settings === undefined ? {} : { settings });
  answering.on('stream', answer);
  answering.on('sessionError', () => undefined);
  answering.emit('connection', serverEnd);
  const session = connect('http://shop.test', {
    createConnection: () => clientEnd as Duplex,
    ...(settings === undefined ? {} : { settings }),
  });
  session.on('error', () => undefined);
  await ask(session);
  await new Promise<void>((resolve) => session.close(resolve));
  for (const end of [clientEnd, between, serverEnd, beyond]) end.destroy();
  return [...turns, closes()];
}
