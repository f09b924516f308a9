/** CONTRIBUTING.md shows the whole diff of a new protocol. It is taken at its word: applied to a copy, compiled and tested. */
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { projectFiles, root } from '../support/source-tree';

const copy = mkdtempSync(join(tmpdir(), 'wiretape-new-protocol-'));

beforeAll(() => {
  for (const file of projectFiles()) {
    mkdirSync(join(copy, dirname(file)), { recursive: true });
    copyFileSync(join(root, file), join(copy, file));
  }
  for (const made of ['node_modules', 'dist']) symlinkSync(join(root, made), join(copy, made));
});
afterAll(() => rmSync(copy, { recursive: true }));

function run(
  command: string,
  args: readonly string[],
  input = '',
): { readonly status: number | null; readonly said: string } {
  const env = { ...process.env, GIT_CEILING_DIRECTORIES: dirname(copy) };
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: copy, env, input, encoding: 'utf8' });
  return { status, said: stdout + stderr };
}

function diff(): string {
  const found = /^```diff\n([\s\S]*?)^```$/m.exec(readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8'));
  if (found?.[1] === undefined) throw new Error('CONTRIBUTING.md shows no diff');
  return found[1];
}

it('applies to the tree as it is', () => {
  expect(run('git', ['apply', '-C1', '-'], diff())).toEqual({ status: 0, said: '' });
});

it('compiles', () => {
  expect(run(process.execPath, ['node_modules/typescript/bin/tsc', '--noEmit', '-p', '.'])).toEqual({
    status: 0,
    said: '',
  });
});

it('passes its own tests, and those of the architecture', () => {
  const paths = ['test/protocol/quote', 'test/architecture/(protocols|purity|imports)'];
  const { status, said } = run(process.execPath, ['node_modules/jest/bin/jest.js', '-w', '1', ...paths]);
  expect(said).toMatch(/Test Suites: 4 passed, 4 total/);
  expect(status).toBe(0);
});
