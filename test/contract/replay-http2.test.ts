/** Runs of what was recorded over HTTP/2, against services that speak it, and against those that do not. */
import * as http from 'node:http';
import * as http2 from 'node:http2';
import * as https from 'node:https';
import type { Server } from 'node:net';
import { casesFrom } from '../../replayer/cases/cases';
import { parseTarget } from '../../replayer/drive/target';
import { runSuite, type SuiteOptions } from '../../replayer/run';
import { har } from '../../tape/import/har';
import type { Exchange } from '../../tape/model/exchange';
import { createMemoryTape } from '../../tape/store/memory';
import type { StoredExchange } from '../../tape/store/tape';
import { makeCertificate, Stage } from '../support/driving';
import { type ExchangeSketch, storedExchanges } from '../support/exchanges';
import { fileOf, imported } from '../support/importing';
import { recordOverHttp2 } from '../support/recorded-http2';
import { sessionService } from '../support/session-service';
import { suiteDefaults } from '../support/suite-defaults';
import { asRedacted, sessionStart } from '../support/tapes';

const certificate = makeCertificate();
const stage = new Stage();
afterEach(() => stage.close());

async function run(sketches: readonly ExchangeSketch[], url: string, options: Partial<SuiteOptions> = {}) {
  const settings = { ...suiteDefaults, concurrency: 200, ...options, target: parseTarget(url) };
  return runSuite(casesFrom(storedExchanges(...sketches)), settings);
}

const json = [['content-type', 'application/json']] as const;

/** Streams of one connection, all at once: each asks for its own number. */
const atOnce = (count: number, more: ExchangeSketch = {}): ExchangeSketch[] =>
  Array.from({ length: count }, (_, i) => ({
    target: `/items/${i}`,
    channel: 2 * i + 1,
    startedAtUs: 1000 + i,
    durationUs: 1_000_000,
    responseHeaders: json,
    responseBody: { item: i },
    ...more,
  }));

interface Asked {
  readonly path: string;
  answer(item: unknown): void;
}

/** A service of HTTP/2 in plaintext that may hold its answers back. */
function items(take: (asked: Asked) => void): Promise<string> {
  const server = http2.createServer((request, response) => {
    const answer = (item: unknown) => {
      response.setHeader('content-type', 'application/json');
      response.sendDate = false;
      response.end(JSON.stringify({ item }));
    };
    take({ path: request.url, answer });
  });
  return stage.serve(server);
}

it('plays a hundred channels of one connection at once, and mixes up none of them', async () => {
  const waiting: Asked[] = [];
  const url = await items((asked) => {
    waiting.push(asked);
    if (waiting.length < 100) return;
    for (const each of waiting.reverse()) each.answer(Number(each.path.split('/')[2]));
  });
  const { report } = await run(atOnce(100), url);
  expect(report).toMatchObject({ cases: 100, passed: 100, remarks: [] });
});

it('finds the difference of a build that changed, in the case it is in', async () => {
  const url = await items(({ path, answer }) => answer(path === '/items/3' ? 'changed' : Number(path.split('/')[2])));
  const { report, notes } = await run(atOnce(5), url);
  expect(report).toMatchObject({ passed: 4, failed: 1 });
  expect(report.results[3]).toMatchObject({
    verdict: 'fail',
    differences: [{ path: 'body.item', kind: 'type', expected: 3, actual: 'changed' }],
  });
  expect(notes.get('4')?.curl).toBe(`curl --http2-prior-knowledge ${url}/items/3`);
});

it('holds channels to the concurrency asked for, and sends none before an answer it may depend on', async () => {
  let [open, most] = [0, 0];
  const order: string[] = [];
  const url = await items(({ path, answer }) => {
    order.push(path);
    most = Math.max(most, ++open);
    setImmediate(() => {
      open--;
      answer(Number(path.split('/')[2]));
    });
  });
  const later = { ...atOnce(7)[6], startedAtUs: 2_000_000 };
  const { report } = await run([...atOnce(6), later], url, { concurrency: 3 });
  expect(report.passed).toBe(7);
  expect(most).toBeLessThanOrEqual(3);
  expect(order.at(-1)).toBe('/items/6');
});

