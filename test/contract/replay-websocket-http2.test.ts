/** Conversations that were recorded in streams of HTTP/2 (RFC 8441), played against servers that take them so, and others. */
import { readFileSync } from 'node:fs';
import type { WebSocket } from 'ws';
import { casesFrom } from '../../replayer/cases/cases';
import { parseTarget } from '../../replayer/drive/target';
import { runSuite, type SuiteOptions } from '../../replayer/run';
import type { StoredExchange } from '../../tape/store/tape';
import { makeCertificate, temporaryFolder } from '../support/programs';
import { listenForSockets, type Recording, recordSocket, type Speaker } from '../support/recorded-socket';
import { asOverHttp2, listenForStreams } from '../support/socket-over-http2';
import { suiteDefaults } from '../support/suite-defaults';

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

const serve: typeof listenForStreams = async (...behaviour) => {
  const server = await listenForStreams(...behaviour);
  open.push(server);
  return server;
};

const echo = (socket: WebSocket) =>
  void socket.on('message', (data, isBinary) => {
    if (data.toString() === 'bye') socket.close(1000, 'see you');
    else socket.send(isBinary ? data : `you said ${data}`, { binary: isBinary });
  });
const shout = (socket: WebSocket) => void socket.on('message', (data) => socket.send(`YOU SAID ${data}`));

async function visit({ say, hear, closed }: Speaker): Promise<void> {
  say('hello');
  await hear();
  say(Buffer.alloc(100_000, 7));
  await hear();
  say('bye');
  await closed();
}

async function recorded(recording: Recording & { readonly tls?: boolean } = {}): Promise<StoredExchange> {
  const { tls = false, ...rest } = recording;
  const service = await listenForSockets(echo);
  try {
    const stored = await recordSocket(service.url, visit, { options: { perMessageDeflate: false }, ...rest });
    return asOverHttp2(stored, { tls });
  } finally {
    await service.close();
  }
}

async function replay(stored: readonly StoredExchange[], url: string, options: Partial<SuiteOptions> = {}) {
  const outcome = await runSuite(casesFrom(stored), { ...suiteDefaults, target: parseTarget(url), ...options });
  const results = outcome.report.results.flatMap(({ verdict, reason, differences }) => [
    [verdict, reason].join(' ').trim(),
    ...differences.map(({ path, kind, expected, actual }) => `${path} ${kind} ${expected} ${actual}`),
  ]);
  return { results, remarks: outcome.report.remarks };
}

it('goes out by extended CONNECT, with the recorded fields, and passes', async () => {
  const stored = await recorded({ path: '/chat?a=%7b', headers: [['X-Tenant', 'red']], protocols: ['a', 'b'] });
  const server = await serve(echo, { answer: { 'sec-websocket-protocol': 'a' } });
  expect(await replay([stored], server.url)).toEqual({ results: ['pass'], remarks: [] });
  const authority = new URL(server.url).host;
  expect(server.asked).toEqual([
    [
      ...[':method', 'CONNECT', ':protocol', 'websocket', ':scheme', 'http', ':authority', authority],
      ...[':path', '/chat?a=%7b', 'x-tenant', 'red', 'sec-websocket-version', '13', 'sec-websocket-protocol', 'a,b'],
    ],
  ]);
});

it('fails at the message that differs', async () => {
  const { results } = await replay([await recorded()], (await serve(shout)).url, { timeoutMs: 300 });
  expect(results.slice(0, 2)).toEqual(['fail', 'message[1].body changed you said hello YOU SAID hello']);
});

it('says more than the window of a stream holds', async () => {
  const large = 'ten megabytes '.repeat(750_000);
  const service = await listenForSockets((socket) => void socket.on('message', (data) => socket.send(String(data))));
  const stored = await recordSocket(service.url, async ({ say, hear, close }) => {
    say(large);
    await hear();
    await close(1000);
  });
  await service.close();
  const server = await serve((socket) => void socket.on('message', (data) => socket.send(String(data))));
  expect(await replay([asOverHttp2(stored)], server.url)).toMatchObject({ results: ['pass'] });
});

