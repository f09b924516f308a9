/**
 * Which processes a user means. Finds those that run now and says of one that starts later whether it belongs to them.
 * Refuses a target that fits nothing, with what it may have meant: a recording of nothing helps nobody.
 */
import { didYouMean } from '../../../../errors/did-you-mean';
import { WiretapeError } from '../../../../errors/wiretape-error';
import { isCalled as isContainerCalled } from './containers/naming';
import { withoutProxies } from './containers/published-port';
import type { Listener, Processes, ProcessFacts } from './processes';

export interface TargetSpec {
  readonly pids: readonly number[];
  readonly comms: readonly string[];
  /** The processes that listen on these TCP ports. */
  readonly ports: readonly number[];
  /** Paths as /proc/PID/cgroup or /sys/fs/cgroup show them; what lies below belongs to them. */
  readonly cgroups: readonly string[];
  /** Container ids and names, as containers/choose resolved them. */
  readonly containers: readonly string[];
  readonly all: boolean;
}

export interface TargetMatch {
  readonly process: ProcessFacts;
  /** What made it a target, as the user typed it: `--port 8443`. */
  readonly because: string;
}

export interface FindOptions {
  /** The recorder: never a target. */
  readonly selfPid: number;
}

/**
 * The processes that fit, each once, in the order of the targets.
 * @throws WiretapeError NO_SUCH_PROCESS for the first target that fits no process.
 */
export function findTargets(spec: TargetSpec, processes: Processes, { selfPid }: FindOptions): readonly TargetMatch[] {
  const running = processes.list().filter((process) => process.pid !== selfPid && process.hasMemory);
  const found = new Map<number, TargetMatch>();
  for (const target of targetsOf(spec)) {
    const fitting = target.find(running, processes);
    // a container that was found among those that exist is waited for
    if (fitting.length === 0 && target.kind !== 'container') throw nothingFits(target, running, { processes, selfPid });
    for (const process of fitting) {
      if (!found.has(process.pid)) found.set(process.pid, { process, because: target.typed });
    }
  }
  return [...found.values()];
}

/** Whether a process that started, or began to listen, after the recording did is a target too. */
export function fitsTarget(spec: TargetSpec, process: ProcessFacts, listensOn: readonly number[] = []): boolean {
  if (!process.hasMemory) return false;
  return (
    spec.all ||
    spec.pids.includes(process.pid) ||
    spec.comms.some((name) => isCalled(process, name)) ||
    spec.ports.some((port) => listensOn.includes(port)) ||
    spec.cgroups.some((path) => isInCgroup(process, path)) ||
    spec.containers.some((id) => isInContainer(process, id))
  );
}

interface Target {
  readonly kind: 'pid' | 'comm' | 'port' | 'cgroup' | 'container' | 'all';
  readonly value: string;
  readonly typed: string;
  find(running: readonly ProcessFacts[], processes: Processes): readonly ProcessFacts[];
}

function targetsOf(spec: TargetSpec): readonly Target[] {
  return [
    ...spec.pids.map((pid) => target('pid', String(pid), (process) => process.pid === pid)),
    ...spec.comms.map((name) => target('comm', name, (process) => isCalled(process, name))),
    ...spec.ports.map(portTarget),
    ...spec.cgroups.map((path) => target('cgroup', path, (process) => isInCgroup(process, path))),
    ...spec.containers.map((id) => target('container', id, (process) => isInContainer(process, id))),
    ...(spec.all ? [{ ...target('all', '', () => true), typed: '--all' }] : []),
  ];
}

function target(kind: Target['kind'], value: string, fits: (process: ProcessFacts) => boolean): Target {
  return { kind, value, typed: `--${kind} ${value}`, find: (running) => running.filter(fits) };
}

function portTarget(port: number): Target {
  const find: Target['find'] = (running, processes) => {
    const inodes = processes.listeners().flatMap((listener) => (listener.port === port ? [listener.inode] : []));
    const listening = inodes.length === 0 ? [] : running.filter((process) => holdsAny(processes, process, inodes));
    return withoutProxies(port, listening, { running, processes });
  };
  return { kind: 'port', value: String(port), typed: `--port ${port}`, find };
}

/** By the socket's inode, whatever the namespaces: a listening socket may be inherited or handed over. */
function holdsAny(processes: Processes, process: ProcessFacts, inodes: readonly string[]): boolean {
  const held = processes.heldSockets(process.pid);
  return inodes.some((inode) => held.has(inode));
}

/** The kernel keeps 15 characters of a name (TASK_COMM_LEN). */
function isCalled(process: ProcessFacts, name: string): boolean {
  return process.names.some((known) => known === name || (known.length === 15 && name.startsWith(known)));
}

function isInContainer(process: ProcessFacts, id: string): boolean {
  return process.container !== null && isContainerCalled(process.container, id);
}

function isInCgroup(process: ProcessFacts, typed: string): boolean {
  const wanted = cgroupPath(typed);
  return process.cgroups.some((path) => path === wanted || path.startsWith(wanted === '/' ? '/' : `${wanted}/`));
}

