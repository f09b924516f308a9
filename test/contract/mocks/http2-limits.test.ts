/** What a client of HTTP/2 may take up: a hostile one is ended, and hurts nobody else. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { mocksFrom } from '../../../replayer/mocks/mock';
import { type MockServer, type MockServerOptions, startMocks } from '../../../replayer/mocks/server';
import { openHttp2 } from '../../support/http2-client';
import { ask, calls } from '../../support/mocks';

const closing: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function serving(limits: MockServerOptions['limits'] = {}): Promise<MockServer> {
  const without = { outcome: 'timeout', response: 'none', problems: ['no-response'] } as const;
  const upload = { method: 'POST', target: '/upload', requestBody: 'ten bytes!', status: 201, responseBody: 'taken' };
  const set = mocksFrom(calls(upload, { target: '/a', responseBody: 'here' }, { target: '/silent', ...without }));
  const server = await startMocks(set, { limits });
  closing.push(() => server.close());
  return server;
}

const port = (mocks: MockServer) => mocks.urls.get('payments:8080') ?? '';

function client(mocks: MockServer) {
  const opened = openHttp2(port(mocks));
  closing.push(() => opened.session.destroy());
  return opened;
}

const upload = { ':path': '/upload', ':method': 'POST', 'content-type': 'text/plain' };

/** A frame (RFC 9113 4.1). */
function frame(type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

const [headers, reset, settings, ping, goAway, continuation] = [1, 3, 4, 6, 7, 9];
const preface = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(settings, 0, 0)]);
/** GET /a of payments, by the static table and literals that go into no table (RFC 7541 6). */
const getHead = Buffer.concat([
  Buffer.from([0x82, 0x86, 0x04, 2]),
  Buffer.from('/a'),
  Buffer.from([0x01, 8]),
  Buffer.from('payments'),
]);

interface Hostile {
  readonly socket: Socket;
  /** Types of the frames that were heard. */
  frames(): readonly number[];
  readonly ended: Promise<unknown>;
}

function hostile(mocks: MockServer): Hostile {
  const socket = connect(Number(new URL(port(mocks)).port), '127.0.0.1');
  closing.push(() => socket.destroy());
  const chunks: Buffer[] = [];
  socket.on('error', () => undefined);
  // Node.js 22 leaves a connection that was told GOAWAY open, and listens no more; later ones close it.
  const ended = new Promise<void>((done) => {
    socket.on('data', (data: Buffer) => {
      chunks.push(data);
      if (typesIn(Buffer.concat(chunks)).includes(goAway)) done();
    });
    socket.once('close', done);
  });
  socket.write(preface);
  return { socket, frames: () => typesIn(Buffer.concat(chunks)), ended };
}

function drained(socket: Socket): Promise<unknown> {
  return new Promise((done) => socket.once('drain', done));
}

/** Not `once`, which also waits for errors: a client whose writes fail has been told. */
function closed(socket: Socket): Promise<unknown> {
  return new Promise((done) => socket.once('close', done));
}

function typesIn(bytes: Buffer): number[] {
  const types: number[] = [];
  for (let at = 0; at + 9 <= bytes.length; at += 9 + bytes.readUIntBE(at, 3)) types.push(bytes.readUInt8(at + 3));
  return types;
}

async function stillServing(mocks: MockServer): Promise<void> {
  expect((await client(mocks).ask({ ':path': '/a' })).text).toBe('here');
  expect((await ask(`${port(mocks)}/a`)).text).toBe('here');
  expect(mocks.faults()).toEqual([]);
}

