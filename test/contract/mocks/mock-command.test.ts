/** `wiretape mock` as a process: what it prints, how it ends, and what its exit status says. */
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runWiretape } from '../../support/command';
import { storedExchanges } from '../../support/exchanges';
import { ask, askHost, type CallSketch, calls } from '../../support/mocks';
import { type RunningWiretape, startWiretape } from '../../support/running';
import { writeTape } from '../../support/tape-file';

// whole processes are started, on machines that may have two busy cores
jest.setTimeout(60_000);

let folder: string;
const running: RunningWiretape[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-mock-'));
});

afterEach(async () => {
  for (const command of running.splice(0)) {
    command.signal('SIGTERM');
    await command.ended;
  }
  rmSync(folder, { recursive: true });
});

function tape(...sketches: readonly CallSketch[]): void {
  writeTape(join(folder, 'shop.tape'), calls(...sketches));
}

async function mock(...args: readonly string[]): Promise<{ command: RunningWiretape; urls: Map<string, string> }> {
  const command = startWiretape(['mock', 'shop.tape', ...args], { cwd: folder });
  running.push(command);
  const lines = await command.printed((stdout) => stdout.includes('listening') && stdout.endsWith('\n'));
  const parts = lines
    .trimEnd()
    .split('\n')
    .map((line) => /^listening (\S+)(?: (\S+))?$/.exec(line));
  return { command, urls: new Map(parts.map((part) => [part?.[2] ?? '', part?.[1] ?? ''])) };
}

async function end({ command }: { command: RunningWiretape }, signal: NodeJS.Signals = 'SIGTERM') {
  command.signal(signal);
  return command.ended;
}

it('prints a line for each listener when it is ready, serves, and ends with a summary', async () => {
  tape({ target: '/a', responseBody: 'A' }, { target: '/b', host: 'rates.test', tls: true }, { target: '/c' });
  const mocks = await mock('--ca-out', 'ca.pem');
  expect([...mocks.urls.keys()]).toEqual(['', 'payments:8080', 'rates.test:443']);
  const seen = await ask(`${mocks.urls.get('payments:8080')}/a`);
  expect([seen.text, seen.headers['wiretape-mock']]).toEqual(['A', 'exact; exchange=1']);
  expect(statSync(join(folder, 'ca.pem')).mode & 0o777).toBe(0o600);
  const { status, stderr } = await end(mocks, 'SIGINT');
  expect(status).toBe(0);
  expect(stderr).toMatch(/^serving 3 exchanges of 2 upstreams from shop\.tape\nas a proxy: HTTP_PROXY=http:\/\/127/);
  expect(stderr).toMatch(/served 1 \(1 exact, 0 under noise\), 0 misses\n1 of 3 recorded exchanges were asked for\n/);
  expect(stderr).toMatch(/unused {4}exchange 2, GET rates\.test:443\/b\nunused {4}exchange 3, GET payments:8080\/c\n$/);
});

it('serves the recorded service itself, under any Host, one upstream for all names it had', async () => {
  const inbound = { direction: 'inbound', connection: 'served' } as const;
  writeTape(
    join(folder, 'shop.tape'),
    storedExchanges(
      { ...inbound, host: 'shop.test', target: '/orders', responseBody: { orders: [] } },
      { ...inbound, host: '127.0.0.1:8080', target: '/health', responseBody: { up: true } },
      { direction: 'outbound', connection: 'made', host: 'payments:8080', target: '/rates' },
    ),
  );
  const mocks = await mock('--serve', 'inbound');
  const base = mocks.urls.get('') ?? '';
  expect([...mocks.urls.keys()]).toEqual(['', '127.0.0.1:8080']);
  expect(JSON.parse((await ask(`${base}/orders`)).text)).toEqual({ orders: [] });
  expect(JSON.parse((await askHost(base, 'shop.example', '/health')).text)).toEqual({ up: true });
  expect((await askHost(base, 'payments:8080', '/rates')).status).toBe(502);
  const { status, stderr } = await end(mocks);
  expect(stderr).toMatch(/^serving 2 exchanges of the service itself from shop\.tape\ntrusted with: /);
  expect(stderr).toContain('2 of 2 recorded exchanges were asked for');
  expect(status).toBe(1);
});

it('says that nothing of the service itself is there', async () => {
  tape({ target: '/a' });
  const { status, stderr } = await runWiretape(['mock', 'shop.tape', '--serve', 'inbound'], { cwd: folder });
  expect(stderr).toContain('NO_CASES  shop.tape and the filters leave no inbound exchange to serve');
  expect(status).toBe(3);
});

