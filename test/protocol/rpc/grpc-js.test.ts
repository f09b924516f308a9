/** What a real client and a real server of gRPC say to each other: the four kinds of calls, compressed and not. */
import { createHash } from 'node:crypto';
import { type Client, Metadata, type sendUnaryData, status } from '@grpc/grpc-js';
import { decodeBody } from '../../../tape/body/coding';
import { callStatus } from '../../../tape/body/rpc/status';
import { viewBody } from '../../../tape/body/view';
import type { Exchange } from '../../../tape/model/exchange';
import { operationOf } from '../../../tape/model/registry';
import { withSchemas } from '../../../tape/model/schemas';
import { httpIn } from '../../support/contents';
import { converse } from '../../support/converse';
import { method, talkGrpc } from '../../support/grpc-talk';
import { encode, shopSchemas } from '../../support/proto';

const service = {
  Login: method('/shop.v1.Shop/Login'),
  Place: method('/shop.v1.Shop/Place'),
  Upload: method('/shop.v1.Shop/Upload', { request: true }),
  Watch: method('/shop.v1.Shop/Watch', { response: true }),
  Chat: method('/shop.v1.Shop/Chat', { request: true, response: true }),
};
const item = (sku: string) => Buffer.from(encode('shop.v1.Item', { sku }));
const items = ['TEA', 'MUG'.repeat(2000), 'POT'].map(item);
const order = Buffer.from(encode('shop.v1.Order', { id: '7', note: 'n'.repeat(5000) }));
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

// biome-ignore lint/suspicious/noExplicitAny: the library types each of the four kinds of calls by another signature
const implementation: any = {
  Login: (_call: unknown, reply: sendUnaryData<Buffer>) => {
    const trailers = new Metadata();
    trailers.set('grpc-status-details-bin', Buffer.from('08051203783a79', 'hex'));
    reply({ code: status.NOT_FOUND, details: 'nobody of that name: ü', metadata: trailers });
  },
  Place: (call: { request: Buffer }, reply: sendUnaryData<Buffer>) => reply(null, call.request),
  Upload: (call: NodeJS.ReadableStream, reply: sendUnaryData<Buffer>) => {
    call.on('data', () => undefined);
    call.on('end', () => reply(null, order));
  },
  Watch: (call: { write(bytes: Buffer): void; end(): void }) => {
    for (const each of items) call.write(each);
    call.end();
  },
  Chat: (call: NodeJS.ReadWriteStream) => {
    call.on('data', (bytes: Buffer) => call.write(bytes));
    call.on('end', () => call.end());
  },
};

const same = (bytes: Buffer) => bytes;
const unary = (client: Client, path: string, bytes: Buffer) =>
  new Promise<unknown>((resolve) =>
    client.makeUnaryRequest(path, same, same, bytes, (error, answer) => resolve(error ?? answer)),
  );

async function callAll(client: Client): Promise<void> {
  await unary(client, service.Login.path, Buffer.from(encode('shop.v1.LoginRequest', { user: 'ada' })));
  await unary(client, service.Place.path, order);
  await new Promise<void>((resolve) => {
    const call = client.makeClientStreamRequest(service.Upload.path, same, same, () => resolve());
    for (const each of items) call.write(each);
    call.end();
  });
  await new Promise<void>((resolve) => {
    const call = client.makeServerStreamRequest(service.Watch.path, same, same, items[0] as Buffer);
    call.on('data', () => undefined);
    call.on('end', resolve);
  });
  await new Promise<void>((resolve) => {
    const call = client.makeBidiStreamRequest(service.Chat.path, same, same);
    call.on('data', () => undefined);
    call.on('end', resolve);
    for (const each of items) call.write(each);
    call.end();
  });
}

const hashes = ({ messages }: Exchange, from: string) =>
  messages.filter((message) => message.from === from).map(({ body }) => sha256(decodeBody(body).bytes));

describe.each([
  ['plain', {}],
  ['compressed by gzip', { 'grpc.default_compression_algorithm': 2 }],
  ['compressed by deflate', { 'grpc.default_compression_algorithm': 1 }],
])('calls, %s', (_, options) => {
  let byTarget: Map<string, Exchange>;

  beforeAll(async () => {
    const turns = await talkGrpc({ service, implementation, options, call: callAll });
    const { exchanges } = converse(...turns);
    byTarget = new Map(exchanges.map((exchange) => [operationOf(exchange).target ?? '', exchange]));
  });

  it.each([
    ['Place', 'OK', [order], [order]],
    ['Upload', 'OK', items, [order]],
    ['Watch', 'OK', items.slice(0, 1), items],
    ['Chat', 'OK', items, items],
    ['Login', 'NOT_FOUND', [Buffer.from(encode('shop.v1.LoginRequest', { user: 'ada' }))], []],
  ])('%s has every message, byte for byte, and ends %s', (name, result, sent, received) => {
    const exchange = byTarget.get(`/shop.v1.Shop/${name}`) as Exchange;
    expect(operationOf(exchange)).toMatchObject({ application: 'gRPC', verb: 'call', result, failed: false });
    expect(exchange).toMatchObject({ outcome: 'response', problems: [] });
    expect([hashes(exchange, 'client'), hashes(exchange, 'server')]).toEqual([sent.map(sha256), received.map(sha256)]);
  });

  it('are read as their schema says, from the bodies put together again', () => {
    const { request, response } = httpIn(withSchemas(byTarget.get('/shop.v1.Shop/Upload') as Exchange, shopSchemas));
    const views = [request, response].map((half) => (half === null ? null : viewBody(half.headers, half.body)));
    expect(views).toMatchObject([
      { kind: 'messages', value: [{ sku: 'TEA' }, { sku: 'MUG'.repeat(2000) }, { sku: 'POT' }] },
      { kind: 'messages', value: [{ id: '7', note: 'n'.repeat(5000) }] },
    ]);
  });

  it('say what went wrong', () => {
    const { response } = httpIn(byTarget.get('/shop.v1.Shop/Login'));
    expect(response === null ? null : callStatus(response)).toEqual({
      status: 'NOT_FOUND',
      message: 'nobody of that name: ü',
      details: { code: 5, message: 'x:y' },
    });
  });
});

it('are compressed on the wire where they say so', async () => {
  const options = { 'grpc.default_compression_algorithm': 2 };
  const turns = await talkGrpc({
    service,
    implementation,
    options,
    call: (client) => unary(client, service.Place.path, order),
  });
  const [exchange] = converse(...turns).exchanges;
  const [asked] = exchange?.messages ?? [];
  expect([asked?.body.codings, asked?.facts, (asked?.body.wireSize ?? order.length) < 200]).toEqual([
    ['gzip'],
    { compressed: true },
    true,
  ]);
});
