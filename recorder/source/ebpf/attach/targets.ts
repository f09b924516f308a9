/**
 * Which processes a user means. Finds those that run now, with their children, and says of one that starts later whether
 * it belongs to them. A name or a port that nobody has yet is waited for; any other target that fits nothing is refused,
 * with what it may have meant.
 */
import { didYouMean } from '../../../../errors/did-you-mean';
import { WiretapeError } from '../../../../errors/wiretape-error';
import { isCalled as isContainerCalled } from './containers/naming';
import { isPortProxy } from './containers/port-proxy';
import { refusePublishedPort } from './containers/published-port';
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
  /** What made it a target, or one of its ancestors, as the user typed it: `--port 8443`. */
  readonly because: string;
}

/** A target that nobody fits yet, and somebody may. */
export interface AwaitedTarget {
  /** `--port 8443`. */
  readonly typed: string;
  /** `a process that listens on port 8443`. */
  readonly words: string;
  /** What the user may have meant instead; empty where nothing suggests itself. */
  readonly seen: readonly string[];
}

export interface FoundTargets {
  /** Each process once, in the order of the targets. */
  readonly matches: readonly TargetMatch[];
  readonly awaited: readonly AwaitedTarget[];
  /** Listening sockets on the ports that a service manager holds: who it starts inherits them, and never listens itself. */
  readonly kept: KeptSockets;
}

/** Inode -> port. */
export type KeptSockets = ReadonlyMap<string, number>;

export interface FindOptions {
  /** The recorder: never a target. */
  readonly selfPid: number;
}

/**
 * The processes that fit, with their living children.
 * @throws WiretapeError NO_SUCH_PROCESS for the first target that fits no process and cannot be waited for;
 *   PUBLISHED_PORT where who listens on a port only passes on to a container.
 */
export function findTargets(spec: TargetSpec, processes: Processes, { selfPid }: FindOptions): FoundTargets {
  const running = runningBeside(selfPid, processes);
  const found = new Map<number, TargetMatch>();
  const awaited: AwaitedTarget[] = [];
  for (const port of spec.ports) refusePublishedPort(port, holdersOf(port, running, processes), { running, processes });
  for (const target of targetsOf(spec)) {
    const fitting = target.find(running, processes);
    if (fitting.length === 0) awaited.push(awaitOrRefuse(target, running, { processes, selfPid }));
    for (const process of withChildren(target, fitting, { running, processes })) {
      if (!found.has(process.pid)) found.set(process.pid, { process, because: target.typed });
    }
  }
  return { matches: [...found.values()], awaited, kept: socketsKept(spec, running, processes) };
}

/** The same once the recording runs: a target that nobody fits any more is waited for, and a number is used up. */
export function findAgain(spec: TargetSpec, processes: Processes, { selfPid }: FindOptions): FoundTargets {
  const running = runningBeside(selfPid, processes);
  const matches = targetsOf({ ...spec, pids: [] }).flatMap((target) => {
    const fitting = withChildren(target, target.find(running, processes), { running, processes });
    return fitting.map((process) => ({ process, because: target.typed }));
  });
  return { matches, awaited: [], kept: socketsKept(spec, running, processes) };
}

function runningBeside(selfPid: number, processes: Processes): readonly ProcessFacts[] {
  return processes.list().filter((process) => process.pid !== selfPid && process.hasMemory);
}

function socketsKept(spec: TargetSpec, running: readonly ProcessFacts[], processes: Processes): KeptSockets {
  const sockets = [...socketsOnPorts(spec, processes)];
  if (sockets.length === 0) return new Map();
  const held = running.filter(isKeeper).map(({ pid }) => processes.heldSockets(pid));
  return new Map(sockets.filter(([inode]) => held.some((inodes) => inodes.has(inode))));
}

/** The listening sockets on the ports of the targets, whoever holds them. */
export function socketsOnPorts(spec: TargetSpec, processes: Processes): KeptSockets {
  if (spec.ports.length === 0) return new Map();
  const wanted = processes.listeners().filter(({ port }) => spec.ports.includes(port));
  return new Map(wanted.map(({ inode, port }) => [inode, port]));
}

/** The ports of those sockets that a process holds. */
export function portsHeld(kept: KeptSockets, pid: number, processes: Processes): readonly number[] {
  if (kept.size === 0) return [];
  return [...processes.heldSockets(pid)].flatMap((inode) => kept.get(inode) ?? []);
}

/** Why a process that started, or began to listen, after the recording did is a target too; undefined where it is none. */
export function whyTarget(
  spec: TargetSpec,
  process: ProcessFacts,
  listensOn: readonly number[] = [],
): string | undefined {
  if (!process.hasMemory) return undefined;
  if (spec.all) return '--all';
  const comm = spec.comms.find((name) => isCalled(process, name));
  const port = isKeeper(process) ? undefined : spec.ports.find((wanted) => listensOn.includes(wanted));
  const cgroup = spec.cgroups.find((path) => isInCgroup(process, path));
  const container = spec.containers.find((id) => isInContainer(process, id));
  const [why] = Object.entries({ comm, port, cgroup, container }).filter(([, value]) => value !== undefined);
  return why === undefined ? undefined : `--${why[0]} ${why[1]}`;
}

