/** `wiretape test` as a process: mocks, a build that calls them, the replay, the verdict, and nothing left behind. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../../replayer/launch/free-port';
import { runWiretape } from '../../support/command';
import { type CallSketch, calls } from '../../support/mocks';
import { startWiretape } from '../../support/running';
import { writeTape } from '../../support/tape-file';

// whole processes are started, on machines that may have two busy cores
jest.setTimeout(60_000);

/** A shop that asks payments what a thing costs, over the URL it is given, or over https by name. */
const app = `
const { createServer, get: getPlain } = require('http');
const { get: getSecure } = require('https');
const fs = require('fs');
if (process.env.PID_FILE) fs.writeFileSync(process.env.PID_FILE, String(process.pid));
if (process.env.FAIL) { console.error(process.env.FAIL); process.exit(7); }
const base = process.env.PAYMENTS_URL;
createServer((request, response) => {
  response.sendDate = false;
  if (request.url === '/slow') { if (process.env.ASKED_FILE) fs.writeFileSync(process.env.ASKED_FILE, 'x'); return; }
  const get = base.startsWith('https:') ? getSecure : getPlain;
  const path = request.url.replace('/shop', process.env.CALL ?? '/price');
  get(base + path, (answer) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (part) => (text += part)).on('end', () => {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ price: answer.statusCode === 200 ? JSON.parse(text).price + Number(process.env.EXTRA ?? 0) : null }));
    });
  }).on('error', () => { response.statusCode = 503; response.end(); });
}).listen(Number(process.env.PORT), '127.0.0.1', () => console.log('the shop is open'));
`;

const shop = (path: string, price: number | null): CallSketch => ({
  direction: 'inbound',
  host: 'shop.test',
  target: path,
  responseBody: { price },
});
const price = (path: string, cents: number, more: CallSketch = {}): CallSketch => ({
  target: path,
  responseBody: { price: cents },
  ...more,
});

let folder: string;
let server: Server | undefined;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-run-'));
  writeFileSync(join(folder, 'app.js'), app);
});

afterEach(() => {
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true });
});

const withPort = ['--env', 'PORT={port}'];
const calling = (template: string): string[] => ['--env', `PAYMENTS_URL=${template}`];

function args(...more: readonly string[]): string[] {
  return ['test', 'shop.tape', ...more, '--', process.execPath, 'app.js'];
}

function tape(...sketches: readonly CallSketch[]): void {
  writeTape(join(folder, 'shop.tape'), calls(...sketches));
}

/** Processes that carry the mark of a run of ours and stand in this test's folder. */
function leftovers(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').includes(`PWD=${folder}`);
      } catch {
        return false;
      }
    });
}

/** Node.js 22 warns of the proxy variables it is given, on the stderr of the build. */
function withoutWarningsOfNode(stderr: string): string {
  const lines = stderr.split('\n');
  return lines.filter((line) => !/\[UNDICI-EHPA\]|node --trace-warnings/.test(line)).join('\n');
}

it('passes a build that behaves as recorded, its dependency mocked, and leaves nothing behind', async () => {
  tape(shop('/shop/a', 5), price('/price/a', 5), shop('/shop/b', 6), price('/price/b', 6));
  const { status, stdout, stderr } = await runWiretape(args(...withPort, ...calling('{mock:payments:8080}')), {
    cwd: folder,
    env: { PWD: folder },
  });
  expect(stdout).toMatch(/2 passed of 2 cases/);
  expect(withoutWarningsOfNode(stderr)).toBe('');
  expect([status, leftovers()]).toEqual([0, []]);
});

it('says nothing of calls and rules of cases that were not chosen', async () => {
  const under = (causeId: string): CallSketch => ({ causeId });
  tape(shop('/shop/a', 5), price('/price/a', 5, under('1')), shop('/shop/b', 6), price('/price/b', 6, under('3')));
  writeFileSync(
    join(folder, 'n.yaml'),
    '- { in: response, path: body.price, match: "GET */shop/b", because: x }\n- { in: response, path: body.rice, because: x }\n',
  );
  const settings = [...withPort, ...calling('{mock:payments:8080}'), '--noise', 'n.yaml'];
  const chosen = await runWiretape(args(...settings, '--include', '* */shop/a'), { cwd: folder });
  expect([chosen.status, withoutWarningsOfNode(chosen.stderr)]).toEqual([0, '']);
  const all = await runWiretape(args(...settings), { cwd: folder });
  expect(all.stderr).toContain('noise rule n.yaml:2 excused nothing: no recorded answer has such a place');
});

