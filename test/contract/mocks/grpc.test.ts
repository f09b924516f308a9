/** Mocked calls of gRPC, asked for by a real client: recorded from a real server, and then played without it. */
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Client, Metadata, type sendUnaryData, status } from '@grpc/grpc-js';
import { mocksFrom } from '../../../replayer/mocks/mock';
import { type MockServer, type MockServerOptions, startMocks } from '../../../replayer/mocks/server';
import { parseNoiseRules } from '../../../replayer/noise/rules';
import { describeMock } from '../../../replayer/suite/describe';
import { restoreMock } from '../../../replayer/suite/restore';
import { noSchemas } from '../../../tape/body/protobuf/schemas';
import { withSchemas } from '../../../tape/model/schemas';
import type { StoredExchange } from '../../../tape/store/tape';
import { httpIn } from '../../support/contents';
import { type Turn, waits } from '../../support/converse';
import { method } from '../../support/grpc-talk';
import { openHttp2 } from '../../support/http2-client';
import { encode, shopSchemas } from '../../support/proto';
import {
  allOf,
  askCall,
  type CallRecording,
  type OpenCall,
  openCall,
  openChannel,
  recordCalls,
  upstream,
} from '../../support/recorded-calls';

const at = (name: string) => `/shop.v1.Shop/${name}`;
const service = {
  Login: method(at('Login')),
  Place: method(at('Place')),
  Upload: method(at('Upload'), { request: true }),
  Watch: method(at('Watch'), { response: true }),
  Chat: method(at('Chat'), { request: true, response: true }),
  Greet: method(at('Greet'), { request: true, response: true }),
  Endless: method(at('Endless'), { response: true }),
  Slow: method(at('Slow')),
};
const item = (sku: string, count = 0) => Buffer.from(encode('shop.v1.Item', count === 0 ? { sku } : { sku, count }));
const order = (id: string) => Buffer.from(encode('shop.v1.Order', { id, note: 'n'.repeat(3000) }));
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

interface Streaming extends NodeJS.ReadWriteStream {
  sendMetadata(metadata: Metadata): void;
}

const withField = (name: string, value: string | Buffer): Metadata => {
  const metadata = new Metadata();
  metadata.set(name, value);
  return metadata;
};

// biome-ignore lint/suspicious/noExplicitAny: the library types each of the four kinds of calls by another signature
const implementation: any = {
  Login: (_call: unknown, reply: sendUnaryData<Buffer>) => {
    const metadata = withField('grpc-status-details-bin', Buffer.from('08051203783a79', 'hex'));
    reply({ code: status.NOT_FOUND, details: 'nobody of that name: ü', metadata });
  },
  Place: (call: { request: Buffer; sendMetadata(metadata: Metadata): void }, reply: sendUnaryData<Buffer>) => {
    call.sendMetadata(withField('x-shop', 'seven'));
    reply(null, call.request, withField('x-cost', '12'));
  },
  Upload: (call: Streaming, reply: sendUnaryData<Buffer>) => {
    let count = 0;
    call.on('data', () => count++);
    call.on('end', () => reply(null, order(String(count))));
  },
  Watch: (call: Streaming) => {
    for (const id of ['1', '2', '3']) call.write(order(id));
    call.end();
  },
  Chat: (call: Streaming) => {
    call.on('data', (bytes: Buffer) => call.write(Buffer.concat([bytes, item('', 9)])));
    call.on('end', () => call.end());
  },
  Greet: (call: Streaming) => {
    call.write(item('HELLO'));
    call.on('data', () => call.write(item('BYE')));
    call.on('end', () => call.end());
  },
  Endless: (call: Streaming) => {
    call.write(order('1'));
    call.write(order('2'));
  },
  Slow: () => undefined,
};

/** Says each once the one before was answered. */
async function chat(call: OpenCall, ...skus: readonly string[]): Promise<void> {
  for (const sku of skus) {
    call.say(item(sku));
    await call.hear();
  }
  call.end();
  await call.status;
}

async function callAll(client: Client): Promise<void> {
  await askCall(client, at('Login'), Buffer.from(encode('shop.v1.LoginRequest', { user: 'ada' })));
  await askCall(client, at('Place'), order('7'));
  await askCall(client, at('Place'), order('8'));
  await askCall(client, at('Upload'), item('TEA'), item('MUG'), item('POT'));
  await askCall(client, at('Watch'), item('TEA'));
  await chat(openCall(client, at('Chat')), 'TEA', 'MUG');
  await chat(openCall(client, at('Chat')), 'POT', 'TEA');
  const greeted = openCall(client, at('Greet'));
  await greeted.hear();
  await chat(greeted, 'HI');
}

const record = (talk: Partial<CallRecording> = {}): Promise<StoredExchange[]> =>
  recordCalls({ service, implementation, call: callAll, ...talk });

