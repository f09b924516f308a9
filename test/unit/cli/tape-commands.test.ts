/** `wiretape ls` and `wiretape show` as processes: what goes to stdout, what to stderr, and the exit status. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { openTapeWriter } from '../../../tape/store/sqlite';
import { createShopTape, type ShopTape } from '../../support/shop-tape';
import { endOf, root, runSource, sourceArgs } from '../../support/sources';
import { asRedacted, epochUs, exchangeOf, sessionStart } from '../../support/tapes';

let tape: ShopTape;
beforeAll(() => {
  tape = createShopTape();
});
afterAll(() => tape.remove());

const wiretape = (...args: readonly string[]) => runSource('cli/main.ts', args);
const linesOf = (text: string) => text.split('\n').slice(0, -1);
const idsOf = (ndjson: string) => linesOf(ndjson).map((line) => JSON.parse(line).id);

it('prints NDJSON and nothing else with ls --json', async () => {
  const { status, stdout, stderr } = await wiretape('ls', tape.path, '--json');
  expect([status, stderr]).toEqual([0, '']);
  expect(idsOf(stdout)).toEqual(['3', '1', '2', '4', '5', '6', '7', '8', '9', '10', '11']);
});

it('prints the table on stdout and what it counted on stderr', async () => {
  const { status, stdout, stderr } = await wiretape('ls', tape.path);
  expect(status).toBe(0);
  expect(linesOf(stdout)).toHaveLength(14);
  expect(linesOf(stdout).at(-1)).toBe('! session 2: its recorder was killed: what it had not written yet is missing');
  expect(linesOf(stderr)).toEqual([
    '11 exchanges in 2 sessions: 7 inbound, 4 outbound; 3 incomplete (!); 1 session cut short (!)',
    'session 1 could not record 40,960 bytes: ring-full',
  ]);
});

it.each([
  [['--include', 'GET */orders/**'], ['3']],
  [
    ['--include', '* payments:8443/**', '--include', '* */login'],
    ['2', '10'],
  ],
  [['--exclude', '* **'], []],
  [['--session', '2'], []],
])('filters by %j', async (filters, ids) => {
  const { status, stdout } = await wiretape('ls', tape.path, '--json', ...filters);
  expect([status, idsOf(stdout)]).toEqual([0, ids]);
});

it('prints no table where nothing matches, and says that there is more', async () => {
  const { status, stdout, stderr } = await wiretape('ls', tape.path, '--exclude', '* **');
  expect([status, stdout]).toEqual([0, '']);
  expect(linesOf(stderr)).toEqual([
    'none of the 11 exchanges on the tape matches',
    'session 1 could not record 40,960 bytes: ring-full',
    '! session 2: its recorder was killed: what it had not written yet is missing',
  ]);
});

it('prints one JSON document with show --json', async () => {
  const { status, stdout, stderr } = await wiretape('show', tape.path, '1', '--json');
  expect([status, stderr, linesOf(stdout)]).toEqual([0, '', [expect.any(String)]]);
  expect(JSON.parse(stdout)).toMatchObject({ schema: 1, id: '1', request: { body: { encoding: 'utf8' } } });
});

it('shows a page', async () => {
  const { status, stdout, stderr } = await wiretape('show', tape.path, '9');
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(/^exchange 9 {2}inbound {2}GET localhost:8443\/logo\.png {2}-> {2}200\n/);
});

it.each([['12'], ['0'], ['POST']])('refuses the id %s, and says which there are', async (id) => {
  const { status, stdout, stderr } = await wiretape('show', tape.path, id);
  expect([status, stdout]).toEqual([3, '']);
  expect(stderr).toBe(
    `NOT_ON_TAPE  There is no exchange "${id}" on ${tape.path}\n` +
      '  seen      it holds 11 exchanges, with ids from 1 to 11\n' +
      `  do this   Take an id from the list:  wiretape ls ${tape.path}\n`,
  );
});

it('refuses a session that is not there, and says which there are', async () => {
  const { status, stdout, stderr } = await wiretape('ls', tape.path, '--session', '7');
  expect([status, stdout]).toEqual([3, '']);
  expect(stderr).toContain('it holds session 1 (11 exchanges), session 2 (0 exchanges)');
});

it.each([
  [['ls', 'nowhere.tape'], 3, 'TAPE_MISSING  '],
  [['show', 'nowhere.tape', '1'], 3, 'TAPE_MISSING  '],
  [['ls', 'package.json'], 3, 'TAPE_FOREIGN  '],
  [['ls'], 2, 'USAGE  An argument is missing: 0 given, 1 needed'],
  [['show', 'nowhere.tape'], 2, 'USAGE  An argument is missing: 1 given, 2 needed'],
  [['ls', 'nowhere.tape', '--include', '/orders'], 2, 'BAD_FILTER  '],
  [['ls', 'nowhere.tape', '--sesion', '1'], 2, 'USAGE  Unknown argument: sesion'],
])('ends %j with %d', async (args, exit, text) => {
  const { status, stdout, stderr } = await wiretape(...args);
  expect([status, stdout]).toEqual([exit, '']);
  expect(stderr.slice(0, text.length)).toBe(text);
});

it('says that a tape without exchanges has none', async () => {
  const path = join(tape.path, '../empty.tape');
  openTapeWriter(path).close();
  const listed = await wiretape('ls', path);
  expect([listed.status, listed.stdout, listed.stderr]).toEqual([0, '', 'no exchanges on the tape\n']);
  expect((await wiretape('show', path, '1')).stderr).toContain('seen      the tape holds no exchange\n');
});

it('is quiet when its reader goes away, and does not list the rest', async () => {
  const path = join(tape.path, '../long.tape');
  const writer = openTapeWriter(path);
  const many = Array.from({ length: 20_000 }, (_, i) => exchangeOf({ number: i + 1, startedAtUs: epochUs + i }));
  writer.append(
    writer.beginSession(sessionStart),
    many.map((exchange) => asRedacted(exchange)),
  );
  writer.close();
  const line = [
    '"$0" "$@" | head -n 2; exit "$PIPESTATUS"',
    process.execPath,
    ...sourceArgs,
    join(root, 'cli/main.ts'),
  ];
  const shell = spawn('bash', ['-c', ...line, 'ls', path], { stdio: ['ignore', 'pipe', 'pipe'] });
  const { status, stdout, stderr } = await endOf(shell);
  expect([status, linesOf(stdout).length, stderr]).toEqual([0, 2, '']);
});

it('gives examples in its help', async () => {
  for (const command of ['ls', 'show']) {
    const { status, stdout } = await wiretape(command, '--help');
    expect(status).toBe(0);
    expect(stdout).toMatch(/Examples:\n {2}wiretape /);
  }
});
