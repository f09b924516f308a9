/** Mocks that are read from the tape when they are asked for answer as those that are all at hand: same answers, same turns, same misses. */
import { type MockSet, mocksFrom, requestIn } from '../../../replayer/mocks/mock';
import { type MockServer, type MockServerOptions, startMocks } from '../../../replayer/mocks/server';
import type { MocksOnTape } from '../../../replayer/mocks/shelf/from-tape';
import { shelvedFrom } from '../../../replayer/mocks/shelf/shelved';
import type { Exchange } from '../../../tape/model/exchange';
import type { Redacted } from '../../../tape/redact/redacted';
import { openTapeReader, openTapeWriter } from '../../../tape/store/sqlite';
import type { StoredExchange, TapeReader } from '../../../tape/store/tape';
import { httpIn } from '../../support/contents';
import { longRecording } from '../../support/long-tape';
import { askHost, type CallSketch, calls, type Sent } from '../../support/mocks';
import { type TemporaryFolder, temporaryFolder } from '../../support/programs';
import { seededRandom } from '../../support/seeded-random';
import { asRedacted, sessionStart } from '../../support/tapes';

const uuid = (n: number) => `0b1f8a5${n}-3d3c-4c6e-9f57-7d1b0a0c9e4${n}`;
const atHost = (host: string): CallSketch => ({ host, connection: host, remote: `10.1.0.${host.length}:8080` });

/** What an outline does not say enough of, and what makes requests alike or tells them apart. */
const odd: readonly CallSketch[] = [
  { ...atHost('odd:8080'), target: 'http://odd:8080/absolute', responseBody: 'absolute' },
  { ...atHost('odd:8080'), target: '/lost', outcome: 'reset', response: 'none' },
  { ...atHost('odd:8080'), target: '/cut', problems: ['truncated'] },
  { ...atHost('odd:8080'), target: '/two', version: '2', responseBody: 'over HTTP/2' },
  { ...atHost('odd:8080'), target: '/two', responseBody: 'over HTTP/1.1' },
  {
    ...atHost('odd:8080'),
    target: '/events',
    events: [
      [0, 'a'],
      [1000, 'b'],
    ],
    responseHeaders: [['Content-Type', 'text/event-stream']],
  },
  { ...atHost('odd:8080'), request: 'none', outcome: 'refused', response: 'none' },
  { ...atHost('odd:8080'), request: 'none', outcome: 'refused', response: 'none', causeId: '1' },
  { ...atHost('odd:8080'), target: '/%61b', responseBody: 'decoded' },
  { ...atHost('odd:8080'), target: `/by/${uuid(1)}`, responseBody: 'by 1' },
  { ...atHost('odd:8080'), target: `/by/${uuid(2)}`, responseBody: 'by 2', responseHeaders: [['Vary', 'X-Tenant']] },
  ...['north', 'south'].map((tenant) => ({
    ...atHost('odd:8080'),
    target: '/tenant',
    requestHeaders: [['X-Tenant', tenant]] as const,
    responseBody: tenant,
  })),
  ...['document', 'empty'].map((destination) => ({
    ...atHost('odd:8080'),
    target: '/page',
    requestHeaders: [['Sec-Fetch-Dest', destination]] as const,
    responseHeaders: [['Vary', 'Sec-Fetch-Dest']] as const,
    responseBody: destination,
  })),
  { ...atHost('odd:8080'), target: '/state', responseBody: 'before' },
  { ...atHost('odd:8080'), target: '/state/part', method: 'PUT', causeId: '1' },
  { ...atHost('odd:8080'), target: '/state', responseBody: 'after' },
  { ...atHost('second:80'), target: '/state', method: 'PUT', causeId: '1' },
  { ...atHost('odd:8080'), target: '/state', responseBody: 'still' },
  {
    ...atHost('odd:8080'),
    target: '/make',
    method: 'POST',
    requestBody: { id: uuid(3) },
    responseBody: { made: uuid(3) },
  },
  { ...atHost('odd:8080'), target: `/made/${uuid(3)}`, responseBody: { made: uuid(3) } },
  { ...atHost('odd:8080'), target: '/many/1', method: 'PUT' },
  { ...atHost('odd:8080'), target: '/many/2', method: 'PUT' },
  { ...atHost('odd:8080'), target: '/many', responseBody: 'both' },
  { ...atHost('odd:8080'), target: '/when', method: 'POST', requestBody: { at: '2026-11-20T10:00:00Z' } },
  { ...atHost('odd:8080'), target: '/down', status: 101 },
  { ...atHost('odd:8080'), request: 'none', outcome: 'refused', response: 'none', causeId: '1' },
  { ...atHost('second:80'), target: '/second' },
  { ...atHost('second:80'), request: 'none', outcome: 'refused', response: 'none' },
  // Recorded before all others though it was written after them: what was never asked of this address is counted to it.
  { ...atHost('second:80'), host: 'first:80', target: '/first' },
];

