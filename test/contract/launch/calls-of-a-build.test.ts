/** `wiretape test` and the calls of a build: each case gets its own answers, and what is asked otherwise is told. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunReport } from '../../../replayer/report/report';
import { createRedactor } from '../../../tape/redact/redactor';
import type { StoredExchange } from '../../../tape/store/tape';
import { runWiretape } from '../../support/command';
import { storedExchanges } from '../../support/exchanges';
import { calls } from '../../support/mocks';
import { writeTape } from '../../support/tape-file';

const folder = mkdtempSync(join(tmpdir(), 'wiretape-calls-'));
const tape = join(folder, 'shop.tape');
const service = join(folder, 'service.mjs');

const key = '7e57'.repeat(16);
const redactor = createRedactor({ key: Buffer.from(key, 'hex') });

/** Asks for the stock in each case; HEADERS are sent along, and ASK is what it asks for. */
const source = `
import http from 'node:http';
const { PORT, UP, HEADERS = '{}', ASK = '/stock', KNOWS = '{}' } = process.env;
http.createServer(async (request, response) => {
  const known = JSON.parse(KNOWS)[request.url];
  if (known !== undefined) {
    response.sendDate = false;
    response.writeHead(200, { 'content-type': 'application/json' });
    return response.end(JSON.stringify({ left: known }));
  }
  const headers = { authorization: 'Bearer of-the-shop', 'user-agent': 'shop/2', ...JSON.parse(HEADERS) };
  const asked = await fetch(UP + ASK, { headers });
  const text = await asked.text();
  response.sendDate = false;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(asked.ok ? text : JSON.stringify({ error: JSON.parse(text), one: 1, two: 2, three: 3 }));
}).listen(Number(PORT), '127.0.0.1');
`;

