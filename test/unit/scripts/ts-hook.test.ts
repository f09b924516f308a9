import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root, sourceArgs } from '../../support/sources';

const folder = mkdtempSync(join(tmpdir(), 'wiretape-hook-'));
const file = join(folder, 'said.ts');
const kept = join(root, 'build/ts-hook', createHash('sha256').update(file).digest('hex'));

afterAll(() => {
  rmSync(folder, { recursive: true });
  rmSync(kept, { force: true });
});

function said(text: string): string {
  writeFileSync(file, text);
  return execFileSync(process.execPath, [...sourceArgs, file], { encoding: 'utf8' });
}

const first = "const word: string = 'first'; console.log(word);";

it('runs TypeScript as it stands, also where it is another than a moment ago', () => {
  expect(said(first)).toBe('first\n');
  expect(said(first.replace("'first'", "'second'"))).toBe('second\n');
  expect(said(first)).toBe('first\n');
});

it('takes what it made before for the same text, and makes anew what is not whole', () => {
  said(first);
  expect(existsSync(kept)).toBe(true);
  const code = readFileSync(kept, 'utf8');
  writeFileSync(kept, code.replace('first', 'kept'));
  expect(said(first)).toBe('kept\n');
  writeFileSync(kept, code.slice(0, -2));
  expect(said(first)).toBe('first\n');
});
