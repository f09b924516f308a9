import { createProcReader } from '../../../../recorder/source/ebpf/attach/proc/proc-reader';
import { createProcesses } from '../../../../recorder/source/ebpf/attach/processes';
import { createProcTree, ESTABLISHED, type FakeProcess, hexPort, LISTEN, type ProcTree, tcpRow } from './proc-tree';

let tree: ProcTree;

function processesOf(...fakes: readonly FakeProcess[]) {
  tree = createProcTree(fakes);
  return createProcesses(createProcReader(tree.root));
}

afterEach(() => tree.dispose());

const ANY = '00000000:0000';

function listening(port: number, inode: number): string {
  return tcpRow(`0100007F:${hexPort(port)}`, ANY, { inode, state: LISTEN });
}

it('gives the facts of a process', () => {
  const processes = processesOf({
    pid: 41,
    name: 'nginx',
    parentPid: 40,
    startTicks: 1234,
    exe: '/usr/sbin/nginx',
    cmdline: ['nginx: worker process'],
    cgroup: `0::/system.slice/docker-${'a'.repeat(64)}.scope\n`,
    seccompMode: 2,
    namespacePids: '41\t7',
  });
  expect(processes.facts(41)).toEqual({
    pid: 41,
    parentPid: 40,
    startTicks: 1234,
    threads: 1,
    name: 'nginx',
    names: ['nginx', 'nginx: worker process'],
    exe: '/usr/sbin/nginx',
    hasMemory: true,
    cgroups: [`/system.slice/docker-${'a'.repeat(64)}.scope`],
    container: { id: 'a'.repeat(64), name: null, image: null, pod: null },
    namespacePid: 7,
    seccompMode: 2,
    netns: 'net:[4026531840]',
  });
});

it.each([
  [{ name: 'MainThread', exe: '/opt/node/bin/node' }, 'node', ['node', 'MainThread']],
  [{ name: 'MainThread' }, 'MainThread', ['MainThread']],
  [
    { name: 'gunicorn', exe: '/usr/bin/python3.11', cmdline: ['/usr/bin/python3', 'app.py'] },
    'gunicorn',
    ['gunicorn', 'python3.11', 'python3'],
  ],
  [{ name: 'old', exe: '/usr/bin/old (deleted)' }, 'old', ['old']],
])('calls %j %s, and answers to its other names', (fake, name, names) => {
  expect(processesOf({ pid: 9, ...fake }).facts(9)).toMatchObject({ name, names });
});

it('lists processes, and no other entry of /proc', () => {
  const processes = processesOf({ pid: 1, exe: '/sbin/init' }, { pid: 2, name: 'kthreadd' });
  expect(processes.list().map(({ pid, hasMemory }) => [pid, hasMemory])).toEqual([
    [1, true],
    [2, false],
  ]);
});

it.each(['stat', 'status'])('leaves out a process whose %s vanished while it was read', (file) => {
  const processes = processesOf({ pid: 1, exe: '/sbin/init' }, { pid: 5, exe: '/bin/gone' });
  tree.remove(`5/${file}`);
  expect(processes.list().map(({ pid }) => pid)).toEqual([1]);
});

it.each(['cgroup', 'cmdline', 'exe', 'ns', 'fd', 'maps'])('keeps a process whose %s may not be read', (file) => {
  const processes = processesOf({ pid: 5, exe: '/bin/other', maps: '', tcp: [listening(80, 1)] });
  tree.remove(`5/${file}`);
  expect(processes.list().map(({ pid }) => pid)).toEqual([5]);
  expect(processes.images(5)).toEqual([]);
  expect(processes.heldSockets(5).size).toBe(0);
  expect(processes.listeners().length).toBeLessThanOrEqual(1);
});

it('answers questions about a process that is not there', () => {
  const processes = processesOf();
  expect(processes.facts(77)).toBeUndefined();
  expect(processes.images(77)).toEqual([]);
  expect(processes.sockets(77).size).toBe(0);
  expect(processes.descendants([77])).toEqual([]);
});