it('keeps what the build prints in the file it is told, and shows it where the run fails', async () => {
  tape(shop('/shop/a', 5), price('/price/a', 5));
  const run = args(...withPort, ...calling('{mock:payments}'), '--app-log', 'app.log');
  expect(await runWiretape(run, { cwd: folder })).toMatchObject({
    status: 0,
    stderr: expect.not.stringMatching(/^\| /m),
  });
  expect(readFileSync(join(folder, 'app.log'), 'utf8')).toMatch(/^the shop is open$/m);
  const failing = args(...withPort, ...calling('{mock:payments}'), '--env', 'EXTRA=1');
  expect(await runWiretape(failing, { cwd: folder })).toMatchObject({
    status: 1,
    stderr: expect.stringMatching(/^\| the shop is open$/m),
  });
});

it('leads what the build inherits to the mocks where it has no network of its own, and says so', async () => {
  tape(shop('/shop/a', 5), price('/price/a', 5));
  const env = { PAYMENTS_URL: 'http://payments:8080' };
  const { status, stderr } = await runWiretape(args(...withPort, '--sandbox', 'env'), { cwd: folder, env });
  expect(stderr).toMatch(/^sandbox {3}env: inherited PAYMENTS_URL -> payments:8080, led to its mock$/m);
  expect(status).toBe(0);
  // where it has one, the recorded name is right as it stands
  expect(await runWiretape(args(...withPort), { cwd: folder, env })).toMatchObject({ status: 0 });
});

it('fails a build that answers otherwise, naming the place', async () => {
  tape(shop('/shop/a', 5), price('/price/a', 5));
  const run = args(...withPort, ...calling('{mock:payments}'), '--env', 'EXTRA=1');
  const { status, stdout } = await runWiretape(run, { cwd: folder });
  expect([status, stdout]).toEqual([
    1,
    expect.stringMatching(/body\.price\s+expected 5, got 6[\s\S]*1 failed of 1 case/),
  ]);
});

// Node.js reads proxy variables from 22.21 and 24.5 on; clients.test.ts has the clients that always do
const whereNodeReadsProxies = process.allowedNodeEnvironmentFlags.has('--use-env-proxy') ? it : it.skip;
whereNodeReadsProxies('leads a build that calls by name over TLS to the mock, by proxy and CA variables', async () => {
  tape(shop('/shop/a', 5), price('/price/a', 5, { host: 'payments.invalid', tls: true }));
  const run = args(...withPort, ...calling('https://payments.invalid'));
  expect(await runWiretape(run, { cwd: folder })).toMatchObject({ status: 0 });
});

it('reports misses and unused mocks with the verdicts in one JSON document, and fails', async () => {
  tape(shop('/shop/a', 5), price('/price/a', 5));
  const run = args('--json', ...withPort, ...calling('{mock:payments:8080}'), '--env', 'CALL=/cost');
  const { status, stdout, stderr } = await runWiretape(run, { cwd: folder });
  const report = JSON.parse(stdout);
  expect(status).toBe(1);
  expect(report).toMatchObject({
    schema: 1,
    cases: 1,
    failed: 1,
    misses: [{ code: 'MOCK_MISS', url: 'http://payments:8080/cost/a', nearest: [{ exchange: '2' }] }],
    unused: [{ exchange: '2', method: 'GET', upstream: 'payments:8080', target: '/price/a' }],
  });
  expect(withoutWarningsOfNode(stderr)).toBe('| the shop is open\n');
});

it('fails on a miss even when every answer is as recorded, and shows it', async () => {
  tape(shop('/shop/a', null), price('/price/a', 5));
  const run = args(...withPort, ...calling('{mock:payments:8080}'), '--env', 'CALL=/cost', '--junit', 'report.xml');
  const { status, stdout, stderr } = await runWiretape(run, { cwd: folder });
  expect([status, stdout]).toEqual([1, expect.stringMatching(/1 passed/)]);
  expect(readFileSync(join(folder, 'report.xml'), 'utf8')).toMatch(
    /tests="2" failures="1"[\s\S]*<testcase name="calls to mocks" classname="mocks" time="0.000"><failure message="1 call that no mock answers"/,
  );
  expect(stderr).toMatch(/MOCK_MISS {2}Cannot answer GET http:\/\/payments:8080\/cost\/a: no mock matches/);
  expect(stderr).toMatch(/unused {4}exchange 2, GET payments:8080\/price\/a\n/);
  const allowed = await runWiretape(args(...run.slice(2, -3), '--on-miss', '404'), { cwd: folder });
  expect(allowed.status).toBe(0);
});

