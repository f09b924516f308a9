/** What `wiretape generate` says when it cannot: one file of golden text for each, from the built command. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runWiretape } from '../../support/command';
import { storedExchanges } from '../../support/exchanges';
import { expectGolden } from '../../support/golden';
import { writeTape } from '../../support/tape-file';

const folder = mkdtempSync(join(tmpdir(), 'wiretape-generate-'));
const toJest = ['--to', 'jest', '--out'];

beforeAll(async () => {
  writeTape(
    join(folder, 'shop.tape'),
    storedExchanges({ target: '/orders' }, { target: '/export', response: 'none', problems: ['lost-bytes'] }),
  );
  writeFileSync(join(folder, 'file'), 'not a folder\n');
  mkdirSync(join(folder, 'theirs'));
  writeFileSync(join(folder, 'theirs/setup.js'), '// written by hand\n');
  await generate([...toJest, 'edited']);
  writeFileSync(join(folder, 'edited/endpoints/orders.js'), '// changed by hand\n');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function generate(args: readonly string[]) {
  return runWiretape(['generate', 'shop.tape', ...args], { cwd: folder });
}

const refused: Readonly<Record<string, readonly string[]>> = {
  'no-out': ['--to', 'jest'],
  'unknown-kind': ['--to', 'jst', '--out', 'suite'],
  'jest-tests-folder': [...toJest, 'src/__tests__/wiretape'],
  'env-without-command': [...toJest, 'suite', '--env', 'PORT={port}'],
  'bad-env': [...toJest, 'suite', '--env', 'PORT', '--', 'node', 'server.js'],
  'insecure-and-ca': [...toJest, 'suite', '--insecure', '--ca', 'ca.pem'],
  'bad-header': [...toJest, 'suite', '--set-header', 'authorization'],
  'secret-on-the-line': [...toJest, 'suite', '--secret', 'password=hunter2'],
  'bad-target': [...toJest, 'suite', '--target', 'localhost:8080'],
  'missing-noise': [...toJest, 'suite', '--noise', 'missing.yaml'],
  'nothing-left': [...toJest, 'suite', '--include', 'GET */invoices/**'],
  'only-incomplete': [...toJest, 'suite', '--include', 'GET */export'],
  'files-of-others': [...toJest, 'theirs'],
  'edited-tests': [...toJest, 'edited', '--include', 'GET */orders'],
  'msw-with-noise': ['--to', 'msw', '--out', 'mocks', '--noise', 'noise.yaml'],
  'msw-with-command': ['--to', 'msw', '--out', 'mocks', '--', 'node', 'server.js'],
  'msw-nothing-left': ['--to', 'msw', '--out', 'mocks'],
  'out-is-a-file': [...toJest, 'file'],
};

it.each(Object.entries(refused))('%s', async (name, args) => {
  const { status, stdout, stderr } = await generate(args);
  expect(stdout).toBe('');
  expectGolden(
    `generate/expected/errors/${name}.txt`,
    `${stderr.replaceAll(folder, '/project')}exit status ${status}\n`,
  );
});

it('replaces edited tests under --force', async () => {
  const { status, stdout } = await generate([...toJest, 'edited', '--force']);
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'wrote    edited/endpoints/orders.js\n' });
});
