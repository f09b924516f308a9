/** What only HTTP/2 has: streams at once and their limits, refusals, resets, GOAWAY, and targets that do not speak it. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import * as http from 'node:http';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Answer } from '../../replayer/drive/driver';
import type { Failure } from '../../replayer/drive/failure';
import type { OutgoingRequest } from '../../replayer/drive/outgoing';
import { freePort } from '../../replayer/launch/free-port';
import { answerIn, get, makeCertificate, Stage, textIn } from '../support/driving';
import { data, frame, headers, preface, reset, serverOpening } from '../support/http2-frames';
import { makeCertificate as makeCertificateIn, startNginx, stopAll } from '../support/programs';

const stage = new Stage();
afterEach(() => stage.close());

const ask = (path: string, more: Partial<OutgoingRequest> = {}) => get(path, { http2: 'plaintext', ...more });
const codes = { none: 0, protocol: 1, internal: 2, refused: 7, cancel: 8, http11: 13 } as const;

interface Stream {
  readonly id: number;
  readonly path: string;
  readonly session: http2.ServerHttp2Session;
  readonly stream: http2.ServerHttp2Stream;
}

function serve(take: (stream: Stream, connection: number) => void, options: http2.ServerOptions = {}): Promise<string> {
  const server = http2.createServer(options);
  const sessions: http2.Http2Session[] = [];
  server.on('session', (session) => {
    session.on('error', () => {});
    sessions.push(session);
  });
  server.on('stream', (stream, fields) => {
    stream.on('error', () => {});
    const session = stream.session as http2.ServerHttp2Session;
    const told = { id: stream.id as number, path: String(fields[':path']), session, stream };
    take(told, sessions.indexOf(session) + 1);
  });
  return stage.serve(server);
}

function end({ stream }: Stream, text: string): void {
  stream.respond({ ':status': 200 });
  stream.end(text);
}

describe('streams', () => {
  it('of one connection run at once, and each answer comes to its own request', async () => {
    const waiting: Stream[] = [];
    const connections = new Set<number>();
    const url = await serve((stream, connection) => {
      connections.add(connection);
      waiting.push(stream);
      if (waiting.length === 100) for (const each of waiting.reverse()) end(each, `answer to ${each.path}`);
    });
    const driver = stage.drive(url);
    const paths = Array.from({ length: 100 }, (_, i) => `/${i}`);
    const sent = await Promise.all(paths.map((path) => driver.send(ask(path), '1')));
    expect(sent.map(textIn)).toEqual(paths.map((path) => `answer to ${path}`));
    expect(connections.size).toBe(1);
  });

  it('are no more at a time than the target allows, from the first one on', async () => {
    let [open, most] = [0, 0];
    const connections = new Set<number>();
    const url = await serve(
      (stream, connection) => {
        connections.add(connection);
        most = Math.max(most, ++open);
        stream.stream.on('close', () => open--);
        setImmediate(() => end(stream, stream.path));
      },
      { settings: { maxConcurrentStreams: 2 } },
    );
    const driver = stage.drive(url);
    const paths = Array.from({ length: 20 }, (_, i) => `/${i}`);
    const sent = await Promise.all(paths.map((path) => driver.send(ask(path), '1')));
    expect(sent.map(textIn)).toEqual(paths);
    expect([connections.size, most]).toEqual([1, 2]);
  });

  it('that hang are given up alone', async () => {
    let slow: Stream | undefined;
    const given: number[] = [];
    const url = await serve((stream) => {
      if (stream.path === '/hang') {
        slow = stream;
        stream.stream.on('close', () => given.push(stream.stream.rstCode ?? -1));
      } else end(stream, 'quick');
    });
    const driver = stage.drive(url, { timeoutMs: 300 });
    const hanging = driver.send(ask('/hang'), '1');
    expect(textIn(await driver.send(ask('/quick'), '1'))).toBe('quick');
    expect(await hanging).toMatchObject({ reason: 'timeout' });
    expect(textIn(await driver.send(ask('/quick'), '1'))).toBe('quick');
    expect([given, slow?.session.destroyed]).toEqual([[codes.cancel], false]);
  });
});

it('sends trailers with the body, and without one', async () => {
  const url = await serve((stream) => {
    const seen: string[] = [];
    stream.stream.on('trailers', (_fields, _flags, raw) => seen.push(...(raw as unknown as string[])));
    stream.stream.on('end', () => end(stream, JSON.stringify(seen)));
    stream.stream.resume();
  });
  const trailers = [
    ['X-Sum', '9'],
    ['x-two', 'a'],
    ['x-two', 'b'],
  ] as const;
  for (const body of [Buffer.from('abc'), Buffer.alloc(0)]) {
    const sent = await stage.drive(url).send(ask('/', { method: 'POST', body, trailers }), '1');
    expect(JSON.parse(textIn(sent))).toEqual(['x-sum', '9', 'x-two', 'a', 'x-two', 'b']);
  }
});

it('takes no pushes', async () => {
  const url = await serve((stream) => end(stream, String(stream.stream.pushAllowed)));
  expect(textIn(await stage.drive(url).send(ask('/'), '1'))).toBe('false');
});

it('takes an answer that comes before the request was taken', async () => {
  const url = await serve((stream) => {
    stream.stream.respond({ ':status': 413 });
    stream.stream.end('too much');
  });
  const sent = await stage.drive(url).send(ask('/', { method: 'POST', body: Buffer.alloc(20_000_000) }), '1');
  expect([answerIn(sent).status, textIn(sent)]).toEqual([413, 'too much']);
});

describe('a target that', () => {
  it('refuses a stream is asked again on another connection', async () => {
    const asked: [number, string][] = [];
    const url = await serve((stream, connection) => {
      asked.push([connection, stream.path]);
      if (connection === 1 && stream.path === '/b') stream.stream.close(codes.refused);
      else end(stream, `${connection}${stream.path}`);
    });
    const driver = stage.drive(url);
    expect(textIn(await driver.send(ask('/a'), '1'))).toBe('1/a');
    expect(textIn(await driver.send(ask('/b', { method: 'POST', body: Buffer.from('x') }), '1'))).toBe('2/b');
    expect(textIn(await driver.send(ask('/c'), '1'))).toBe('2/c');
    expect(asked).toHaveLength(4);
  });

  it('goes on refusing is given up', async () => {
    let asked = 0;
    const url = await serve(({ stream }) => {
      asked++;
      stream.close(codes.refused);
    });
    const sent = await stage.drive(url).send(ask('/'), '1');
    expect(sent).toMatchObject({ reason: 'reset', detail: expect.stringContaining('on 3 connections') });
    expect(asked).toBe(3);
  });

  it('says GOAWAY finishes what it took, and is asked the rest on another connection', async () => {
    const first: Stream[] = [];
    const url = await serve((stream, connection) => {
      if (connection > 1) return end(stream, `2${stream.path}`);
      first.push(stream);
      if (first.length < 3) return undefined;
      stream.session.goaway(codes.none, first[1]?.id ?? 0);
      for (const each of first.slice(0, 2)) end(each, `1${each.path}`);
      return undefined;
    });
    const driver = stage.drive(url);
    const sent = await Promise.all(['/a', '/b', '/c'].map((path) => driver.send(ask(path), '1')));
    expect(sent.map(textIn)).toEqual(['1/a', '1/b', '2/c']);
    expect(textIn(await driver.send(ask('/d'), '1'))).toBe('2/d');
  });

  it('says GOAWAY with an error is said to have ended what it took; the rest is sent again', async () => {
    const url = await serve((stream, connection) => {
      if (connection > 1) end(stream, `2${stream.path}`);
      else if (stream.path === '/b') stream.session.goaway(codes.internal, 1);
    });
    const driver = stage.drive(url);
    const sent = await Promise.all(['/a', '/b'].map((path) => driver.send(ask(path), '1')));
    expect(sent[0]).toMatchObject({
      reason: 'reset',
      detail: 'the target ended the connection (GOAWAY INTERNAL_ERROR)',
    });
    expect(textIn(sent[1] as Answer | Failure)).toBe('2/b');
  });

  it.each([
    ['before its answer', codes.internal, false, 'INTERNAL_ERROR'],
    ['within its answer', codes.cancel, true, 'CANCEL'],
    ['within its answer and calls it no error', codes.none, true, 'NO_ERROR'],
  ])('resets a stream %s gave no answer', async (_when, code, begins, name) => {
    const url = await speakFrames([
      ...(begins ? [headers(1, [[':status', '200']]), data(1, 'half')] : []),
      reset(1, code),
    ]);
    const sent = await stage.drive(url).send(ask('/'), '1');
    expect(sent).toMatchObject({ kind: 'failed', reason: 'reset', detail: `the stream was reset (${name})` });
  });

  it.each<[string, readonly Buffer[], string]>([
    ['ends without a status', [data(1, 'x', { ends: true })], 'bad-answer'],
    [
      'says a length that is not that of its body',
      [
        headers(1, [
          [':status', '200'],
          ['content-length', '9'],
        ]),
        data(1, 'x', { ends: true }),
      ],
      'reset',
    ],
    ['sends frames that are none', [frame('WINDOW_UPDATE', 0, 0, Buffer.alloc(1))], 'bad-answer'],
    [
      'sends header blocks that are none',
      [frame('HEADERS', 1, 5, Buffer.from([0xff, 0xff, 0xff, 0xff]))],
      'bad-answer',
    ],
  ])('%s is an error', async (_what, frames, reason) => {
    const url = await speakFrames(frames);
    const sent = await stage.drive(url).send(ask('/'), '1');
    expect(sent).toMatchObject({ kind: 'failed', reason, unreachable: false });
  });

  it('sends a head as long as is taken gives an answer, where its frames are as long as they may be', async () => {
    const large = Array.from({ length: 8 }, (_, i) => [`x-${i}`, 'x'.repeat(28 * 1024)] as const);
    const acknowledged = frame('SETTINGS', 0, 1);
    const head = headers(1, [[':status', '200'], ...large], { ends: true });
    const sent = await stage.drive(await speakFrames([acknowledged, head])).send(ask('/'), '1');
    expect(sent.kind === 'answer' && sent.response.headers.map(([, value]) => value.length)).toEqual(
      large.map(() => 28 * 1024),
    );
  });

  it('speaks HTTP/1 only is said to, for plaintext', async () => {
    const url = await stage.serve(http.createServer((_request, response) => response.end()));
    const sent = await stage.drive(url).send(ask('/'), '1');
    expect(sent).toMatchObject({ reason: 'no-http2', unreachable: false });
    expect(sent).toMatchObject({ detail: expect.stringContaining('--http-version 1.1 sends HTTP/1.1') });
    expect(await stage.drive(url, { httpVersion: '1.1' }).send(ask('/'), '1')).toMatchObject({ kind: 'answer' });
  });

  it('says nothing is given up in time, and closes without a word is said to', async () => {
    const silent = await stage.serve(createServer(() => {}));
    expect(await stage.drive(silent, { timeoutMs: 100 }).send(ask('/'), '1')).toMatchObject({ reason: 'timeout' });
    const closing = await stage.serve(createServer((socket) => socket.once('data', () => socket.end())));
    expect(await stage.drive(closing).send(ask('/'), '1')).toMatchObject({ reason: 'closed', unreachable: false });
  });

  it('is there again after it was gone', async () => {
    const url = await serve((stream) => end(stream, stream.path));
    const driver = stage.drive(url);
    await driver.send(ask('/a'), '1');
    stage.cut();
    let sent = await driver.send(ask('/b'), '1');
    if (sent.kind === 'failed') sent = await driver.send(ask('/b'), '1'); // it may not have been seen to go yet
    expect(textIn(sent)).toBe('/b');
  });
});

describe('a target without HTTP/2 in TLS', () => {
  const certificate = makeCertificate();
  const inTls = (path: string) => ask(path, { http2: 'tls' });

  it('is asked for it once, and sent HTTP/1.1 on as many connections as run at once', async () => {
    const waiting: http.ServerResponse[] = [];
    let connections = 0;
    const server = https.createServer(certificate, (request, response) => {
      if (request.url !== '/both') return response.end();
      waiting.push(response);
      if (waiting.length === 2) for (const each of waiting) each.end('both');
      return undefined;
    });
    server.on('connection', () => connections++);
    const url = await stage.serve(server, 'https');
    const driver = stage.drive(url, { ca: certificate.cert });
    expect(answerIn(await driver.send(inTls('/'), '1')).version).toBe('1.1');
    const before = connections;
    const sent = await Promise.all([driver.send(inTls('/both'), '1'), driver.send(inTls('/both'), '1')]);
    expect(sent.map(textIn)).toEqual(['both', 'both']);
    await driver.send(inTls('/'), '1');
    expect([before, connections]).toEqual([2, 3]);
  });

  it('for one request alone says so, and gets that over HTTP/1.1', async () => {
    const server = http2.createSecureServer({ ...certificate, allowHTTP1: true });
    server.on('request', (request, response) => {
      if (request.httpVersion === '2.0' && request.url === '/old') request.stream.close(codes.http11);
      else response.end(request.httpVersion);
    });
    const driver = stage.drive(await stage.serve(server, 'https'), { ca: certificate.cert });
    expect(textIn(await driver.send(inTls('/old'), '1'))).toBe('1.1');
    expect(textIn(await driver.send(inTls('/new'), '1'))).toBe('2.0');
  });

  it('that has it gets it, whatever it was asked before', async () => {
    const server = http2.createSecureServer({ ...certificate, allowHTTP1: true }, (request, response) => {
      response.end(request.httpVersion);
    });
    const driver = stage.drive(await stage.serve(server, 'https'), { ca: certificate.cert });
    expect(textIn(await driver.send(get('/'), '1'))).toBe('1.1');
    expect(textIn(await driver.send(inTls('/'), '1'))).toBe('2.0');
  });
});

describe('nginx', () => {
  const folder = mkdtempSync(join(tmpdir(), 'wiretape-nginx-'));
  const certificate = makeCertificateIn(folder);
  afterEach(stopAll);
  afterAll(() => rmSync(folder, { recursive: true }));
  const there = existsSync('/usr/sbin/nginx') && process.getuid?.() === 0;

  (there ? it : it.skip)('is asked over HTTP/2, by ALPN and with prior knowledge, two streams at a time', async () => {
    const [plain, secure] = [await freePort(), await freePort()];
    const tls = `ssl_certificate ${certificate.cert}; ssl_certificate_key ${certificate.key};`;
    const says = 'return 200 "$server_protocol $request_uri $http_cookie $http_x_a";';
    const both = `listen 127.0.0.1:${plain} http2; listen 127.0.0.1:${secure} ssl http2;`;
    await startNginx(folder, `server { ${both} ${tls} http2_max_concurrent_streams 2; location / { ${says} } }`);
    const headers = [
      ['cookie', 'a=1'],
      ['x-a', 'x'],
      ['cookie', 'b=2'],
    ] as const;
    for (const [url, http2] of [
      [`http://127.0.0.1:${plain}`, 'plaintext'],
      [`https://127.0.0.1:${secure}`, 'tls'],
    ] as const) {
      const driver = stage.drive(url, http2 === 'tls' ? { ca: readFileSync(certificate.cert, 'utf8') } : {});
      const paths = Array.from({ length: 50 }, (_, i) => `/${i}`);
      const sent = await Promise.all(paths.map((path) => driver.send(ask(path, { http2, headers }), '1')));
      expect(sent.map(textIn)).toEqual(paths.map((path) => `HTTP/2.0 ${path} a=1; b=2 x`));
    }
  });
});

/** A server that says these frames when it is asked for the first time, and no more. */
function speakFrames(frames: readonly Buffer[]): Promise<string> {
  return stage.serve(
    createServer((socket) => {
      let heard = Buffer.alloc(0);
      socket.write(serverOpening);
      socket.on('data', (bytes) => {
        const before = hasRequest(heard);
        heard = Buffer.concat([heard, bytes]);
        if (!before && hasRequest(heard)) socket.write(Buffer.concat(frames));
      });
    }),
  );
}

function hasRequest(heard: Buffer): boolean {
  for (let at = preface.length; at + 9 <= heard.length; at += 9 + heard.readUIntBE(at, 3)) {
    if (heard[at + 3] === 1) return true;
  }
  return false;
}
