import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createPlanner } from '../../../../recorder/source/ebpf/attach/plan';
import { createProcReader } from '../../../../recorder/source/ebpf/attach/proc/proc-reader';
import { createProcesses } from '../../../../recorder/source/ebpf/attach/processes';
import { surveyProcesses } from '../../../../recorder/source/ebpf/attach/survey';
import { buildElf } from './elf-builder';
import { createProcTree, ESTABLISHED, type FakeProcess, hexPort, LISTEN, type ProcTree, tcpRow } from './proc-tree';

let tree: ProcTree;
afterEach(() => tree.dispose());

const SELF = 99;

function survey(...fakes: readonly FakeProcess[]) {
  tree = createProcTree(fakes);
  for (const { pid } of fakes) install(pid, '/app/tls', ['SSL_read', 'SSL_write', 'BIO_write']);
  for (const { pid } of fakes) install(pid, '/app/plain', ['main']);
  return surveyProcesses(
    createProcesses(createProcReader(tree.root)),
    createPlanner({ returnProbes: { outcome: 'safe', detail: '' } }),
    SELF,
  );
}

/** Puts a file where the process's root shows it. */
function install(pid: number, path: string, names: readonly string[]): void {
  const at = join(tree.root, `${pid}/root${path}`);
  mkdirSync(dirname(at), { recursive: true });
  writeFileSync(at, buildElf({ functions: names.map((name) => ({ name, code: () => [0x55, 0xc3] })) }));
}

function mapping(path: string): string {
  return `00400000-00401000 r-xp 00000000 00:fe 1${path.length} ${path}\n`;
}

const any = '00000000:0000';
const sockets = [
  tcpRow(`00000000:${hexPort(443)}`, any, { inode: 1, state: LISTEN }),
  tcpRow(`00000000:${hexPort(80)}`, any, { inode: 2, state: LISTEN }),
  tcpRow('0100007F:9C40', '0100007F:01BB', { inode: 3, state: ESTABLISHED }),
];

it('tells who listens, who is connected and whose TLS is read', () => {
  const seen = survey(
    { pid: 30, name: 'api', exe: '/app/tls', maps: mapping('/app/tls'), sockets: [1, 2, 3, 777], tcp: sockets },
    { pid: 20, name: 'web', exe: '/app/plain', maps: mapping('/app/plain'), sockets: [2] },
  );
  expect(seen.processes).toEqual([
    { pid: 20, name: 'web', containerId: null, listens: [80], connections: 0, tls: [] },
    {
      pid: 30,
      name: 'api',
      containerId: null,
      listens: [80, 443],
      connections: 1,
      tls: [{ file: 'tls', library: 'OpenSSL', captured: true, how: 'own copy in tls: exported functions' }],
    },
  ]);
  expect(seen).toMatchObject({ running: 2, closed: 0 });
});

it('leaves out who has neither sockets nor TLS, the recorder, and kernel threads', () => {
  const seen = survey(
    { pid: 5, exe: '/app/plain', maps: mapping('/app/plain'), sockets: [777] },
    { pid: SELF, exe: '/app/tls', maps: mapping('/app/tls') },
    { pid: 2, name: 'kthreadd' },
  );
  expect(seen).toEqual({ processes: [], running: 1, closed: 0 });
});

it('counts processes it may not look into, and says nothing about them', () => {
  const seen = survey({ pid: 5, exe: '/app/tls' }, { pid: 6, exe: '/app/tls', maps: mapping('/app/tls') });
  expect(seen).toMatchObject({ running: 2, closed: 1, processes: [{ pid: 6 }] });
});

it('finds TLS that was linked into a file without its names, in every process that maps the file', () => {
  const maps = mapping('/app/stripped');
  tree = createProcTree([
    { pid: 5, exe: '/app/stripped', maps },
    { pid: 6, exe: '/app/stripped', maps },
  ]);
  for (const pid of [5, 6]) {
    const at = join(tree.root, `${pid}/root/app/stripped`);
    mkdirSync(dirname(at), { recursive: true });
    writeFileSync(at, buildElf({ functions: [], rodata: 'OpenSSL 3.0.16 11 Feb 2025' }));
  }
  const processes = createProcesses(createProcReader(tree.root));
  const seen = surveyProcesses(processes, createPlanner({ returnProbes: { outcome: 'safe', detail: '' } }), SELF);
  expect(seen.processes.map(({ pid, tls }) => [pid, tls.map(({ captured }) => captured)])).toEqual([
    [5, [false]],
    [6, [false]],
  ]);
});
