/** `_webSocketMessages` of an entry as messages of an exchange: what Chromium writes, and what nobody should. */
import { har } from '../../../../tape/import/har';
import type { Exchange } from '../../../../tape/model/exchange';
import { httpIn } from '../../../support/contents';
import { fileOf, imported } from '../../../support/importing';
import { closing, said } from '../../../support/websocket';

const startedAtUs = Date.UTC(2026, 10, 20, 10) * 1000;
const seconds = (after: number) => startedAtUs / 1e6 + after;
const base64 = (bytes: string | Uint8Array) => Buffer.from(bytes).toString('base64');

interface Sketch {
  readonly messages?: unknown;
  readonly status?: number;
  readonly url?: string;
  readonly error?: string;
}

/** As Chromium writes the entry of a socket: all of its time is told as none of its parts. */
function entryOf({ messages, status = 101, url = 'wss://shop.test/chat', error }: Sketch) {
  const headers = [
    { name: 'Connection', value: 'Upgrade' },
    { name: 'Upgrade', value: 'websocket' },
  ];
  return {
    _resourceType: 'websocket',
    ...(messages === undefined ? {} : { _webSocketMessages: messages }),
    startedDateTime: '2026-11-20T10:00:00.000Z',
    time: 5000,
    timings: { blocked: -1, dns: -1, connect: -1, ssl: -1, send: 0, wait: 0, receive: 0 },
    connection: '7',
    request: { method: 'GET', url, httpVersion: 'http/1.1', headers },
    response: { status, statusText: 'Switching Protocols', headers, content: { size: 0 }, _error: error ?? null },
  };
}

function read(sketch: Sketch): { exchange: Exchange; notes: readonly string[] } {
  const { exchanges, notes } = imported(har, fileOf('x.har', { log: { entries: [entryOf(sketch)] } }));
  return { exchange: exchanges[0] as Exchange, notes };
}

const sent = { type: 'send', time: seconds(1), opcode: 1, data: 'hi' };
const received = { type: 'receive', time: seconds(2.000001), opcode: 1, data: '{"of":"ü"}' };

it('makes one exchange of the handshake and what was said', () => {
  const messages = [
    sent,
    received,
    { type: 'receive', time: seconds(3), opcode: 2, data: base64(Buffer.of(0, 255)) },
    { type: 'receive', time: seconds(3), opcode: 9, data: base64('p') },
    { type: 'send', time: seconds(3), opcode: 10, data: base64('p') },
    { type: 'send', time: seconds(4), opcode: 8, data: base64(closing(1000, 'bye')) },
    { type: 'receive', time: seconds(4), opcode: 8, data: '' },
  ];
  const { exchange, notes } = read({ messages });
  expect(exchange.messages.map(said)).toEqual([
    'client text "hi"',
    'server text "{\\"of\\":\\"ü\\"}"',
    `server binary ${JSON.stringify(Buffer.of(0, 255).toString())}`,
    'server ping "p"',
    'client pong "p"',
    'client close "" code=1000 reason="bye"',
    'server close "" code=null reason=""',
  ]);
  expect(exchange).toMatchObject({
    protocol: 'websocket',
    startedAtUs,
    durationUs: 5_000_000,
    outcome: 'response',
    problems: [],
    content: { requestSize: 2 + 1 + 5, responseSize: 11 + 2 + 1 },
  });
  expect(exchange.connection.tls).not.toBeNull();
  expect(exchange.messages[1]?.startedAtUs).toBe(startedAtUs + 2_000_001);
  expect(notes).toEqual([]);
});

it('has the answer to the handshake before the first message', () => {
  const { response, request } = httpIn(read({ messages: [sent] }).exchange);
  expect([request?.endedAtUs, response?.startedAtUs, response?.endedAtUs]).toEqual(
    Array(3).fill(startedAtUs + 1_000_000),
  );
});

it('lasts as long as its last message', () => {
  expect(read({ messages: [{ ...sent, time: seconds(9) }] }).exchange.durationUs).toBe(9_000_000);
});

it('is a socket also where nothing was said', () => {
  expect(read({ messages: [] }).exchange).toMatchObject({ protocol: 'websocket', messages: [], problems: [] });
});

