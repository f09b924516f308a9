/** HTTP/2 as a conversation: what is said, and which exchanges come out. */
import type { Exchange } from '../../../tape/model/exchange';
import { httpIn, rawIn } from '../../support/contents';
import {
  client,
  closes,
  converse,
  converseWith,
  get,
  head,
  missing,
  ok,
  server,
  summaries,
  type Turn,
  waits,
} from '../../support/converse';
import {
  added,
  answers,
  asks,
  clientOpening,
  data,
  frame,
  goAway,
  headers,
  indexed,
  literals,
  preface,
  promise,
  reset,
  serverOpening,
  settings,
  tableSize,
} from '../../support/http2-frames';

const opening = [client(clientOpening), server(serverOpening)] as const;
/** GET, http. */
const getOverHttp = indexed(2, 6);

function channels(seen: { exchanges: readonly Exchange[] }): (number | null)[] {
  return seen.exchanges.map(({ channel }) => channel);
}

describe('streams', () => {
  it('are exchanges, each with its number, and pseudo-headers are what they mean', () => {
    const seen = converse(
      ...opening,
      client(
        asks(1, '/a?x=1', 'body a', [
          ['x-a', '1'],
          ['x-a', '2'],
        ]),
      ),
      server(answers(1, 'answer a', [['content-type', 'text/plain']])),
      closes(),
    );
    const [exchange] = seen.exchanges;
    expect(summaries(seen)).toEqual(['POST /a?x=1 body a → 200 answer a']);
    expect(exchange).toMatchObject({ protocol: 'http2', channel: 1, seq: 0, outcome: 'response', problems: [] });
    expect(httpIn(exchange).request).toMatchObject({
      version: '2',
      authority: 'shop',
      scheme: 'http',
      headers: [
        ['x-a', '1'],
        ['x-a', '2'],
      ],
    });
    expect(httpIn(exchange).response).toMatchObject({
      version: '2',
      reason: '',
      headers: [['content-type', 'text/plain']],
    });
  });

  it('stand side by side, and are answered in any order', () => {
    const seen = converse(
      ...opening,
      client(Buffer.concat([asks(1, '/a'), asks(3, '/b'), asks(5, '/c')])),
      server(Buffer.concat([headers(3, indexed(8)), headers(1, indexed(8)), data(3, 'b1'), data(1, 'a1')])),
      server(Buffer.concat([answers(5, 'c'), data(1, 'a2', { ends: true }), data(3, 'b2', { ends: true })])),
      closes(),
    );
    expect(summaries(seen)).toEqual(['GET /c → 200 c', 'GET /a → 200 a1a2', 'GET /b → 200 b1b2']);
    expect(channels(seen)).toEqual([5, 1, 3]);
  });

  it('are paired with answers that were seen before their requests: CPUs do not agree on order', () => {
    const seen = converse(...opening, server(answers(1, 'a')), client(asks(1, '/a')), closes());
    expect(summaries(seen)).toEqual(['GET /a → 200 a']);
    expect(seen.exchanges[0]?.durationUs).toBe(0);
  });

  it('are the same with padding, priorities, pings, and frames nobody knows', () => {
    const noise = Buffer.concat([
      frame('PING', 0, 0, Buffer.alloc(8)),
      frame(0xbe, 7, 0xff, Buffer.from('?')),
      frame('PRIORITY', 1, 0, Buffer.alloc(5)),
      frame('WINDOW_UPDATE', 0, 0, Buffer.from([0, 0, 1, 0])),
    ]);
    const block = Buffer.concat([getOverHttp, literals([[':path', '/a']])]);
    const seen = converse(
      ...opening,
      client(
        Buffer.concat([
          noise,
          headers(1, block, { padding: 9, priority: true }),
          noise,
          data(1, 'body', { padding: 7 }),
          data(1, '', { ends: true, padding: 255 }),
        ]),
      ),
      server(
        Buffer.concat([noise, headers(1, indexed(8), { padding: 0 }), noise, data(1, 'a', { padding: 1, ends: true })]),
      ),
      closes(),
    );
    expect(summaries(seen)).toEqual(['GET /a body → 200 a']);
    expect(httpIn(seen.exchanges[0]).request?.body.wireSize).toBe(4);
  });

  it.each([1, 2, 7])('read headers in fragments of %d bytes', (cut) => {
    const block = Buffer.concat([
      getOverHttp,
      literals([
        [':path', '/a'],
        ['x-long', 'y'.repeat(300)],
      ]),
    ]);
    const seen = converse(
      ...opening,
      client(headers(1, block, { cut, ends: true })),
      server(answers(1, 'a')),
      closes(),
    );
    expect(summaries(seen)).toEqual(['GET /a → 200 a']);
    expect(httpIn(seen.exchanges[0]).request?.headers).toEqual([['x-long', 'y'.repeat(300)]]);
  });

  it('keep interim answers and trailers of both sides', () => {
    const seen = converse(
      ...opening,
      client(
        Buffer.concat([
          headers(1, Buffer.concat([indexed(3, 6, 4)])),
          data(1, 'up'),
          headers(1, [['x-sum', '1']], { ends: true }),
        ]),
      ),
      server(
        headers(1, [
          [':status', '103'],
          ['link', '</a>'],
        ]),
      ),
      server(
        Buffer.concat([headers(1, indexed(8)), data(1, 'down'), headers(1, [['grpc-status', '0']], { ends: true })]),
      ),
      closes(),
    );
    const { request, response } = httpIn(seen.exchanges[0]);
    expect(summaries(seen)).toEqual(['POST / up → 200 down']);
    expect(request?.trailers).toEqual([['x-sum', '1']]);
    expect(response?.trailers).toEqual([['grpc-status', '0']]);
    expect(response?.informational).toEqual([{ status: 103, headers: [['link', '</a>']] }]);
  });

  it('have no body where they end with their head', () => {
    const block = Buffer.concat([literals([[':method', 'HEAD']]), indexed(6, 4)]);
    const seen = converse(
      ...opening,
      client(headers(1, block, { ends: true })),
      server(headers(1, Buffer.concat([indexed(8), literals([['content-length', '99']])]), { ends: true })),
      closes(),
    );
    expect(summaries(seen)).toEqual(['HEAD / → 200']);
  });

  it('that a server pushes have the request it promised', () => {
    const promised = promise(1, 2, [
      [':method', 'GET'],
      [':scheme', 'http'],
      [':authority', 'shop'],
      [':path', '/style.css'],
    ]);
    const seen = converse(
      ...opening,
      client(asks(1, '/page')),
      server(Buffer.concat([promised, answers(1, 'page'), answers(2, 'css')])),
      closes(),
    );
    expect(summaries(seen)).toEqual(['GET /page → 200 page', 'GET /style.css → 200 css']);
    expect(channels(seen)).toEqual([1, 2]);
  });

  it('read tables that change their size, up to what the other side allows', () => {
    const grown = Buffer.from([0x3f, 0xe1, 0x7f]); // 16384 + 31 - 31 … as RFC 7541, 6.3
    const seen = converse(
      client(clientOpening),
      server(settings([1, 65_536])),
      client(
        headers(
          1,
          Buffer.concat([
            grown,
            getOverHttp,
            added([
              [':path', '/a'],
              ['x-big', 'b'.repeat(6000)],
            ]),
          ]),
          { ends: true },
        ),
      ),
      client(headers(3, Buffer.concat([getOverHttp, indexed(63, 62)]), { ends: true })),
      client(
        headers(5, Buffer.concat([tableSize(0), tableSize(4096), getOverHttp, added([[':path', '/c']])]), {
          ends: true,
        }),
      ),
      client(headers(7, Buffer.concat([getOverHttp, indexed(62)]), { ends: true })),
      server(Buffer.concat([answers(1, '1'), answers(3, '3'), answers(5, '5'), answers(7, '7')])),
      closes(),
    );
    expect(summaries(seen)).toEqual(['GET /a → 200 1', 'GET /a → 200 3', 'GET /c → 200 5', 'GET /c → 200 7']);
    expect(httpIn(seen.exchanges[1]).request?.headers).toEqual([['x-big', 'b'.repeat(6000)]]);
  });
});