beforeAll(() => {
  const sketches = ['a', 'b', 'c', 'd'].map((name, i) => ({
    name,
    left: 10 - i,
    atUs: 1_764_000_000_000_000 + i * 1_000_000,
  }));
  const exchanges = sketches.flatMap(({ name, left, atUs }): StoredExchange[] => {
    const inbound = storedExchanges({
      target: `/${name}`,
      responseBody: { left },
      startedAtUs: atUs,
      durationUs: 100_000,
      connection: name,
    });
    const [call] = calls({
      target: '/stock',
      requestHeaders: [
        ['Authorization', 'Bearer of-the-shop'],
        ['X-Tenant', 'A'],
        ['User-Agent', 'shop/1'],
      ],
      responseBody: { left },
      startedAtUs: atUs + 10_000,
    });
    return [...inbound, ...(call === undefined ? [] : [call])];
  });
  const linked = exchanges.map(({ exchange, ...stored }, i) => {
    const cause = i % 2 === 1 ? { number: i, method: 'sole-inbound' as const } : null;
    const { exchange: safe, entries } = redactor.redact(exchange);
    const connection = { ...exchange.connection, key: i + 1 };
    return { ...stored, exchange: { ...safe, cause, connection }, redacted: entries };
  });
  writeTape(tape, linked);
  writeFileSync(service, source);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function test(env: Readonly<Record<string, string>>, ...options: readonly string[]) {
  const build = ['--env', 'PORT={port}', '--env', 'UP={mock:payments:8080}'];
  const own = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  return runWiretape(['test', tape, ...options, ...build, ...own, '--', process.execPath, service], {
    cwd: folder,
    env: { WIRETAPE_KEY: key },
  });
}

const tenant = { HEADERS: '{"x-tenant":"A"}' };

it.each([
  ['all', []],
  ['one of them', ['--include', 'GET */b']],
  ['the last one', ['--include', 'GET */d']],
  ['all but one', ['--exclude', 'GET */a']],
])(
  'gives each case what was recorded under it, when %s is played',
  async (_, options) => {
    const { status, stdout } = await test(tenant, ...options);
    expect(stdout).toMatch(/^\d passed of \d cases?$/m);
    expect(status).toBe(0);
  },
  60_000,
);

it('fails for a header that is no longer sent, and for another tenant', async () => {
  const { status, stdout } = await test({ HEADERS: '{"authorization":"","x-tenant":"B"}' }, '--include', 'GET */b');
  expect(status).toBe(1);
  const call = String.raw`calls\["GET payments:8080/stock"\]`;
  expect(stdout).toMatch(new RegExp(`FAIL {2}GET /b -> 200 {2}case 3\n(.*\n)*.*${call}.header\\["authorization"\\]`));
  expect(stdout).toMatch(new RegExp(`${call}.header\\["x-tenant"\\]`));
  expect(stdout).not.toContain('in: response, path: calls');
}, 60_000);

it.each([
  ['set', 1],
  ['strict', 1],
  ['ignore', 0],
])(
  'judges a call that was recorded and is not made, under --calls %s',
  async (policy, expected) => {
    const build = { ...tenant, KNOWS: '{"/b":9}' };
    const { status, stdout } = await test(build, '--include', 'GET */b', '--calls', policy);
    expect([status, stdout.includes('calls["GET payments:8080/stock"]')]).toEqual([expected, expected === 1]);
  },
  60_000,
);

it('lets a call be left out that a rule is for, and warns about rules that excused nothing', async () => {
  const noise = join(folder, 'calls.noise.yaml');
  writeFileSync(
    noise,
    [
      '- { in: call, match: "GET payments:8080/stock", because: "it is cached" }',
      '- { in: call, match: "GET payments:8080/rates", because: "typed wrongly" }',
      '- { in: request, path: header["x-tenant"], match: "GET payments:8080/stock", because: "never differs here" }',
      '',
    ].join('\n'),
  );
  const build = { ...tenant, KNOWS: '{"/b":9}' };
  const { status, stdout, stderr } = await test(build, '--include', 'GET */b', '--noise', noise);
  expect([status, stdout]).toEqual([0, expect.stringContaining('1 passed of 1 case')]);
  expect(stdout).toMatch(/calls\.noise\.yaml:1 1 +calls\["GET payments:8080\/stock"\]/);
  expect(stderr).not.toMatch(/noise rule \S+:1 /);
  expect(stderr).toMatch(/noise rule \S+:2 excused nothing: its match fits no recorded call/);
  expect(stderr).not.toMatch(/noise rule \S+:3 /); // it may be for a case that was not chosen
}, 60_000);

it('offers the rule with which what differs in calls would pass, and takes it', async () => {
  const build = { HEADERS: '{"x-tenant":"B"}' };
  const failed = await test(build, '--include', 'GET */b');
  const offered = /or noise +(- \{ in: request, .*)$/m.exec(failed.stdout)?.[1] ?? '';
  expect(offered).toBe(`- { in: request, path: 'header["x-tenant"]', match: 'GET payments:8080/stock', because: "…" }`);
  const noise = join(folder, 'offered.noise.yaml');
  writeFileSync(noise, `${offered}\n`);
  expect(await test(build, '--include', 'GET */b', '--noise', noise)).toMatchObject({ status: 0 });
}, 60_000);

it('tells of them without judging, under --calls ignore', async () => {
  const build = { HEADERS: '{"authorization":"","x-tenant":"B"}' };
  const { status, stdout } = await test(build, '--include', 'GET */b', '--calls', 'ignore');
  expect(status).toBe(0);
  expect(stdout).toContain('1 call was answered, and is not as recorded');
  expect(stdout).toMatch(
    /case 3 {2}GET payments:8080\/stock {2}\(exchange 4\) {2}header\["authorization"\] expected ".*", got nothing/,
  );
  expect(stdout).toMatch(/header\["x-tenant"\] expected "A", got "B"/);
}, 60_000);

it('says a miss once, with the case that met it, in place of what follows from it', async () => {
  const { status, stdout, stderr } = await test({ ...tenant, ASK: '/price' }, '--include', 'GET */b');
  expect(status).toBe(1);
  expect(stdout.match(/MOCK_MISS/g)).toHaveLength(1);
  expect(stdout).toMatch(
    /FAIL {2}GET \/b -> 200 {2}case 3\n {2}MOCK_MISS {2}Cannot answer GET http:\/\/payments:8080\/price/,
  );
  expect(stdout).toMatch(/and \d+ differences of the answer, which may follow from that/);
  expect(stdout).not.toContain('body.error');
  expect(stderr).not.toContain('MOCK_MISS');
}, 60_000);

it('has every call in the report for scripts', async () => {
  const { stdout } = await test(tenant, '--include', 'GET */b', '--json');
  const { calls: made } = JSON.parse(stdout) as RunReport;
  expect(made).toMatchObject([
    {
      case: '3',
      method: 'GET',
      upstream: 'payments:8080',
      target: '/stock',
      found: 'exact',
      exchange: '4',
      recordedUnder: '3',
    },
  ]);
}, 60_000);
