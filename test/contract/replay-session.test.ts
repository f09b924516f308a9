/**
 * The promise of the replayer: a recorded sign-up, log-in, create, read-back session replays against an empty database
 * with no settings, redacted as every tape is, and shows the very field where the build broke. Real servers and sockets.
 */
import { casesFrom, type TestCase } from '../../replayer/cases/cases';
import { leanBy } from '../../replayer/cases/lean';
import { placeholdersOf } from '../../replayer/correlate/secrets';
import { parseTarget } from '../../replayer/drive/target';
import { jsonReport } from '../../replayer/report/json';
import type { RunReport } from '../../replayer/report/report';
import { runSuite } from '../../replayer/run';
import { createRedactor } from '../../tape/redact/redactor';
import type { StoredExchange } from '../../tape/store/tape';
import { type Listening, listen, RecordingClient } from '../support/recorded-http';
import { type ServiceOptions, sessionService } from '../support/session-service';
import { suiteDefaults } from '../support/suite-defaults';

const defaults = { ...suiteDefaults, concurrency: 4 };

const open: Listening[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function start(options: ServiceOptions): Promise<Listening> {
  const service = await listen(sessionService(options));
  open.push(service);
  return service;
}

/** One user signs up, logs in, orders, reads the order and lists the orders. */
async function record(options: ServiceOptions): Promise<StoredExchange[]> {
  const service = await start(options);
  const client = new RecordingClient(service.url);
  const jsonBody = [['Content-Type', 'application/json']] as const;
  const account = JSON.stringify({ email: 'ada@example.test', password: 'correct horse' });
  const user = (await client.call({ method: 'POST', path: '/signup', headers: jsonBody, body: account })).json();
  const login = await client.call({ method: 'POST', path: '/login', headers: jsonBody, body: account });
  const cookie = login.headers.find(([name]) => name === 'Set-Cookie')?.[1].split(';')[0] ?? '';
  const auth =
    options.signIn === 'bearer'
      ? (['Authorization', `Bearer ${login.json().token}`] as const)
      : (['Cookie', cookie] as const);
  const body = JSON.stringify({ item: 'lamp', quantity: 2, note: `for ${user.id}` });
  const order = (await client.call({ method: 'POST', path: '/orders', headers: [...jsonBody, auth], body })).json();
  await client.call({ path: `/orders/${order.id}`, headers: [auth] });
  await client.call({ path: `/orders?userId=${user.id}`, headers: [auth] });
  client.close();
  return client.stored;
}

const key = Buffer.alloc(32, 7);

/** What a tape holds of the exchanges. */
function redacted(stored: readonly StoredExchange[]): StoredExchange[] {
  const redactor = createRedactor({ key });
  return stored.map((each) => {
    const { exchange, entries } = redactor.redact(each.exchange);
    return { ...each, exchange, redacted: entries };
  });
}

interface Redaction {
  /** The key at hand when replaying. */
  readonly key: Uint8Array | null;
}

type Holding = (stored: readonly StoredExchange[]) => readonly TestCase[];

/** As a long tape is read. */
const readAgain: Holding = (stored) => {
  const byId = new Map(stored.map((each) => [each.id, each]));
  return casesFrom(
    stored,
    leanBy((ids) => ids.flatMap((id) => byId.get(id) ?? [])),
  );
};

const holdings: readonly [string, Holding][] = [
  ['held whole', casesFrom],
  ['read again when they are played', readAgain],
];

async function replay(
  stored: readonly StoredExchange[],
  options: ServiceOptions,
  { redaction, hold = casesFrom }: { readonly redaction?: Redaction; readonly hold?: Holding } = {},
): Promise<RunReport> {
  const service = await start(options);
  const redactor = redaction && createRedactor({ key: redaction.key, placeholders: placeholdersOf(stored) });
  const { report } = await runSuite(hold(stored), {
    ...defaults,
    target: parseTarget(service.url),
    redactor: redactor ?? null,
    keyed: (redaction?.key ?? null) !== null,
  });
  return report;
}

const allPass = [
  { name: 'POST /signup -> 201', verdict: 'pass', reason: null, differences: [] },
  { name: 'POST /login -> 200', verdict: 'pass', reason: null, differences: [] },
  { name: 'POST /orders -> 201', verdict: 'pass', reason: null, differences: [] },
  { name: 'GET /orders/{orderId} -> 200', verdict: 'pass', reason: null, differences: [] },
  { name: 'GET /orders -> 200', verdict: 'pass', reason: null, differences: [] },
];

function outcomes(report: RunReport) {
  return report.results.map(({ name, verdict, reason, differences }) => ({ name, verdict, reason, differences }));
}

const services: readonly [string, ServiceOptions][] = [
  ['a bearer token and random ids', { signIn: 'bearer', orderIds: 'uuid' }],
  ['a session cookie and random ids', { signIn: 'cookie', orderIds: 'uuid' }],
  ['a bearer token and counted ids', { signIn: 'bearer', orderIds: { countFrom: 42 } }],
  ['a session cookie and counted ids', { signIn: 'cookie', orderIds: { countFrom: 42 } }],
];

describe.each(services)('a recorded session with %s replays against an empty database', (_name, options) => {
  const fresh: ServiceOptions = options.orderIds === 'uuid' ? options : { ...options, orderIds: { countFrom: 1 } };

  it.each(holdings)('from an unredacted recording, its cases %s', async (_how, hold) => {
    expect(outcomes(await replay(await record(options), fresh, { hold }))).toEqual(allPass);
  });

  it.each([
    ['with the key', { key }],
    ['without the key', { key: null }],
  ])('from a redacted tape, %s', async (_with, redaction) => {
    const stored = redacted(await record(options));
    const report = await replay(stored, fresh, { redaction, hold: readAgain });
    expect(outcomes(report)).toEqual(allPass);
  });
});

it('lists what it carried, and prints no live secret', async () => {
  const stored = redacted(await record({ signIn: 'bearer', orderIds: 'uuid' }));
  const live = await start({ signIn: 'bearer', orderIds: 'uuid', corrupt: (order) => ({ ...order, token: 'x' }) });
  const seen: string[] = [];
  live.server.on('request', (request) => seen.push(request.headers.authorization ?? ''));
  const { report, notes } = await runSuite(casesFrom(stored), {
    ...defaults,
    target: parseTarget(live.url),
    redactor: createRedactor({ key, placeholders: placeholdersOf(stored) }),
    keyed: true,
  });
  expect(report.carried.map(({ from, to }) => [from, to.map((place) => `${place.case} ${place.path}`)])).toEqual([
    [{ case: '1', path: 'body.id' }, ['3 body.note', '5 query.userId']],
    [
      { case: '2', path: 'body.token' },
      ['3 header["authorization"]', '4 header["authorization"]', '5 header["authorization"]'],
    ],
    [{ case: '3', path: 'body.id' }, ['4 path[1]']],
  ]);
  const tokens = [...new Set(seen.filter((value) => value !== ''))].map((value) => value.replace('Bearer ', ''));
  expect(tokens).toHaveLength(1);
  expect(report.failed).toBe(3);
  expect(jsonReport(report) + JSON.stringify([...notes])).not.toContain(tokens[0]);
});

it('shows the very field in which the build differs, at every answer that holds it', async () => {
  const stored = redacted(await record({ signIn: 'bearer', orderIds: 'uuid' }));
  const corrupt = (order: Record<string, unknown>) => ({ ...order, quantity: Number(order.quantity) + 1 });
  const report = await replay(stored, { signIn: 'bearer', orderIds: 'uuid', corrupt }, { redaction: { key } });
  expect(report.results.flatMap((result) => result.differences)).toEqual([
    { path: 'body.quantity', kind: 'changed', expected: 2, actual: 3 },
    { path: 'body.quantity', kind: 'changed', expected: 2, actual: 3 },
    { path: 'body.orders[0].quantity', kind: 'changed', expected: 2, actual: 3 },
  ]);
});

it('compares a minted id by identity where it comes back', async () => {
  const stored = await record({ signIn: 'bearer', orderIds: 'uuid' });
  const other = '11111111-2222-4333-8444-555555555555';
  const corrupt = (order: Record<string, unknown>) => ({ ...order, userId: other });
  const report = await replay(stored, { signIn: 'bearer', orderIds: 'uuid', corrupt });
  expect(report.results.flatMap((result) => result.differences.map(({ path, actual }) => [path, actual]))).toEqual([
    ['body.userId', other],
    ['body.userId', other],
    ['body.orders[0].userId', other],
  ]);
});