describe('a stream that lasts', () => {
  it('is handed out while it lasts, in whole lines, and as a whole when it is over', () => {
    const seen = converse(
      ...opening,
      client(asks(1, '/events')),
      server(Buffer.concat([headers(1, indexed(8)), data(1, 'data: one\n\nda')])),
      waits(1_100_000),
      client(frame('PING', 0, 0, Buffer.alloc(8))),
      waits(1_100_000),
      server(data(1, 'ta: two\n\n', { ends: true })),
      closes(),
    );
    expect(seen.exchanges.map(({ outcome, channel, number }) => [number, channel, outcome])).toEqual([
      [1, 1, 'open'],
      [1, 1, 'response'],
    ]);
    expect(summaries(seen)).toEqual([
      'GET /events → open 200 data: one\n\n [still-open]',
      'GET /events → 200 data: one\n\ndata: two\n\n',
    ]);
  });

  it('may be a tunnel, on its channel', () => {
    const connect = headers(1, [
      [':method', 'CONNECT'],
      [':authority', 'pay:443'],
    ]);
    const seen = converse(
      ...opening,
      client(connect),
      server(headers(1, indexed(8))),
      client(data(1, '12345')),
      waits(1_100_000),
      client(data(1, '678')),
      waits(1_100_000),
      closes(),
    );
    expect(seen.exchanges.map(({ channel, outcome, protocol }) => [protocol, channel, outcome])).toEqual([
      ['http2', 1, 'response'],
      ['raw', 1, 'open'],
      ['raw', 1, 'open'],
      ['raw', 1, 'closed'],
    ]);
    expect(seen.exchanges.slice(1).map((exchange) => rawIn(exchange)?.requestSize)).toEqual([5, 8, 8]);
  });
});

