/** Which files are probed before a command begins. */
import { chmodSync, mkdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { imagesOfCommand } from '../../../../recorder/source/ebpf/live/likely-images';
import { temporaryFolder } from '../../../support/programs';
import { buildElf } from '../attach/elf-builder';

const folder = temporaryFolder();
afterAll(() => folder.remove());

const pathsOf = (command: string) => imagesOfCommand([command]).map(({ path }) => path);

function program(name: string, runpath: string): string {
  const path = folder.write(`bin/${name}`, buildElf({ functions: [], runpath }));
  chmodSync(path, 0o755);
  return path;
}

beforeAll(() => {
  for (const name of ['bin', 'lib', 'more']) mkdirSync(folder.file(name));
  folder.write('lib/libssl.so.9', 'a library');
  folder.write('lib/libz.so.1', 'another one');
  folder.write('more/libcrypto.so.9', 'a library');
});

it.each([
  ['$ORIGIN/../lib', ['lib/libssl.so.9']],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: as files have it
  ['${ORIGIN}/../lib:more', ['lib/libssl.so.9']],
  ['nowhere', []],
])('are the TLS libraries that a program brings along, by its RUNPATH %s', (runpath, expected) => {
  const root = realpathSync(folder.path);
  const found = pathsOf(program('server', runpath)).filter((path) => path.startsWith(root));
  expect(found).toEqual([join(root, 'bin/server'), ...expected.map((name) => join(root, name))]);
});

it('also where the folder is written in full', () => {
  expect(pathsOf(program('other', folder.file('more')))).toContain(
    join(realpathSync(folder.path), 'more/libcrypto.so.9'),
  );
});
