/** WebSocket (RFC 6455) from the handshake to the close: one exchange, and each message as it was said. */
import type { Exchange } from '../../../tape/model/exchange';
import { operationOf, sizesOf } from '../../../tape/model/registry';
import { httpIn, rawIn } from '../../support/contents';
import {
  client,
  closes,
  converse,
  converseWith,
  head,
  missing,
  server,
  startUs,
  stepUs,
  summaries,
  type Turn,
  waits,
} from '../../support/converse';
import { asks, closing, frame, handshake, messagesOf, said, says, switching, upgrade } from '../../support/websocket';

function only(...turns: readonly Turn[]): Exchange {
  const { exchanges } = converse(...turns);
  expect(exchanges.map(({ protocol }) => protocol)).toEqual(['websocket']);
  return exchanges[0] as Exchange;
}

const spoken = (exchange: Exchange) => exchange.messages.map(said);
const talk = (...turns: readonly Turn[]) => only(...handshake(), ...turns, closes());

describe('the life of a WebSocket', () => {
  it('is one exchange: the handshake, what was said both ways, and how it closed', () => {
    const exchange = only(
      ...handshake('Sec-WebSocket-Protocol: chat.v2'),
      asks('hello'),
      says('hi'),
      asks(Buffer.of(0, 255), { opcode: 'binary' }),
      asks(closing(1000, 'bye'), { opcode: 'close' }),
      says(closing(1000), { opcode: 'close' }),
      closes(),
    );
    expect(spoken(exchange)).toEqual([
      'client text "hello"',
      'server text "hi"',
      `client binary ${JSON.stringify(Buffer.of(0, 255).toString())}`,
      'client close "" code=1000 reason="bye"',
      'server close "" code=1000 reason=""',
    ]);
    expect(operationOf(exchange)).toEqual({
      verb: 'GET',
      authority: 'shop',
      target: '/chat',
      result: '101',
      application: 'chat.v2',
      failed: false,
      over: null,
    });
    expect(sizesOf(exchange)).toEqual({ request: 5 + 2 + 5, response: 2 + 2 });
    expect(exchange).toMatchObject({
      outcome: 'response',
      problems: [],
      number: 1,
      seq: 0,
      startedAtUs: startUs + stepUs,
    });
    expect(exchange.durationUs).toBe(7 * stepUs);
    expect(httpIn(exchange)).toMatchObject({ request: { method: 'GET', target: '/chat' }, response: { status: 101 } });
  });

  it('has each message with the times of its first and last byte', () => {
    const bytes = frame('in two pieces');
    const { messages } = talk(server(bytes.subarray(0, 1)), waits(500), server(bytes.subarray(1)), asks('x'));
    expect(messages.map(({ startedAtUs, endedAtUs }) => [startedAtUs - startUs, endedAtUs - startUs])).toEqual([
      [3 * stepUs, 4 * stepUs + 500],
      [5 * stepUs + 500, 5 * stepUs + 500],
    ]);
  });

  it('takes frames that came with the handshake, before it and behind it', () => {
    const exchange = only(
      client(Buffer.concat([Buffer.from(upgrade), frame('early', { mask: [1, 2, 3, 4] })])),
      server(Buffer.concat([Buffer.from(switching()), frame('at once')])),
      closes(),
    );
    expect(spoken(exchange)).toEqual(['client text "early"', 'server text "at once"']);
  });

  it.each<[string, Turn, string, readonly string[]]>([
    ['closed without a closing frame', closes(), 'response', []],
    ['reset', closes('reset'), 'reset', []],
  ])('that ends %s says so', (_, end, outcome, problems) => {
    expect(only(...handshake(), asks('a'), end)).toMatchObject({ outcome, problems });
  });

  it('that both sides closed is over, however its connection ends then', () => {
    const left = asks(closing(1000), { opcode: 'close' });
    const answered = says(closing(1000), { opcode: 'close' });
    for (const how of ['reset', 'timeout'] as const) {
      expect(only(...handshake(), left, answered, closes(how))).toMatchObject({ outcome: 'response', problems: [] });
      expect(only(...handshake(), left, closes(how))).toMatchObject({ outcome: how, problems: [] });
    }
  });

  it('is cut short where the recording ends, or the connection within a message', () => {
    expect(only(...handshake(), says('a'))).toMatchObject({
      outcome: 'response',
      problems: ['cut-short'],
      durationUs: null,
    });
    const torn = talk(server(frame('whole message').subarray(0, 7)));
    expect([spoken(torn), torn.problems]).toEqual([['server text "whole" problem="cut-short"'], ['cut-short']]);
  });

  it('comes after requests on the same connection', () => {
    const { exchanges } = converse(
      client(head('GET /a HTTP/1.1', ['Host: shop'])),
      server(head('HTTP/1.1 204 No Content', [])),
      ...handshake(),
      says('x'),
      closes(),
    );
    expect(exchanges.map(({ protocol, seq, messages }) => [protocol, seq, messages.length])).toEqual([
      ['http1', 0, 0],
      ['websocket', 1, 1],
    ]);
  });

  it('is no inbound exchange that later calls are caused by', () => {
    const { stats } = converse(...handshake(), says('x'), closes());
    expect(stats.coverage).toMatchObject({ connections: 1, read: 1, raw: 0 });
  });
});