describe('streams that end otherwise', () => {
  const outbound = { role: 'outbound' } as const;

  it.each([
    ['the client gives up', [client(reset(1, 8))], 'GET /a → reset'],
    ['the server gives up', [server(reset(1, 2))], 'GET /a → reset'],
    ['the server refuses', [server(reset(1, 7))], 'GET /a → refused'],
    ['the server goes away below it', [server(goAway(0))], 'GET /a → refused'],
    ['the server goes away above it', [server(goAway(1)), closes()], 'GET /a → closed'],
    ['the connection ends', [closes('reset')], 'GET /a → reset'],
    ['the recording ends', [], 'GET /a → lost [no-response]'],
  ])('say how where %s', (_what, turns, expected) => {
    expect(summaries(converseWith(outbound, ...opening, client(asks(1, '/a')), ...turns))).toEqual([expected]);
  });

  it('say that an answer was cut', () => {
    const half = Buffer.concat([headers(1, indexed(8)), data(1, 'hal')]);
    const by = (...turns: readonly Turn[]) =>
      summaries(converseWith(outbound, ...opening, client(asks(1, '/a')), server(half), ...turns));
    expect(by(server(reset(1, 2)))).toEqual(['GET /a → reset 200 hal [cut-short]']);
    expect(by(closes())).toEqual(['GET /a → closed 200 hal [cut-short]']);
  });

  it.each<[string, Turn, string]>([
    ['its stream is left', client(reset(1, 8)), 'GET /a → 200 all of it'],
    ['its stream is left for closed, as curl does', client(reset(1, 5)), 'GET /a → 200 all of it'],
    ['the client complains', client(reset(1, 1)), 'GET /a → reset 200 all of it [cut-short]'],
    ['the server complains', server(reset(1, 2)), 'GET /a → reset 200 all of it [cut-short]'],
    ['the connection ends', closes(), 'GET /a → 200 all of it'],
    ['the connection is reset', closes('reset'), 'GET /a → 200 all of it'],
  ])('an answer of the length that was said is whole where %s before its stream ends', (_, end, expected) => {
    const head = headers(1, Buffer.concat([indexed(8), literals([['content-length', '9']])]));
    const whole = server(Buffer.concat([head, data(1, 'all of it')]));
    for (const role of ['inbound', 'outbound'] as const) {
      const seen = converseWith({ role }, ...opening, client(asks(1, '/a')), whole, end, closes());
      expect(summaries(seen)).toEqual([expected]);
    }
  });

  it('an answer of another length than was said is cut, and so is one with a hole', () => {
    const head = headers(1, Buffer.concat([indexed(8), literals([['content-length', '9']])]));
    const by = (...turns: readonly Turn[]) =>
      summaries(converse(...opening, client(asks(1, '/a')), server(head), ...turns, client(reset(1, 8)), closes()));
    expect(by(server(data(1, 'all of')))).toEqual(['GET /a → reset 200 all of [cut-short]']);
    expect(by(server(data(1, 'all of it, and more')))).toEqual(['GET /a → reset 200 all of it, and more [cut-short]']);
    const [holed] = by(server(data(1, 'all of it').subarray(0, 12)), missing('server', 6));
    expect(holed).toMatch(/^GET \/a → .*cut-short.*lost-bytes/);
  });

  it('say nothing against a server that answers before it has read everything', () => {
    const upload = Buffer.concat([headers(1, Buffer.concat([indexed(3, 6, 4)])), data(1, 'part')]);
    const seen = converse(
      ...opening,
      client(upload),
      server(Buffer.concat([answers(1, 'no'), reset(1, 0)])),
      client(data(1, 'late', { ends: true })),
    );
    expect(summaries(seen)).toEqual(['POST / part → 200 no [cut-short]']);
    expect(seen.losses).toEqual([]);
  });

  it('say of served requests that no answer was seen', () => {
    expect(summaries(converse(...opening, client(asks(1, '/a')), client(reset(1, 8))))).toEqual([
      'GET /a → reset [no-response]',
    ]);
  });

  it('are given up, the oldest first, where there are more than can be kept', () => {
    const seen = converseWith(
      { limits: { pendingRequests: 2 } },
      ...opening,
      client(Buffer.concat([asks(1, '/a'), asks(3, '/b'), asks(5, '/c')])),
      server(Buffer.concat([answers(1, 'a'), answers(3, 'b'), answers(5, 'c')])),
      closes(),
    );
    expect(summaries(seen)).toEqual(['GET /a → lost [truncated]', 'GET /b → 200 b', 'GET /c → 200 c']);
    expect(seen.losses).toEqual([expect.objectContaining({ reason: 'no-boundary', bytes: 1 })]);
  });

  it('keep of a body what may be kept, and count the rest', () => {
    const seen = converseWith(
      { limits: { bodyBytes: 4 } },
      ...opening,
      client(asks(1, '/a', 'abcdefgh')),
      server(answers(1, 'xy')),
      closes(),
    );
    expect(summaries(seen)).toEqual(['POST /a abcd → 200 xy [truncated]']);
    expect(httpIn(seen.exchanges[0]).request?.body.wireSize).toBe(8);
  });

  it('keep no head that unfolds to more than may be kept, and read what comes behind it', () => {
    const entry = added([['x-bomb', 'z'.repeat(3000)]]);
    const bomb = Buffer.concat([getOverHttp, literals([[':path', '/bomb']]), entry, Buffer.alloc(2000, 0x80 | 62)]);
    const seen = converse(
      ...opening,
      client(headers(1, bomb, { ends: true })),
      client(headers(3, Buffer.concat([getOverHttp, literals([[':path', '/b']]), indexed(62)]), { ends: true })),
      server(Buffer.concat([answers(1, 'a'), answers(3, 'b')])),
      closes(),
    );
    expect(summaries(seen)).toEqual(['http2 → 200 a [truncated]', 'GET /b → 200 b']);
    expect(httpIn(seen.exchanges[1]).request?.headers).toEqual([['x-bomb', 'z'.repeat(3000)]]);
  });
});

