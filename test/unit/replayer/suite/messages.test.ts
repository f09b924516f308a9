/** Exchanges with messages through their description and back: what is played and served afterwards is what was recorded. */
import { gzipSync } from 'node:zlib';
import { casesFrom, recordedHttp2 } from '../../../../replayer/cases/cases';
import { mocksFrom } from '../../../../replayer/mocks/mock';
import { describeCase, describeMock } from '../../../../replayer/suite/describe';
import { restoreCase, restoreMock } from '../../../../replayer/suite/restore';
import { noSchemas, type Schemas } from '../../../../tape/body/protobuf/schemas';
import type { Message } from '../../../../tape/model/message';
import { withSchemas } from '../../../../tape/model/schemas';
import type { StoredExchange } from '../../../../tape/store/tape';
import { encode, shopSchemas } from '../../../support/proto';
import { storedOf } from '../../../support/tape-file';
import {
  bodyOf,
  connectionOf,
  type ExchangeParts,
  epochUs,
  exchangeOf,
  requestOf,
  responseOf,
} from '../../../support/tapes';

function message(from: Message['from'], kind: string, data: string | Uint8Array, over: Partial<Message> = {}): Message {
  const atUs = epochUs + 5000;
  return { from, kind, startedAtUs: atUs, endedAtUs: atUs, facts: {}, body: bodyOf(data), ...over };
}

const upgrade = [
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
] as const;

const everyByte = Uint8Array.from({ length: 256 }, (_, i) => i);
const longText = `{"text": "${'x'.repeat(3000)}"}`;

const said: readonly Message[] = [
  message('client', 'text', '{"type":"join"}'),
  message('server', 'text', '{ "type": "joined", "id": 9007199254740993 }', { startedAtUs: epochUs + 4000 }),
  message('server', 'text', 'two\nlines'),
  message('client', 'binary', Uint8Array.of(0, 1, 2)),
  message('server', 'binary', everyByte),
  message('server', 'text', longText),
  message('client', 'ping', ''),
  message('server', 'close', '', { facts: { code: 1000, reason: 'see you' } }),
];

function socketWith(messages: readonly Message[], over: Partial<ExchangeParts> = {}): StoredExchange {
  const exchange = exchangeOf({
    protocol: 'websocket',
    number: 1,
    startedAtUs: epochUs,
    durationUs: 9000,
    request: requestOf({ target: '/chat', headers: [['Host', 'shop.test'], ...upgrade], body: bodyOf('') }),
    response: responseOf({ status: 101, headers: [...upgrade, ['Sec-WebSocket-Accept', 'x']], body: bodyOf('') }),
    messages,
    ...over,
  });
  return storedOf(exchange);
}

/** Through JSON, as a file of a suite is read. */
function beside(files: ReadonlyMap<string, Uint8Array>, schemas: Schemas) {
  return { read: (file: string) => files.get(file) ?? Buffer.alloc(0), schemas };
}

function through(stored: StoredExchange, schemas: Schemas = noSchemas) {
  const files = new Map<string, Uint8Array>();
  const description = describeCase(stored, 1, (bytes, { part, extension }) => {
    files.set(`${part}.${extension}`, bytes);
    return `${part}.${extension}`;
  });
  const restored = restoreCase(JSON.parse(JSON.stringify(description)), beside(files, schemas));
  return { description, files: [...files.keys()], restored };
}

function throughMock(stored: StoredExchange) {
  const { mocks } = mocksFrom([stored]);
  const [mock] = mocks;
  if (mock === undefined) throw new Error('the exchange is no mock');
  const description = describeMock(stored, mock, () => 'no file');
  const [restored] = mocksFrom([
    restoreMock(JSON.parse(JSON.stringify(description)), 0, beside(new Map(), noSchemas)),
  ]).mocks;
  return { mock, restored };
}

const bytesOf = ({ exchange }: StoredExchange) =>
  exchange.messages.map(({ body }) => Buffer.from(body.bytes).toString('latin1'));

