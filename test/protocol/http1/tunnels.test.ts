/** What passes through CONNECT: recognised again from its first byte, on the same connection. */
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
import { answers, asks, clientOpening, serverOpening } from '../../support/http2-frames';
import { handshake, asks as masked, says } from '../../support/websocket';

const connect = head('CONNECT shop:80 HTTP/1.1', ['Host: shop:80']);
const established = head('HTTP/1.1 200 Connection established', []);
const opened = [client(connect), server(established)] as const;
const tunnelled = 'CONNECT shop:80 → 200';
const through = (...turns: readonly Turn[]) => converse(...opened, ...turns);

describe('HTTP/1.1 inside', () => {
  const inside = ['GET /a → 200 A', 'POST /b b → 200 B'];

  it('is exchanges behind the one that opened the tunnel', () => {
    const seen = through(client(get('/a')), server(ok('A')), client(post('/b', 'b')), server(ok('B')), closes());
    expect(summaries(seen)).toEqual([tunnelled, ...inside]);
    expect(seen.exchanges.map(({ number, seq }) => [number, seq])).toEqual([
      [1, 0],
      [2, 1],
      [3, 2],
    ]);
    expect(new Set(seen.exchanges.map(({ connection }) => connection.key)).size).toBe(1);
    expect(seen.stats).toMatchObject({ complete: 3, coverage: { connections: 1, read: 1 }, lostBytes: {} });
  });

  it('may begin before the tunnel was granted, and in the same piece as that', () => {
    const seen = converse(
      client(connect + get('/a')),
      server(established + ok('A')),
      client(post('/b', 'b')),
      server(ok('B')),
      closes(),
    );
    expect(summaries(seen)).toEqual([tunnelled, ...inside]);
  });

  it.each(['inbound', 'outbound', 'unknown'] as const)('has the same client as the tunnel (%s)', (role) => {
    const seen = converseWith({ role }, ...opened, client(get('/a')), server(ok('A')), closes());
    expect(summaries(seen)).toEqual([tunnelled, 'GET /a → 200 A']);
    const directions = seen.exchanges.map(({ connection }) => connection.direction);
    expect(new Set(directions)).toEqual(new Set([role === 'outbound' ? 'outbound' : 'inbound']));
  });

  it('may be another tunnel', () => {
    const seen = through(...opened, client(get('/a')), server(ok('A')), closes());
    expect(summaries(seen)).toEqual([tunnelled, tunnelled, 'GET /a → 200 A']);
  });

  it('may become a WebSocket', () => {
    const seen = through(...handshake(), masked('hi'), says('ho'), closes());
    expect(seen.exchanges.map(({ protocol, messages }) => [protocol, messages.length])).toEqual([
      ['http1', 0],
      ['websocket', 2],
    ]);
  });
});

it('reads HTTP/2 with prior knowledge inside', () => {
  const seen = through(
    client(Buffer.concat([clientOpening, asks(1, '/a')])),
    server(Buffer.concat([serverOpening, answers(1, 'A')])),
    closes(),
  );
  expect(summaries(seen)).toEqual([tunnelled, 'GET /a → 200 A']);
  expect(seen.exchanges[1]).toMatchObject({ protocol: 'http2', channel: 1, seq: 1, problems: [] });
});

describe('what nobody reads inside', () => {
  it.each([
    ['garbage', '\x00\xff\x01garbage', 'garbage back', null],
    ['SSH', 'SSH-2.0-a\r\n', 'SSH-2.0-b\r\n', 'SSH'],
    ['TLS', '\x16\x03\x01', 'hello!', null],
  ])('is a raw stream of its own, named by its bytes: %s', (_, asked, told, protocol) => {
    const seen = through(client(asked), server(told), closes());
    expect(summaries(seen)).toEqual([tunnelled, 'raw → closed']);
    expect(rawIn(seen.exchanges[1])).toMatchObject({
      protocol,
      requestSize: asked.length,
      responseSize: told.length,
    });
  });

  it('is a raw stream though its first bytes could have become anything', () => {
    const seen = through(client('GE'), closes());
    expect(summaries(seen)).toEqual([tunnelled, 'raw → closed']);
    expect(rawIn(seen.exchanges[1])).toMatchObject({ requestSize: 2, responseSize: 0 });
  });

  it('is one also where the server speaks first', () => {
    const seen = through(server('220 mail ESMTP\r\n'), client('EHLO shop\r\n'), closes());
    expect(summaries(seen)).toEqual([tunnelled, 'raw → closed']);
  });
});

it.each(['closed', 'reset', 'timeout'] as const)('has nothing to say of a tunnel that carried nothing (%s)', (how) => {
  const seen = converseWith({ role: 'outbound' }, ...opened, closes(how));
  expect(summaries(seen)).toEqual([tunnelled]);
});

describe('a hole behind the answer', () => {
  it('is on whatever it is in, and counted once', () => {
    const seen = through(missing('client', 30), client('x'), server('y'), closes());
    expect(summaries(seen)).toEqual([tunnelled, 'raw → closed [lost-bytes]']);
    expect(seen.losses.map(({ bytes }) => bytes)).toEqual([30]);
  });

  it('is passed over to the next message', () => {
    const turns = [missing('client', 30), client(get('/b')), server(ok('B')), closes()];
    expect(summaries(through(...turns))).toEqual([tunnelled, ...summaries(converse(...turns))]);
    expect(summaries(through(...turns))).toEqual([tunnelled, 'GET /b → 200 B']);
  });

  it('that came before the tunnel was granted is counted once, too', () => {
    const seen = converse(client(connect), missing('client', 30), server(established), client('x'), closes());
    expect(seen.exchanges[0]).toMatchObject({ protocol: 'http1' });
    expect(seen.losses.map(({ bytes }) => bytes)).toEqual([30]);
  });
});

it('stays raw where it is not certain at which byte it begins', () => {
  const limits = { heldBytes: 100 };
  const early = client(get(`/${'x'.repeat(200)}`));
  const seen = converseWith({ limits }, client(connect), early, server(established), server(ok('A')), closes());
  expect(summaries(seen)).toEqual([tunnelled, 'raw → closed [parse-error]']);
});