describe('tunnels', () => {
  it('are a raw stream on the channel of the CONNECT that made them', () => {
    const connect = headers(1, [
      [':method', 'CONNECT'],
      [':authority', 'pay:443'],
    ]);
    const seen = converse(
      ...opening,
      client(connect),
      server(headers(1, indexed(8))),
      client(data(1, '12345')),
      server(data(1, 'abc')),
      client(data(1, '', { ends: true })),
      server(data(1, '', { ends: true })),
      client(asks(3, '/b')),
      server(answers(3, 'b')),
      closes(),
    );
    expect(summaries(seen)).toEqual(['CONNECT pay:443 → 200', 'raw → closed', 'GET /b → 200 b']);
    expect(channels(seen)).toEqual([1, 1, 3]);
    expect(rawIn(seen.exchanges[1])).toMatchObject({ requestSize: 5, responseSize: 3, requestBytes: null });
  });

  it('are none where the server says no', () => {
    const connect = headers(
      1,
      [
        [':method', 'CONNECT'],
        [':authority', 'pay:443'],
      ],
      { ends: true },
    );
    const refused = Buffer.concat([headers(1, [[':status', '403']]), data(1, 'no', { ends: true })]);
    expect(summaries(converse(...opening, client(connect), server(refused), closes()))).toEqual([
      'CONNECT pay:443 → 403 no',
    ]);
  });
});