let server: MockServer | undefined;
let channel: Client | undefined;
afterEach(async () => {
  channel?.close();
  await server?.close();
  server = undefined;
  channel = undefined;
});

interface Serving extends MockServerOptions {
  readonly channel?: object;
}

async function serve(exchanges: readonly StoredExchange[], options: Serving = {}) {
  const mocks = await startMocks(mocksFrom(exchanges), options);
  server = mocks;
  const url = mocks.urls.get(upstream) ?? '';
  const client = openChannel(url, mocks.ca, options.channel);
  channel = client;
  return { mocks, client, url };
}

const gzip = { 'grpc.default_compression_algorithm': 2 };
const deflate = { 'grpc.default_compression_algorithm': 1 };

describe.each([
  ['as they were', {}, false, {}],
  ['over TLS', {}, true, {}],
  ['compressed by gzip', gzip, false, gzip],
  ['compressed by deflate', deflate, false, deflate],
  ['compressed by a client that did not when it was recorded', {}, false, gzip],
  ['plain from a client that compressed when it was recorded', gzip, false, {}],
])('calls, %s', (_, recordedWith, tls, askedWith) => {
  let exchanges: StoredExchange[];
  beforeAll(async () => {
    exchanges = await record({ tls, options: recordedWith });
  });
  const start = () => serve(exchanges, { channel: askedWith });

  it('of one message each way are told by what is in it, with metadata on both ends of the answer', async () => {
    const { client, mocks } = await start();
    const call = openCall(client, at('Place'));
    call.say(order('8'));
    call.end();
    expect((await call.metadata).get('x-shop')).toEqual(['seven']);
    const told = await allOf(call);
    expect(told).toMatchObject({ code: status.OK, messages: [hex(order('8'))] });
    expect(told.trailers.get('x-cost')).toEqual(['12']);
    expect(mocks.served()).toMatchObject({ exact: 1, missed: 0 });
  });

  it('that failed fail with message and details', async () => {
    const { client } = await start();
    const told = await askCall(client, at('Login'), Buffer.from(encode('shop.v1.LoginRequest', { user: 'ada' })));
    expect(told).toMatchObject({ code: status.NOT_FOUND, details: 'nobody of that name: ü', messages: [] });
    expect(told.trailers.get('grpc-status-details-bin')).toEqual([Buffer.from('08051203783a79', 'hex')]);
  });

  it('whose client streams are answered once all is said', async () => {
    const { client } = await start();
    const told = await askCall(client, at('Upload'), item('TEA'), item('MUG'), item('POT'));
    expect(told).toMatchObject({ code: status.OK, messages: [hex(order('3'))] });
  });

  it('whose server streams give every message', async () => {
    const { client } = await start();
    const told = await askCall(client, at('Watch'), item('TEA'));
    expect(told).toMatchObject({ code: status.OK, messages: ['1', '2', '3'].map((id) => hex(order(id))) });
  });

  it('of both sides are answered message by message, by the recording that began so', async () => {
    const { client, mocks } = await start();
    const call = openCall(client, at('Chat'));
    for (const sku of ['POT', 'TEA']) {
      call.say(item(sku));
      expect(await call.hear()).toEqual(Buffer.concat([item(sku), item('', 9)]));
    }
    call.end();
    expect(await call.status).toMatchObject({ code: status.OK });
    expect(mocks.misses()).toEqual([]);
  });

  it('in which the server speaks first begin with it', async () => {
    const { client } = await start();
    const call = openCall(client, at('Greet'));
    expect(await call.hear()).toEqual(item('HELLO'));
    call.say(item('HI'));
    expect(await call.hear()).toEqual(item('BYE'));
    call.end();
    expect(await call.status).toMatchObject({ code: status.OK });
  });
});

it('50 calls at once on one connection keep apart', async () => {
  const { client, mocks } = await serve(await record());
  const told = await Promise.all(
    [...Array(50).keys()].map(async (i) => {
      if (i % 2 === 0) return askCall(client, at('Place'), order(i % 4 === 0 ? '7' : '8'));
      const call = openCall(client, at('Chat'));
      const skus = i % 4 === 1 ? ['TEA', 'MUG'] : ['POT', 'TEA'];
      const messages: string[] = [];
      for (const sku of skus) {
        call.say(item(sku));
        messages.push(hex((await call.hear()) as Buffer));
      }
      call.end();
      return { messages, code: (await call.status).code };
    }),
  );
  const chatted = (sku: string) => hex(Buffer.concat([item(sku), item('', 9)]));
  for (const [i, { messages, code }] of told.entries()) {
    expect(code).toBe(status.OK);
    const expected = [
      [hex(order('7'))],
      [chatted('TEA'), chatted('MUG')],
      [hex(order('8'))],
      [chatted('POT'), chatted('TEA')],
    ];
    expect(messages).toEqual(expected[i % 4]);
  }
  expect(mocks.misses()).toEqual([]);
});

