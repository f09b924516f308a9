/** WebSockets in streams of HTTP/2 (RFC 8441): one exchange each, on its channel, and nothing else of the connection touched. */
import { defaultLimits } from '../../../recorder/follow/limits';
import type { Exchange } from '../../../tape/model/exchange';
import { operationOf, sizesOf } from '../../../tape/model/registry';
import { httpIn } from '../../support/contents';
import {
  client,
  closes,
  converse,
  converseWith,
  missing,
  server,
  summaries,
  type Turn,
  waits,
} from '../../support/converse';
import * as h2 from '../../support/http2-frames';
import { closing, Deflater, frame, messagesOf, said } from '../../support/websocket';

const mask = [9, 8, 7, 6];
const opening = [client(h2.clientOpening), server(h2.serverOpening)];
const fieldsOf = (protocol: string, more: h2.Fields = []): h2.Fields => [
  [':method', 'CONNECT'],
  [':protocol', protocol],
  [':scheme', 'http'],
  [':path', '/chat'],
  [':authority', 'shop'],
  ['sec-websocket-version', '13'],
  ...more,
];
const connects = (stream = 1, more: h2.Fields = []) => client(h2.headers(stream, fieldsOf('websocket', more)));
const accepts = (stream = 1, more: h2.Fields = []) => server(h2.headers(stream, [[':status', '200'], ...more]));
const deflate: h2.Fields = [['sec-websocket-extensions', 'permessage-deflate']];
const asks = (text: string, stream = 1) => client(h2.data(stream, frame(text, { mask })));
const says = (text: string, stream = 1) => server(h2.data(stream, frame(text)));
const ends = { ends: true };

const sockets = (exchanges: readonly Exchange[]) => exchanges.filter(({ protocol }) => protocol === 'websocket');
const spoken = (exchange: Exchange | undefined) => exchange?.messages.map(said);

function only(...turns: readonly Turn[]): Exchange {
  const { exchanges } = converse(...opening, ...turns);
  expect(exchanges.map(({ protocol }) => protocol)).toEqual(['websocket']);
  return exchanges[0] as Exchange;
}

