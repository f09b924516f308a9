/** What the command line takes and refuses before any command runs. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createShopTape, type ShopTape } from '../../support/shop-tape';
import { endOf, root, runSource, sourceArgs } from '../../support/sources';

jest.setTimeout(30_000); // a process each, on machines that may be busy

let tape: ShopTape;
beforeAll(() => {
  tape = createShopTape();
});
afterAll(() => tape.remove());

const wiretape = (args: readonly string[], env: NodeJS.ProcessEnv = {}) => runSource('cli/main.ts', args, { env });

it.each([
  [['ls', 'shop.tape', '--jsno'], 'Unknown argument: jsno', 'Did you mean --json?'],
  [['ls', 'shop.tape', '--sesion', '1'], 'Unknown argument: sesion', 'Did you mean --session?'],
  [['lss', 'shop.tape'], 'Unknown command: lss', 'Did you mean ls?'],
  [['frobnicate'], 'Unknown command: frobnicate', 'wiretape --help'],
  [['--'], 'No command is given', 'wiretape --help'],
  [['help', 'lss'], 'Unknown command: lss', 'Did you mean ls?'],
  [['ls'], 'An argument is missing: 0 given, 1 needed', 'wiretape ls --help'],
  [['ls', 'a.tape', 'b.tape'], 'Unknown argument: b.tape', 'wiretape ls --help'],
  [['ls', 'a.tape', '--session'], '--session needs a value', 'wiretape ls --help'],
  [['ls', 'a.tape', '--session', '1', '--session', '2'], '--session is given more than once', 'wiretape ls --help'],
  [
    ['record', '--pid', '1', '--max-body', '257MiB'],
    '--max-body 257MiB is more than can be read back from a tape',
    'Write at most --max-body 256MiB',
  ],
  [['ls', 'a.tape', '--no-json'], 'Unknown argument: no-json', 'wiretape ls --help'],
])('refuses %j', async (args, message, remedy) => {
  const { status, stdout, stderr } = await wiretape(args);
  expect([status, stdout]).toEqual([2, '']);
  expect(stderr.split('\n').slice(0, 2)).toEqual([`USAGE  ${message}`, `  do this   ${remedy}`]);
});

it('takes options from the environment, and flags before it', async () => {
  const ids = async (args: readonly string[]) => {
    const { stdout } = await wiretape(['ls', tape.path, '--json', ...args], {
      WIRETAPE_INCLUDE: '* */login',
      WIRETAPE_TAPE: 'x',
    });
    return stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line).path);
  };
  expect(await ids([])).toEqual(['/login']);
  expect(await ids(['--include', 'GET */orders/**'])).toEqual([expect.stringMatching(/^\/orders\//)]);
});

const commands = [
  'doctor',
  'record',
  'import',
  'ls',
  'show',
  'replay',
  'mock',
  'test',
  'accept',
  'dedupe',
  'pack',
  'unpack',
  'export',
  'generate',
  'noise',
];

it('lists its commands, and names none that is not there', async () => {
  const { status, stdout, stderr } = await wiretape(['--help']);
  expect([status, stderr]).toEqual([0, '']);
  expect([...stdout.matchAll(/^ {2}wiretape (\w+)/gm)].map(([, name]) => name)).toEqual(commands);
});

it.each([[[]], [['-h']], [['help']], [['help', '--help']]])('helps for %j as for --help', async (args) => {
  expect(await wiretape(args)).toEqual(await wiretape(['--help']));
});

it.each([[['help', 'record']], [['record', '-h']], [['help', 'record', '-h']]])(
  'helps with a command for %j',
  async (args) => {
    expect(await wiretape(args)).toEqual(await wiretape(['record', '--help']));
  },
);

it.each([[['version']], [['-V']], [['--version']]])('says its version for %j, and nothing else', async (args) => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
  expect(await wiretape(args)).toEqual({ status: 0, signal: null, stdout: `${version}\n`, stderr: '' });
});

it.each(commands)('helps with %s by example', async (command) => {
  const { status, stdout, stderr } = await wiretape([command, '--help']);
  expect([status, stderr]).toEqual([0, '']);
  expect(stdout).toMatch(new RegExp(`Examples:\\n {2}(?:sudo )?wiretape ${command}`));
  expect(stdout.split('\n').filter((line) => line.length > 110)).toEqual([]);
});

it('says its version', async () => {
  const { version } = jest.requireActual<{ version: string }>('../../../package.json');
  expect((await wiretape(['--version'])).stdout).toBe(`${version}\n`);
});

it('ends with 130 when it is interrupted', async () => {
  const child = spawn(process.execPath, [...sourceArgs, join(root, 'test/support/programs/interrupted.ts')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.once('data', () => child.kill('SIGINT'));
  expect(await endOf(child)).toMatchObject({ status: 130, signal: null, stderr: '' });
});