interface Asking extends Sent {
  readonly host: string;
  readonly path: string;
}

const json = { 'Content-Type': 'application/json' };
const asked: readonly Asking[] = [
  ...['/absolute', '/cut', '/two', '/two', '/two', '/events', '/ab', '/tenant', '/state', '/down', '/nowhere', '/by/x'],
  ...[`/by/${uuid(1)}`, `/by/${uuid(2)}`, `/by/${uuid(4)}`, '/state', '/tenant'],
].map((path) => ({ host: 'odd:8080', path }));

const more: readonly Asking[] = [
  { host: 'odd:8080', path: '/many/2', method: 'PUT' },
  { host: 'odd:8080', path: '/many' },
  { host: 'odd:8080', path: '/many/1', method: 'PUT' },
  { host: 'odd:8080', path: '/many' },
  { host: 'odd:8080', path: '/page', headers: { 'Sec-Fetch-Dest': 'empty' } },
  { host: 'odd:8080', path: '/page' },
  { host: 'odd:8080', path: '/page', headers: { 'Sec-Fetch-Dest': 'document' } },
  { host: 'odd:8080', path: '/tenant', headers: { 'X-Tenant': 'south' } },
  { host: 'odd:8080', path: '/tenant', headers: { 'X-Tenant': 'west' } },
  { host: 'odd:8080', path: '/state/part', method: 'PUT' },
  { host: 'odd:8080', path: '/state' },
  { host: 'odd:8080', path: '/make', method: 'POST', headers: json, body: JSON.stringify({ id: uuid(5) }) },
  { host: 'odd:8080', path: `/made/${uuid(5)}` },
  { host: 'odd:8080', path: '/make', method: 'POST', headers: json, body: JSON.stringify({ id: uuid(1) }) },
  { host: 'odd:8080', path: '/when', method: 'POST', headers: json, body: '{"at":"2026-11-20T10:00:05Z"}' },
  { host: 'nobody:1', path: '/x' },
  { host: 'stock:8080', path: '/stocks/1' },
  { host: 'payments:8080', path: '/accounts/7/charges', method: 'POST', headers: json, body: '{"amount":1}' },
];

let folder: TemporaryFolder;
let reader: TapeReader;
let stored: readonly StoredExchange[];
const servers: MockServer[] = [];

beforeAll(async () => {
  folder = temporaryFolder();
  const writer = openTapeWriter(folder.file('long.tape'));
  const session = writer.beginSession(sessionStart);
  const long = [...longRecording(600)];
  const oddOnes = calls(...odd).map(({ exchange, causeId }, i) => {
    const cause = causeId === null ? null : { number: Number(causeId), method: 'thread' };
    const connection = { ...exchange.connection, key: 100 + exchange.connection.key };
    const after = long[i * 15]?.exchange.startedAtUs ?? 0;
    const startedAtUs = httpIn(exchange).request?.target === '/first' ? sessionStart.startedAtUs : after + 1;
    return asRedacted({ ...exchange, connection, number: long.length + i + 1, startedAtUs, cause });
  });
  expect(oddOnes.length * 15).toBeLessThan(long.length);
  writer.append(session, [...long, ...oddOnes] as Redacted<Exchange>[]);
  writer.close();
  reader = openTapeReader(folder.file('long.tape'));
  stored = await Array.fromAsync(reader.exchanges());
});