describe('a WebSocket', () => {
  it('keeps every message to the byte, its kind, its side, its times and what a close says', () => {
    const stored = socketWith(said);
    const { restored } = through(stored);
    expect(bytesOf(restored)).toEqual(bytesOf(stored));
    const rest = ({ from, kind, startedAtUs, endedAtUs, facts }: Message) => [
      from,
      kind,
      startedAtUs,
      endedAtUs,
      facts,
    ];
    expect(restored.exchange.messages.map(rest)).toEqual(said.map(rest));
    expect(restored.exchange).toMatchObject({ protocol: 'websocket', startedAtUs: epochUs, durationUs: 9000 });
    expect(casesFrom([restored])).toMatchObject([{ kind: 'conversation', isOpenEnded: false }]);
  });

  it('is read line by line: JSON and texts as they are, short bytes in base64, long ones in files', () => {
    const { description, files } = through(socketWith(said));
    const lines = description.messages as readonly object[];
    expect(lines[0]).toEqual({ from: 'client', kind: 'text', atMs: 5, json: { type: 'join' } });
    expect(lines[1]).toEqual({
      from: 'server',
      kind: 'text',
      atMs: 5,
      tookMs: 1,
      text: expect.stringContaining('9007199254740993'),
    });
    expect(lines[2]).toMatchObject({ text: 'two\nlines' });
    expect(lines[3]).toMatchObject({ base64: 'AAEC' });
    expect(lines[7]).toEqual({ from: 'server', kind: 'close', atMs: 5, facts: { code: 1000, reason: 'see you' } });
    expect(files).toEqual(['message-5.json']);
    expect(JSON.stringify(description)).not.toContain('Sec-WebSocket-Accept');
  });

  it('has a file for messages that nobody would read beside a test', () => {
    const many = Array.from({ length: 101 }, (_, i) => message('server', 'text', `{"tick":${i}}`));
    const stored = socketWith(many);
    const { description, files, restored } = through(stored);
    expect(description.messages).toEqual({ file: 'messages.json' });
    expect(files).toEqual(['messages.json']);
    expect(bytesOf(restored)).toEqual(bytesOf(stored));
  });

  it('whose recording ended before it did says so, and is played as far as it goes', () => {
    const { restored } = through(socketWith(said, { problems: ['still-open'] }));
    expect(casesFrom([restored])).toMatchObject([{ kind: 'conversation', isOpenEnded: true }]);
  });

  it('over HTTP/2 is played over it again', () => {
    const asked = { version: '2', method: 'CONNECT', target: '/chat', headers: [] } as const;
    const request = { ...requestOf(asked), authority: 'shop.test', protocol: 'websocket' };
    const response = responseOf({ version: '2', headers: [], body: bodyOf('') });
    const { description, restored } = through(socketWith(said, { request, response, channel: 1 }));
    expect(description.request).toMatchObject({ method: 'CONNECT', protocol: 'websocket', version: '2' });
    expect(restored.exchange).toMatchObject({ protocol: 'websocket', channel: 1 });
    const [test] = casesFrom([restored]);
    expect(test?.kind === 'conversation' && recordedHttp2(test.handshake)).toBe('plaintext');
  });

  it('is served as a mock with the same messages', () => {
    const outbound = { connection: connectionOf({ direction: 'outbound', remote: '10.0.0.8:9000' }) };
    const { mock, restored } = throughMock(
      socketWith(
        said.filter(({ body }) => body.bytes.length < 300),
        outbound,
      ),
    );
    expect(restored).toMatchObject({ upstream: mock.upstream, host: 'websocket', answer: { kind: 'conversation' } });
    const messages = ({ answer }: typeof mock) => ('messages' in answer ? answer.messages : []);
    const shape = ({ from, kind, body }: Message) => [from, kind, Buffer.from(body.bytes).toString('hex')];
    expect(messages(restored as typeof mock).map(shape)).toEqual(messages(mock).map(shape));
  });
});

const item = (sku: string) => encode('shop.v1.Item', { sku, count: 1 });
const order = (id: string) => encode('shop.v1.Order', { id, note: 'n' });
const zipped = (bytes: Uint8Array): Partial<Message> => ({
  facts: { compressed: true },
  body: { bytes: gzipSync(bytes), codings: ['gzip'], wireSize: 1 },
});
const grpcFields = [
  ['content-type', 'application/grpc'],
  ['grpc-encoding', 'gzip'],
] as const;

function callWith(messages: readonly Message[], over: Partial<ExchangeParts> = {}): StoredExchange {
  const call = { version: '2', headers: grpcFields, body: bodyOf('') } as const;
  const request = requestOf({ ...call, method: 'POST', target: '/shop.v1.Shop/Chat', authority: 'payments:8080' });
  const response = responseOf({ ...call, trailers: [['grpc-status', '0']] });
  const parts = { protocol: 'http2', number: 1, channel: 1, startedAtUs: epochUs, durationUs: 9000 } as const;
  return storedOf(exchangeOf({ ...parts, request, response, messages, ...over }));
}