describe('what was not recorded', () => {
  let exchanges: StoredExchange[];
  beforeAll(async () => {
    const recorded = await record();
    exchanges = recorded.map((each) => ({ ...each, exchange: withSchemas(each.exchange, shopSchemas) }));
  });

  it('ends a call with a status that names the miss', async () => {
    const { client, mocks } = await serve(exchanges);
    const { code, details } = await askCall(client, at('Upload'), item('TEA'), item('CUP'), item('POT'));
    expect(code).toBe(status.FAILED_PRECONDITION);
    expect(details).toMatch(
      /^wiretape: MOCK_MISS {2}Cannot answer POST http:\/\/payments:8080\/shop\.v1\.Shop\/Upload: no mock matches; nearest exchange 4: body\[1\]\.sku expected "MUG", got "CUP"$/,
    );
    expect([mocks.failed(), mocks.misses().length]).toEqual([true, 1]);
  });

  it('ends one in which a message was not recorded, after what was answered', async () => {
    const { client, mocks } = await serve(exchanges);
    const call = openCall(client, at('Chat'));
    call.say(item('TEA'));
    expect(await call.hear()).toBeInstanceOf(Buffer);
    call.say(item('CUP'));
    const { code, details } = await allOf(call);
    expect(code).toBe(status.FAILED_PRECONDITION);
    expect(details).toContain('Cannot answer the message {"sku":"CUP"} on POST');
    expect(mocks.misses()[0]?.nearest[0]).toMatchObject({
      exchange: '6',
      differences: [{ path: 'message[2].body.sku', kind: 'changed', expected: 'MUG', actual: 'CUP' }],
    });
  });

  it('ends one whose client stops before it has said everything', async () => {
    const { client } = await serve(exchanges);
    const call = openCall(client, at('Chat'));
    call.say(item('TEA'));
    await call.hear();
    call.end();
    const { code, details } = await allOf(call);
    expect([code, details]).toEqual([
      status.FAILED_PRECONDITION,
      expect.stringContaining('the end of the messages on POST'),
    ]);
  });

  it('is told at once to a client that waits before it says anything', async () => {
    const { client } = await serve(exchanges);
    expect(await openCall(client, at('Other')).status).toMatchObject({ code: status.FAILED_PRECONDITION });
  });

  it('is a method that is not there, under --on-miss 404', async () => {
    const { client, mocks } = await serve(exchanges, { onMiss: '404' });
    expect(await askCall(client, at('Place'), order('9'))).toMatchObject({ code: status.UNIMPLEMENTED });
    expect(mocks.failed()).toBe(false);
  });

  it('is a message that is passed over within a call, under --on-miss 404', async () => {
    const { client, mocks } = await serve(exchanges, { onMiss: '404' });
    const call = openCall(client, at('Chat'));
    for (const sku of ['TEA', 'CUP', 'MUG']) call.say(item(sku));
    call.end();
    const { code, messages } = await allOf(call);
    expect([code, messages.length, mocks.served().missed]).toEqual([status.OK, 2, 1]);
  });

  it('may be called noise, in the first message and in later ones', async () => {
    const rule = '- { in: request, path: "body[*].sku", because: "names change" }';
    const { client, mocks } = await serve(exchanges, { rules: parseNoiseRules(rule, 'noise.yaml') });
    const call = openCall(client, at('Chat'));
    for (const sku of ['CUP', 'PAN']) {
      call.say(item(sku));
      expect(await call.hear()).toBeInstanceOf(Buffer);
    }
    call.end();
    expect((await call.status).code).toBe(status.OK);
    expect(mocks.misses()).toEqual([]);
  });

  it('is a message that is larger than a mock takes', async () => {
    const { client, mocks } = await serve(exchanges, { limits: { bodyBytes: 2000 } });
    expect(await askCall(client, at('Place'), order('7'))).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect(await askCall(client, at('Chat'), order('7'))).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
    expect(mocks.failed()).toBe(true);
  });
});

/** As servers answer that compress: those of the library in use do not. */
function compressing(stored: StoredExchange): StoredExchange {
  const { exchange } = stored;
  const messages = exchange.messages.map((message) => {
    if (message.from === 'client') return message;
    const bytes = gzipSync(message.body.bytes);
    return { ...message, facts: { compressed: true }, body: { bytes, codings: ['gzip'], wireSize: bytes.length } };
  });
  const { request, response } = httpIn(exchange);
  const headers = (response?.headers ?? []).filter(([name]) => name !== 'grpc-encoding');
  const content = { request, response: { ...response, headers: [...headers, ['grpc-encoding', 'gzip']] } };
  return { ...stored, exchange: { ...exchange, messages, content } as StoredExchange['exchange'] };
}