afterAll(async () => {
  await reader.close();
  folder.remove();
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const onTape: MocksOnTape = {
  read: (ids) => reader.exchangesWith(ids),
  async *heard() {
    for await (const each of reader.exchanges({ direction: 'inbound' })) yield* requestIn(each);
  },
};

const whole = (): MockSet => mocksFrom(stored, { heard: stored.filter(isInbound).flatMap(requestIn) });
const shelved = async (): Promise<MockSet> =>
  shelvedFrom({ outlines: await reader.outlines({ direction: 'outbound' }), read: onTape.read });

function isInbound({ exchange }: StoredExchange): boolean {
  return exchange.connection.direction === 'inbound';
}

async function serve(set: MockSet, options: MockServerOptions = {}): Promise<MockServer> {
  const server = await startMocks(set, { mark: true, tape: onTape, ...options });
  servers.push(server);
  return server;
}

/** Some of what was recorded, in another order, some of it twice. */
function recordedAgain(): readonly Asking[] {
  const random = seededRandom('asked again');
  return stored
    .filter((each) => !isInbound(each) && random() < 0.4)
    .flatMap((each) => requestIn(each))
    .filter(({ version, target }) => version === '1.1' && target.startsWith('/'))
    .sort(() => random() - 0.5)
    .map(({ method, target, headers, body }) => ({
      host: headers.find(([name]) => name === 'Host')?.[1] ?? '',
      path: target,
      method,
      headers: Object.fromEntries(headers.filter(([name]) => /^(x-tenant|accept|content-type)$/i.test(name))),
      body: Buffer.from(body.bytes),
    }));
}

async function answersOf(server: MockServer, asking: readonly Asking[]) {
  const answers: unknown[] = [];
  for (const { host, path, ...sent } of asking) {
    const seen = await askHost(server.url, host, path, sent).catch((error: Error) => error.message);
    answers.push(typeof seen === 'string' ? seen : [seen.status, seen.text, seen.headers['wiretape-mock']]);
  }
  const { mocks, shelved: others, refusals } = server.unused();
  const unused = [...mocks, ...others].map(({ id }) => Number(id)).sort((a, b) => a - b);
  const calls = server
    .calls()
    .map(({ found, exchange, differences, excused }) => ({ found, exchange, differences, excused }));
  return { answers, misses: server.misses(), unused, refusals, served: server.served(), calls };
}

it('knows the same mocks, refusals and upstreams, and why an exchange is none', async () => {
  const [all, some] = [whole(), await shelved()];
  const short = ({
    id,
    index,
    cause,
    upstream,
  }: {
    id: string;
    index: number;
    cause: string | null;
    upstream: string;
  }) => ({ id, index, cause, upstream });
  expect(some.shelved?.of(() => true).map(short)).toEqual(all.mocks.map(short));
  expect(some.shelved?.size).toBe(all.mocks.length);
  expect({ ...some, mocks: 0, shelved: 0, heard: 0 }).toEqual({ ...all, mocks: 0, shelved: 0, heard: 0 });
  expect(some.mocks).toEqual([]);
});

it('answers as if all were at hand, whatever is asked', async () => {
  // That tenants matter there is said by another path than the one that is asked for, and that nobody asked for yet.
  const first = { host: 'odd:8080', path: `/by/${uuid(1)}`, headers: { 'X-Tenant': 'south' } };
  const asking = [first, ...asked, ...more, ...recordedAgain(), ...asked];
  const [all, some] = [await serve(whole()), await serve(await shelved())];
  const [expected, seen] = [await answersOf(all, asking), await answersOf(some, asking)];
  expect(seen).toEqual(expected);
  expect(new Set(expected.calls.map(({ found }) => found))).toEqual(
    new Set(['exact', 'noise', 'moment', 'miss', 'refused']),
  );
});

it('settles who gets which answer in the order of requests, however many come at once', async () => {
  const server = await serve(await shelved());
  const at = Array.from({ length: 12 }, (_, i) => (i % 2 === 0 ? '/two' : '/state'));
  const seen = await Promise.all(at.map((path) => askHost(server.url, 'odd:8080', path)));
  expect(seen.filter(({ text }) => text === 'over HTTP/2')).toHaveLength(1);
  expect(seen.filter(({ text }) => text === 'over HTTP/1.1')).toHaveLength(5);
});

it.each<[string, Asking]>([
  ['for a miss', { host: 'many:1', path: '/none', method: 'POST', headers: json, body: '{}' }],
  ['for an id in doubt', { host: 'many:1', path: '/ids', method: 'POST', headers: json, body: `{"id":"${uuid(6)}"}` }],
])('reads many places at once %s', async (_, { host, path, ...sent }) => {
  const own = temporaryFolder();
  const writer = openTapeWriter(own.file('many.tape'));
  const session = writer.beginSession(sessionStart);
  const places = Array.from({ length: 400 }, (_, i) => ({ ...atHost('many:1'), target: `/place/${i}x` }));
  const ids = { ...atHost('many:1'), target: '/ids', method: 'POST', requestBody: { id: uuid(1) } };
  const asking = [...calls(...places), ...calls(ids)].map(({ exchange }, i) =>
    asRedacted({ ...exchange, number: i + 1 }),
  );
  writer.append(session, asking as Redacted<Exchange>[]);
  writer.close();
  const many = openTapeReader(own.file('many.tape'));
  const reads: number[] = [];
  const read: MocksOnTape['read'] = (wanted) => {
    reads.push(wanted.length);
    return many.exchangesWith(wanted);
  };
  const outlines = await many.outlines({ direction: 'outbound' });
  const set = await shelvedFrom({ outlines, read: (wanted) => many.exchangesWith(wanted) });
  const server = await serve(set, { tape: { ...onTape, read } });
  await askHost(server.url, host, path, sent);
  await many.close();
  own.remove();
  expect(reads.length).toBeLessThan(20);
  expect(reads.reduce((sum, each) => sum + each, 0)).toBeGreaterThan(400);
});

it('says so where an exchange is not what it was', async () => {
  const set = await shelved();
  const server = await serve(set, { tape: { ...onTape, read: () => onTape.read([]) } });
  const seen = await askHost(server.url, 'odd:8080', '/two');
  expect([seen.status, server.failed()]).toEqual([500, true]);
  expect(seen.text).toMatch(/Exchange \d+ is not what it was when the tape was opened/);
});