describe("a browser's mark of an error", () => {
  it.each([
    ['Invalid frame header', 'lost'],
    ['net::ERR_CONNECTION_RESET', 'reset'],
  ])('is no message, and says how the connection ended: %s', (data, outcome) => {
    const { exchange, notes } = read({ messages: [sent, { type: 'error', time: seconds(2), opcode: -1, data }] });
    expect([exchange.messages.length, exchange.outcome, exchange.problems]).toEqual([1, outcome, []]);
    expect(notes).toEqual(['1 errors of WebSockets, which are no messages: they say how the connection ended']);
  });

  it('may stand for the whole answer', () => {
    const error = { type: 'error', time: seconds(0), opcode: -1, data: 'net::ERR_CONNECTION_REFUSED' };
    const { exchange } = read({ messages: [error], status: 0 });
    expect(exchange).toMatchObject({ protocol: 'http1', outcome: 'refused', problems: ['no-response'] });
  });
});

describe('what cannot be read', () => {
  const unreadable =
    '1 left out of the messages of WebSockets: their time, their direction or their opcode cannot be read';
  it.each([
    ['a message that is none', null],
    ['another direction', { ...sent, type: 'constructor' }],
    ['no direction', { ...sent, type: undefined }],
    ['an opcode that stands for no message', { ...sent, opcode: 0 }],
    ['an opcode that is reserved', { ...sent, opcode: 3 }],
    ['an opcode in text', { ...sent, opcode: '1' }],
    ['no time', { ...sent, time: undefined }],
    ['a time in milliseconds', { ...sent, time: startedAtUs / 1000 }],
    ['a time before time', { ...sent, time: -1 }],
  ])('is left out and said: %s', (_, message) => {
    const { exchange, notes } = read({ messages: [message, received] });
    expect([exchange.messages.length, exchange.problems]).toEqual([1, ['not-in-file']]);
    expect(notes).toEqual([unreadable]);
  });

  it.each([
    ['in the place of the list', {}],
    ['in the place of the list', 'text'],
  ])('is said %s', (_, messages) => {
    expect(read({ messages })).toMatchObject({
      exchange: { messages: [], problems: ['not-in-file'] },
      notes: [unreadable],
    });
  });

  it.each([
    ['no data', { ...sent, data: undefined }],
    ['data that is no text', { ...sent, data: 7 }],
    ['bytes that are not in base64', { ...sent, opcode: 2, data: 'ab\u0000' }],
    ['base64 that is cut', { ...sent, opcode: 2, data: 'aGk' }],
  ])('is a message without its bytes, and marked: %s', (_, message) => {
    const { exchange, notes } = read({ messages: [message, received] });
    expect([exchange.messages.length, exchange.messages[0]?.facts, exchange.problems]).toEqual([
      2,
      { problem: 'not-in-file' },
      ['not-in-file'],
    ]);
    expect(notes).toEqual(['1 messages of WebSockets whose data is not there, or is not in base64']);
  });
});

describe('without messages', () => {
  it('is a handshake, and said, where the file has none', () => {
    const { exchange, notes } = read({});
    expect([exchange.protocol, notes]).toEqual([
      'http1',
      ['1 of WebSocket connections whose messages are not in the file'],
    ]);
  });

  it('is not complete where it began otherwise than over HTTP/1.1', () => {
    const { exchange, notes } = read({ messages: [sent], status: 200 });
    expect([exchange.protocol, exchange.messages, exchange.problems]).toEqual(['http1', [], ['undecoded']]);
    expect(notes).toEqual([
      '1 of WebSocket connections that began otherwise than with 101 (over HTTP/2, say), without their messages',
    ]);
  });
});

it('shares its connection with the requests before it', () => {
  const asked = { ...entryOf({ status: 200, url: 'https://shop.test/' }), startedDateTime: '2026-11-20T09:59:00Z' };
  const { exchanges } = imported(har, fileOf('x.har', { log: { entries: [asked, entryOf({ messages: [] })] } }));
  expect(exchanges.map(({ connection, seq }) => [connection.key, seq])).toEqual([
    [1, 0],
    [1, 1],
  ]);
});
