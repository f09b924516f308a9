/** What passes through CONNECT in a stream of HTTP/2: recognised from its first byte, on its channel, beside other streams. */
import { rawIn } from '../../support/contents';
import {
  client,
  closes,
  converse,
  converseWith,
  get,
  head,
  missing,
  ok,
  post,
  server,
  summaries,
  type Turn,
} from '../../support/converse';
import * as h2 from '../../support/http2-frames';
import { frame, handshake, messagesOf } from '../../support/websocket';

const connect = (stream: number, more: h2.Fields = []) =>
  client(h2.headers(stream, [[':method', 'CONNECT'], [':authority', 'shop:80'], ...more]));
const granted = (stream: number) => server(h2.headers(stream, h2.indexed(8)));
const opening = [client(h2.clientOpening), server(h2.serverOpening)];
const opened = [...opening, connect(1), granted(1)];
const asked = (bytes: string | Buffer, stream = 1) => client(h2.data(stream, bytes));
const told = (bytes: string | Buffer, stream = 1) => server(h2.data(stream, bytes));
const tunnelled = 'CONNECT shop:80 → 200';
const through = (...turns: readonly Turn[]) => converse(...opened, ...turns);

describe('HTTP/1.1 inside', () => {
  const inside = ['GET /a → 200 A', 'POST /b b → 200 B'];

  it('is exchanges on the channel of the one that opened the tunnel', () => {
    const seen = through(asked(get('/a')), told(ok('A')), asked(post('/b', 'b')), told(ok('B')), closes());
    expect(summaries(seen)).toEqual([tunnelled, ...inside]);
    expect(seen.exchanges.map(({ protocol, channel, number }) => [protocol, channel, number])).toEqual([
      ['http2', 1, 1],
      ['http1', 1, 2],
      ['http1', 1, 3],
    ]);
    expect(seen.stats).toMatchObject({ complete: 3, coverage: { connections: 1, read: 1 }, lostBytes: {} });
  });

  it('leaves other streams and other tunnels alone', () => {
    const seen = converse(
      ...opening,
      connect(1),
      connect(3),
      granted(3),
      granted(1),
      asked(get('/one'), 1),
      asked(get('/three'), 3),
      client(h2.asks(5, '/five')),
      server(h2.answers(5, 'five')),
      told(ok('3'), 3),
      told(ok('1'), 1),
      closes(),
    );
    expect(summaries(seen)).toEqual([
      tunnelled,
      tunnelled,
      'GET /five → 200 five',
      'GET /three → 200 3',
      'GET /one → 200 1',
    ]);
    expect(seen.exchanges.map(({ channel }) => channel)).toEqual([3, 1, 5, 3, 1]);
  });

  it('may begin before the tunnel was granted, and be cut into frames anywhere', () => {
    const bytes = (text: string) => [...text].map((sign) => asked(sign));
    const seen = converse(...opening, connect(1), asked(get('/a')), granted(1), told(ok('A')), ...bytes(get('/b')));
    expect(summaries(seen)).toEqual([tunnelled, 'GET /a → 200 A', 'GET /b → lost [no-response]']);
  });

  it('ends with its stream', () => {
    const seen = through(
      asked(get('/a')),
      told(`${head('HTTP/1.1 200 OK', [])}until the end`),
      server(h2.data(1, '', { ends: true })),
      client(h2.data(1, '', { ends: true })),
      client(h2.asks(3, '/b')),
      server(h2.answers(3, 'b')),
      closes(),
    );
    expect(summaries(seen)).toEqual([tunnelled, 'GET /a → 200 until the end', 'GET /b → 200 b']);
  });

  it('is cut by a reset of its stream', () => {
    const seen = converseWith({ role: 'outbound' }, ...opened, asked(get('/a')), server(h2.reset(1, 10)), closes());
    expect(summaries(seen)).toEqual([tunnelled, 'GET /a → reset']);
  });

  it.each(['inbound', 'outbound', 'unknown'] as const)('has the same client as the tunnel (%s)', (role) => {
    const seen = converseWith({ role }, ...opened, asked(get('/a')), told(ok('A')), closes());
    expect(summaries(seen)).toEqual([tunnelled, 'GET /a → 200 A']);
    const directions = seen.exchanges.map(({ connection }) => connection.direction);
    expect(new Set(directions)).toEqual(new Set([role === 'outbound' ? 'outbound' : 'inbound']));
  });

  it('may be another tunnel', () => {
    const within = [asked(head('CONNECT shop:80 HTTP/1.1', [])), told(head('HTTP/1.1 200 Yes', []))];
    const seen = through(...within, asked(get('/a')), told(ok('A')), closes());
    expect(summaries(seen)).toEqual([tunnelled, tunnelled, 'GET /a → 200 A']);
  });

  it('may become a WebSocket', () => {
    const both = handshake().map((turn) => (turn.kind === 'says' ? { ...turn, bytes: h2.data(1, turn.bytes) } : turn));
    const seen = through(...both, asked(frame('hi', { mask: [1, 2, 3, 4] })), told(frame('ho')), closes());
    expect(seen.exchanges.map(({ protocol, channel }) => [protocol, channel])).toEqual([
      ['http2', 1],
      ['websocket', 1],
    ]);
    expect(messagesOf(seen.exchanges, 2).length).toBe(2);
  });
});