describe('several runs of one build', () => {
  /** Dearer by one in every second life of the build. */
  const moody = ['--env', 'LIVES_FILE=lives'];
  beforeEach(() => {
    const counting = `
const lives = process.env.LIVES_FILE;
if (lives) { require('fs').appendFileSync(lives, 'x'); if (require('fs').readFileSync(lives).length % 2 === 0) process.env.EXTRA = '1'; }
`;
    writeFileSync(join(folder, 'app.js'), counting + app);
  });
  const three = ['--runs', '3', ...withPort, ...calling('{mock:payments}')];

  it('play each case against a new one, and call flaky what did not always pass', async () => {
    tape(shop('/shop/a', 5), price('/price/a', 5));
    const { status, stdout } = await runWiretape(args(...three, ...moody), { cwd: folder });
    expect([status, readFileSync(join(folder, 'lives'), 'utf8')]).toEqual([1, 'xxx']);
    expect(stdout).toMatch(
      /FAIL .*\n {2}flaky {5}passed in 2 of 3 runs\n {2}body\.price {2}expected 5, got 6\n[\s\S]*each case was played 3 times\n0 passed, 1 failed, 1 of them flaky of 1 case\n/,
    );
  });

  it('are green all the same where flaky cases are allowed, and something passed', async () => {
    tape(shop('/shop/a', 5), price('/price/a', 5), shop('/shop/b', null));
    const more = ['--allow-flaky', '--on-miss', '404', '--json'];
    const { status, stdout } = await runWiretape(args(...three, ...moody, ...more), { cwd: folder });
    expect([status, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ passed: 1, failed: 1, flaky: 1 })]);
  });

  it('are no more than one where nothing is said, and never none', async () => {
    tape(shop('/shop/a', 5), price('/price/a', 5));
    const run = args('--runs', '0', ...withPort, ...calling('{mock:payments}'));
    expect(await runWiretape(run, { cwd: folder })).toMatchObject({ status: 2 });
  });
});

it('puts to each case on the page what the build printed and called meanwhile, without its secrets', async () => {
  tape(
    shop('/shop/a', 5),
    price('/price/a', 5, { causeId: '1' }),
    shop('/shop/b', 6),
    price('/price/b', 6, { causeId: '3' }),
  );
  const loud = `
const { createServer: make } = require('http');
require('http').createServer = (listen) => make((request, response) => {
  console.log('asked for ' + request.url + ' with token=AKIAIOSFODNN7EXAMPLQ <b>');
  listen(request, response);
});
`;
  writeFileSync(join(folder, 'app.js'), loud + app);
  const run = args('--report', 'html=page.html', ...withPort, ...calling('{mock:payments}'), '--env', 'CALL=/cost');
  expect(await runWiretape(run, { cwd: folder })).toMatchObject({ status: 1 });
  const [, first = '', second = ''] = readFileSync(join(folder, 'page.html'), 'utf8').split('<details class="case"');
  expect(first).toMatch(/asked for \/shop\/a with token=/);
  expect(first).toContain('Cannot answer GET http://payments:8080/cost/a: no mock matches');
  expect(first).toContain('GET payments:8080/price/a → 200');
  expect(second).toMatch(/asked for \/shop\/b with token=/);
  expect(second).not.toContain('/cost/a');
  expect(first + second).not.toContain('AKIAIOSFODNN7EXAMPLQ');
  expect(first).toContain('&lt;b&gt;');
});

it('replays where the service was recorded when nothing else is said', async () => {
  const port = await freePort();
  const recorded = calls(shop('/shop/a', 5), price('/price/a', 5)).map((stored) => ({
    ...stored,
    exchange: {
      ...stored.exchange,
      connection: { ...stored.exchange.connection, local: `192.0.2.1:${port}` },
    },
  }));
  writeTape(join(folder, 'shop.tape'), recorded);
  const run = args('--env', `PORT=${port}`, ...calling('{mock:payments}'));
  expect(await runWiretape(run, { cwd: folder })).toMatchObject({ status: 0 });
});