const HIERARCHIES =
  /^\/(?:unified|systemd|cpu|cpuacct|cpu,cpuacct|cpuset|memory|devices|freezer|blkio|pids|perf_event|hugetlb|rdma|misc|net_cls|net_prio|net_cls,net_prio)(?=\/|$)/;

/** A path below /sys/fs/cgroup as /proc/PID/cgroup writes it: v1 and hybrid mount each hierarchy in its own folder. */
export function cgroupPath(typed: string): string {
  const mounted = /^\/sys\/fs\/cgroup(?=\/|$)/;
  const path = mounted.test(typed) ? typed.replace(mounted, '').replace(HIERARCHIES, '') : typed;
  return `/${path.replace(/^\/+|\/+$/g, '')}`;
}

interface Surroundings {
  readonly processes: Processes;
  readonly selfPid: number;
}

function nothingFits(target: Target, running: readonly ProcessFacts[], around: Surroundings): WiretapeError {
  const help = helpFor(target, running, around);
  return new WiretapeError('NO_SUCH_PROCESS', `No process fits ${target.typed}`, help);
}

interface Help {
  readonly seen: readonly string[];
  readonly remedy: string | readonly string[];
}

function helpFor(target: Target, running: readonly ProcessFacts[], { processes, selfPid }: Surroundings): Help {
  switch (target.kind) {
    case 'pid':
      return helpForPid(Number(target.value), processes, selfPid);
    case 'comm':
      return helpForName(target.value, running);
    case 'port':
      return helpForPort(Number(target.value), running, processes);
    case 'cgroup':
      return helpForCgroup(target.value, running);
    case 'container': // not reached: one that exists is waited for, and any other is refused before
    case 'all':
      return {
        seen: ['no process but the recorder can be seen'],
        remedy: 'Run in the pid namespace of the host (--pid=host in a container)',
      };
  }
}

function helpForPid(pid: number, processes: Processes, selfPid: number): Help {
  if (pid === selfPid) return { seen: [`${pid} is the recorder itself`], remedy: 'Give the pid of the service' };
  const facts = processes.facts(pid);
  if (facts !== undefined)
    return { seen: [`${pid} (${facts.name}) is a kernel thread, or has ended`], remedy: 'Give the pid of a service' };
  return { seen: [], remedy: ['See what runs: ps -e', 'Or name it by what stays the same: --comm NAME, --port N'] };
}

function helpForName(name: string, running: readonly ProcessFacts[]): Help {
  const names = [...new Set(running.flatMap((process) => process.names))];
  const near = names.filter((known) => isNear(name, known)).sort();
  const seen = near.length === 0 ? [] : [`running under similar names: ${shortened(near)}`];
  const [first] = near;
  return { seen, remedy: first === undefined ? 'See the names that run: ps -e -o comm=' : `Type --comm ${first}` };
}

function helpForPort(port: number, running: readonly ProcessFacts[], processes: Processes): Help {
  const listeners = processes.listeners();
  if (listeners.some((listener) => listener.port === port)) {
    return { seen: [`port ${port} is listened on by a process that may not be looked into`], remedy: 'Run as root' };
  }
  const seen = [`ports listened on: ${shortened(portsWithNames(listeners, running, processes)) || 'none'}`];
  return {
    seen,
    remedy: [
      'Give a port from this list',
      'Or start the service first, or under the recorder: wiretape record -- COMMAND',
    ],
  };
}

function portsWithNames(
  listeners: readonly Listener[],
  running: readonly ProcessFacts[],
  processes: Processes,
): readonly string[] {
  const holders = new Map(
    running.flatMap((process) =>
      [...processes.heldSockets(process.pid)].map((inode) => [inode, process.name] as const),
    ),
  );
  const named = new Map<number, string | undefined>();
  for (const { port, inode } of listeners) named.set(port, named.get(port) ?? holders.get(inode));
  const ports = [...named].sort(([a], [b]) => a - b);
  return ports.map(([port, name]) => (name === undefined ? String(port) : `${port} (${name})`));
}

function helpForCgroup(path: string, running: readonly ProcessFacts[]): Help {
  const last = cgroupPath(path).split('/').at(-1) ?? '';
  const known = [...new Set(running.flatMap((process) => process.cgroups))].filter((cgroup) => cgroup !== '/').sort();
  const near = last === '' ? [] : known.filter((cgroup) => cgroup.includes(last));
  const seen = [`cgroups with processes: ${shortened(near.length > 0 ? near : known) || 'only /'}`];
  return { seen, remedy: 'Give a path as /proc/PID/cgroup shows it, such as /system.slice/nginx.service' };
}

function shortened(words: readonly string[]): string {
  return words.length <= 12 ? words.join(', ') : `${words.slice(0, 12).join(', ')}, and ${words.length - 12} more`;
}

function isNear(typed: string, known: string): boolean {
  const [a, b] = [typed.toLowerCase(), known.toLowerCase()];
  const contains = (a.length >= 3 && b.includes(a)) || (b.length >= 3 && a.includes(b));
  return contains || didYouMean(a, [b]) !== undefined;
}