describe('images', () => {
  const maps = [
    '00400000-00452000 r-xp 00000000 fe:00 11 /app/server',
    '7f0000000000-7f0000001000 r-xp 00000000 fe:00 12 /lib/libssl.so.3',
    '7f0000002000-7f0000003000 r-xp 00000000 fe:00 13 /lib/libcrypto.so.3 (deleted)',
  ].join('\n');

  it('come with the ways to open them, the very file first', () => {
    const images = processesOf({ pid: 5, exe: '/app/server', maps }).images(5);
    const ways = images.map(({ openable }) => openable.map(({ path }) => path.replace(tree.root, 'PROC')));
    expect(ways).toEqual([
      ['/app/server', 'PROC/5/map_files/400000-452000', 'PROC/5/exe', 'PROC/5/root/app/server'],
      ['/lib/libssl.so.3', 'PROC/5/map_files/7f0000000000-7f0000001000', 'PROC/5/root/lib/libssl.so.3'],
      ['/lib/libcrypto.so.3 (deleted)', 'PROC/5/map_files/7f0000002000-7f0000003000'],
    ]);
    expect(images.map(({ openable }) => openable.map(({ sameFile }) => sameFile).indexOf(true))).toEqual([0, 0, 0]);
  });
});

describe('sockets', () => {
  const twoNamespaces: readonly FakeProcess[] = [
    {
      pid: 5,
      exe: '/a',
      netns: 'net:[1]',
      sockets: [100, 200],
      tcp: [listening(80, 100), tcpRow('0100007F:1F90', '0100007F:0050', { inode: 200, state: ESTABLISHED })],
      tcp6: [],
    },
    { pid: 6, exe: '/b', netns: 'net:[1]', tcp: [listening(80, 100)] },
    {
      pid: 7,
      exe: '/c',
      netns: 'net:[2]',
      tcp6: [tcpRow(`${'0'.repeat(32)}:01BB`, `${'0'.repeat(32)}:0000`, { inode: 300, state: LISTEN })],
      tcp: [],
    },
  ];

  it('are those of every network namespace, each read once', () => {
    const processes = processesOf(...twoNamespaces);
    expect(processes.listeners()).toEqual([
      { netns: 'net:[1]', port: 80, inode: '100' },
      { netns: 'net:[2]', port: 443, inode: '300' },
    ]);
  });

  it('are read through another process of the namespace where the first vanished', () => {
    const processes = processesOf(...twoNamespaces);
    tree.remove('5/net');
    expect(processes.listeners()).toContainEqual({ netns: 'net:[1]', port: 80, inode: '100' });
  });

  it('are found by inode, and told apart by who holds them', () => {
    const processes = processesOf(...twoNamespaces);
    expect(processes.sockets(5).get('200')).toMatchObject({ local: '127.0.0.1:8080', remote: '127.0.0.1:80' });
    expect([...processes.heldSockets(5)].sort()).toEqual(['100', '200']);
    expect([...processes.heldSockets(6)]).toEqual([]);
  });
});

it('finds children, their children, and nobody else', () => {
  const processes = processesOf(
    { pid: 10, exe: '/a' },
    { pid: 11, exe: '/a', parentPid: 10 },
    { pid: 12, exe: '/a', parentPid: 11 },
    { pid: 13, exe: '/a', parentPid: 1 },
  );
  expect(processes.descendants([10])).toEqual([11, 12]);
  expect(processes.descendants([12])).toEqual([]);
});

it('finds the children of several processes, none of which is a child then', () => {
  const processes = processesOf(
    { pid: 10, exe: '/a' },
    { pid: 11, exe: '/a', parentPid: 10 },
    { pid: 12, exe: '/a', parentPid: 11 },
    { pid: 20, exe: '/b' },
    { pid: 21, exe: '/b', parentPid: 20 },
  );
  expect(processes.descendants([10, 11, 20])).toEqual([12, 21]);
});

it('tells when a process started, of those that run', () => {
  const processes = processesOf(
    { pid: 10, exe: '/a', startTicks: 500 },
    { pid: 11, exe: '/a', parentPid: 10, state: 'Z' },
    { pid: 12, exe: '/a', parentPid: 10, state: 'Z', threads: 3 },
  );
  expect([10, 11, 12, 13].map((pid) => processes.startOf(pid))).toEqual([500, undefined, 100, undefined]);
  expect(processes.descendants([10])).toEqual([12]); // its first thread has ended, and the others run
});