describe('a WebSocket over HTTP/2', () => {
  it('is one exchange on its channel: the handshake, what was said both ways, and how it closed', () => {
    const exchange = only(
      connects(),
      accepts(1, [['sec-websocket-protocol', 'chat.v2']]),
      asks('hello'),
      says('hi'),
      client(h2.data(1, frame(closing(1000, 'bye'), { mask, opcode: 'close' }), ends)),
      server(h2.data(1, frame(closing(1000), { opcode: 'close' }), ends)),
      waits(5_000_000),
      closes(),
    );
    expect(spoken(exchange)).toEqual([
      'client text "hello"',
      'server text "hi"',
      'client close "" code=1000 reason="bye"',
      'server close "" code=1000 reason=""',
    ]);
    expect(exchange).toMatchObject({ channel: 1, number: 1, seq: 0, outcome: 'response', problems: [] });
    expect(exchange.durationUs).toBeLessThan(5_000_000);
    expect(operationOf(exchange)).toMatchObject({
      verb: 'CONNECT',
      authority: 'shop',
      target: '/chat',
      result: '200',
      application: 'chat.v2',
    });
    expect(httpIn(exchange).request).toMatchObject({ protocol: 'websocket', version: '2', body: { wireSize: 0 } });
    expect(sizesOf(exchange)).toEqual({ request: 5 + 5, response: 2 + 2 });
  });

  it('may compress its messages, as the 200 says', () => {
    const [sent, received] = [new Deflater(), new Deflater()];
    const texts = ['the same words', 'the same words', 'and the same words'];
    const exchange = only(
      connects(1, deflate),
      accepts(1, deflate),
      ...texts.flatMap((text) => [
        client(h2.data(1, sent.frame(text, { mask }))),
        server(h2.data(1, received.frame(text), { padding: 7 })),
      ]),
      closes(),
    );
    expect(exchange.messages.map(({ body }) => Buffer.from(body.bytes).toString())).toEqual(
      texts.flatMap((text) => [text, text]),
    );
    expect(exchange.messages.every(({ facts }) => facts.compressed === true)).toBe(true);
    expect(exchange.problems).toEqual([]);
  });

  it.each<[string, readonly Turn[], string, readonly string[]]>([
    ['ended by both sides', [client(h2.data(1, '', ends)), server(h2.data(1, '', ends))], 'response', []],
    [
      'ended within a message',
      [server(h2.data(1, Buffer.of(0x81, 9, 65), ends)), client(h2.data(1, '', ends))],
      'response',
      ['cut-short'],
    ],
    ['reset by the server', [server(h2.reset(1, 8))], 'reset', []],
    ['reset by the client', [client(h2.reset(1, 8))], 'reset', []],
    ['given up without an error', [server(h2.reset(1, 0))], 'response', []],
    ['ended with the connection', [closes()], 'response', []],
    ['reset with the connection', [closes('reset')], 'reset', []],
  ])('%s says so, at that moment', (_, turns, outcome, problems) => {
    const { exchanges } = converse(
      ...opening,
      connects(),
      accepts(),
      asks('a'),
      ...turns,
      ...(turns.some(({ kind }) => kind === 'closes')
        ? []
        : [client(h2.asks(3, '/b')), server(h2.answers(3, 'b')), closes()]),
    );
    expect(exchanges[0]).toMatchObject({ protocol: 'websocket', outcome, problems });
    expect(spoken(exchanges[0])?.[0]).toBe('client text "a"');
    expect(exchanges.slice(1).map(({ number, seq }) => [number, seq])).toEqual(exchanges.length > 1 ? [[2, 1]] : []);
  });

  it('that outlives the recording is cut short', () => {
    const { exchanges } = converse(...opening, connects(), accepts(), asks('a'));
    expect(exchanges[0]).toMatchObject({ outcome: 'response', problems: ['cut-short'], durationUs: null });
  });

  it('goes on beside others, and beside requests', () => {
    const { exchanges } = converse(
      ...opening,
      connects(1),
      connects(3),
      client(h2.asks(5, '/b')),
      accepts(3),
      accepts(1),
      says('one', 1),
      says('three', 3),
      server(h2.answers(5, 'b')),
      asks('to one', 1),
      server(h2.reset(3, 8)),
      closes(),
    );
    const seen = exchanges.map(({ channel, number, outcome, messages }) => [
      channel,
      number,
      outcome,
      messages.map(said),
    ]);
    expect(seen).toEqual([
      [5, 3, 'response', []],
      [3, 2, 'reset', ['server text "three"']],
      [1, 1, 'response', ['server text "one"', 'client text "to one"']],
    ]);
  });

  it('has what was said before its answer was seen, and ends where the client had ended it', () => {
    const early = client(h2.data(1, frame('early', { mask }), ends));
    const exchange = only(
      connects(),
      early,
      accepts(),
      says('late'),
      server(h2.data(1, '', ends)),
      waits(9_000_000),
      closes(),
    );
    expect(spoken(exchange)).toEqual(['client text "early"', 'server text "late"']);
    expect(exchange.durationUs).toBeLessThan(9_000_000);
  });

  it('is the same where its answer is seen before its request', () => {
    const exchange = only(accepts(), says('first'), connects(), asks('second'), closes());
    expect(spoken(exchange)).toEqual(['server text "first"', 'client text "second"']);
    expect(exchange.problems).toEqual([]);
    const over = only(accepts(), says('all'), server(h2.data(1, '', ends)), connects(), asks('too late'), closes());
    expect([spoken(over), over.problems]).toEqual([['server text "all"', 'client text "too late"'], []]);
    const reset = only(accepts(), says('first'), server(h2.reset(1, 8)), connects(), closes());
    expect([spoken(reset), reset.outcome]).toEqual([['server text "first"'], 'reset']);
  });

  it('is written while it lasts, with its channel, each message once', () => {
    const { exchanges } = converse(
      ...opening,
      connects(),
      accepts(),
      says('one'),
      waits(1_500_000),
      says('two'),
      waits(1_500_000),
      closes(),
    );
    expect(exchanges.map(({ outcome, channel, number }) => [outcome, channel, number])).toEqual([
      ['open', 1, 1],
      ['open', 1, 1],
      ['response', 1, 1],
    ]);
    expect(messagesOf(exchanges, 1).map(said)).toEqual(['server text "one"', 'server text "two"']);
  });

  it('keeps to the memory there is', () => {
    const limits = { ...defaultLimits, memoryBytes: 64 * 1024 };
    const many = Array.from({ length: 300 }, (_, i) => says(`${i}`.padEnd(1000, 'x')));
    const { exchanges } = converseWith({ limits }, ...opening, connects(), accepts(), ...many, closes());
    expect(messagesOf(exchanges, 1)).toHaveLength(300);
    expect(exchanges.at(-1)?.problems).toEqual([]);
  });
});

