/** `wiretape dedupe` and `--dedupe` as a user runs them. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runWiretape } from '../support/command';
import { storedExchanges } from '../support/exchanges';
import { type Listening, listen } from '../support/recorded-http';
import { writeTape } from '../support/tape-file';

let folder: string;
const open: Listening[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-dedupe-'));
  const sketches = Array.from({ length: 14 }, (_, i) => ({ target: `/items/${i}`, responseBody: { id: i } }));
  writeTape(
    join(folder, 'shop.tape'),
    storedExchanges(...sketches, { method: 'POST', target: '/orders', responseBody: { state: 'open' } }),
  );
});
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
  rmSync(folder, { recursive: true });
});

const run = (...args: readonly string[]) => runWiretape(args, { cwd: folder });

it('tells what stands for what, and changes nothing', async () => {
  const before = readFileSync(join(folder, 'shop.tape'));
  expect(await run('dedupe', 'shop.tape')).toEqual({
    status: 0,
    stdout: 'GET /items/{itemId} -> 200  case 1 for 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 3 more\n',
    stderr: '2 of 15 cases kept, 13 left out\n',
  });
  const { stdout } = await run('dedupe', 'shop.tape', '--json', '--exclude', 'POST **');
  const leftOut = Array.from({ length: 13 }, (_, i) => String(i + 2));
  expect(JSON.parse(stdout)).toEqual({
    ...{ schema: 1, cases: 14, kept: ['1'] },
    groups: [{ case: '1', name: 'GET /items/{itemId} -> 200', leftOut }],
  });
  expect(readFileSync(join(folder, 'shop.tape')).equals(before)).toBe(true);
});

it('is what replay plays with --dedupe', async () => {
  const asked: string[] = [];
  const service = await listen(({ method, url = '' }, response) => {
    asked.push(`${method} ${url}`);
    response.sendDate = false;
    response.setHeader('Content-Type', 'application/json');
    response.end(JSON.stringify(method === 'POST' ? { state: 'open' } : { id: Number(url.split('/')[2]) }));
  });
  open.push(service);
  expect(await run('replay', 'shop.tape', '--dedupe', '--target', service.url)).toEqual({
    status: 0,
    stdout: '2 passed of 2 cases\n',
    stderr: 'note  13 of 15 cases say what others say and are left out: wiretape dedupe shop.tape\n',
  });
  expect(asked).toEqual(['GET /items/0', 'POST /orders']);
});

it('is what a generated suite has with --dedupe', async () => {
  const { status, stderr } = await run('generate', 'shop.tape', '--dedupe', '--to', 'jest', '--out', 'suite');
  expect([status, stderr]).toEqual([0, expect.stringMatching(/^note {2}13 of 15 cases[\s\S]*\n2 tests/)]);
  const files = readdirSync(join(folder, 'suite/endpoints'));
  const texts = files.map((file) => readFileSync(join(folder, 'suite/endpoints', file), 'utf8'));
  expect(texts.join('').match(/recorded\(\{/g)).toHaveLength(2);
});

it.each([
  [['dedupe', 'missing.tape'], 3, /^TAPE_MISSING/],
  [['dedupe', 'shop.tape', '--session', '9'], 3, /^NOT_ON_TAPE/],
  [['dedupe', 'shop.tape', '--include', 'GET */nowhere'], 3, /^NO_CASES/],
  [['generate', 'shop.tape', '--dedupe', '--to', 'msw', '--out', 'mocks'], 2, /--dedupe is for test suites/],
])('refuses %j', async (args, status, message) => {
  const refused = await run(...args);
  expect(refused.stderr).toMatch(message);
  expect([refused.status, existsSync(join(folder, 'mocks'))]).toEqual([status, false]);
});
