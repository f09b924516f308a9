/** `wiretape test --concurrency`: whose a call is where several cases are played at once, and what is said where nobody can tell. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RunReport } from '../../../replayer/report/report';
import type { StoredExchange } from '../../../tape/store/tape';
import { runWiretape } from '../../support/command';
import { storedExchanges } from '../../support/exchanges';
import { calls } from '../../support/mocks';
import { writeTape } from '../../support/tape-file';

const folder = mkdtempSync(join(tmpdir(), 'wiretape-overlap-'));
const service = join(folder, 'service.mjs');

/**
 * Asks for the stock once both requests are there, and answers once both have asked, so that both cases are played when the calls are made. PASSES names the
 * header it passes on, OWN asks for a stock of each case, TENANTS says what each sends along, SILENT who does not ask.
 */
const source = `
import http from 'node:http';
const { PORT, UP, PASSES = '', OWN = '', TENANTS = '{}', SILENT = '' } = process.env;
const waiting = [];
const both = () => new Promise((go) => {
  waiting.push(go);
  if (waiting.length === 2) for (const each of waiting.splice(0)) each();
});
http.createServer(async (request, response) => {
  await both();
  const name = request.url.slice(1);
  const passed = PASSES === '' ? {} : { [PASSES]: request.headers[PASSES].replace(/-[0-9a-f]{16}-/, '-00f067aa0ba902b7-') };
  const headers = { 'user-agent': 'shop/1', 'x-tenant': JSON.parse(TENANTS)[name] ?? name, ...passed };
  if (SILENT !== name) await (await fetch(UP + (OWN ? '/stock/' + name : '/stock'), { headers })).text();
  await both();
  response.sendDate = false;
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end('{"ok":true}');
}).listen(Number(PORT), '127.0.0.1');
`;

const atUs = 1_764_000_000_000_000;
const traces: Readonly<Record<string, string>> = {
  a: '00-4bf92f3577b34da6a3ce929d0e0e4736-1111111111111111-01',
  b: '00-0af7651916cd43dd8448eb211c80319c-2222222222222222-01',
};

/** Two cases at once, each with its call. */
function recorded(own: boolean): readonly StoredExchange[] {
  const exchanges = Object.keys(traces).flatMap((name, i): StoredExchange[] => [
    ...storedExchanges({
      target: `/${name}`,
      requestHeaders: [['traceparent', traces[name] ?? '']],
      responseBody: { ok: true },
      startedAtUs: atUs + i * 1000,
      durationUs: 100_000,
      connection: name,
    }),
    ...calls({
      target: own ? `/stock/${name}` : '/stock',
      requestHeaders: [
        ['User-Agent', 'shop/1'],
        ['X-Tenant', name],
        ['traceparent', (traces[name] ?? '').replace(/-\d{16}-/, '-00f067aa0ba902b7-')],
      ],
      responseBody: { left: 1 }, // the same: where answers differ, so would what is asked
      startedAtUs: atUs + 10_000 + i * 1000,
    }),
  ]);
  return exchanges.map(({ exchange, ...stored }, i) => {
    const cause = i % 2 === 1 ? { number: i, method: 'sole-inbound' as const } : null;
    return { ...stored, exchange: { ...exchange, cause, connection: { ...exchange.connection, key: i + 1 } } };
  });
}

beforeAll(() => {
  writeTape(join(folder, 'equal.tape'), recorded(false));
  writeTape(join(folder, 'own.tape'), recorded(true));
  writeFileSync(service, source);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function test(tape: string, env: Readonly<Record<string, string>>, ...options: readonly string[]) {
  const build = ['--concurrency', '2', '--env', 'PORT={port}', '--env', 'UP={mock:payments:8080}'];
  const own = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  const args = ['test', tape, '--json', ...options, ...build, ...own, '--', process.execPath, service];
  const { stdout, stderr } = await runWiretape(args, { cwd: folder });
  if (stdout === '') throw new Error(stderr);
  const { results, calls: made, remarks } = JSON.parse(stdout) as RunReport;
  const differences = results.flatMap(({ id, differences: own }) =>
    own.map(({ path, kind }) => `${id} ${path} ${kind}`),
  );
  const whose = made.map((call) => `${call.exchange} of ${call.case} by ${call.knownBy}`).sort();
  return { differences, whose, remarks };
}

jest.setTimeout(60_000);

const passing = { PASSES: 'traceparent' };

it('knows a call by the trace that the build passes on, and gives it the answer of its case', async () => {
  expect(await test('equal.tape', passing)).toEqual({
    differences: [],
    whose: ['2 of 1 by trace', '4 of 3 by trace'],
    remarks: [],
  });
});

it('judges what differs in it, in its case alone', async () => {
  const { differences } = await test('equal.tape', { ...passing, TENANTS: '{"b":"umbrella"}' });
  expect(differences).toEqual(['3 calls["GET payments:8080/stock"].header["x-tenant"] changed']);
});

it('finds a call that one case does not make though another makes the same', async () => {
  const { differences } = await test('equal.tape', { ...passing, SILENT: 'b' });
  expect(differences).toEqual(['3 calls["GET payments:8080/stock"] removed']);
});

it('knows a call that one of the cases alone has recorded, without any trace', async () => {
  const { differences, whose, remarks } = await test('own.tape', { OWN: '1', TENANTS: '{"b":"umbrella"}' });
  expect(whose).toEqual(['2 of 1 by recording', '4 of 3 by recording']);
  expect(differences.filter((each) => each.includes('x-tenant'))).toEqual([
    '3 calls["GET payments:8080/stock/b"].header["x-tenant"] changed',
  ]);
  expect(remarks).toEqual([]);
});

it('guesses nothing where equal calls carry nothing, and says so', async () => {
  const { differences, whose, remarks } = await test('equal.tape', { TENANTS: '{"a":"b","b":"a"}' });
  expect(differences).toEqual([]);
  expect(whose).toEqual(['2 of null by null', '4 of null by null']);
  expect(remarks).toEqual([
    '2 calls could not be put to one case: several were played at once, and nothing in the call says for which (GET payments:8080/stock); what differs in them is not judged',
  ]);
});

it('still finds what no case makes', async () => {
  const { differences } = await test('own.tape', { OWN: '1', SILENT: 'b' });
  expect(differences.filter((each) => !each.includes('traceparent'))).toEqual([
    '3 calls["GET payments:8080/stock/b"] removed',
  ]);
});

it('judges order and number under strict, where every call says whose it is', async () => {
  expect((await test('equal.tape', passing, '--calls', 'strict')).differences).toEqual([]);
});
