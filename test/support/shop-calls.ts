/** A shop that is called remotely: over gRPC by grpc-js, over gRPC-web and Connect by hand; and what a recorder sees of it. */
import * as http from 'node:http';
import { type Client, type sendUnaryData, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import type { Exchange } from '../../tape/model/exchange';
import { converse, type Turn } from './converse';
import { method, talkGrpc, tapped } from './grpc-talk';
import { encode } from './proto';
import { listen } from './recorded-http';
import { envelope } from './rpc';

export const shopService = {
  Place: method('/shop.v1.Shop/Place'),
  Upload: method('/shop.v1.Shop/Upload', { request: true }),
  Watch: method('/shop.v1.Shop/Watch', { response: true }),
  Chat: method('/shop.v1.Shop/Chat', { request: true, response: true }),
};
export const item = (sku: string, count = 1) => Buffer.from(encode('shop.v1.Item', { sku, count }));
export const order = (id: string, note: string) => Buffer.from(encode('shop.v1.Order', { id, note }));
const said = ['TEA', 'MUG', 'POT'].map((sku) => item(sku));
export const watchedOrders = ['1', '2', '3'].map((id) => order(id, 'watched'));

/** What differs from one build to the next. */
export interface ShopBuild {
  readonly note?: string;
  readonly watched?: readonly Buffer[];
  readonly refuses?: boolean;
}

const asItWas = 'as it was';

export function shopBuild(build: ShopBuild = {}): UntypedServiceImplementation {
  const { note = asItWas, watched = watchedOrders, refuses = false } = build;
  // biome-ignore lint/suspicious/noExplicitAny: the library types each of the four kinds of calls by another signature
  const calls: any = {
    Place: (_call: unknown, reply: sendUnaryData<Buffer>) =>
      refuses ? reply({ code: status.PERMISSION_DENIED, details: 'not today' }) : reply(null, order('7', note)),
    Upload: (call: NodeJS.ReadableStream, reply: sendUnaryData<Buffer>) => {
      let items = 0;
      call.on('data', () => items++);
      call.on('end', () => reply(null, order('8', `${items} items`)));
    },
    Watch: (call: { write(bytes: Buffer): void; end(): void }) => {
      for (const each of watched) call.write(each);
      call.end();
    },
    Chat: (call: NodeJS.ReadWriteStream) => {
      call.on('data', (bytes: Buffer) => call.write(bytes));
      call.on('end', () => call.end());
    },
  };
  return calls;
}

const same = (bytes: Buffer) => bytes;

/** Each of the four kinds of calls once. */
async function callShop(client: Client): Promise<void> {
  const { Place, Upload, Watch, Chat } = shopService;
  await new Promise((done) => client.makeUnaryRequest(Place.path, same, same, item('TEA'), done));
  await new Promise((done) => {
    const call = client.makeClientStreamRequest(Upload.path, same, same, done);
    for (const each of said) call.write(each);
    call.end();
  });
  await new Promise((done) => {
    const call = client.makeServerStreamRequest(Watch.path, same, same, item('TEA'));
    call.on('data', () => undefined).on('end', done);
  });
  await new Promise((done) => {
    const call = client.makeBidiStreamRequest(Chat.path, same, same);
    call.on('data', () => undefined).on('end', done);
    for (const each of said) call.write(each);
    call.end();
  });
}

/** The four calls, as a recorder of the server keeps them; without a schema. */
export async function recordedShopCalls(options = {}): Promise<readonly Exchange[]> {
  const turns = await talkGrpc({ service: shopService, implementation: shopBuild(), options, call: callShop });
  return converse(...turns).exchanges;
}

const place = '/shop.v1.Shop/Place';
const watch = '/shop.v1.Shop/Watch';

/** The same shop for pages: gRPC-web, and Connect with and without a stream. */
export function webShop({ note = asItWas, watched = watchedOrders }: ShopBuild = {}): http.RequestListener {
  return (request, response) => {
    const type = request.headers['content-type'] ?? '';
    const answers = request.url === watch ? watched : [order('7', note)];
    const last = type.startsWith('application/grpc-web') ? envelope('grpc-status: 0\r\n', 0x80) : envelope('{}', 2);
    const isPlain = type === 'application/proto';
    const body = isPlain ? answers : [...answers.map((each) => envelope(each)), last];
    request.resume().on('end', () => response.writeHead(200, { 'content-type': type }).end(Buffer.concat(body)));
  };
}

/** Calls of all three, as a recorder of the server keeps them; without a schema. */
export async function recordedWebCalls(): Promise<readonly Exchange[]> {
  const serving = await listen(webShop());
  const turns: Turn[] = [];
  const tap = await tapped(Number(new URL(serving.url).port), turns);
  try {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (path: string, type: string, body: Buffer, more = {}) =>
      new Promise<void>((resolve, reject) => {
        const options = { method: 'POST', path, agent, headers: { 'content-type': type, ...more } };
        const asked = http.request(`http://127.0.0.1:${tap.port}`, options, (answer) => {
          answer.resume().on('end', resolve);
        });
        asked.on('error', reject).end(body);
      });
    const version = { 'connect-protocol-version': '1' };
    await ask(place, 'application/grpc-web+proto', envelope(item('TEA')));
    await ask(place, 'application/proto', item('TEA'), version);
    await ask(watch, 'application/connect+proto', envelope(item('TEA')), version);
    agent.destroy();
  } finally {
    await tap.close();
    await serving.close();
  }
  return converse(...turns).exchanges;
}
