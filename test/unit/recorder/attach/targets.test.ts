import { formatError, WiretapeError } from '../../../../errors/wiretape-error';
import { createProcReader } from '../../../../recorder/source/ebpf/attach/proc/proc-reader';
import { createProcesses, type ProcessFacts } from '../../../../recorder/source/ebpf/attach/processes';
import {
  cgroupPath,
  findAgain,
  findTargets,
  portsHeld,
  socketsOnPorts,
  type TargetSpec,
  whyTarget,
} from '../../../../recorder/source/ebpf/attach/targets';
import { noTargets as none } from '../../../support/in-process';
import { createProcTree, type FakeProcess, hexPort, LISTEN, type ProcTree, tcpRow } from './proc-tree';

const containerId = `c0ffee${'0'.repeat(58)}`;
const SELF = 99;

const machine: readonly FakeProcess[] = [
  {
    pid: 1,
    name: 'init',
    exe: '/sbin/init',
    parentPid: 0,
    netns: 'net:[3]',
    sockets: [700],
    tcp: [tcpRow(`00000000:${hexPort(631)}`, '00000000:0000', { inode: 700, state: LISTEN })],
  },
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
  { pid: 14, name: 'mailer', parentPid: 12, exe: '/usr/bin/mailer', netns: 'net:[2]' },
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
  return findTargets({ ...none, ...spec }, processes(), { selfPid: SELF }).matches.map(({ process }) => process.pid);
}

it.each([
  ['--pid, with its living children', { pids: [10] }, [10, 11]],
  ['--comm by the kernel’s name', { comms: ['nginx'] }, [10, 11]],
  ['--comm by the executable’s name, with a child that has another', { comms: ['node'] }, [12, 14]],
  ['--comm longer than the kernel keeps', { comms: ['a-very-long-name'] }, [13]],
  ['--port, inherited by a worker', { ports: [8443] }, [10, 11]],
  ['--port in another network namespace, with a child that does not hold it', { ports: [3000] }, [12, 14]],
  ['--port that only a service manager holds: nobody yet', { ports: [631] }, []],
  ['--cgroup and what lies below it', { cgroups: ['/system.slice/nginx.service'] }, [10, 11]],
  ['--cgroup as v1 mounts it', { cgroups: ['/sys/fs/cgroup/memory/system.slice/nginx.service/'] }, [10, 11]],
  ['--container by its id', { containers: [containerId] }, [12]],
  ['--container that does not run yet', { containers: ['shop-api-1'] }, []],
  ['--all, but for the recorder and kernel threads', { all: true }, [1, 10, 11, 12, 13, 14]],
  ['several targets, each process once', { ports: [8443], comms: ['nginx', 'node'] }, [10, 11, 12, 14]],
  ['no target at all', {}, []],
])('finds %s', (_, spec, pids) => {
  expect(found(spec)).toEqual(pids);
});

it('says which target a process fits', () => {
  const { matches } = findTargets({ ...none, ports: [8443], comms: ['node'] }, processes(), { selfPid: SELF });
  expect(matches.map(({ process, because }) => [process.pid, because])).toEqual([
    [12, '--comm node'],
    [14, '--comm node'],
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
    expect(refusal({ comms: ['nginx'], pids: [10, 4711] })).toContain('No process fits --pid 4711');
  });
});

describe('waits for', () => {
  function awaited(spec: Partial<TargetSpec>) {
    return findTargets({ ...none, ...spec }, processes(), { selfPid: SELF }).awaited;
  }

  it('a name nobody has, with the names like it', () => {
    expect(awaited({ comms: ['ngnix', 'nginx', 'postgres'] })).toEqual([
      { typed: '--comm ngnix', words: 'a process named ngnix', seen: ['running under similar names: nginx'] },
      { typed: '--comm postgres', words: 'a process named postgres', seen: [] },
    ]);
  });

  it('a port nobody listens on, with those that are, and by whom', () => {
    const seen = ['ports listened on: 22, 631 (init), 3000 (node), 8443 (nginx)'];
    expect(awaited({ ports: [8080] })).toEqual([
      { typed: '--port 8080', words: 'a process that listens on port 8080', seen },
    ]);
  });

  it('who is started for a port by the one that holds it', () => {
    expect(awaited({ ports: [631] })).toMatchObject([{ seen: ['init (1) keeps the port for a service it starts'] }]);
    const { kept } = findTargets({ ...none, ports: [631, 8443] }, processes(), { selfPid: SELF });
    expect(kept).toEqual(new Map([['700', 631]]));
  });
});

describe('once the recording runs', () => {
  it('finds who fits, by everything but a number', () => {
    const again = findAgain({ ...none, pids: [13], comms: ['nginx', 'gone'] }, processes(), { selfPid: SELF });
    expect(again.matches.map(({ process, because }) => [process.pid, because])).toEqual([
      [10, '--comm nginx'],
      [11, '--comm nginx'],
    ]);
  });

  it('knows on which of the ports a process listens, inherited sockets included', () => {
    const sockets = socketsOnPorts({ ...none, ports: [8443, 3000, 22] }, processes());
    expect([10, 11, 12, 13].map((pid) => portsHeld(sockets, pid, processes()))).toEqual([[8443], [8443], [3000], []]);
  });
});

describe('of a process that starts later', () => {
  const process = processFacts();

  it.each([
    [{ pids: [10] }, undefined],
    [{ comms: ['nginx'] }, '--comm nginx'],
    [{ comms: ['node'] }, undefined],
    [{ cgroups: ['/system.slice'] }, '--cgroup /system.slice'],
    [{ cgroups: ['/system.slice/nginx'] }, undefined],
    [{ containers: ['shop-api-1'] }, '--container shop-api-1'],
    [{ containers: [containerId] }, `--container ${containerId}`],
    [{ containers: ['shop'] }, undefined],
    [{ containers: ['c0ffee000000'] }, undefined],
    [{ all: true }, '--all'],
    [{}, undefined],
  ])('says why it is a target, %j: %s', (spec, why) => {
    expect(whyTarget({ ...none, ...spec }, process)).toBe(why);
  });

  it('takes a port once the process listens on it, and no service manager that does', () => {
    const spec = { ...none, ports: [8443] };
    expect(whyTarget(spec, process)).toBeUndefined();
    expect(whyTarget(spec, process, [80, 8443])).toBe('--port 8443');
    expect(whyTarget(spec, { ...process, pid: 1 }, [8443])).toBeUndefined();
    expect(whyTarget(spec, { ...process, names: ['systemd'] }, [8443])).toBeUndefined();
  });

  it('takes no kernel thread', () => {
    expect(whyTarget({ ...none, all: true }, { ...process, hasMemory: false })).toBeUndefined();
  });

  function processFacts(): ProcessFacts {
    const facts = {
      pid: 10,
      parentPid: 1,
      name: 'nginx',
      names: ['nginx'],
      startTicks: 1,
      threads: 1,
      exe: '/usr/sbin/nginx',
    };
    const container = { id: containerId, name: 'shop-api-1', image: null, pod: null };
    const place = { cgroups: ['/system.slice/nginx.service'], container, netns: null };
    return { ...facts, ...place, hasMemory: true, namespacePid: 10 };
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