it('reads HTTP/2 inside, on the channel of the tunnel', () => {
  const seen = through(
    asked(Buffer.concat([h2.clientOpening, h2.asks(1, '/a'), h2.asks(3, '/b')])),
    told(Buffer.concat([h2.serverOpening, h2.answers(3, 'B'), h2.answers(1, 'A')])),
    closes(),
  );
  expect(summaries(seen)).toEqual([tunnelled, 'GET /b → 200 B', 'GET /a → 200 A']);
  expect(seen.exchanges.map(({ protocol, channel }) => [protocol, channel])).toEqual([
    ['http2', 1],
    ['http2', 1],
    ['http2', 1],
  ]);
});

describe('what nobody reads inside', () => {
  it.each([
    ['garbage', '\x00\xff\x01garbage', 'garbage back', null],
    ['SSH', 'SSH-2.0-a\r\n', 'SSH-2.0-b\r\n', 'SSH'],
    ['TLS', '\x16\x03\x01', 'hello!', null],
    ['what could have become anything', 'GE', '', null],
  ])('is a raw stream of its own, named by its bytes: %s', (_, said, back, protocol) => {
    const seen = through(asked(Buffer.from(said, 'latin1')), told(back), closes());
    expect(summaries(seen)).toEqual([tunnelled, 'raw → closed']);
    expect(rawIn(seen.exchanges[1])).toMatchObject({
      protocol,
      requestSize: said.length,
      responseSize: back.length,
    });
  });

  it('is one where the extended CONNECT asked for another protocol than TCP, which names it', () => {
    const more = [
      [':protocol', 'connect-udp'],
      [':scheme', 'https'],
      [':path', '/udp/1/2/'],
    ] as const;
    const seen = converse(...opening, connect(1, more), granted(1), asked(get('/a')), closes());
    expect(seen.exchanges.map(({ protocol }) => protocol)).toEqual(['http2', 'raw']);
    expect(rawIn(seen.exchanges[1])).toMatchObject({ protocol: 'connect-udp', requestSize: get('/a').length });
  });
});

it.each(['closed', 'reset', 'timeout'] as const)('has nothing to say of a tunnel that carried nothing (%s)', (how) => {
  expect(summaries(converseWith({ role: 'outbound' }, ...opened, closes(how)))).toEqual([tunnelled]);
});

describe('a hole behind the answer', () => {
  const hole = Buffer.concat([h2.data(1, 'x'.repeat(60))]);
  const half = [client(hole.subarray(0, 9)), missing('client', 60)];

  it('is on whatever it is in', () => {
    const seen = through(...half, asked('x'), told('y'), closes());
    expect(summaries(seen)).toEqual([tunnelled, 'raw → closed [lost-bytes]']);
    expect(seen.losses.map(({ bytes }) => bytes)).toEqual([60]);
  });

  it('is passed over to the next message', () => {
    const seen = through(...half, asked(get('/b')), told(ok('B')), closes());
    expect(summaries(seen)).toEqual([tunnelled, 'GET /b → 200 B']);
  });
});