describe('a compressed answer', () => {
  const message = order('7');
  const framed = Buffer.concat([Buffer.alloc(5), message]);
  framed.writeUInt32BE(message.length, 1);
  const askPlain = async (url: string, path: string, further: object) => {
    const client = openHttp2(url);
    const fields = { ':method': 'POST', ':authority': upstream, 'content-type': 'application/grpc', te: 'trailers' };
    const seen = await client.ask({ ...fields, ...further, ':path': at(path) }, { body: framed });
    client.session.destroy();
    return seen;
  };

  it('reaches a client that takes its coding as it was', async () => {
    const { client, url } = await serve((await record()).map(compressing));
    expect(await askCall(client, at('Place'), message)).toMatchObject({ code: status.OK, messages: [hex(message)] });
    const { bytes, fields } = await askPlain(url, 'Place', { 'grpc-accept-encoding': 'identity, gzip' });
    expect([bytes[0], gunzipSync(bytes.subarray(5)), fields.includes('grpc-encoding')]).toEqual([1, message, true]);
  });

  it('goes out plain to one that does not', async () => {
    const { url } = await serve((await record()).map(compressing));
    const { bytes, fields, trailers } = await askPlain(url, 'Place', { 'grpc-accept-encoding': 'identity,deflate' });
    expect([bytes, fields.includes('grpc-encoding')]).toEqual([framed, false]);
    expect(trailers.slice(0, 2)).toEqual(['grpc-status', '0']);
  });
});

it('a call that was cancelled gives what it had given, and ends', async () => {
  const exchanges = await record({
    call: async (client) => {
      const call = openCall(client, at('Endless'));
      call.say(item('TEA'));
      call.end();
      await call.hear();
      await call.hear();
      call.cancel();
      await call.status;
      await askCall(client, at('Place'), order('7')); // what the cancellation needs to reach the wire
    },
  });
  const { client } = await serve(exchanges);
  expect(await askCall(client, at('Endless'), item('TEA'))).toMatchObject({
    code: status.CANCELLED,
    messages: ['1', '2'].map((id) => hex(order(id))),
  });
});

it('a call whose time was over gets no answer again', async () => {
  const passed = (turns: readonly Turn[]): readonly Turn[] => turns.flatMap((turn) => [waits(300_000), turn]);
  const exchanges = await record({
    seen: passed,
    call: async (client) => {
      const call = openCall(client, at('Slow'), 150);
      call.say(order('7'));
      call.end();
      await call.status;
      await askCall(client, at('Place'), order('7'));
    },
  });
  const { client, mocks } = await serve(exchanges);
  const call = openCall(client, at('Slow'), 200);
  call.say(order('7'));
  call.end();
  expect(await call.status).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  expect(mocks.served()).toMatchObject({ exact: 1, missed: 0 });
});

it('comes in the times of the recording, message by message', async () => {
  const spread = (turns: readonly Turn[]): readonly Turn[] =>
    turns.flatMap((turn) => (turn.kind === 'says' && turn.who === 'server' ? [waits(40_000), turn] : [turn]));
  const exchanges = await record({
    seen: spread,
    call: (client) => chat(openCall(client, at('Chat')), 'TEA', 'MUG'),
  });
  const { client } = await serve(exchanges, { latency: 'recorded' });
  const startedAt = performance.now();
  const call = openCall(client, at('Chat'));
  const times: number[] = [];
  for (const sku of ['TEA', 'MUG']) {
    call.say(item(sku));
    await call.hear();
    times.push(performance.now() - startedAt);
  }
  call.end();
  await call.status;
  expect(times[0]).toBeGreaterThan(35);
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(35);
});

it('calls that a generated suite describes are answered step by step as well', async () => {
  const exchanges = await record({ call: (client) => chat(openCall(client, at('Chat')), 'TEA', 'MUG') });
  const { mocks } = mocksFrom(exchanges);
  const described = mocks.map((mock, i) => describeMock(exchanges[i] as StoredExchange, mock, () => 'no file'));
  const beside = { read: () => Buffer.of(), schemas: noSchemas };
  const restored = described.map((mock, i) => restoreMock(JSON.parse(JSON.stringify(mock)), i, beside));
  const { client } = await serve(restored);
  const call = openCall(client, at('Chat'));
  const echo = (sku: string) => Buffer.concat([item(sku), item('', 9)]);
  call.say(item('TEA'));
  expect(await call.hear()).toEqual(echo('TEA'));
  call.say(item('MUG'));
  expect(await call.hear()).toEqual(echo('MUG'));
  call.end();
  expect(await call.status).toMatchObject({ code: 0 });
});