describe('an upgrade from HTTP/1.1', () => {
  const offer = head('GET /first HTTP/1.1', [
    'Host: shop',
    'Connection: Upgrade, HTTP2-Settings',
    'Upgrade: h2c',
    'HTTP2-Settings: AAMAAABkAAQAAP__',
  ]);
  const switching = head('HTTP/1.1 101 Switching Protocols', ['Connection: Upgrade', 'Upgrade: h2c']);

  it('makes the request that asked for it the first stream', () => {
    const seen = converse(
      client(offer),
      server(switching),
      server(Buffer.concat([serverOpening, answers(1, 'one')])),
      client(clientOpening),
      client(asks(3, '/second')),
      server(answers(3, 'two')),
      closes(),
    );
    expect(summaries(seen)).toEqual(['GET /first → 101', 'GET /first → 200 one', 'GET /second → 200 two']);
    expect(seen.exchanges.map(({ protocol, channel }) => [protocol, channel])).toEqual([
      ['http1', null],
      ['http2', 1],
      ['http2', 3],
    ]);
    expect(httpIn(seen.exchanges[1]).request?.version).toBe('1.1');
    expect(httpIn(seen.exchanges[1]).response?.version).toBe('2');
    expect(seen.stats.coverage).toMatchObject({ connections: 1, read: 1, raw: 0 });
  });

  it('goes on as HTTP/1.1 where the server does not take it up', () => {
    const seen = converse(client(offer), server(ok('A')), client(get('/b')), server(ok('B')), closes());
    expect(summaries(seen)).toEqual(['GET /first → 200 A', 'GET /b → 200 B']);
  });
});