it('compares trailers, and sends those of requests', async () => {
  const status = (value: string) => [['grpc-status', value]] as const;
  const seen: string[] = [];
  const server = http2.createServer();
  server.on('stream', (stream) => {
    stream.on('trailers', (fields) => seen.push(String(fields['x-sum'])));
    stream.resume();
    stream.on('end', () => {
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, {
        waitForTrailers: true,
        sendDate: false,
      } as never);
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.end('\0\0\0\0\0');
    });
  });
  const url = await stage.serve(server);
  const call: ExchangeSketch = {
    method: 'POST',
    target: '/shop.Shop/Get',
    channel: 1,
    tls: true,
    requestHeaders: [
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
    ],
    requestBody: new Uint8Array(5),
    requestTrailers: [['x-sum', '9']],
    responseHeaders: [['content-type', 'application/grpc']],
    responseBody: new Uint8Array(5),
    responseTrailers: status('0'),
  };
  const { report } = await run([call, { ...call, responseTrailers: status('5') }], url);
  expect(report.results.map(({ verdict, differences }) => [verdict, differences])).toEqual([
    ['pass', []],
    ['fail', [{ path: 'trailer["grpc-status"]', kind: 'changed', expected: '5', actual: '0' }]],
  ]);
  expect(seen).toEqual(['9', '9']);
});

describe('a recording in TLS', () => {
  const answerItem: http.RequestListener = (request, response) => {
    response.setHeader('Content-Type', 'application/json');
    response.sendDate = false;
    response.end(JSON.stringify({ item: Number(request.url?.split('/')[2]) }));
  };
  const inTls = {
    tls: true,
    requestHeaders: [
      ['cookie', 'a=1'],
      ['cookie', 'b=2'],
    ],
  } as const;

  it('passes over HTTP/1.1 where that is what there is, and the report says so once', async () => {
    const cookies = new Set<string | undefined>();
    const plain = await stage.serve(
      http.createServer((request, response) => {
        cookies.add(request.headers.cookie);
        answerItem(request, response);
      }),
    );
    const { report } = await run(atOnce(5, inTls), plain);
    expect(report).toMatchObject({
      passed: 5,
      remarks: [
        '5 requests recorded over HTTP/2 went out as HTTP/1.1, as to a build behind a proxy that ends TLS: --http-version 2 sends HTTP/2',
      ],
    });
    expect([...cookies]).toEqual(['a=1; b=2']);
    expect((await run(atOnce(1, inTls), plain, { httpVersion: '1.1' })).report).toMatchObject({
      passed: 1,
      remarks: [],
    });
  });

  it.each([
    [true, [], '--http2 '],
    [false, ['2 requests recorded over HTTP/2 went out as HTTP/1.1: the target does not take them over HTTP/2'], ''],
  ])('goes by ALPN to a build in TLS; offered HTTP/2: %s', async (offers, remarks, option) => {
    const server: Server = offers ? http2.createSecureServer(certificate) : https.createServer(certificate);
    server.on('request', answerItem);
    const url = await stage.serve(server, 'https');
    const changed = { ...atOnce(2, inTls)[1], responseBody: { item: 9 } };
    const { report, notes } = await run([atOnce(2, inTls)[0] ?? {}, changed], url, { ca: certificate.cert });
    expect(report).toMatchObject({ passed: 1, failed: 1, remarks });
    expect(notes.get('2')?.curl).toBe(`curl ${option}${url}/items/1 -H 'cookie: a=1' -H 'cookie: b=2'`);
  });

  it('goes over HTTP/2 to a plaintext build that is asked to speak it', async () => {
    const url = await items(({ path, answer }) => answer(Number(path.split('/')[2])));
    const { report } = await run(atOnce(5, inTls), url, { httpVersion: '2' });
    expect(report).toMatchObject({ passed: 5, remarks: [] });
  });
});