it('explains a miss as it happens and ends with status 1', async () => {
  tape({ target: '/a' });
  const mocks = await mock();
  const base = mocks.urls.get('') ?? '';
  expect((await askHost(base, 'payments:8080', '/b')).status).toBe(502);
  await askHost(base, 'payments:8080', '/b');
  const { status, stderr } = await end(mocks);
  expect(status).toBe(1);
  expect(stderr.match(/MOCK_MISS {2}Cannot answer GET http:\/\/payments:8080\/b: no mock matches/g)).toHaveLength(1);
  expect(stderr).toMatch(/served 0 \(0 exact, 0 under noise\), 2 misses/);
});

it.each([['404', 404]])('ends with status 0 when misses are allowed by --on-miss %s', async (policy, answered) => {
  tape({ target: '/a' });
  const mocks = await mock('--on-miss', policy, '--mark=false', '-v');
  const base = mocks.urls.get('') ?? '';
  expect((await askHost(base, 'payments:8080', '/b')).status).toBe(answered);
  expect((await askHost(base, 'payments:8080', '/a')).headers['wiretape-mock']).toBeUndefined();
  await askHost(base, 'payments:8080', '/a', { headers: { 'X-Tenant': 'north' } });
  const { status, stderr } = await end(mocks);
  expect(status).toBe(0);
  expect(stderr).toMatch(/\nexact {5}1 {2}GET payments:8080\/a\n/);
  expect(stderr).toMatch(/\nexact {5}1 {2}GET payments:8080\/a {2}differs in header\["x-tenant"\]\n/);
});

it('takes rules for requests from --noise', async () => {
  tape({ target: '/a?v=1' });
  writeFileSync(join(folder, 'shop.noise.yaml'), '- { in: request, path: query.v, because: "a version" }\n');
  const mocks = await mock('--noise', 'shop.noise.yaml');
  const seen = await askHost(mocks.urls.get('') ?? '', 'payments:8080', '/a?v=2');
  expect(seen.headers['wiretape-mock']).toBe('noise; exchange=1');
});

it('serves what the filter leaves', async () => {
  tape({ target: '/a' }, { target: '/b', host: 'rates.test' });
  const mocks = await mock('--include', '* rates.test/**');
  expect([...mocks.urls.keys()]).toEqual(['', 'rates.test:80']);
});

it('removes its temporary CA file when it ends', async () => {
  tape({ target: '/a' });
  const mocks = await mock();
  const file = /trusted with: (\S+)/.exec(mocks.command.stderr())?.[1] ?? '';
  expect(existsSync(file)).toBe(true);
  await end(mocks);
  expect(existsSync(file)).toBe(false);
});

it('says which port is taken', async () => {
  tape({ target: '/a' });
  const taken = createServer();
  const port = await new Promise((done) => taken.listen(0, '127.0.0.1', () => done(taken.address())));
  try {
    const { port: number } = port as { port: number };
    const { status, stdout, stderr } = await runWiretape(['mock', 'shop.tape', '--port', String(number)], {
      cwd: folder,
    });
    expect([status, stdout]).toEqual([3, '']);
    expect(stderr).toBe(
      `PORT_IN_USE  Cannot listen on 127.0.0.1:${number}: the port is taken\n  do this   Give another port:  --port N\n            Leave out --port: the system then chooses one\n`,
    );
  } finally {
    taken.close();
  }
});

it('says that there is nothing to serve, and why', async () => {
  tape({ target: '/a', direction: 'inbound' }, { target: '/b', problems: ['lost-bytes'] });
  const { status, stderr } = await runWiretape(['mock', 'shop.tape'], { cwd: folder });
  expect(status).toBe(3);
  expect(stderr).toMatch(
    /^NO_CASES {2}shop\.tape and the filters leave no outbound exchange to serve\n {2}seen {6}exchange 2 of payments:8080 is not served: lost-bytes\n/,
  );
});

it.each([
  [['--port', 'x'], 'USAGE', 2],
  [['--host', '203.0.113.1'], 'USAGE', 2],
  [['--on-miss', 'maybe'], 'USAGE', 2],
  [['--noise', 'none.yaml'], 'FILE_UNREADABLE', 3],
  [['--session', '9'], 'NOT_ON_TAPE', 3],
])('refuses %j', async (args, code, exit) => {
  tape({ target: '/a' });
  const { status, stderr } = await runWiretape(['mock', 'shop.tape', ...args], { cwd: folder });
  expect([status, stderr.split('  ')[0]]).toEqual([exit, code]);
});