describe('an extended CONNECT', () => {
  it('that is refused is an exchange of HTTP', () => {
    const refused = server(Buffer.concat([h2.headers(1, [[':status', '403']]), h2.data(1, 'no', ends)]));
    const seen = converse(...opening, connects(), refused, client(h2.data(1, '', ends)), closes());
    expect(summaries(seen)).toEqual(['CONNECT /chat → 403 no']);
  });

  it('that is answered and over at once is one too', () => {
    const over = server(h2.headers(1, [[':status', '200']], ends));
    const { exchanges } = converse(...opening, connects(), over, client(h2.data(1, '', ends)), closes());
    expect(exchanges.map(({ protocol, outcome }) => [protocol, outcome])).toEqual([['http2', 'response']]);
  });

  it('to another protocol is a tunnel', () => {
    const seen = converse(...opening, client(h2.headers(1, fieldsOf('connect-udp'))), accepts(), says('x'), closes());
    expect(seen.exchanges.map(({ protocol, channel, seq }) => [protocol, channel, seq])).toEqual([
      ['http2', 1, 0],
      ['raw', 1, 1],
    ]);
  });
});

describe('cut anywhere', () => {
  const packed = new Deflater();
  const sent = Buffer.concat([
    h2.clientOpening,
    h2.headers(1, fieldsOf('websocket', deflate)),
    h2.data(1, frame('in two ', { mask, isFinal: false }).subarray(0, 5)),
    h2.data(
      1,
      Buffer.concat([
        frame('in two ', { mask, isFinal: false }).subarray(5),
        frame('frames', { mask, opcode: 'continuation' }),
      ]),
    ),
    h2.asks(3, '/b'),
    h2.data(1, frame(closing(1001), { mask, opcode: 'close' }), ends),
  ]);
  const answered = Buffer.concat([
    h2.serverOpening,
    h2.headers(1, [[':status', '200'], ...deflate]),
    h2.data(1, packed.frame('again and again')),
    h2.answers(3, 'b'),
    h2.data(1, packed.frame('again and again'), { padding: 3 }),
    h2.data(1, '', ends),
  ]);
  const seenIn = (...turns: readonly Turn[]) => {
    const { exchanges } = converse(...turns, closes());
    const socket = sockets(exchanges)[0];
    // Which of two messages that come at the same time ends first is a matter of the cut.
    return [
      summaries({ exchanges } as never).sort(),
      spoken(socket)?.sort(),
      exchanges.flatMap(({ problems }) => problems),
    ];
  };
  const whole = seenIn(client(sent), server(answered));

  it('has the messages of both sides', () => {
    expect(whole[1]).toEqual([
      'client close "" code=1001 reason=""',
      'client text "in two frames" fragments=2',
      'server text "again and again" compressed=true',
      'server text "again and again" compressed=true',
    ]);
    expect(whole[2]).toEqual([]);
  });

  it('is the same conversation, whatever the cut', () => {
    const wrong: unknown[] = [];
    for (let at = 1; at < Math.max(sent.length, answered.length); at++) {
      const turns = [
        client(sent.subarray(0, at)),
        server(answered.subarray(0, at)),
        client(sent.subarray(at)),
        server(answered.subarray(at)),
      ].filter((turn) => turn.kind !== 'says' || turn.bytes.length > 0);
      if (JSON.stringify(seenIn(...turns)) !== JSON.stringify(whole)) wrong.push([at, seenIn(...turns)]);
    }
    expect(wrong).toEqual([]);
  });
});

