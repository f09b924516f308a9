import { formatError, WiretapeError } from '../../../../errors/wiretape-error';
import { createProcReader } from '../../../../recorder/source/ebpf/attach/proc/proc-reader';
import { createProcesses, type ProcessFacts } from '../../../../recorder/source/ebpf/attach/processes';
import { cgroupPath, findTargets, fitsTarget, type TargetSpec } from '../../../../recorder/source/ebpf/attach/targets';
import { createProcTree, type FakeProcess, hexPort, LISTEN, type ProcTree, tcpRow } from './proc-tree';

const none: TargetSpec = { pids: [], comms: [], ports: [], cgroups: [], containers: [], all: false };
const containerId = `c0ffee${'0'.repeat(58)}`;
const SELF = 99;

const machine: readonly FakeProcess[] = [
  { pid: 2, name: 'kthreadd' },
  {
    pid: 10,
    name: 'nginx',
    exe: '/usr/sbin/nginx',
    cgroup: '4:memory:/system.slice/nginx.service\n0::/\n',
    sockets: [100],
    tcp: [
      tcpRow(`00000000:${hexPort(8443)}`, '00000000:0000', { inode: 100, state: LISTEN }),
      tcpRow(`00000000:${hexPort(22)}`, '00000000:0000', { inode: 500, state: LISTEN }),
    ],
  },
  {
    pid: 11,
    name: 'nginx',
    parentPid: 10,
    exe: '/usr/sbin/nginx',
    cgroup: '0::/system.slice/nginx.service/worker\n',
    sockets: [100],
  },
  {
    pid: 12,
    name: 'MainThread',
    exe: '/usr/bin/node',
    cgroup: `0::/system.slice/docker-${containerId}.scope\n`,
    netns: 'net:[2]',
    sockets: [300],
    tcp: [tcpRow(`00000000:${hexPort(3000)}`, '00000000:0000', { inode: 300, state: LISTEN })],
  },
  { pid: 13, name: 'a-very-long-nam', exe: '/opt/tool', cgroup: '0::/system.slice/nginx.service.d\n' },
  { pid: SELF, name: 'MainThread', exe: '/usr/bin/node' },
];

let tree: ProcTree;
beforeAll(() => {
  tree = createProcTree(machine);
});
afterAll(() => tree.dispose());

function processes() {
  return createProcesses(createProcReader(tree.root));
}

function found(spec: Partial<TargetSpec>): readonly number[] {
  return findTargets({ ...none, ...spec }, processes(), { selfPid: SELF }).map(({ process }) => process.pid);
}

it.each([
  ['--pid', { pids: [10] }, [10]],
  ['--comm by the kernel’s name', { comms: ['nginx'] }, [10, 11]],
  ['--comm by the executable’s name', { comms: ['node'] }, [12]],
  ['--comm longer than the kernel keeps', { comms: ['a-very-long-name'] }, [13]],
  ['--port, inherited by a worker', { ports: [8443] }, [10, 11]],
  ['--port in another network namespace', { ports: [3000] }, [12]],
  ['--cgroup and what lies below it', { cgroups: ['/system.slice/nginx.service'] }, [10, 11]],
  ['--cgroup as v1 mounts it', { cgroups: ['/sys/fs/cgroup/memory/system.slice/nginx.service/'] }, [10, 11]],
  ['--container by its id', { containers: [containerId] }, [12]],
  ['--container that does not run yet', { containers: ['shop-api-1'] }, []],
  ['--all, but for the recorder and kernel threads', { all: true }, [10, 11, 12, 13]],
  ['several targets, each process once', { ports: [8443], comms: ['nginx', 'node'] }, [10, 11, 12]],
  ['no target at all', {}, []],
])('finds %s', (_, spec, pids) => {
  expect(found(spec)).toEqual(pids);
});

it('says which target a process fits', () => {
  const matches = findTargets({ ...none, ports: [8443], comms: ['node'] }, processes(), { selfPid: SELF });
  expect(matches.map(({ process, because }) => [process.pid, because])).toEqual([
    [12, '--comm node'],
    [10, '--port 8443'],
    [11, '--port 8443'],
  ]);
});

