/** Runs of recorded calls of gRPC against servers of grpc-js: the same build, and one that changed a field, a status, an order. */
import { type sendUnaryData, status, type UntypedServiceImplementation } from '@grpc/grpc-js';
import { casesFrom } from '../../replayer/cases/cases';
import { parseTarget } from '../../replayer/drive/target';
import { parseNoiseRules } from '../../replayer/noise/rules';
import { runSuite } from '../../replayer/run';
import { withSchemas } from '../../tape/model/schemas';
import { createMemoryTape } from '../../tape/store/memory';
import type { StoredExchange } from '../../tape/store/tape';
import { converse } from '../support/converse';
import { method, serveGrpc, talkGrpc } from '../support/grpc-talk';
import { encode, shopSchemas } from '../support/proto';
import { suiteDefaults } from '../support/suite-defaults';
import { asRedacted, sessionStart } from '../support/tapes';

const service = {
  Place: method('/shop.v1.Shop/Place'),
  Upload: method('/shop.v1.Shop/Upload', { request: true }),
  Watch: method('/shop.v1.Shop/Watch', { response: true }),
  Chat: method('/shop.v1.Shop/Chat', { request: true, response: true }),
};
const item = (sku: string, count = 1) => Buffer.from(encode('shop.v1.Item', { sku, count }));
const order = (id: string, note: string) => Buffer.from(encode('shop.v1.Order', { id, note }));
const said = ['TEA', 'MUG', 'POT'].map((sku) => item(sku));
const watchedOrders = ['1', '2', '3'].map((id) => order(id, 'watched'));

interface Build {
  readonly note?: string;
  readonly watched?: readonly Buffer[];
  readonly refuses?: boolean;
}

function build({
  note = 'as it was',
  watched = watchedOrders,
  refuses = false,
}: Build = {}): UntypedServiceImplementation {
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

/** Conversations of tests are told at times of their own, and the server has a real clock. */
const noise = parseNoiseRules('- { in: response, path: header["date"], because: "two clocks" }', 'two-clocks.yaml');
const same = (bytes: Buffer) => bytes;

async function recorded(options = {}): Promise<readonly StoredExchange[]> {
  const turns = await talkGrpc({
    service,
    implementation: build(),
    options,
    async call(client) {
      await new Promise((done) => client.makeUnaryRequest(service.Place.path, same, same, item('TEA'), done));
      await new Promise((done) => {
        const call = client.makeClientStreamRequest(service.Upload.path, same, same, done);
        for (const each of said) call.write(each);
        call.end();
      });
      await new Promise((done) => {
        const call = client.makeServerStreamRequest(service.Watch.path, same, same, item('TEA'));
        call.on('data', () => undefined).on('end', done);
      });
      await new Promise((done) => {
        const call = client.makeBidiStreamRequest(service.Chat.path, same, same);
        call.on('data', () => undefined).on('end', done);
        for (const each of said) call.write(each);
        call.end();
      });
    },
  });
  const { writer, openReader } = createMemoryTape();
  const exchanges = converse(...turns).exchanges.map((exchange) => asRedacted(withSchemas(exchange, shopSchemas)));
  writer.append(writer.beginSession(sessionStart), exchanges);
  return Array.fromAsync(openReader().exchanges());
}

async function replayed(tape: readonly StoredExchange[], implementation: UntypedServiceImplementation) {
  const server = await serveGrpc({ service, implementation });
  try {
    const target = parseTarget(`http://127.0.0.1:${server.port}`);
    const { report } = await runSuite(casesFrom(tape), { ...suiteDefaults, noise, target });
    return report.results.map(({ verdict, differences }) => [
      verdict,
      ...differences.map(
        ({ path, expected, actual }) => `${path}: ${JSON.stringify(expected)} > ${JSON.stringify(actual)}`,
      ),
    ]);
  } finally {
    server.close();
  }
}

describe.each([
  ['plain', {}],
  ['compressed', { 'grpc.default_compression_algorithm': 2 }],
])('calls, %s', (_, options) => {
  let tape: readonly StoredExchange[];
  beforeAll(async () => {
    tape = await recorded(options);
  });

  it('pass where the build is the same, whatever it compresses', async () => {
    expect(await replayed(tape, build())).toEqual([['pass'], ['pass'], ['pass'], ['pass']]);
  });

  it('fail at the field that changed, by its name', async () => {
    expect((await replayed(tape, build({ note: 'changed' })))[0]).toEqual([
      'fail',
      'body[0].note: "as it was" > "changed"',
    ]);
  });

  it('fail at the message that came out of order, and at the one that is missing', async () => {
    const [first, second] = watchedOrders as [Buffer, Buffer];
    expect((await replayed(tape, build({ watched: [second, first] })))[2]).toEqual([
      'fail',
      'body[0].id: "1" > "2"',
      'body[1].id: "2" > "1"',
      'body[2]: {"id":"3","note":"watched"} > null',
    ]);
  });

  it('fail at the status they ended with', async () => {
    const [verdict, ...differences] = (await replayed(tape, build({ refuses: true })))[0] ?? [];
    expect(verdict).toBe('fail');
    expect(differences).toContainEqual(expect.stringMatching(/^trailer\["grpc-status"\]: "0" > "7"$/));
  });
});