it('that is refused over HTTP/2 is a difference', async () => {
  const refuse: Parameters<typeof listenForStreams>[1] = {
    refuse: (stream) => {
      stream.respond({ ':status': 403 }, { sendDate: false } as object);
      stream.end('not you');
    },
  };
  const { results } = await replay([await recorded()], (await serve(echo, refuse)).url);
  expect(results).toEqual(['fail', 'status changed 101 403', 'body added null not you']);
});

it.each([
  ['hangs', () => {}, 'error timeout'],
  ['resets the stream', (stream: { close(code: number): void }) => stream.close(2), 'error reset'],
])('with a server that %s is an error, and no hang', async (_what, refuse, verdict) => {
  const server = await serve(echo, { refuse });
  expect((await replay([await recorded()], server.url, { timeoutMs: 300 })).results).toEqual([verdict]);
});

it('that ends in the middle by a reset stream is closed there', async () => {
  const server = await serve((socket) => void socket.on('message', () => socket.terminate()));
  const { results } = await replay([await recorded()], server.url, { timeoutMs: 300 });
  expect(results).toEqual([
    'fail',
    'message[1] removed you said hello null',
    expect.stringMatching(/^message\[3\] removed /),
    expect.stringMatching(/^message\[5\] removed /),
  ]);
});

describe('over TLS', () => {
  const folder = temporaryFolder();
  afterAll(() => folder.remove());
  const tls = () => {
    const { key, cert } = makeCertificate(folder.path);
    return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
  };

  it('goes by ALPN', async () => {
    const certificate = tls();
    const server = await serve(echo, { tls: certificate });
    const told = await replay([await recorded({ tls: true })], server.url, { ca: certificate.cert });
    expect(told).toEqual({ results: ['pass'], remarks: [] });
    expect(server.asked.length).toBe(1);
  });

  it('goes over HTTP/1.1 to a server that does not enable extended CONNECT, and says so', async () => {
    const certificate = tls();
    const seen: unknown[] = [];
    const upgrade = (request: object, socket: { end(text: string): void }) => {
      seen.push(request);
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    };
    const server = await serve(echo, { tls: certificate, enables: false, upgrade });
    const told = await replay([await recorded({ tls: true })], server.url, { ca: certificate.cert });
    expect(told.results).toEqual(['fail', 'status changed 101 403']);
    expect(told.remarks).toEqual([
      '1 WebSocket recorded over HTTP/2 went out as HTTP/1.1: the target speaks HTTP/2 and does not enable extended CONNECT (RFC 8441)',
    ]);
    expect(seen).toMatchObject([{ httpVersion: '1.1', method: 'GET', headers: { upgrade: 'websocket' } }]);
  });
});

describe('a plaintext target', () => {
  const deaf = () => listenForSockets(echo);

  it('of what was recorded in TLS is asked over HTTP/1.1, unless told otherwise', async () => {
    const service = await deaf();
    open.push(service);
    const stored = await recorded({ tls: true });
    expect(await replay([stored], service.url)).toEqual({
      results: ['pass'],
      remarks: [
        '1 WebSocket recorded over HTTP/2 went out as HTTP/1.1, as to a build behind a proxy that ends TLS: --http-version 2 sends HTTP/2',
      ],
    });
    const server = await serve(echo);
    expect(await replay([stored], server.url, { httpVersion: '2' })).toEqual({ results: ['pass'], remarks: [] });
    expect(server.asked.length).toBe(1);
  });

  it('is asked over HTTP/1.1 where that was asked for, without a remark', async () => {
    const service = await deaf();
    open.push(service);
    const told = await replay([await recorded()], service.url, { httpVersion: '1.1' });
    expect(told).toEqual({ results: ['pass'], remarks: [] });
  });

  it('that speaks no HTTP/2 is an error that says what to do', async () => {
    const service = await deaf();
    open.push(service);
    expect((await replay([await recorded()], service.url)).results).toEqual(['error no-http2']);
  });
});

it('does not mix up fifty at once', async () => {
  const stored = await Promise.all(Array.from({ length: 50 }, (_, i) => recorded({ id: String(i + 1) })));
  const { results } = await replay(stored, (await serve(echo)).url, { concurrency: 8 });
  expect(results).toEqual(Array.from({ length: 50 }, () => 'pass'));
});