describe('refuses', () => {
  function refusal(spec: Partial<TargetSpec>): string {
    try {
      found(spec);
    } catch (error) {
      if (error instanceof WiretapeError) return formatError(error);
    }
    throw new Error('nothing was refused');
  }

  it('a pid that is not there', () => {
    expect(refusal({ pids: [4711] })).toBe(
      [
        'NO_SUCH_PROCESS  No process fits --pid 4711',
        '  do this   See what runs: ps -e',
        '            Or name it by what stays the same: --comm NAME, --port N',
      ].join('\n'),
    );
  });

  it('the recorder itself', () => {
    expect(refusal({ pids: [SELF] })).toContain('seen      99 is the recorder itself');
  });

  it('a kernel thread', () => {
    expect(refusal({ pids: [2] })).toContain('seen      2 (kthreadd) is a kernel thread, or has ended');
  });

  it('a name nobody has, with the names like it', () => {
    expect(refusal({ comms: ['ngnix'] })).toBe(
      [
        'NO_SUCH_PROCESS  No process fits --comm ngnix',
        '  seen      running under similar names: nginx',
        '  do this   Type --comm nginx',
      ].join('\n'),
    );
    expect(refusal({ comms: ['postgres'] })).toContain('do this   See the names that run: ps -e -o comm=');
  });

  it('a port nobody listens on, with those that are, and by whom', () => {
    expect(refusal({ ports: [8080] })).toBe(
      [
        'NO_SUCH_PROCESS  No process fits --port 8080',
        '  seen      ports listened on: 22, 3000 (node), 8443 (nginx)',
        '  do this   Give a port from this list',
        '            Or start the service first, or under the recorder: wiretape record -- COMMAND',
      ].join('\n'),
    );
  });

  it('a port whose process may not be looked into', () => {
    expect(refusal({ ports: [22] })).toBe(
      [
        'NO_SUCH_PROCESS  No process fits --port 22',
        '  seen      port 22 is listened on by a process that may not be looked into',
        '  do this   Run as root',
      ].join('\n'),
    );
  });

  it('a cgroup without processes, with those of the same name', () => {
    expect(refusal({ cgroups: ['/nginx.service'] })).toContain(
      'seen      cgroups with processes: /system.slice/nginx.service, /system.slice/nginx.service.d, /system.slice/nginx.service/worker',
    );
  });

  it('one target that fits nothing beside others that fit', () => {
    expect(refusal({ comms: ['nginx', 'postgres'] })).toContain('No process fits --comm postgres');
  });
});

describe('fitsTarget, for processes that start later', () => {
  const process = processFacts();

  it.each([
    [{ pids: [10] }, true],
    [{ pids: [11] }, false],
    [{ comms: ['nginx'] }, true],
    [{ comms: ['node'] }, false],
    [{ cgroups: ['/system.slice'] }, true],
    [{ cgroups: ['/system.slice/nginx'] }, false],
    [{ containers: ['shop-api-1'] }, true],
    [{ containers: [containerId] }, true],
    [{ containers: ['shop'] }, false],
    [{ containers: ['c0ffee000000'] }, false],
    [{ all: true }, true],
    [{}, false],
  ])('%j: %s', (spec, fits) => {
    expect(fitsTarget({ ...none, ...spec }, process)).toBe(fits);
  });

  it('fits a port once the process listens on it', () => {
    expect(fitsTarget({ ...none, ports: [8443] }, process)).toBe(false);
    expect(fitsTarget({ ...none, ports: [8443] }, process, [80, 8443])).toBe(true);
  });

  it('never fits a kernel thread', () => {
    expect(fitsTarget({ ...none, all: true }, { ...process, hasMemory: false })).toBe(false);
  });

  function processFacts(): ProcessFacts {
    const facts = { pid: 10, parentPid: 1, name: 'nginx', names: ['nginx'], startTicks: 1, exe: '/usr/sbin/nginx' };
    const container = { id: containerId, name: 'shop-api-1', image: null, pod: null };
    const place = { cgroups: ['/system.slice/nginx.service'], container, netns: null };
    return { ...facts, ...place, hasMemory: true, namespacePid: 10, seccompMode: 0 };
  }
});

it.each([
  ['/sys/fs/cgroup/system.slice/a.service', '/system.slice/a.service'],
  ['/sys/fs/cgroup/unified/system.slice', '/system.slice'],
  ['/sys/fs/cgroup/cpu,cpuacct/docker/x/', '/docker/x'],
  ['/sys/fs/cgroup', '/'],
  ['system.slice', '/system.slice'],
  ['/memory/of/things', '/memory/of/things'],
])('reads the cgroup %s as %s', (typed, path) => {
  expect(cgroupPath(typed)).toBe(path);
});
