/** What a person reads of a WebSocket and of calls of gRPC in a generated suite; the rest of it is as in every other. */
import { jestGenerator } from '../../../replayer/generate/jest';
import { filesInSet } from '../../../tape/body/protobuf/schemas';
import type { Exchange } from '../../../tape/model/exchange';
import type { Message } from '../../../tape/model/message';
import { withSchemas } from '../../../tape/model/schemas';
import { expectGolden } from '../../support/golden';
import { encode, shopSchemas, shopSet } from '../../support/proto';
import { storedOf } from '../../support/tape-file';
import {
  bodyOf,
  connectionOf,
  type ExchangeParts,
  epochUs,
  exchangeOf,
  requestOf,
  responseOf,
} from '../../support/tapes';

const says = (from: Message['from'], atMs: number, kind: string, data: string | Uint8Array, facts = {}): Message => {
  const atUs = epochUs + atMs * 1000;
  return { from, kind, startedAtUs: atUs, endedAtUs: atUs, facts, body: bodyOf(data) };
};
const id = '0b6a8c7a-7f10-4d2b-9a3e-5f9d4c534d2b';
const upgrade = [
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade'],
] as const;

const chat: ExchangeParts = {
  protocol: 'websocket',
  request: requestOf({ target: '/chat', headers: [['Host', 'shop.test'], ...upgrade], body: bodyOf('') }),
  response: responseOf({ status: 101, headers: upgrade, body: bodyOf('') }),
  messages: [
    says('client', 5, 'text', '{"type":"open","title":"tea is cold"}'),
    says('server', 8, 'text', `{"type":"opened","id":"${id}","status":"open"}`),
    says('client', 9, 'text', `{"type":"close","id":"${id}"}`),
    says('server', 12, 'text', `{"type":"closed","id":"${id}"}`),
    says('client', 15, 'close', '', { code: 1000, reason: '' }),
    says('server', 16, 'close', '', { code: 1000, reason: '' }),
  ],
};

const grpc = { version: '2', headers: [['content-type', 'application/grpc']], body: bodyOf('') } as const;
const call = (
  name: string,
  trailers: readonly (readonly [string, string])[],
  messages: readonly Message[],
): ExchangeParts => ({
  protocol: 'http2',
  channel: 1,
  request: requestOf({
    ...grpc,
    method: 'POST',
    target: `/shop.v1.Shop/${name}`,
    authority: 'shop.test',
    scheme: 'http',
  }),
  response: responseOf({ ...grpc, trailers }),
  messages,
});
const item = (sku: string) => encode('shop.v1.Item', { sku, count: 1, price: { currency: 'EUR', cents: '450' } });
const order = (note: string) => encode('shop.v1.Order', { id: '7', state: 'STATE_PAID', note });

const parts: readonly ExchangeParts[] = [
  chat,
  call(
    'Place',
    [['grpc-status', '0']],
    [says('client', 1, 'message', order('for Ada')), says('server', 3, 'message', order('as it was'))],
  ),
  call(
    'Watch',
    [
      ['grpc-status', '7'],
      ['grpc-message', 'not today'],
    ],
    [says('client', 1, 'message', item('TEA'))],
  ),
];
const exchanges = parts.map((each, i): Exchange => {
  const times = { startedAtUs: epochUs + i, durationUs: 20_000 };
  return withSchemas(
    exchangeOf({ number: i + 1, connection: connectionOf({ key: i + 1 }), ...times, ...each }),
    shopSchemas,
  );
});

const { files } = jestGenerator.files(exchanges.map(storedOf), {
  tapeName: 'shop.tape',
  settings: { target: 'http://127.0.0.1:8080' },
  noise: null,
  redact: null,
  protoFiles: filesInSet(shopSet, 'shop.binpb'),
});

it('writes these files and no others', () => {
  expectGolden('generate/expected/talking/files.txt', files.map(({ path }) => path).join('\n'));
});

it.each(['endpoints/chat.js', 'endpoints/shop-v1-shop.js', '.gitattributes', 'setup.js'])('writes %s', (path) => {
  const text = Buffer.from(files.find((file) => file.path === path)?.bytes ?? []).toString('utf8');
  expectGolden(`generate/expected/talking/${path}.txt`, text);
});

it('gives a test as long as the conversations before it took', () => {
  const long = exchanges.map((exchange) => storedOf({ ...exchange, durationUs: 150_000_000 }));
  const options = { tapeName: 'shop.tape', settings: {}, noise: null, redact: null, protoFiles: new Map() };
  const textOf = (all: typeof long) => {
    const entry = jestGenerator.files(all, options).files.find(({ path }) => path === 'replay.test.js');
    return Buffer.from(entry?.bytes ?? []).toString();
  };
  expect(textOf(long)).toContain('jest.setTimeout(240_000);');
  expect(textOf(long.slice(1))).toContain('jest.setTimeout(120_000);');
});

it('writes a set that names what it uses', () => {
  const set = files.find(({ path }) => path === 'descriptors.binpb')?.bytes ?? new Uint8Array(0);
  expect([...filesInSet(set, 'descriptors.binpb').keys()]).toEqual(['shop/v1/money.proto', 'shop/v1/shop.proto']);
});