it('ends the command when it is interrupted, and says so', async () => {
  tape(shop('/slow', 5), price('/price/a', 5));
  const asked = join(folder, 'asked');
  const pidFile = join(folder, 'pid');
  const files = ['--env', `PID_FILE=${pidFile}`, '--env', `ASKED_FILE=${asked}`];
  const command = startWiretape(args(...withPort, ...calling('x'), ...files), { cwd: folder, env: { PWD: folder } });
  while (!existsSync(asked)) await new Promise((next) => setImmediate(next));
  command.signal('SIGTERM');
  const { status, stderr } = await command.ended;
  expect([status, stderr]).toEqual([130, expect.stringMatching(/INTERRUPTED {2}Interrupted after 0 of 1 cases/)]);
  expect(leftovers()).toEqual([]);
});

it('ends the command when it is interrupted while it waits', async () => {
  tape(shop('/shop/a', 5));
  const target = ['--target', `http://127.0.0.1:${await freePort()}`];
  const pidFile = join(folder, 'pid');
  const sleeping = ['test', 'shop.tape', ...target, '--', 'sh', '-c', `echo $$ > ${pidFile}; exec sleep 1000`];
  const command = startWiretape(sleeping, { cwd: folder, env: { PWD: folder } });
  while (!existsSync(pidFile) || readFileSync(pidFile, 'utf8') === '') await new Promise((next) => setImmediate(next));
  command.signal('SIGINT');
  const { status, stderr } = await command.ended;
  expect([status, stderr]).toEqual([130, expect.stringMatching(/^INTERRUPTED {2}Interrupted while the command/)]);
  expect(leftovers()).toEqual([]);
});

describe('what stands in the way', () => {
  it.each<[string, string[], string, RegExp]>([
    ['no command', ['test', 'shop.tape'], 'USAGE', /No command is given/],
    [
      'a setting that is none',
      args('--env', 'PORT', '--target', 'http://127.0.0.1:1'),
      'USAGE',
      /it is not NAME=VALUE/,
    ],
    [
      'an upstream nobody recorded',
      args(...withPort, ...calling('{mock:nobody:1}')),
      'USAGE',
      /Use one of \{mock:payments:8080\}/,
    ],
    ['a wait that is none', args('--wait', 'long'), 'USAGE', /--wait "long"/],
    [
      'a build that ends',
      args(...withPort, '--env', 'FAIL=no database'),
      'COMMAND_FAILED',
      /ended with status 7 before it answered\n {2}seen {6}\| no database/,
    ],
    [
      'a build that never answers',
      ['test', 'shop.tape', ...withPort, '--wait', '1ms', '--', 'sleep', '1000'],
      'TARGET_NOT_READY',
      /did not answer within 0\.001 s/,
    ],
    [
      'a program that is not there',
      ['test', 'shop.tape', ...withPort, '--', './nothing'],
      'COMMAND_FAILED',
      /there is no such program/,
    ],
    [
      'filters that leave nothing',
      args(...withPort, '--include', 'GET */nothing'),
      'NO_CASES',
      /leave no inbound exchange/,
    ],
  ])('%s', async (_, run, code, text) => {
    tape(shop('/shop/a', 5), price('/price/a', 5));
    const { status, stdout, stderr } = await runWiretape(run, { cwd: folder });
    expect([status, stdout]).toEqual([code === 'USAGE' ? 2 : 3, '']);
    expect(stderr).toMatch(new RegExp(`^(\\| .*\\n)*${code}  `));
    expect(stderr).toMatch(text);
  });

  it('something that listens there already', async () => {
    tape(shop('/shop/a', 5));
    server = createServer();
    const taken: Server = server;
    await new Promise<void>((done) => taken.listen(0, '127.0.0.1', done));
    const target = `http://127.0.0.1:${(taken.address() as AddressInfo).port}`;
    const { status, stderr } = await runWiretape(args('--target', target), { cwd: folder });
    expect([status, stderr.split('\n')[0]]).toEqual([3, `PORT_IN_USE  Something listens at ${target} already`]);
  });
});