describe('a hole', () => {
  const others = [client(h2.asks(3, '/b')), server(h2.answers(3, 'b'))];

  it('within a payload damages that message alone, and no other stream', () => {
    const bytes = h2.data(1, frame('0123456789'));
    const { exchanges } = converse(
      ...opening,
      connects(),
      accepts(),
      server(bytes.subarray(0, bytes.length - 7)),
      missing('server', 4),
      server(bytes.subarray(bytes.length - 3)),
      says('after'),
      ...others,
      closes(),
    );
    expect(exchanges.map(({ protocol, problems }) => [protocol, problems])).toEqual([
      ['http2', []],
      ['websocket', ['lost-bytes']],
    ]);
    expect(spoken(exchanges[1])).toEqual(['server text "012" problem="lost-bytes"', 'server text "after"']);
  });

  it('over whole frames of HTTP/2 ends the reading of that direction, and of no other', () => {
    const { exchanges, stats } = converse(
      ...opening,
      connects(),
      accepts(),
      server(h2.data(1, frame('0123456789').subarray(0, 5))),
      missing('server', 500),
      waits(100_000),
      ...others,
      says('after'),
      asks('hi'),
      closes(),
    );
    const socket = sockets(exchanges)[0];
    expect(spoken(socket)).toEqual(['server text "012" problem="lost-bytes"', 'client text "hi"']);
    expect(socket?.problems).toEqual(['lost-bytes']);
    expect(exchanges.filter(({ protocol }) => protocol === 'http2').map(({ problems }) => problems)).toEqual([[]]);
    expect(stats.lostBytes['no-boundary']).toBe(frame('after').length);
  });

  it('before the answer leaves nothing to guess of what the client says', () => {
    const { exchanges } = converse(
      ...opening,
      connects(),
      missing('client', 60),
      waits(100_000),
      ...others,
      accepts(),
      asks('unknown place'),
      says('hi'),
      closes(),
    );
    expect(spoken(sockets(exchanges)[0])).toEqual(['server text "hi"']);
    expect(sockets(exchanges)[0]?.problems).toEqual(['lost-bytes']);
  });

  it('that hides what was agreed on leaves compressed messages closed, with their sizes', () => {
    const hides = Buffer.concat([h2.indexed(8), h2.indexed(62)]);
    const body = h2.headers(
      3,
      h2.added([
        ['sec-websocket-extensions', 'permessage-deflate'],
        ['x', 'y'.repeat(40)],
      ]),
    );
    const packed = new Deflater().frame('words');
    const { exchanges } = converse(
      ...opening,
      connects(),
      server(body.subarray(0, 20)),
      missing('server', body.length - 20),
      server(h2.headers(1, hides)),
      server(h2.data(1, packed)),
      says('plain'),
      closes(),
    );
    const socket = sockets(exchanges)[0];
    expect(spoken(socket)).toEqual(['server text "" compressed=true problem="undecoded"', 'server text "plain"']);
    expect(socket?.problems).toContain('undecodable-headers');
  });

  it('anywhere never makes up a message', () => {
    const payloads = Array.from({ length: 12 }, (_, i) => `${i}:${'x'.repeat((i * 37) % 90)}`);
    const stream = Buffer.concat([
      ...payloads.slice(0, 6).map((payload) => h2.data(1, frame(payload))),
      h2.answers(3, 'b'),
      h2.data(1, Buffer.concat(payloads.slice(6).map((payload) => frame(payload)))),
    ]);
    for (let at = 0; at < stream.length - 1; at++) {
      for (const size of [1, 5, 30, 200]) {
        const end = Math.min(stream.length, at + size);
        const { exchanges } = converse(
          ...opening,
          connects(),
          accepts(),
          client(h2.asks(3, '/b')),
          server(stream.subarray(0, at)),
          missing('server', end - at),
          server(stream.subarray(end)),
          closes(),
        );
        for (const { facts, body } of messagesOf(sockets(exchanges), 1)) {
          const text = Buffer.from(body.bytes).toString();
          const fits =
            facts.problem === undefined ? payloads.includes(text) : payloads.some((each) => each.startsWith(text));
          expect(fits ? '' : [at, size, text]).toBe('');
        }
      }
    }
  });
});

it('whose handshake was missed is none: its frames are counted', () => {
  const { exchanges, stats } = converseWith(
    { startedEarlier: true },
    says('x'),
    asks('y'),
    client(h2.asks(3, '/b')),
    server(h2.answers(3, 'b')),
    says('z'),
    closes(),
  );
  expect(sockets(exchanges)).toEqual([]);
  expect(stats.lostBytes['no-boundary']).toBeGreaterThan(0);
});
