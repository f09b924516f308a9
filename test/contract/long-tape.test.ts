/** A tape that is far larger than the memory of who reads it: commands that need not hold it do not. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wiretapeVersion } from '../../cli/version';
import type { HttpResponse } from '../../tape/model/http/http';
import { createRedactor } from '../../tape/redact/redactor';
import { type CommandResult, runWiretape } from '../support/command';
import { httpIn } from '../support/contents';
import { longRecording, longTapeAnswers, writeLongTape } from '../support/long-tape';
import { askHost } from '../support/mocks';
import { listen } from '../support/recorded-http';
import { type RunningWiretape, startWiretape } from '../support/running';

// whole processes are started, on machines that may have two busy cores
jest.setTimeout(120_000);

const exchanges = 40_000;
const calls = exchanges * 0.8;

/** Megabytes for what lives on: all calls of this tape, read whole, do not fit into half as much again. */
const env = { NODE_OPTIONS: '--max-old-space-size=64' };

let folder: string;
let running: RunningWiretape | null = null;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-long-'));
  const rules = createRedactor({ key: null }).ruleNames;
  writeLongTape(join(folder, 'long.tape'), exchanges, { wiretapeVersion: wiretapeVersion(), rules });
});
afterEach(async () => {
  running?.signal('SIGTERM');
  await running?.ended;
  running = null;
});
afterAll(() => rmSync(folder, { recursive: true }));

const wiretape = (...args: readonly string[]): Promise<CommandResult> => runWiretape(args, { cwd: folder, env });

/** Three of those that the recorded shop asked for. */
function firstUsers(): readonly number[] {
  const users: number[] = [];
  for (const { exchange } of longRecording(exchanges)) {
    const [, user] = /^\/users\/(\d+)$/.exec(httpIn(exchange).request?.target ?? '') ?? [];
    if (user !== undefined && users.push(Number(user)) === 3) break;
  }
  return users;
}

it('answers as mocks, and tells what was asked for', async () => {
  running = startWiretape(['mock', 'long.tape'], { cwd: folder, env });
  const said = await running.printed((stdout) => stdout.includes('search:8080\n'));
  const url = /^listening (\S+)$/m.exec(said)?.[1] ?? '';
  const headers = { Accept: 'application/json' };
  const users = firstUsers();
  const seen = await Promise.all(users.map((user) => askHost(url, 'users:8080', `/users/${user}`, { headers })));
  expect(seen.map(({ status, text }) => [status, JSON.parse(text).user])).toEqual(users.map((user) => [200, user]));
  expect((await askHost(url, 'stock:8080', '/stocks/7')).status).toBe(502);
  running.signal('SIGTERM');
  const { status, stderr } = await running.ended;
  expect(status).toBe(1);
  expect(stderr).toMatch(`serving ${calls} exchanges of 4 upstreams from long.tape`);
  expect(stderr).toMatch(/nearest {3}exchange \d+ \(long\.tape\), GET http:\/\/stock:8080\/stock\/7/);
  expect(stderr).toMatch(`3 of ${calls} recorded exchanges were asked for`);
});

it('replays, and passes', async () => {
  const answers = longTapeAnswers(exchanges);
  const answering = await listen((request, response) => {
    const { status, headers, body } = answers.next().value as HttpResponse;
    request.resume().on('end', () => response.writeHead(status, headers.flat()).end(body.bytes));
  });
  const { status, stdout } = await wiretape('replay', 'long.tape', '--target', answering.url).finally(answering.close);
  expect([status, stdout]).toEqual([0, expect.stringContaining(`${exchanges / 5} passed of ${exchanges / 5} cases`)]);
});

it('makes a suite, and finds it unchanged the next time', async () => {
  const generate = () => wiretape('generate', 'long.tape', '--to', 'jest', '--out', 'suite');
  const counts = `${exchanges / 5} tests, ${calls} mocks`;
  for (const said of [counts, `${counts}; nothing changed`]) {
    const { status, stderr } = await generate();
    expect([status, stderr]).toEqual([0, expect.stringContaining(said)]);
  }
  expect(JSON.parse(readFileSync(join(folder, 'suite/mocks.json'), 'utf8')).exchanges).toHaveLength(calls);
});

it.each([
  [['ls'], `${exchanges} exchanges in 1 session`],
  [['ls', '--json'], ''],
  [['export', '--to', 'openapi'], `exported ${exchanges / 5} exchanges as OpenAPI`],
  [['export', '--to', 'har'], `exported ${exchanges} exchanges as HAR`],
  [['export', '--to', 'curl', '--direction', 'outbound'], `exported ${calls} exchanges as curl`],
])('%j reads it whole', async ([command = '', ...args], summary) => {
  const { status, stderr } = await wiretape(command, 'long.tape', ...args);
  expect([status, stderr]).toEqual([0, expect.stringContaining(summary)]);
});