describe('a hostile client is ended, and others are served', () => {
  /** As much as would be written for ever; the socket refuses it once the other end is gone. */
  async function flood(
    { socket, ended, frames }: Hostile,
    part: (i: number) => Buffer,
    parts: number,
  ): Promise<readonly number[]> {
    for (let i = 0; i < parts && socket.writable && !frames().includes(goAway); i++) {
      if (!socket.write(part(i))) await Promise.race([drained(socket), ended]);
    }
    await ended;
    return frames();
  }

  it('that opens streams only to reset them', async () => {
    const mocks = await serving();
    const pair = (i: number) =>
      Buffer.concat([frame(headers, 5, 2 * i + 1, getHead), frame(reset, 0, 2 * i + 1, Buffer.from([0, 0, 0, 8]))]);
    const during = stillServing(mocks);
    expect(await flood(hostile(mocks), pair, 50_000)).toContain(goAway);
    await during;
    await stillServing(mocks);
  });

  it('that cuts a header block into frames without end', async () => {
    const mocks = await serving();
    const enemy = hostile(mocks);
    enemy.socket.write(frame(headers, 1, 1, getHead));
    await flood(enemy, () => frame(continuation, 0, 1, Buffer.alloc(100)), 50_000);
    await stillServing(mocks);
  });

  it('that sends pings and hears none of the answers', async () => {
    const mocks = await serving();
    const enemy = hostile(mocks);
    enemy.socket.pause();
    const left = closed(enemy.socket);
    for (let i = 0; i < 2_000_000 && enemy.socket.writable; i += 1000) {
      const pings = Buffer.concat(Array.from({ length: 1000 }, () => frame(ping, 0, 0, Buffer.alloc(8))));
      if (!enemy.socket.write(pings)) await Promise.race([drained(enemy.socket), left]);
    }
    await stillServing(mocks);
  });

  it.each([
    ['frames that are none', Buffer.alloc(20_000, 0xff)],
    ['a header block that is none', frame(headers, 5, 1, Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]))],
    ['a stream of the wrong side', frame(headers, 5, 2, getHead)],
  ])('that sends %s', async (_what, bytes) => {
    const mocks = await serving();
    const enemy = hostile(mocks);
    enemy.socket.write(bytes);
    await enemy.ended;
    await stillServing(mocks);
  });

  // Short limits, and a wait for the end that they bring: without them these tests would wait for ever.
  it.each([
    ['half a preface', Buffer.from('PRI * HTTP/2')],
    ['a preface and no request', preface],
    ['half a head', Buffer.concat([preface, frame(headers, 5, 1, getHead).subarray(0, 12)])],
  ])('that sends %s', async (_what, bytes) => {
    const mocks = await serving({ headMs: 30 });
    const socket = connect(Number(new URL(port(mocks)).port), '127.0.0.1');
    closing.push(() => socket.destroy());
    socket.on('error', () => undefined).resume();
    socket.write(bytes);
    await closed(socket);
    await stillServing(mocks);
  });
});

describe('limits of one connection', () => {
  it('a request with more header than is taken is refused, and the next is served', async () => {
    const { ask } = client(await serving());
    const large = await ask({ ':path': '/a', cookie: 'c'.repeat(300_000) });
    expect(large).toMatchObject({ status: 0 });
    expect(large.code).not.toBe(0);
  });

  it('a request with as much header as HTTP/1 takes is served', async () => {
    const { ask } = client(await serving());
    expect((await ask({ ':path': '/a', cookie: 'c'.repeat(100_000) })).text).toBe('here');
  });

  it('streams beyond the limit wait until others are over', async () => {
    const { session, ask } = client(await serving({ streams: 2 }));
    await once(session, 'remoteSettings');
    expect(session.remoteSettings.maxConcurrentStreams).toBe(2);
    const seen = await Promise.all(Array.from({ length: 100 }, () => ask({ ':path': '/a' })));
    expect(seen.filter(({ text }) => text !== 'here')).toEqual([]);
  });

  it('a request that is too slow is told so, and the other streams go on', async () => {
    const { session, ask } = client(await serving({ requestMs: 30 }));
    const slow = session.request(upload);
    slow.on('error', () => undefined).write('ten');
    const [head] = await once(slow, 'response');
    expect(head[':status']).toBe(408);
    expect((await ask({ ':path': '/a' })).text).toBe('here');
  });
});

describe('bodies', () => {
  it('that are larger than a mock takes are refused', async () => {
    const mocks = await serving({ bodyBytes: 5 });
    const { ask } = client(mocks);
    const seen = await ask(upload, { body: 'ten bytes!' });
    expect([seen.status, JSON.parse(seen.text).error]).toEqual([413, 'REQUEST_TOO_LARGE']);
    expect((await ask({ ':path': '/a' })).text).toBe('here');
  });

  it('are bounded together, and those of streams that were reset make room again', async () => {
    const mocks = await serving({ allBodiesBytes: 15 });
    const { session, ask } = client(mocks);
    const other = session.request(upload);
    other.on('error', () => undefined);
    await new Promise((written) => other.write('ten byte', written));
    await new Promise((heard) => session.ping(heard)); // what was written before has arrived
    let seen = await ask(upload, { body: 'ten bytes!' });
    expect([seen.status, JSON.parse(seen.text).error]).toEqual([503, 'TOO_MANY_BODIES']);
    other.close(8);
    while (seen.status !== 201) seen = await ask(upload, { body: 'ten bytes!' });
  });
});
