/**
 * The promise of the replayer: a recorded sign-up, log-in, create, read-back session replays against an empty database
 * with no settings, and shows the very field where the build broke. Real servers, real sockets.
 */
import { casesFrom } from '../../replayer/cases/cases';
import { parseTarget } from '../../replayer/drive/target';
import { runSuite, type SuiteOptions } from '../../replayer/run';
import type { StoredExchange } from '../../tape/store/tape';
import { type Listening, listen, RecordingClient } from '../support/recorded-http';
import { type ServiceOptions, sessionService } from '../support/session-service';

const defaults: Omit<SuiteOptions, 'target'> = {
  timeoutMs: 10_000,
  hostHeader: null,
  insecure: false,
  ca: null,
  noise: [],
  setHeaders: [],
  secrets: new Map(),
  redactor: null,
  keyed: false,
  concurrency: 4,
  speed: 'max',
};

const open: Listening[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

async function start(options: ServiceOptions): Promise<Listening> {
  const service = await listen(sessionService(options));
  open.push(service);
  return service;
}

async function record(options: ServiceOptions): Promise<StoredExchange[]> {
  const service = await start(options);
  const client = new RecordingClient(service.url);
  const jsonBody = [['Content-Type', 'application/json']] as const;
  const account = JSON.stringify({ email: 'ada@example.test', password: 'correct horse' });
  const user = (await client.call({ method: 'POST', path: '/signup', headers: jsonBody, body: account })).json();
  const login = await client.call({ method: 'POST', path: '/login', headers: jsonBody, body: account });
  const cookie = login.headers.find(([name]) => name === 'Set-Cookie')?.[1].split(';')[0];
  const auth =
    options.signIn === 'bearer'
      ? (['Authorization', `Bearer ${login.json().token}`] as const)
      : (['Cookie', `theme=dark; ${cookie}`] as const);
  const body = JSON.stringify({ item: 'lamp', quantity: 2, note: `for ${user.id}` });
  const order = (await client.call({ method: 'POST', path: '/orders', headers: [...jsonBody, auth], body })).json();
  await client.call({ path: `/orders/${order.id}`, headers: [auth] });
  await client.call({ path: `/orders?userId=${user.id}`, headers: [auth] });
  client.close();
  return client.stored;
}

async function replay(stored: readonly StoredExchange[], options: ServiceOptions) {
  const service = await start(options);
  const { report } = await runSuite(casesFrom(stored), { ...defaults, target: parseTarget(service.url) });
  return report;
}

const variants: readonly [string, ServiceOptions][] = [
  ['a bearer token and random ids', { signIn: 'bearer', orderIds: 'uuid' }],
  ['a session cookie and random ids', { signIn: 'cookie', orderIds: 'uuid' }],
  ['a bearer token and counted ids', { signIn: 'bearer', orderIds: { countFrom: 42 } }],
];

it.each(variants)('replays a recorded session against an empty database: %s', async (_name, options) => {
  const stored = await record(options);
  const fresh = options.orderIds === 'uuid' ? options : { ...options, orderIds: { countFrom: 1 } };
  const report = await replay(stored, fresh);
  expect(report.results.map(({ name, verdict, differences }) => ({ name, verdict, differences }))).toEqual([
    { name: 'POST /signup -> 201', verdict: 'pass', differences: [] },
    { name: 'POST /login -> 200', verdict: 'pass', differences: [] },
    { name: 'POST /orders -> 201', verdict: 'pass', differences: [] },
    { name: 'GET /orders/{orderId} -> 200', verdict: 'pass', differences: [] },
    { name: 'GET /orders -> 200', verdict: 'pass', differences: [] },
  ]);
});

it('shows the very field in which the build differs, at every answer that holds it', async () => {
  const stored = await record({ signIn: 'bearer', orderIds: 'uuid' });
  const corrupt = (order: Record<string, unknown>) => ({ ...order, quantity: Number(order.quantity) + 1 });
  const report = await replay(stored, { signIn: 'bearer', orderIds: 'uuid', corrupt });
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