describe('what is missing', () => {
  it('inside a body damages its stream only', () => {
    const half = data(3, 'x'.repeat(100), { ends: true });
    const seen = converse(
      ...opening,
      client(Buffer.concat([asks(1, '/a'), asks(3, '/b')])),
      server(Buffer.concat([headers(1, indexed(8)), headers(3, indexed(8)), data(1, 'a1'), half.subarray(0, 40)])),
      missing('server', 50),
      server(Buffer.concat([half.subarray(90), data(1, 'a2', { ends: true })])),
      closes(),
    );
    expect(summaries(seen).map((line) => line.replace(/x+/, 'x'))).toEqual([
      'GET /b → 200 x [lost-bytes]',
      'GET /a → 200 a1a2',
    ]);
    expect(httpIn(seen.exchanges[0]).response?.body.wireSize).toBe(100);
  });

  it('inside a header block leaves the frames behind it readable, and no header guessed', () => {
    const lost = headers(
      1,
      added([
        [':method', 'GET'],
        [':path', '/secret'],
        ['x', 'y'.repeat(50)],
      ]),
      { ends: true },
    );
    const seen = converse(
      ...opening,
      client(lost.subarray(0, 30)),
      missing('client', lost.length - 30),
      client(
        headers(3, Buffer.concat([getOverHttp, literals([[':path', '/b']]), added([['x-new', 'n']])]), { ends: true }),
      ),
      client(headers(5, Buffer.concat([getOverHttp, literals([[':path', '/c']]), indexed(62)]), { ends: true })),
      client(headers(7, Buffer.concat([getOverHttp, literals([[':path', '/d']]), indexed(62, 63)]), { ends: true })),
      server(Buffer.concat([answers(1, 'a'), answers(3, 'b'), answers(5, 'c'), answers(7, 'd')])),
      closes(),
    );
    expect(summaries(seen)).toEqual([
      'http2 → 200 a [lost-bytes undecodable-headers]',
      'GET /b → 200 b',
      'GET /c → 200 c',
      'GET /d → 200 d [lost-bytes undecodable-headers]',
    ]);
    expect(httpIn(seen.exchanges[2]).request?.headers).toEqual([['x-new', 'n']]);
    expect(httpIn(seen.exchanges[3]).request?.headers).toEqual([['x-new', 'n']]);
  });

  it('over the ends of frames marks what was under way, and frames are found again', () => {
    const seen = converse(
      ...opening,
      client(Buffer.concat([asks(1, '/a'), asks(3, '/b')])),
      server(Buffer.concat([answers(1, 'a'), headers(3, indexed(8))])),
      missing('server', 500),
      waits(100_000),
      client(asks(5, '/c')),
      server(Buffer.concat([answers(5, 'c')])),
      closes(),
    );
    expect(summaries(seen)).toEqual(['GET /a → 200 a', 'GET /c → 200 c', 'GET /b → closed 200 [cut-short lost-bytes]']);
  });

  it('may have added to the table: what is counted from there on is not what it was before', () => {
    const add = (stream: number, path: string, value: string) =>
      headers(stream, Buffer.concat([getOverHttp, literals([[':path', path]]), added([['x-a', value]])]), {
        ends: true,
      });
    const lost = add(3, '/b', 'two');
    const seen = converse(
      ...opening,
      client(add(1, '/a', 'one')),
      missing('client', lost.length),
      client(headers(5, Buffer.concat([getOverHttp, literals([[':path', '/c']]), indexed(62)]), { ends: true })),
      client(headers(7, Buffer.concat([getOverHttp, literals([[':path', '/d']]), indexed(63)]), { ends: true })),
      waits(100_000),
      client(add(9, '/e', 'three')),
      server(Buffer.concat([1, 3, 5, 7, 9].map((id) => answers(id, `${id}`)))),
      closes(),
    );
    expect(summaries(seen)).toEqual([
      'GET /a → 200 1',
      'http2 → 200 3 [lost-bytes]',
      'GET /c → 200 5 [lost-bytes undecodable-headers]',
      'GET /d → 200 7 [lost-bytes undecodable-headers]',
      'GET /e → 200 9',
    ]);
    expect(httpIn(seen.exchanges[2]).request?.headers).toEqual([]);
  });

  it('and is seen only as bytes that nobody could place marks every stream that was open meanwhile', () => {
    const seen = converse(
      ...opening,
      missing('server', 5),
      waits(100_000),
      client(asks(1, '/a')),
      server(answers(1, 'a').subarray(3)),
      waits(100_000),
      client(asks(3, '/b')),
      server(answers(3, 'b')),
      closes(),
    );
    expect(summaries(seen)).toEqual(['GET /b → 200 b', 'GET /a → lost [lost-bytes]']);
  });

  it('may be older than it looks: a send is stamped at its end', () => {
    const seen = converse(...opening, missing('server', 500), client(asks(1, '/a')), closes());
    expect(summaries(seen)).toEqual(['GET /a → lost [lost-bytes]']);
  });

  it('at the beginning, as of a connection that is older than the recorder, is told of what it touched', () => {
    const seen = converseWith(
      { startedEarlier: true },
      server(data(1, 'rest of an answer', { ends: true })),
      waits(100_000),
      client(headers(5, Buffer.concat([getOverHttp, indexed(70)]), { ends: true })),
      client(headers(7, Buffer.concat([getOverHttp, added([[':path', '/b']])]), { ends: true })),
      server(Buffer.concat([answers(5, 'a'), answers(7, 'b')])),
      client(headers(9, Buffer.concat([getOverHttp, indexed(62)]), { ends: true })),
      server(answers(9, 'c')),
      closes(),
    );
    expect(summaries(seen)).toEqual([
      'http2 → 200 a [started-mid-stream undecodable-headers]',
      'GET /b → 200 b',
      'GET /b → 200 c',
    ]);
  });

  it('leaves connections that nothing tells to be HTTP/2 as they are', () => {
    const seen = converseWith({ startedEarlier: true }, client(data(1, 'abc')), server(data(1, 'abc')), closes());
    expect(summaries(seen)).toEqual(['raw → closed [started-mid-stream]']);
    expect(rawIn(seen.exchanges[0])?.protocol).toBe('HTTP/2');
  });
});

