import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadKey } from '../../../../tape/redact/key';
import { itAsRoot, nobody } from '../../../support/privileged';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'wiretape-key-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const hex = 'ab'.repeat(32);
const load = (over: Partial<Parameters<typeof loadKey>[0]> = {}) =>
  loadKey({ cwd: folder, env: {}, create: false, ...over });

it('is made once, for its owner alone, where no version control sees it', () => {
  const made = load({ create: true });
  const path = join(folder, '.wiretape/key');
  expect(made.key).toHaveLength(32);
  expect(made.source).toEqual({ kind: 'file', path, isNew: true });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(join(folder, '.wiretape/.gitignore'), 'utf8')).toBe('*\n');
  expect(load({ create: true })).toEqual({ key: made.key, source: { kind: 'file', path, isNew: false } });
});

it('is not seen by git', () => {
  execFileSync('git', ['init', '-q', folder]);
  load({ create: true });
  expect(execFileSync('git', ['-C', folder, 'status', '--porcelain', '-uall'], { encoding: 'utf8' })).toBe('');
});

it('is found from any folder of the project, and made at its top', () => {
  writeFileSync(join(folder, 'package.json'), '{}');
  const deep = join(folder, 'a/b');
  mkdirSync(deep, { recursive: true });
  const made = load({ cwd: deep, create: true });
  expect(existsSync(join(folder, '.wiretape/key'))).toBe(true);
  expect(load({ cwd: join(folder, 'a') }).key).toEqual(made.key);
});

it('comes from the environment before the file', () => {
  load({ create: true });
  expect(load({ env: { WIRETAPE_KEY: `${hex}\n` } })).toEqual({
    key: Buffer.from(hex, 'hex'),
    source: { kind: 'environment' },
  });
});

it('is nothing where there is none and none is to be made', () => {
  expect(load()).toEqual({ key: null, source: { kind: 'none' } });
  expect(existsSync(join(folder, '.wiretape'))).toBe(false);
});

it.each(['', 'short', 'zz'.repeat(32), `${hex}00`])('is refused where it cannot be one: %j', (text) => {
  mkdirSync(join(folder, '.wiretape'));
  writeFileSync(join(folder, '.wiretape/key'), text, { mode: 0o600 });
  expect(() => load()).toThrow(expect.objectContaining({ code: 'BAD_CONFIG' }));
  if (text !== '')
    expect(() => load({ env: { WIRETAPE_KEY: text } })).toThrow(/WIRETAPE_KEY: it is not 64 hexadecimal/);
});

it('is an error where it cannot be read or made', () => {
  mkdirSync(join(folder, '.wiretape/key'), { recursive: true });
  expect(() => load()).toThrow(expect.objectContaining({ code: 'FILE_UNREADABLE' }));
  rmSync(join(folder, '.wiretape'), { recursive: true });
  writeFileSync(join(folder, '.wiretape'), 'a file in the way');
  chmodSync(folder, 0o700);
  expect(() => load({ create: true })).toThrow(expect.objectContaining({ code: 'FILE_UNREADABLE' }));
});

it('is not taken from above the project, nor from a folder above where anybody may put a file', () => {
  const project = join(folder, 'project');
  mkdirSync(project);
  plant(folder);
  expect(load({ cwd: project }).source.kind).toBe('none');
  writeFileSync(join(folder, 'package.json'), '{}');
  expect(load({ cwd: project }).source.kind).toBe('file');
  chmodSync(folder, 0o1777);
  expect(load({ cwd: project }).source.kind).toBe('none');
});

it.each([
  [0o640, 'read'],
  [0o604, 'read'],
  [0o602, 'write'],
])('is refused where others know it or chose it: mode %o', (mode, verb) => {
  const path = plant(folder);
  chmodSync(path, mode);
  const shown = `0${mode.toString(8)}`;
  expect(() => load()).toThrow(
    expect.objectContaining({ code: 'CONFIG_UNTRUSTED', seen: [`others may ${verb} ${path} (mode ${shown})`] }),
  );
});

it('is refused behind a link, and in a folder that others may write', () => {
  const path = plant(folder);
  const elsewhere = join(folder, 'elsewhere');
  renameSync(path, elsewhere);
  symlinkSync(elsewhere, path);
  expect(() => load()).toThrow(expect.objectContaining({ code: 'FILE_UNREADABLE' }));
  rmSync(path);
  renameSync(elsewhere, path);
  chmodSync(join(folder, '.wiretape'), 0o777);
  expect(() => load()).toThrow(expect.objectContaining({ code: 'CONFIG_UNTRUSTED' }));
});

it('is not made where others could change it, and writes through no link', () => {
  mkdirSync(join(folder, '.wiretape'));
  chmodSync(join(folder, '.wiretape'), 0o777);
  expect(() => load({ create: true })).toThrow(expect.objectContaining({ code: 'CONFIG_UNTRUSTED' }));
  rmSync(join(folder, '.wiretape'), { recursive: true });
  mkdirSync(join(folder, '.wiretape'));
  writeFileSync(join(folder, 'victim'), 'mine');
  symlinkSync(join(folder, 'victim'), join(folder, '.wiretape/.gitignore'));
  expect(() => load({ create: true })).toThrow(expect.objectContaining({ code: 'FILE_UNREADABLE' }));
  expect(readFileSync(join(folder, 'victim'), 'utf8')).toBe('mine');
});

itAsRoot("is refused where it is somebody else's, and good where it is that of the one who called sudo", () => {
  const path = plant(folder);
  for (const file of [path, join(folder, '.wiretape')]) chownSync(file, nobody, nobody);
  expect(() => load()).toThrow(
    expect.objectContaining({ code: 'CONFIG_UNTRUSTED', seen: [`${path} belongs to nobody (user ${nobody})`] }),
  );
  process.env.SUDO_UID = process.env.SUDO_GID = String(nobody);
  try {
    expect(load().source).toEqual({ kind: 'file', path, isNew: false });
  } finally {
    delete process.env.SUDO_UID;
    delete process.env.SUDO_GID;
  }
});

function plant(where: string): string {
  mkdirSync(join(where, '.wiretape'));
  writeFileSync(join(where, '.wiretape/key'), hex, { mode: 0o600 });
  return join(where, '.wiretape/key');
}