describe('frames', () => {
  it('are joined to messages, control frames between them', () => {
    const exchange = talk(
      says('one ', { isFinal: false }),
      says('in between', { opcode: 'ping' }),
      says('two ', { opcode: 'continuation', isFinal: false }),
      asks('in between', { opcode: 'pong' }),
      says('', { opcode: 'continuation', isFinal: false }),
      says('three', { opcode: 'continuation' }),
    );
    expect(spoken(exchange)).toEqual([
      'server ping "in between"',
      'client pong "in between"',
      'server text "one two three" fragments=4',
    ]);
    expect(exchange.problems).toEqual([]);
  });

  it.each([0, 1, 125, 126, 127, 65535, 65536, 200_000])('of %d bytes are read, masked and not', (size) => {
    const bytes = Buffer.alloc(size, 'abc');
    const { messages, problems } = talk(asks(bytes), says(bytes));
    expect(messages.map(({ body }) => [body.wireSize, Buffer.compare(body.bytes, bytes)])).toEqual([
      [size, 0],
      [size, 0],
    ]);
    expect(problems).toEqual([]);
  });

  it('may write a short length long, and be unmasked: real peers let it pass', () => {
    const exchange = talk(says('a', { lengthBytes: 2 }), says('b', { lengthBytes: 8 }), client(frame('c')));
    expect(spoken(exchange)).toEqual(['server text "a"', 'server text "b"', 'client text "c"']);
  });

  it('of a close may hold nothing, or bytes that are no text', () => {
    const exchange = talk(
      asks('', { opcode: 'close' }),
      says(Buffer.concat([closing(1008), Buffer.of(0xff)]), { opcode: 'close' }),
    );
    expect(spoken(exchange)).toEqual([
      'client close "" code=null reason=""',
      'server close "" code=1008 reason="\ufffd"',
    ]);
  });

  it.each<[string, Buffer]>([
    ['an opcode nobody knows', frame('x', { opcode: 3 })],
    ['a control opcode nobody knows', frame('x', { opcode: 11 })],
    ['a reserved bit that was not agreed on', frame('x', { reserved: 0x40 })],
    ['another reserved bit', frame('x', { reserved: 0x20 })],
    ['a continuation of nothing', frame('x', { opcode: 'continuation' })],
    ['a message within a message', Buffer.concat([frame('a', { isFinal: false }), frame('b')])],
    ['a control frame in fragments', frame('x', { opcode: 'ping', isFinal: false })],
    ['a control frame that is too long', frame('x'.repeat(126), { opcode: 'ping' })],
    ['a length that nothing has', Buffer.of(0x81, 127, 0xff, 255, 255, 255, 255, 255, 255, 255, 1)],
  ])('that are not allowed end the reading of their direction: %s', (_, wrong) => {
    const turns = [
      says('before'),
      server(Buffer.concat([wrong, frame('after')])),
      says('later'),
      asks('from the client'),
    ];
    const { exchanges, stats } = converse(...handshake(), ...turns, closes());
    const said = spoken(exchanges[0] as Exchange);
    expect([said[0], said.at(-1)]).toEqual(['server text "before"', 'client text "from the client"']);
    expect(said.some((text) => /after|later/.test(text))).toBe(false);
    expect(exchanges[0]?.problems).toEqual(['parse-error']);
    expect(stats.lostBytes['no-boundary']).toBeGreaterThan(0);
  });
});

