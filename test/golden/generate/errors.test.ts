/** What `wiretape generate` says when it cannot: one file of golden text for each, from the built command. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runWiretape } from '../../support/command';
import { storedExchanges } from '../../support/exchanges';
import { expectGolden } from '../../support/golden';
import { writeTape } from '../../support/tape-file';

const folder = mkdtempSync(join(tmpdir(), 'wiretape-generate-'));
const jest = ['--to', 'jest', '--out'];

beforeAll(async () => {
  writeTape(
    join(folder, 'shop.tape'),
    storedExchanges({ target: '/orders' }, { target: '/export', response: 'none', problems: ['lost-bytes'] }),
  );
  writeFileSync(join(folder, 'file'), 'not a folder\n');
  mkdirSync(join(folder, 'theirs'));
  writeFileSync(join(folder, 'theirs/setup.js'), '// written by hand\n');
  await generate([...jest, 'edited']);
  writeFileSync(join(folder, 'edited/endpoints/orders.js'), '// changed by hand\n');
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function generate(args: readonly string[]) {
  return runWiretape(['generate', 'shop.tape', ...args], { cwd: folder });
}

const refused: Readonly<Record<string, readonly string[]>> = {
  'no-out': ['--to', 'jest'],
  'unknown-kind': ['--to', 'jst', '--out', 'suite'],
  'jest-tests-folder': [...jest, 'src/__tests__/wiretape'],
  'env-without-command': [...jest, 'suite', '--env', 'PORT={port}'],
  'bad-env': [...jest, 'suite', '--env', 'PORT', '--', 'node', 'server.js'],
  'insecure-and-ca': [...jest, 'suite', '--insecure', '--ca', 'ca.pem'],
  'bad-header': [...jest, 'suite', '--set-header', 'authorization'],
  'secret-on-the-line': [...jest, 'suite', '--secret', 'password=hunter2'],
  'bad-target': [...jest, 'suite', '--target', 'localhost:8080'],
  'missing-noise': [...jest, 'suite', '--noise', 'missing.yaml'],
  'nothing-left': [...jest, 'suite', '--include', 'GET */invoices/**'],
  'only-incomplete': [...jest, 'suite', '--include', 'GET */export'],
  'files-of-others': [...jest, 'theirs'],
  'edited-tests': [...jest, 'edited', '--include', 'GET */orders'],
  'out-is-a-file': [...jest, 'file'],
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
  const { status, stdout } = await generate([...jest, 'edited', '--force']);
  expect({ status, stdout }).toEqual({ status: 0, stdout: 'wrote    edited/endpoints/orders.js\n' });
});
