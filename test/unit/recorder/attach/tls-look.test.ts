import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { openFile } from '../../../../recorder/source/ebpf/attach/elf/elf-file';
import { createPlanner } from '../../../../recorder/source/ebpf/attach/plan';
import { createProcReader } from '../../../../recorder/source/ebpf/attach/proc/proc-reader';
import { createProcesses } from '../../../../recorder/source/ebpf/attach/processes';
import { TlsLooks } from '../../../../recorder/source/ebpf/attach/tls-look';
import { buildElf, type ElfPlan } from './elf-builder';
import { createProcTree, type FakeProcess, type ProcTree } from './proc-tree';

let tree: ProcTree;
beforeEach(() => {
  tree = createProcTree();
});
afterEach(() => tree.dispose());

const functions = (names: readonly string[]): ElfPlan => ({
  functions: names.map((name) => ({ name, code: () => [0x55, 0xc3] })),
});
const files: Readonly<Record<string, ElfPlan>> = {
  '/app/own-copy': functions(['SSL_read', 'SSL_write', 'BIO_write']),
  '/app/go': { ...functions(['main']), extraSections: { '.gopclntab': 'xx\0crypto/tls.(*Conn).Write\0' } },
  '/app/plain': functions(['main']),
  '/lib/libjvm.so': functions(['JNI_CreateJavaVM']),
};

function add(pid: number, paths: readonly string[], more: Partial<FakeProcess> = {}): void {
  const maps = paths.map((path, i) => `0040${i}000-0040${i}fff r-xp 00000000 00:fe ${100 + path.length} ${path}\n`);
  tree.add({ pid, exe: paths[0] ?? '', maps: maps.join(''), ...more });
  for (const path of paths) {
    const at = join(tree.root, `${pid}/root${path}`);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, buildElf(files[path] ?? functions([])));
  }
}

function looks(): TlsLooks {
  const processes = createProcesses(createProcReader(tree.root));
  return new TlsLooks(processes, createPlanner({ returnProbes: { outcome: 'safe', detail: '' } }));
}

const labels = (look: ReturnType<TlsLooks['of']>) =>
  look?.libraries.map(({ label, isRead }) => `${label}${isRead ? ', read' : ''}`) ?? null;

it.each([
  ['a copy that is read', ['/app/own-copy'], ['OpenSSL, read']],
  ['one that is not', ['/app/go'], ['Go crypto/tls']],
  ['both kinds', ['/app/own-copy', '/lib/libjvm.so'], ['OpenSSL, read', 'JSSE']],
  ['none', ['/app/plain'], []],
])('finds %s', (_what, paths, found) => {
  add(7, paths);
  expect(labels(looks().of(7, 0))).toEqual(found);
});

it('gives the file by which the reports of its probes know a library', () => {
  add(7, ['/app/own-copy']);
  const file = openFile(join(tree.root, '7/root/app/own-copy'));
  file?.close();
  expect(looks().of(7, 0)?.libraries[0]?.file).toBe(file?.key);
});

it('keeps what it saw of a process that has ended since', () => {
  add(7, ['/app/go']);
  const seen = looks();
  seen.of(7, 0);
  tree.remove('7');
  expect([labels(seen.of(7, 500)), labels(seen.of(7, 5000))]).toEqual([['Go crypto/tls'], ['Go crypto/tls']]);
});

it('looks again after a while: a library may be loaded later', () => {
  add(7, ['/app/plain']);
  const seen = looks();
  expect(labels(seen.of(7, 0))).toEqual([]);
  tree.remove('7');
  add(7, ['/app/plain', '/lib/libjvm.so']);
  expect([labels(seen.of(7, 999)), labels(seen.of(7, 1000))]).toEqual([[], ['JSSE']]);
});

it('knows a process that ended too soon by another of the same program', () => {
  add(7, ['/app/go']);
  const seen = looks();
  seen.renew(8, '/app/go');
  expect(seen.of(8, 0)).toBeNull();
  seen.of(7, 0);
  seen.renew(9, '/app/go');
  expect(labels(seen.of(9, 0))).toEqual(['Go crypto/tls']);
});

it('forgets what was aboard when the number stands for another program', () => {
  add(7, ['/app/go']);
  const seen = looks();
  seen.of(7, 0);
  tree.remove('7');
  seen.renew(7, '/app/other');
  expect(seen.of(7, 1)).toBeNull();
});