/**
 * Service managers hold listening sockets for services that they start when somebody connects. What they start is meant,
 * not they: all their other children would come along.
 */
export function isKeeper({ pid, names }: ProcessFacts): boolean {
  return pid === 1 || names.includes('systemd');
}

interface Target {
  readonly kind: 'pid' | 'comm' | 'port' | 'cgroup' | 'container' | 'all';
  readonly value: string;
  readonly typed: string;
  /** What is waited for where nobody fits: `a process named nginx`. Null where waiting would only hide a mistake. */
  readonly words: string | null;
  find(running: readonly ProcessFacts[], processes: Processes): readonly ProcessFacts[];
}

function targetsOf(spec: TargetSpec): readonly Target[] {
  return [
    ...spec.pids.map((pid) => target('pid', String(pid), (process) => process.pid === pid)),
    ...spec.comms.map(commTarget),
    ...spec.ports.map(portTarget),
    ...spec.cgroups.map((path) => target('cgroup', path, (process) => isInCgroup(process, path))),
    ...spec.containers.map(containerTarget),
    ...(spec.all ? [{ ...target('all', '', () => true), typed: '--all' }] : []),
  ];
}

function target(kind: Target['kind'], value: string, fits: (process: ProcessFacts) => boolean): Target {
  return { kind, value, typed: `--${kind} ${value}`, words: null, find: (running) => running.filter(fits) };
}

function commTarget(name: string): Target {
  return { ...target('comm', name, (process) => isCalled(process, name)), words: `a process named ${name}` };
}

function containerTarget(typed: string): Target {
  const words = `container ${/^[0-9a-f]{64}$/.test(typed) ? typed.slice(0, 12) : typed} once it starts`;
  return { ...target('container', typed, (process) => isInContainer(process, typed)), words };
}

function portTarget(port: number): Target {
  const find: Target['find'] = (running, processes) =>
    holdersOf(port, running, processes).filter((process) => !isKeeper(process) && !isPortProxy(process));
  const words = `a process that listens on port ${port}`;
  return { kind: 'port', value: String(port), typed: `--port ${port}`, words, find };
}

/** A group or container names its children itself; elsewhere a process is meant with those it has started. */
function withChildren(
  target: Target,
  fitting: readonly ProcessFacts[],
  { running, processes }: { readonly running: readonly ProcessFacts[]; readonly processes: Processes },
): readonly ProcessFacts[] {
  if (fitting.length === 0 || !['pid', 'comm', 'port'].includes(target.kind)) return fitting;
  const children = new Set(processes.descendants(fitting.map(({ pid }) => pid)));
  return [...fitting, ...running.filter(({ pid }) => children.has(pid))];
}

/** Whoever listens on a port, in whichever network namespace. */
function holdersOf(port: number, running: readonly ProcessFacts[], processes: Processes): readonly ProcessFacts[] {
  const inodes = processes.listeners().flatMap((listener) => (listener.port === port ? [listener.inode] : []));
  return inodes.length === 0 ? [] : running.filter((process) => holdsAny(processes, process, inodes));
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

function awaitOrRefuse(target: Target, running: readonly ProcessFacts[], around: Surroundings): AwaitedTarget {
  const help = helpFor(target, running, around);
  if (target.words === null || 'remedy' in help)
    throw new WiretapeError('NO_SUCH_PROCESS', `No process fits ${target.typed}`, { remedy: [], ...help });
  return { typed: target.typed, words: target.words, seen: help.seen };
}

interface Help {
  readonly seen: readonly string[];
  readonly remedy: string | readonly string[];
}
/** Nobody fits, and somebody may come. */
type Hint = Pick<Help, 'seen'>;

function helpFor(target: Target, running: readonly ProcessFacts[], { processes, selfPid }: Surroundings): Help | Hint {
  switch (target.kind) {
    case 'pid':
      return helpForPid(Number(target.value), processes, selfPid);
    case 'comm':
      return helpForName(target.value, running);
    case 'port':
      return helpForPort(Number(target.value), running, processes);
    case 'cgroup':
      return helpForCgroup(target.value, running);
    case 'container':
      return { seen: [] }; // it exists: containers/choose has refused any other
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

function helpForName(name: string, running: readonly ProcessFacts[]): Hint {
  const names = [...new Set(running.flatMap((process) => process.names))];
  const near = names.filter((known) => isNear(name, known)).sort();
  return { seen: near.length === 0 ? [] : [`running under similar names: ${shortened(near)}`] };
}

/** A listener nobody holds belongs to a process whose descriptors are closed to us: waiting would not open them. */
function helpForPort(port: number, running: readonly ProcessFacts[], processes: Processes): Help | Hint {
  const listeners = processes.listeners();
  const inodes = listeners.filter((listener) => listener.port === port).map(({ inode }) => inode);
  const holder = running.find((process) => holdsAny(processes, process, inodes));
  if (holder !== undefined) return { seen: [`${holder.name} (${holder.pid}) keeps the port for a service it starts`] };
  if (inodes.length > 0) {
    return { seen: [`port ${port} is listened on by a process that may not be looked into`], remedy: 'Run as root' };
  }
  return { seen: [`ports listened on: ${shortened(portsWithNames(listeners, running, processes)) || 'none'}`] };
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
