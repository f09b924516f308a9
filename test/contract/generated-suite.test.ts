/**
 * Generated suites under the real jest, in both kinds of project, against real services: green on the build that was
 * recorded, red on one that differs, and nothing left running.
 */
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import type { MocksFile } from '../../replayer/suite/description';
import { runWiretape, withoutSettings } from '../support/command';
import { Stage } from '../support/driving';
import { storedExchanges } from '../support/exchanges';
import { apps, lineFrom, start, stopAll } from '../support/programs';
import { recordOrders } from '../support/recorded-orders';
import { jestRunner, SuiteProjects } from '../support/suite-projects';
import { writeTape } from '../support/tape-file';

jest.setTimeout(60_000); // every test starts a jest of its own

const projects = new SuiteProjects(jestRunner);
const { folder } = projects;
const kinds = ['commonjs', 'module'] as const;
const next = join(apps, 'orders/server-next-broken.js');
let generated: readonly string[] = [];

beforeAll(async () => {
  const { exchanges, payments } = await recordOrders();
  writeTape(join(folder, 'shop.tape'), exchanges);
  generated = [
    '--env',
    'PORT={port}',
    '--env',
    `PAYMENTS_URL={mock:${payments}}`,
    '--',
    'node',
    join(apps, 'orders/server.js'),
  ];
  for (const kind of kinds) {
    projects.make(kind, kind);
    expect(await generate(kind, generated)).toMatchObject({ status: 0 });
  }
});

afterEach(stopAll);
afterAll(() => projects.remove());

const generate = (project: string, args: readonly string[]) => projects.generate(project, 'shop.tape', args);