describe('a call', () => {
  const told = [
    message('client', 'message', item('TEA')),
    message('server', 'message', item('TEA'), zipped(item('TEA'))),
    message('client', 'message', ''),
    message('client', 'message', Uint8Array.of(0xff, 0xff)),
  ];

  it('keeps every message, by the names of its fields, by their numbers, or in base64', () => {
    const stored = callWith(told);
    const { messages } = through(stored).description;
    expect(messages).toMatchObject([
      { from: 'client', kind: 'message', message: { 1: 'TEA', 2: 1 } },
      { from: 'server', codings: ['gzip'], facts: { compressed: true }, message: { 1: 'TEA', 2: 1 } },
      {},
      { base64: '//8=' },
    ]);
    const described = { ...stored, exchange: withSchemas(stored.exchange, shopSchemas) };
    const { description, restored } = through(described, shopSchemas);
    expect(description.messages).toMatchObject([{ message: { sku: 'TEA', count: 1 } }, {}, {}, { base64: '//8=' }]);
    const [test] = casesFrom([stored]);
    const [again] = casesFrom([restored]);
    if (test?.kind !== 'run' || again?.kind !== 'run') throw new Error('no case');
    expect(Buffer.from(again.request.body.bytes)).toEqual(Buffer.from(test.request.body.bytes));
    expect(again.response.body.schema?.name).toBe('shop.v1.Item');
  });

  it('keeps what redaction took out at the place where it stood', () => {
    const redacted = [{ in: 'request', path: 'message[0].body.sku', rule: 'sku', placeholder: 'TEA' }] as const;
    const { restored } = through({ ...callWith(told), redacted });
    expect(casesFrom([restored])[0]?.stored.redacted).toMatchObject([{ path: 'body[0].sku' }]);
  });

  it('is served as a mock step by step, at the same times', () => {
    const outbound = { connection: connectionOf({ direction: 'outbound', remote: '10.0.0.7:8080' }) };
    const steps = (mock: unknown) =>
      (mock as { answer: { steps: readonly { by: string; what: string; atUs: number }[] } }).answer.steps;
    const { mock, restored } = throughMock(callWith(told, outbound));
    const since = (all: ReturnType<typeof steps>) =>
      all.map(({ by, what, atUs }) => [by, what, atUs - (all[0]?.atUs ?? 0)]);
    expect(since(steps(restored))).toEqual(since(steps(mock)));
  });

  it('that was given up is served as far as it went', () => {
    const outbound = { connection: connectionOf({ direction: 'outbound', remote: '10.0.0.7:8080' }) };
    const given = { outcome: 'reset', problems: ['cut-short'] } as const;
    const { restored } = throughMock(callWith(told.slice(0, 2), { ...outbound, ...given }));
    expect(restored).toMatchObject({ answer: { kind: 'call', ending: 'reset' } });
  });
});

it('a body of one message of protobuf is written by its fields as well', () => {
  const proto = [['content-type', 'application/proto']] as const;
  const request = requestOf({
    method: 'POST',
    target: '/shop.v1.Shop/Upload',
    headers: proto,
    body: bodyOf(item('TEA')),
  });
  const response = responseOf({ headers: proto, body: bodyOf(order('7')) });
  const exchange = withSchemas(exchangeOf({ number: 1, request, response }), shopSchemas);
  const { description, restored } = through(storedOf(exchange), shopSchemas);
  expect(description.request).toMatchObject({ message: { sku: 'TEA', count: 1 } });
  expect(description.response).toMatchObject({ message: { id: '7', note: 'n' } });
  const [test] = casesFrom([restored]);
  expect(test?.kind === 'run' && Buffer.from(test.request.body.bytes)).toEqual(Buffer.from(item('TEA')));
});

it('events of a stream are written one by one, and make the body that they came from', () => {
  const events = [
    message('server', 'event', '{"n":1}'),
    message('server', 'event', 'two', { facts: { event: 'word', id: '7' } }),
  ];
  const headers = [['Content-Type', 'text/event-stream']] as const;
  const stored = storedOf(
    exchangeOf({
      number: 1,
      startedAtUs: epochUs,
      response: responseOf({ headers, body: bodyOf('') }),
      messages: events,
    }),
  );
  const { description, restored } = through(stored);
  expect(description.messages).toMatchObject([{ json: { n: 1 } }, { text: 'two', facts: { event: 'word', id: '7' } }]);
  const bodyIn = (one: StoredExchange) => {
    const [test] = casesFrom([one]);
    return test?.kind === 'run' ? Buffer.from(test.response.body.bytes).toString() : null;
  };
  expect(bodyIn(restored)).toBe('data: {"n":1}\n\nid: 7\nevent: word\ndata: two\n\n');
  expect(bodyIn(restored)).toBe(bodyIn(stored));
});
