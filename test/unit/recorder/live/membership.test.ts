import { createProcReader } from '../../../../recorder/source/ebpf/attach/proc/proc-reader';
import { createProcesses } from '../../../../recorder/source/ebpf/attach/processes';
import { findAgain, findTargets, type TargetSpec } from '../../../../recorder/source/ebpf/attach/targets';
import { Membership } from '../../../../recorder/source/ebpf/live/membership';
import { noTargets as none } from '../../../support/in-process';
import { createProcTree, type FakeProcess, hexPort, LISTEN, type ProcTree, tcpRow } from '../attach/proc-tree';

const SELF = 99;

let tree: ProcTree;
afterEach(() => tree.dispose());

function processNamed(pid: number, name: string, more: Partial<FakeProcess> = {}): FakeProcess {
  return { pid, name, exe: `/usr/bin/${name}`, ...more };
}

/** A membership of these targets on this machine, and what it says of its changes. */
function membershipOf(spec: Partial<TargetSpec>, ...machine: readonly FakeProcess[]) {
  tree = createProcTree(machine);
  const targets = { ...none, ...spec };
  const processes = createProcesses(createProcReader(tree.root));
  const said: string[] = [];
  const membership = new Membership({
    spec: targets,
    processes,
    selfPid: SELF,
    search: () => findAgain(targets, processes, { selfPid: SELF }),
    listener: {
      joined: (pid, because) => said.push(`${pid} joined: ${because}`),
      begotten: (pid, parent) => said.push(`${pid} from ${parent}`),
      replaced: (pid) => said.push(`${pid} replaced`),
      left: (pid) => said.push(`${pid} left`),
      vanished: (pid) => said.push(`${pid} vanished`),
      proxied: (pid, port) => said.push(`${pid} passes on from ${port}`),
    },
  });
  membership.admit(findTargets(targets, processes, { selfPid: SELF }));
  said.splice(0);
  return { membership, said };
}

function end(pid: number): void {
  tree.remove(String(pid));
}

it('holds who was found, their children, and never the recorder', () => {
  const { membership } = membershipOf(
    { pids: [10] },
    processNamed(10, 'bash'),
    processNamed(11, 'nginx', { parentPid: 10 }),
    processNamed(SELF, 'node', { parentPid: 10 }),
    processNamed(12, 'other'),
  );
  expect(membership.pids()).toEqual([10, 11]);
});

describe('news', () => {
  it('of a fork, an exec and an exit of a member are followed, and those of others are not', () => {
    const { membership, said } = membershipOf({ pids: [10] }, processNamed(10, 'bash'), processNamed(20, 'bash'));
    for (const pid of [10, 20]) {
      tree.add(processNamed(pid + 1, 'bash', { parentPid: pid }));
      membership.take({ kind: 'fork', pid, other: pid + 1 });
      membership.take({ kind: 'exec', pid: pid + 1 });
      membership.take({ kind: 'exit', pid });
    }
    expect(said).toEqual(['11 from 10', '11 replaced', '10 left']);
    expect(membership.pids()).toEqual([11]);
  });

  it('make a member of who starts under the name, again after all have ended', () => {
    const { membership, said } = membershipOf({ comms: ['api'] }, processNamed(10, 'api'));
    membership.take({ kind: 'exit', pid: 10 });
    expect(membership.size).toBe(0);
    tree.add(processNamed(30, 'api'));
    membership.take({ kind: 'exec', pid: 30 });
    expect(said).toEqual(['10 left', '30 joined: --comm api', '30 replaced']);
  });

  it.each(['docker-proxy', 'podman'])('make no member of %s, which listens for a container, and say so', (name) => {
    const proxy = processNamed(10, name);
    const { membership, said } = membershipOf({ ports: [8080] }, proxy, processNamed(11, 'child', { parentPid: 10 }));
    membership.take({ kind: 'listen', pid: 10, localPort: 8080 });
    expect(said).toEqual(['10 passes on from 8080']);
    expect(membership.pids()).toEqual([]);
  });

  it('make a member of who listens on the port, with the children it has by then', () => {
    const { membership, said } = membershipOf({ ports: [8080] }, processNamed(10, 'master'));
    tree.add(processNamed(11, 'worker', { parentPid: 10 }));
    membership.take({ kind: 'listen', pid: 10, localPort: 80 });
    membership.take({ kind: 'listen', pid: 10, localPort: 8080 });
    expect(said).toEqual(['10 joined: --port 8080', '11 joined: a child of a target']);
  });

  it('make a member of who a service manager starts with the socket it keeps, and not of the manager', () => {
    const socket = tcpRow(`00000000:${hexPort(631)}`, '00000000:0000', { inode: 700, state: LISTEN });
    const manager = processNamed(1, 'init', { parentPid: 0, sockets: [700], tcp: [socket] });
    const { membership, said } = membershipOf({ ports: [631] }, manager);
    tree.add(processNamed(50, 'printing', { sockets: [700] }));
    tree.add(processNamed(51, 'other'));
    for (const pid of [50, 51]) membership.take({ kind: 'exec', pid });
    membership.take({ kind: 'listen', pid: 1, localPort: 631 });
    expect(said).toEqual(['50 joined: --port 631', '50 replaced']);
  });

  it('never make a member of another process with the number of --pid', () => {
    const { membership, said } = membershipOf({ pids: [10] }, processNamed(10, 'api'));
    membership.take({ kind: 'exit', pid: 10 });
    end(10);
    tree.add(processNamed(10, 'api', { startTicks: 900 }));
    membership.take({ kind: 'exec', pid: 10 });
    expect(said).toEqual(['10 left']);
  });
});

describe('where news were lost', () => {
  it('lets go of who has ended, and of who is another process now', () => {
    const { membership, said } = membershipOf(
      { pids: [10, 11, 12, 13] },
      ...[10, 11, 12, 13].map((pid) => processNamed(pid, 'api', { startTicks: 100 })),
    );
    end(11);
    for (const [pid, more] of [
      [12, { startTicks: 900 }],
      [13, { state: 'Z' }],
    ] as const) {
      end(pid);
      tree.add(processNamed(pid, 'api', more));
    }
    membership.reconcile();
    expect(said).toEqual([]);
    membership.reconcile();
    expect(said).toEqual(['11 left', '11 vanished', '12 left', '12 vanished', '13 left', '13 vanished']);
    expect(membership.pids()).toEqual([10]);
  });

  it('leaves the end of one whose news come to them', () => {
    const { membership, said } = membershipOf({ pids: [10, 11] }, processNamed(10, 'api'), processNamed(11, 'api'));
    end(11);
    membership.reconcile();
    membership.take({ kind: 'exit', pid: 11 });
    membership.reconcile();
    expect(said).toEqual(['11 left']);
  });

  it('takes the number over for a child that has it now', () => {
    const { membership, said } = membershipOf({ pids: [10, 11] }, processNamed(10, 'bash'), processNamed(11, 'curl'));
    end(11);
    tree.add(processNamed(11, 'curl', { parentPid: 10, startTicks: 900 }));
    membership.take({ kind: 'fork', pid: 10, other: 11 });
    membership.reconcile();
    expect(said).toEqual(['11 left', '11 from 10']);
  });

  it('finds children and processes of the name that nobody told of', () => {
    const { membership, said } = membershipOf({ comms: ['api'] }, processNamed(10, 'api'));
    tree.add(processNamed(11, 'worker', { parentPid: 10 }));
    tree.add(processNamed(30, 'api'));
    membership.search();
    membership.search();
    expect(said).toEqual(['30 joined: --comm api', '11 joined: --comm api']);
  });
});