describe.each(kinds)('a suite in a project of type %s', (kind) => {
  it('is green on the recorded build, with its dependency mocked and an empty database', async () => {
    const { status, output } = await projects.run(kind);
    expect(output).toMatch(jestRunner.counts({ passed: 10 }));
    expect(status).toBe(0);
  });

  it('is red on a build with a regression, and names the very field', async () => {
    const broken = projects.edited(kind, `${kind}-broken`, (setup) =>
      setup.replace(join(apps, 'orders/server.js'), next),
    );
    const { status, output } = await projects.run(broken);
    expect(output).toMatch(/body\.vat\.amount +expected 415, got 414/);
    expect(output).toMatch(/> \d+ \| +recorded\(\{/);
    expect(output).toMatch(jestRunner.counts({ failed: 4, passed: 6 }));
    expect(status).toBe(1);
  });
});

it('expects what was accepted in the place of what was recorded', async () => {
  const toNext = generated.map((word) => (word === join(apps, 'orders/server.js') ? next : word));
  const file = ['--accepted', join(folder, 'next.accepted.yaml')];
  const args = ['accept', 'shop.tape', ...file, '--all', '--because', 'rounded down', '--sandbox', 'env', ...toNext];
  expect(await runWiretape(args, { cwd: folder })).toMatchObject({ status: 0 });
  projects.make('accepted', 'commonjs');
  expect(await generate('accepted', [...file, ...toNext])).toMatchObject({ status: 0 });
  const now = await projects.run('accepted');
  expect(now.output).toMatch(jestRunner.counts({ passed: 10 }));
  const before = projects.edited('accepted', 'accepted-before', (setup) =>
    setup.replace(next, join(apps, 'orders/server.js')),
  );
  const { status, output } = await projects.run(before);
  expect(output).toMatch(/body\.vat\.amount +expected 414 \(accepted: .*accepted\.yaml:\d+\), got 415, as recorded/);
  expect(status).toBe(1);
});

it('plays what came before when only one test is asked for', async () => {
  const { status, output } = await projects.run('commonjs', ['-t', 'POST /orders/{orderId}/cancel']);
  expect(output).toMatch(jestRunner.counts({ skipped: 9, passed: 1 }));
  expect(status).toBe(0);
});

it('plays against WIRETAPE_TARGET when it is set, and starts nothing', async () => {
  const payments = await service('payments/server.js', {});
  const orders = await service('orders/server.js', { PAYMENTS_URL: payments });
  const idle = projects.edited('commonjs', 'target', (setup) => setup.replace("'node'", "'/nowhere/node'"));
  const { status, output } = await projects.run(idle, [], { WIRETAPE_TARGET: orders });
  expect(output).toMatch(jestRunner.counts({ passed: 10 }));
  expect(status).toBe(0);
});

it('plays over HTTP/2 what was recorded over it', async () => {
  const sketch = {
    target: '/ok',
    channel: 1,
    responseHeaders: [['content-type', 'text/plain']],
    responseBody: 'ok',
  } as const;
  const changed = { ...sketch, target: '/changed', channel: 3 };
  writeTape(join(folder, 'http2.tape'), storedExchanges(sketch, changed));
  projects.make('http2');
  expect(await projects.generate('http2', 'http2.tape')).toMatchObject({ status: 0 });
  const stage = new Stage();
  try {
    const server = createHttp2Server((request, response) => {
      response.sendDate = false;
      response.setHeader('content-type', 'text/plain');
      response.end(request.url === '/ok' ? 'ok' : `${request.httpVersion} ${request.authority}`);
    });
    const url = await stage.serve(server);
    const { status, output } = await projects.run('http2', [], { WIRETAPE_TARGET: url });
    expect(output).toMatch(jestRunner.counts({ failed: 1, passed: 1 }));
    expect(output).toContain(`expected "ok", got "2.0 ${new URL(url).host}"`);
    expect(output).toContain(`curl --http2-prior-knowledge ${url}/changed`);
    expect(status).toBe(1);
  } finally {
    await stage.close();
  }
});

it('lets nothing differ under strict that noise.yaml does not name', async () => {
  const strict = projects.edited('commonjs', 'strict', (setup) =>
    setup.replace('suite({\n', 'suite({\n  strict: true,\n'),
  );
  const { status, output } = await projects.run(strict, ['-t', 'GET /catalogue']);
  expect(output).toMatch(/header\["date"\] +expected "/);
  expect(output).toMatch(jestRunner.counts({ failed: 1, skipped: 9 }));
  expect(status).toBe(1);
});

it('starts the build at the recorded time where setup.js says so', async () => {
  const thenMs = Date.UTC(2021, 5, 1, 12);
  const requestHeaders = [['x-token', String(thenMs / 1000 + 10)]] as const;
  const orders = { target: '/orders', startedAtUs: thenMs * 1000, requestHeaders, responseBody: { orders: [] } };
  writeTape(join(folder, 'then.tape'), storedExchanges(orders));
  projects.make('then');
  const command = ['--env', 'PORT={port}', '--', 'node', join(apps, 'clock/service.js')];
  expect(await projects.generate('then', 'then.tape', command)).toMatchObject({ status: 0 });
  const now = await projects.run('then');
  expect(now.output).toContain('expected 200, got 401');
  const moved = projects.edited('then', 'then-moved', (setup) =>
    setup.replace('suite({\n', "suite({\n  clock: 'recorded',\n"),
  );
  const { status, output } = await projects.run(moved);
  expect(output).toMatch(jestRunner.counts({ passed: 1 }));
  expect(output).toContain('clock: starts at 2021-06-01T12:00:0');
  expect(status).toBe(0);
});

it('has where its build runs, and how strictly it is judged, from the options that `test` has', async () => {
  projects.make('settled');
  const where = ['--sandbox', 'env', '--clock', 'recorded', '--allow', '127.0.0.1:5432', '--allow', '/run/db.sock'];
  const args = [...where, '--calls', 'strict', '--strict', '--', 'node', 'server.js'];
  expect(await projects.generate('settled', 'shop.tape', args)).toMatchObject({ status: 0 });
  const setup = readFileSync(join(folder, 'settled/test/wiretape/setup.js'), 'utf8');
  const settings = ["sandbox: 'env'", "clock: 'recorded'", "calls: 'strict'", 'strict: true'].map(
    (line) => `  ${line},\n`,
  );
  expect(setup).toContain(settings.slice(0, 2).join(''));
  expect(setup).toContain("  allow: ['127.0.0.1:5432', '/run/db.sock'],\n");
  expect(setup).toContain(settings.slice(2).join(''));
});

it.each([
  ['an address without a port', ['--allow', 'db', '--', 'node', 'server.js'], 'Cannot read --allow "db"'],
  ['what may be reached without a command', ['--allow', 'db:5432'], '--allow is for the command that starts the build'],
])('is not written with %s', async (_what, args, said) => {
  const { status, stderr } = await projects.generate('commonjs', 'shop.tape', args);
  expect({ status, stderr }).toEqual({ status: 2, stderr: expect.stringContaining(said) });
});

it('says what is missing where nothing says what to play against', async () => {
  const bare = projects.edited('commonjs', 'bare', (setup) => setup.replace(/^ {2}(command|target): [\s\S]*?,$/gm, ''));
  const { status, output } = await projects.run(bare, ['-t', 'POST /users']);
  expect(output).toContain('USAGE  Nothing says which build to play against');
  expect(output).toContain('WIRETAPE_TARGET=http://127.0.0.1:8080 npx jest');
  expect(status).toBe(1);
});

it('fails when the build asks a dependency for something new, and says what', async () => {
  const greedy = projects.edited('commonjs', 'greedy', (setup) => setup);
  const mocks = join(folder, greedy, 'test/wiretape/mocks.json');
  writeFileSync(mocks, readFileSync(mocks, 'utf8').replaceAll('"amount": 2598', '"amount": 2599'));
  const { status, output } = await projects.run(greedy);
  expect(output).toMatch(/dependencies › were asked for what is on the tape, and nothing else/);
  expect(output).toMatch(/MOCK_MISS +Cannot answer POST http:\S+\/charges/);
  expect(output).toMatch(/body\.amount +expected 2599, got 2598/);
  expect(status).toBe(1);
});

it('judges the calls of the build as test does, and plays what is left for it', async () => {
  const lazy = projects.edited('commonjs', 'lazy', (setup) => setup);
  const file = join(folder, lazy, 'test/wiretape/mocks.json');
  const mocks = JSON.parse(readFileSync(file, 'utf8')) as MocksFile;
  const [charge] = mocks.exchanges;
  if (charge?.request == null) throw new Error('a charge was recorded');
  const audit = { ...charge, exchange: '999', cause: '3', request: { ...charge.request, target: '/audits' } };
  writeFileSync(file, JSON.stringify({ ...mocks, exchanges: [...mocks.exchanges, audit] }));
  const only = ['-t', 'were asked for what is on the tape'];
  const { status, output } = await projects.run(lazy, only);
  expect(output).toMatch(/FAIL +POST \/orders -> 201 +case \d+/);
  expect(output).toMatch(/calls\["POST [^"]*\/audits"\] +removed: expected "POST \S+\/audits"/);
  expect(output).toContain("in setup.js calls: 'ignore' judges no calls");
  expect(output).toMatch(jestRunner.counts({ failed: 1, skipped: 9 }));
  expect(status).toBe(1);
  const lenient = projects.edited(lazy, 'lenient', (setup) =>
    setup.replace('suite({\n', "suite({\n  calls: 'ignore',\n"),
  );
  expect(await projects.run(lenient, only)).toMatchObject({ status: 0 });
  writeFileSync(
    join(folder, lazy, 'test/wiretape/noise.yaml'),
    '- { in: call, match: "POST */audits", because: "audits are written elsewhere" }\n',
  );
  expect(await projects.run(lazy, only)).toMatchObject({ status: 0 });
});

it('judges the calls of what was played where only some tests are asked for', async () => {
  const lazy = projects.edited('commonjs', 'lazy-in-part', (setup) => setup);
  const file = join(folder, lazy, 'test/wiretape/mocks.json');
  const mocks = JSON.parse(readFileSync(file, 'utf8')) as MocksFile;
  const [charge] = mocks.exchanges;
  if (charge?.request == null) throw new Error('a charge was recorded');
  const audit = { ...charge, exchange: '999', cause: '3', request: { ...charge.request, target: '/audits' } };
  writeFileSync(file, JSON.stringify({ ...mocks, exchanges: [...mocks.exchanges, audit] }));
  const { status, output } = await projects.run(lazy, ['-t', 'POST /orders/{orderId}/cancel']);
  expect(output).toContain('The calls of the build in the tests that were run, and in what was played for them:');
  expect(output).toMatch(/calls\["POST [^"]*\/audits"\] +removed: expected "POST \S+\/audits"/);
  expect(status).toBe(1);
  const before = await projects.run(lazy, ['-t', 'POST /users']);
  expect(before).toMatchObject({ status: 0 });
});

it('is there for ES modules as for CommonJS, and is one and the same', async () => {
  const file = join(folder, 'module/both.mjs');
  const required = "createRequire(import.meta.url)('wiretape')";
  const same = `import { suite, defineConfig } from 'wiretape'; import { createRequire } from 'node:module'; const other = ${required};`;
  writeFileSync(file, `${same} console.log(suite === other.suite, defineConfig === other.defineConfig);`);
  const program = start(process.execPath, [file]);
  expect((await lineFrom(program, program.child.stdout, /^/)).input).toBe('true true');
});

it('ends the build under test when the test run is killed', async () => {
  const watch = createServer().listen(0, '127.0.0.1');
  await once(watch, 'listening');
  const name = projects.edited('commonjs', 'killed', (setup) =>
    setup
      .replace(join(apps, 'orders/server.js'), 'hanging.js')
      .replace('  command:', "  sandbox: 'env', // it reaches out to this test\n  command:"),
  );
  writeFileSync(join(folder, name, 'hanging.js'), hangingService((watch.address() as AddressInfo).port));
  const run = start(process.execPath, [...jestRunner.command, '-i'], {
    cwd: join(folder, name),
    env: withoutSettings(process.env),
  });
  const [socket] = (await once(watch, 'connection')) as [Socket];
  socket.resume();
  await Promise.all([once(socket, 'close'), run.stop('SIGKILL')]);
  watch.close();
});

/** Answers nothing, and holds a connection to the test for as long as it lives. */
function hangingService(port: number): string {
  return `require('net').connect(${port}, '127.0.0.1'); require('http').createServer(() => {}).listen(process.env.PORT, '127.0.0.1');`;
}

async function service(file: string, env: Record<string, string>): Promise<string> {
  const program = start(process.execPath, [join(apps, file)], {
    env: { ...withoutSettings(process.env), PORT: '0', ...env },
  });
  const [, url = ''] = await lineFrom(program, program.child.stdout, /^listening (\S+)/);
  return url;
}

describe('generating again', () => {
  it('changes nothing', async () => {
    const before = contents('commonjs');
    const { status, stdout, stderr } = await generate('commonjs', generated);
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
    expect(stderr).toContain('nothing changed');
    expect(contents('commonjs')).toEqual(before);
  });

  it('keeps an edited setup.js, and removes the files of endpoints that are gone', async () => {
    const name = projects.edited('commonjs', 'again', (setup) => `${setup}// mine\n`);
    const { status, stdout, stderr } = await generate(name, ['--exclude', '* */catalogue', ...generated]);
    expect(status).toBe(0);
    expect(stdout).toContain('kept     test/wiretape/setup.js  (edited)');
    expect(stdout).toContain('removed  test/wiretape/endpoints/catalogue.js');
    expect(stderr).toContain('the options of this run are not in it');
    expect(readdirSync(join(folder, name, 'test/wiretape/endpoints'))).not.toContain('catalogue.js');
    expect(readFileSync(join(folder, name, 'test/wiretape/setup.js'), 'utf8')).toMatch(/\/\/ mine\n$/);
  });
});

function contents(project: string): Record<string, string> {
  const suite = join(folder, project, 'test/wiretape');
  const files = readdirSync(suite, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return Object.fromEntries(files.map((file) => [file.name, readFileSync(join(file.parentPath, file.name), 'utf8')]));
}