it('says of a build without HTTP/2 what to do', async () => {
  const url = await stage.serve(http.createServer((_request, response) => response.end()));
  const { report, notes, unreachable } = await run(atOnce(1), url);
  expect(report.results).toMatchObject([{ verdict: 'error', reason: 'no-http2' }]);
  expect(notes.get('1')?.hints[0]).toContain('--http-version 1.1 sends HTTP/1.1');
  expect(unreachable).toBeNull();
});

it('carries a session and ids, as over HTTP/1.1', async () => {
  const service = sessionService({ signIn: 'cookie', orderIds: 'uuid' });
  const recorded = await stage.serve(http2.createServer(service as never));
  const stored = await recordOverHttp2(recorded);
  expect(stored.every(({ exchange }) => exchange.channel !== null)).toBe(true);
  const fresh = await stage.serve(http2.createServer(sessionService({ signIn: 'cookie', orderIds: 'uuid' }) as never));
  const outcome = await runSuite(casesFrom(stored), { ...suiteDefaults, target: parseTarget(fresh) });
  expect(outcome.report).toMatchObject({ cases: 4, passed: 4 });
  expect(outcome.report.carried.length).toBeGreaterThan(0);
});

it('plays what was imported from a HAR of HTTP/2', async () => {
  const entry = {
    startedDateTime: '2026-11-20T10:00:00.000Z',
    time: 5,
    connection: '7',
    request: {
      method: 'POST',
      url: 'https://shop.test/orders?x=1',
      httpVersion: 'h2',
      headers: [
        { name: ':authority', value: 'shop.test' },
        { name: 'content-type', value: 'application/json' },
        { name: 'content-length', value: '7' },
      ],
      postData: { mimeType: 'application/json', text: '{"a":1}' },
    },
    response: {
      status: 201,
      httpVersion: 'h2',
      headers: [{ name: 'content-type', value: 'text/plain' }],
      content: { size: 2, mimeType: 'text/plain', text: 'ok' },
    },
    timings: { send: 1, wait: 3, receive: 1 },
  };
  const { exchanges } = imported(har, fileOf('shop.har', { log: { version: '1.2', entries: [entry] } }));
  const seen: string[] = [];
  const server = http2.createSecureServer(certificate, (request, response) => {
    seen.push(`${request.httpVersion} ${request.method} ${request.url} ${request.headers['content-length']}`);
    response.sendDate = false;
    response.writeHead(201, { 'content-type': 'text/plain' });
    response.end('ok');
  });
  const url = await stage.serve(server, 'https');
  const options = { ...suiteDefaults, target: parseTarget(url), ca: certificate.cert };
  const { report } = await runSuite(casesFrom(await storedAs(exchanges)), options);
  expect(report.results).toMatchObject([{ verdict: 'pass' }]);
  expect(seen).toEqual(['2.0 POST /orders?x=1 7']);
});

it('asks for no length in the answer to HEAD where the versions differ', async () => {
  const head: ExchangeSketch = {
    method: 'HEAD',
    channel: 1,
    tls: true,
    responseHeaders: [['content-type', 'text/plain']],
  };
  const url = await stage.serve(
    http.createServer((_request, response) => {
      response.sendDate = false;
      response.writeHead(200, { 'content-type': 'text/plain', 'content-length': '7' }).end();
    }),
  );
  expect((await run([head], url)).report.results).toMatchObject([{ verdict: 'pass' }]);
  const same: ExchangeSketch = { method: 'HEAD', responseHeaders: [['content-type', 'text/plain']] };
  expect((await run([same], url)).report.results).toMatchObject([{ verdict: 'fail' }]);
});

/** As a tape gives them back. */
async function storedAs(exchanges: Iterable<Exchange>): Promise<readonly StoredExchange[]> {
  const { writer, openReader } = createMemoryTape();
  const session = writer.beginSession(sessionStart);
  writer.append(
    session,
    [...exchanges].map((exchange) => asRedacted(exchange)),
  );
  return Array.fromAsync(openReader().exchanges());
}