describe('a handshake that is not whole', () => {
  it.each<[string, readonly Turn[]]>([
    ['the request is missing', [missing('client', upgrade.length), server(switching())]],
    ['the answer does not fit to the key', [client(upgrade), server(switching().replace('s3pP', 'AAAA'))]],
    ['there is no key', [client(upgrade.replace(/Sec-WebSocket-Key.*\r\n/, '')), server(switching())]],
    ['the answer is missing', [client(upgrade), missing('server', switching().length)]],
  ])('leaves what follows unread: %s', (_, turns) => {
    const { exchanges } = converse(...turns, says('hello'), asks('hi'), closes());
    expect(exchanges.flatMap(({ messages }) => messages)).toEqual([]);
    expect(exchanges.some(({ protocol }) => protocol === 'websocket')).toBe(false);
  });

  it('leaves a connection that is older than the recording raw', () => {
    const { exchanges } = converseWith({ startedEarlier: true }, says('hello'), asks('hi'), closes());
    expect(exchanges.map(rawIn)).toMatchObject([{ requestSize: 2 + 6, responseSize: 7 }]);
    expect(exchanges[0]?.problems).toEqual(['started-mid-stream']);
  });

  it('is certain by its key alone, whatever is missing before it', () => {
    const { exchanges } = converseWith(
      { startedEarlier: true },
      server('rest of an answer'),
      ...handshake(),
      says('hello'),
      closes(),
    );
    expect(exchanges.at(-1)).toMatchObject({ protocol: 'websocket', problems: [] });
    expect(exchanges.at(-1)?.messages.map(said)).toEqual(['server text "hello"']);
  });

  it('that is refused is a request like any other', () => {
    const refused = head('HTTP/1.1 403 Forbidden', ['Content-Length: 0']);
    expect(summaries(converse(client(upgrade), server(refused), closes()))).toEqual(['GET /chat → 403']);
  });
});

describe('a WebSocket that lasts', () => {
  it('grows on the tape by what came since', () => {
    const { exchanges } = converse(
      ...handshake(),
      says('one'),
      waits(1_500_000),
      says('two'),
      waits(500_000),
      asks('three'),
      waits(2_000_000),
      says('four'),
      closes(),
    );
    const stages = exchanges.map(({ outcome, problems, messages, messagesBefore, number }) => [
      ...[number, outcome, problems.join(), messagesBefore],
      messages.map(({ body }) => Buffer.from(body.bytes).toString()),
    ]);
    expect(stages).toEqual([
      [1, 'open', 'still-open', 0, ['one']],
      [1, 'open', 'still-open', 1, ['two', 'three']],
      [1, 'response', '', 3, ['four']],
    ]);
  });

  it('hands many messages on before a second is over', () => {
    const hundred = Buffer.concat(Array.from({ length: 100 }, (_, i) => frame(`message ${i}`)));
    const many = Array.from({ length: 25 }, () => server(hundred));
    const { exchanges } = converse(...handshake(), ...many, closes());
    expect(exchanges.map(({ messagesBefore, messages }) => [messagesBefore, messages.length])).toEqual([
      [0, 1000],
      [1000, 1000],
      [2000, 500],
    ]);
    expect(messagesOf(exchanges, 1)).toHaveLength(2500);
  });

  it('hands messages of one call on once, and says where there was no memory for all of them', () => {
    const many = server(Buffer.concat(Array.from({ length: 5000 }, (_, i) => frame(`${i}`))));
    const sizes = (limits: object) => {
      const { exchanges } = converseWith({ limits }, ...handshake(), many, says('later'), closes());
      return [exchanges.map(({ messages }) => messages.length), exchanges.at(-1)?.problems];
    };
    expect(sizes({})).toEqual([[1000, 4000, 1], []]);
    const [[first = 0, second = 0, third = 0] = [], problems] = sizes({ totalBytes: 1 << 20 }) as [number[], string[]];
    expect([first, second + third < 4001, problems]).toEqual([1000, true, ['truncated']]);
    const flood = server(Buffer.concat(Array.from({ length: 70_000 }, () => frame('', { opcode: 'ping' }))));
    const { exchanges } = converse(...handshake(), flood, says('later'), closes());
    expect(exchanges.map(({ messages }) => messages.length)).toEqual([1000, 65_536, 1]);
    expect(exchanges.at(-1)?.problems).toEqual(['truncated']);
  });

  it('holds no more than was agreed on, however much is said', () => {
    const large = frame(Buffer.alloc(300_000, 'x'));
    const { exchanges } = converseWith(
      { limits: { totalBytes: 4 << 20 } },
      ...handshake(),
      ...Array.from({ length: 100 }, () => server(large)),
      closes(),
    );
    const messages = messagesOf(exchanges, 1);
    expect([messages.length, new Set(messages.map(({ body }) => body.bytes.length))]).toEqual([
      100,
      new Set([300_000]),
    ]);
    expect(exchanges.at(-1)?.problems).toEqual([]);
  });
});