describe('what is no HTTP/2', () => {
  it.each([
    [
      'a frame between the fragments of a block',
      Buffer.concat([
        headers(
          3,
          [
            [':method', 'GET'],
            [':path', '/b'],
          ],
          { cut: 4 },
        ).subarray(0, 13),
        asks(5, '/c'),
      ]),
    ],
    ['data on no stream', frame('DATA', 0, 0, Buffer.from('x'))],
    ['padding longer than its frame', frame('DATA', 3, 8, Buffer.from([9, 1]))],
    ['a ping of another size', frame('PING', 0, 0, Buffer.alloc(7))],
  ])('marks what is under way: %s', (_what, wrong) => {
    const seen = converse(
      ...opening,
      client(headers(1, Buffer.concat([indexed(3, 6, 4)]))),
      client(wrong),
      waits(100_000),
      client(asks(7, '/d')),
      server(answers(7, 'd')),
      closes(),
    );
    expect(summaries(seen)).toContain('GET /d → 200 d');
    expect(seen.exchanges.find(({ channel }) => channel === 1)?.problems).toContain('parse-error');
  });

  it('is not what only begins like its preface', () => {
    const seen = converse(client(preface.subarray(0, 20)), client('another protocol'), closes());
    expect(seen.exchanges.map(({ protocol }) => protocol)).toEqual(['raw']);
  });

  it('is not told by a server alone', () => {
    const seen = converse(server(serverOpening), client('\x00\x01\x02\x03 something else'), closes());
    expect(seen.exchanges.map(({ protocol }) => protocol)).toEqual(['raw']);
  });

  it('marks requests that say no path', () => {
    const seen = converse(
      ...opening,
      client(headers(1, getOverHttp, { ends: true })),
      server(answers(1, 'a')),
      closes(),
    );
    expect(summaries(seen)).toEqual(['http2 → 200 a [parse-error]']);
  });

  it('marks headers that no encoder makes, and goes on', () => {
    const seen = converse(
      ...opening,
      client(headers(1, Buffer.from([0xff, 0x80, 0x01]), { ends: true })),
      client(asks(3, '/b')),
      server(Buffer.concat([answers(1, 'a'), answers(3, 'b')])),
      closes(),
    );
    expect(summaries(seen)).toEqual(['http2 → 200 a [parse-error undecodable-headers]', 'GET /b → 200 b']);
  });
});
