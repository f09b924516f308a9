/** What a client of the mock server may take up: a slow one is cut off, and bodies never fill the memory. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { createBudget } from '../../../replayer/mocks/front/limits';
import { mocksFrom } from '../../../replayer/mocks/mock';
import { type MockServer, type MockServerOptions, startMocks } from '../../../replayer/mocks/server';
import { askHost, calls } from '../../support/mocks';

let server: MockServer | undefined;
const sockets: Socket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  await server?.close();
  server = undefined;
});

async function serving(limits: MockServerOptions['limits'] = {}, over: MockServerOptions = {}): Promise<MockServer> {
  const sketch = { method: 'POST', target: '/upload', requestBody: 'ten bytes!', status: 201, responseBody: 'taken' };
  server = await startMocks(mocksFrom(calls(sketch)), { limits, ...over });
  return server;
}

/** A connection that has said this; what it is told is gathered. */
function client(mocks: MockServer, text: string): { socket: Socket; heard(): string; ended: Promise<unknown> } {
  const socket = connect(Number(new URL(mocks.url).port), '127.0.0.1');
  let heard = '';
  socket.setEncoding('latin1').on('data', (more: string) => {
    heard += more;
  });
  socket.on('error', () => undefined);
  if (text !== '') socket.write(text);
  sockets.push(socket);
  return { socket, heard: () => heard, ended: once(socket, 'close') };
}

const head = (length: number) =>
  `POST /upload HTTP/1.1\r\nHost: payments:8080\r\nContent-Type: text/plain\r\nContent-Length: ${length}\r\n\r\n`;

describe('a slow client', () => {
  // Short limits, and a wait for the end that they bring: without them these tests would wait for ever.
  it.each([
    ['says nothing', ''],
    ['begins a TLS handshake and stops', '\x16\x03\x01'],
  ])('that %s is cut off', async (_what, text) => {
    const { ended } = client(await serving({ headMs: 30 }), text);
    await ended;
  });

  it.each([
    ['stops within the head of a request', 'GET / HTTP/1.1\r\nX: ', { headMs: 30 }],
    ['stops within a body', `${head(10)}ten`, { headMs: 30, requestMs: 60 }],
  ])('that %s is told so and cut off', async (_what, text, limits) => {
    const slow = client(await serving(limits), text);
    await slow.ended;
    expect(slow.heard()).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('that stops within a TLS request is cut off', async () => {
    const mocks = await serving({ headMs: 300 });
    const socket = connectTls({
      port: Number(new URL(mocks.url).port),
      host: '127.0.0.1',
      ca: mocks.ca,
      servername: 'payments',
    });
    sockets.push(socket);
    socket.on('error', () => undefined).resume();
    await once(socket, 'secureConnect');
    socket.write('GET / HTTP/1.1\r\nX: ');
    await once(socket, 'close');
  });
});

describe('bodies', () => {
  it('that are larger than a mock takes are refused', async () => {
    const mocks = await serving({ bodyBytes: 5 });
    const seen = await askHost(mocks.url, 'payments:8080', '/upload', { method: 'POST', body: 'ten bytes!' });
    expect([seen.status, JSON.parse(seen.text)]).toEqual([
      413,
      { error: 'REQUEST_TOO_LARGE', message: 'The request body is larger than 5 bytes, which is all a mock takes' },
    ]);
    expect(mocks.failed()).toBe(true);
  });

  it('are bounded together: one that finds no room is told so, and the next one finds it again', async () => {
    const mocks = await serving({ allBodiesBytes: 15 });
    const other = client(mocks, `${head(10)}ten byte`);
    const upload = () =>
      askHost(mocks.url, 'payments:8080', '/upload', {
        method: 'POST',
        body: 'ten bytes!',
        headers: { 'Content-Type': 'text/plain' },
      });
    let refused = await upload();
    while (refused.status === 201) refused = await upload(); // the other one has not arrived yet
    expect([refused.status, JSON.parse(refused.text).error]).toEqual([503, 'TOO_MANY_BODIES']);
    other.socket.write('s!');
    while (!other.heard().endsWith('taken')) await once(other.socket, 'data');
    expect((await upload()).status).toBe(201);
    expect(mocks.failed()).toBe(true);
  });

  it('of clients that left make room again', async () => {
    const mocks = await serving({ allBodiesBytes: 15 });
    const gone = client(mocks, `${head(10)}ten byte`);
    const upload = () =>
      askHost(mocks.url, 'payments:8080', '/upload', {
        method: 'POST',
        body: 'ten bytes!',
        headers: { 'Content-Type': 'text/plain' },
      });
    while ((await upload()).status === 201);
    gone.socket.destroy();
    while ((await upload()).status !== 201);
  });
});

it('a budget gives what it has, and no more', () => {
  const budget = createBudget(10);
  expect([budget.take(6), budget.take(5), budget.take(4)]).toEqual([true, false, true]);
  budget.give(6);
  expect([budget.take(7), budget.take(6)]).toEqual([false, true]);
});
