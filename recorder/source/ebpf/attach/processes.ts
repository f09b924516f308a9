/**
 * What runs on this machine, out of /proc: processes, the files they have mapped, the ports they listen on. Thin over
 * a reader so that tests bring a tree of their own. Whatever vanishes while it is read is simply not there.
 */
import type { ContainerInfo } from '../../../../tape/model/exchange';
import { type Containers, createContainers } from './containers/containers';
import { hasAddress, type ProxyTarget, proxyTarget } from './containers/port-proxy';
import type { StoredContainer } from './containers/runtime-state';
import type { MappedImage } from './mapped-image';
import type { ProcReader } from './proc/proc-reader';
import {
  executableMappings,
  type Mapping,
  mapFileName,
  parseCgroups,
  parseStat,
  parseStatus,
  parseTcpTable,
  type SocketEntry,
} from './proc/proc-text';

export interface ProcessFacts {
  readonly pid: number;
  readonly parentPid: number;
  /** What a person calls it: its own name, or its executable's where that says nothing (Node.js: `MainThread`). */
  readonly name: string;
  /** Every name `--comm` accepts: the kernel's (15 characters), the executable's, that of the first argument. */
  readonly names: readonly string[];
  readonly startTicks: number;
  readonly threads: number;
  /** Null for kernel threads, and where it may not be read. */
  readonly exe: string | null;
  /** False for kernel threads, and for processes that have ended and wait to be collected. */
  readonly hasMemory: boolean;
  readonly cgroups: readonly string[];
  /** The container it runs in. */
  readonly container: ContainerInfo | null;
  /** Its number in its own pid namespace. */
  readonly namespacePid: number;
  /** 0 none, 1 strict, 2 filter. */
  readonly seccompMode: number;
  /** `net:[4026531840]`; null where it may not be read. */
  readonly netns: string | null;
}

export interface Listener {
  readonly netns: string;
  readonly port: number;
  readonly inode: string;
}

export interface NamespacedSocket extends SocketEntry {
  readonly netns: string;
}

export interface Processes {
  list(): readonly ProcessFacts[];
  facts(pid: number): ProcessFacts | undefined;
  /** False where the list of what it has mapped may not be read. */
  isOpen(pid: number): boolean;
  /** The files a process has mapped executable, with the ways to open each. */
  images(pid: number): readonly MappedImage[];
  /** Inode -> TCP socket, for every network namespace in which a process lives. */
  everySocket(): ReadonlyMap<string, NamespacedSocket>;
  /** Those of them that listen. */
  listeners(): readonly Listener[];
  /** Inode -> TCP socket, for the network namespace of a process. */
  sockets(pid: number): ReadonlyMap<string, SocketEntry>;
  /** Inodes of the sockets a process holds. */
  heldSockets(pid: number): ReadonlySet<string>;
  /** The containers that the runtimes of this machine know, whether they run or not. */
  storedContainers(): readonly StoredContainer[];
  /** Where a process that holds a published port open leads. */
  proxyTarget(pid: number): ProxyTarget | undefined;
  /** Whether an IPv4 address is one of the process's network namespace. */
  hasAddress(pid: number, address: string): boolean;
  /** When a running process started, in clock ticks after boot; undefined where it has ended. Cheap: one small file. */
  startOf(pid: number): number | undefined;
  /** Children of these processes, their children, and so on: those that run, without the processes themselves. */
  descendants(pids: readonly number[]): readonly number[];
}

export function createProcesses(proc: ProcReader): Processes {
  const containers = createContainers(proc);
  const facts = (pid: number) => factsOf(proc, pid, containers);
  return {
    list: () => pids(proc).flatMap((pid) => facts(pid) ?? []),
    facts,
    storedContainers: containers.stored,
    proxyTarget: (pid) => proxyTarget(proc, pid),
    hasAddress: (pid, address) => hasAddress(proc, pid, address),
    isOpen: (pid) => proc.read(`${pid}/maps`) !== undefined,
    images: (pid) => executableMappings(proc.read(`${pid}/maps`) ?? '').map((mapping) => imageOf(proc, pid, mapping)),
    everySocket: () => everySocket(proc),
    listeners: () => listenersOf(proc),
    sockets: (pid) => new Map(socketsOf(proc, pid).map((socket) => [socket.inode, socket])),
    heldSockets: (pid) => heldSockets(proc, pid),
    startOf: (pid) => startOf(proc, pid),
    descendants: (ancestors) => descendantsOf(proc, ancestors),
  };
}

function pids(proc: ProcReader): readonly number[] {
  return proc.list('.').flatMap((name) => (/^[1-9]\d*$/.test(name) ? [Number(name)] : []));
}

function factsOf(proc: ProcReader, pid: number, containers: Containers): ProcessFacts | undefined {
  const stat = parseStat(proc.read(`${pid}/stat`) ?? '');
  const status = parseStatus(proc.read(`${pid}/status`) ?? '');
  if (stat === undefined || status.size === 0) return undefined;
  const exe = proc.link(`${pid}/exe`)?.replace(/ \(deleted\)$/, '') ?? null;
  const cgroups = parseCgroups(proc.read(`${pid}/cgroup`) ?? '');
  return {
    pid,
    parentPid: stat.parentPid,
    startTicks: stat.startTicks,
    threads: stat.threads,
    exe,
    ...namesOf(stat.name, exe, proc.read(`${pid}/cmdline`) ?? ''),
    hasMemory: status.has('VmSize'),
    cgroups,
    container: containers.of(pid, cgroups),
    namespacePid: Number(status.get('NSpid')?.split(/\s+/).at(-1) ?? pid),
    seccompMode: Number(status.get('Seccomp') ?? 0),
    netns: proc.link(`${pid}/ns/net`) ?? null,
  };
}

function namesOf(comm: string, exe: string | null, cmdline: string): Pick<ProcessFacts, 'name' | 'names'> {
  const program = exe === null ? '' : baseName(exe);
  const argument = baseName(cmdline.split('\0', 1)[0] ?? '');
  const name = comm === 'MainThread' && program !== '' ? program : comm;
  return { name, names: [...new Set([name, comm, program, argument])].filter((candidate) => candidate !== '') };
}

function baseName(path: string): string {
  return path.replace(/^.*\//, '');
}

/**
 * Ways to open a mapped file, best first: by its own path where that is still the very file; by /proc/PID/map_files,
 * which holds for deleted files and other mount namespaces and wants CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE; as the
 * process's executable; under the process's root. The plan is made from the file that opens, so another file at the
 * same path costs a probe that never fires, and harms nothing.
 */
function imageOf(proc: ProcReader, pid: number, mapping: Mapping): MappedImage {
  const { path, device, inode } = mapping;
  const isExecutable = proc.link(`${pid}/exe`) === path;
  const openable = [
    { path, sameFile: true },
    { path: `${proc.root}/${pid}/map_files/${mapFileName(mapping)}`, sameFile: false },
    ...(isExecutable ? [{ path: `${proc.root}/${pid}/exe`, sameFile: false }] : []),
    ...(path.endsWith(' (deleted)') ? [] : [{ path: `${proc.root}/${pid}/root${path}`, sameFile: false }]),
  ];
  return { path, device, inode, openable };
}

function everySocket(proc: ProcReader): ReadonlyMap<string, NamespacedSocket> {
  const found = new Map<string, NamespacedSocket>();
  for (const [netns, members] of byNetworkNamespace(proc)) {
    const reader = members.find((pid) => proc.read(`${pid}/net/tcp`) !== undefined);
    for (const socket of reader === undefined ? [] : socketsOf(proc, reader))
      found.set(socket.inode, { ...socket, netns });
  }
  return found;
}

function listenersOf(proc: ProcReader): readonly Listener[] {
  const listening = [...everySocket(proc).values()].filter((socket) => socket.listening);
  return listening.map(({ netns, localPort, inode }) => ({ netns, port: localPort, inode }));
}

function byNetworkNamespace(proc: ProcReader): ReadonlyMap<string, readonly number[]> {
  const members = new Map<string, number[]>();
  for (const pid of pids(proc)) {
    const netns = proc.link(`${pid}/ns/net`);
    if (netns !== undefined) members.set(netns, [...(members.get(netns) ?? []), pid]);
  }
  return members;
}

function socketsOf(proc: ProcReader, pid: number): readonly SocketEntry[] {
  return ['tcp', 'tcp6'].flatMap((table) => parseTcpTable(proc.read(`${pid}/net/${table}`) ?? ''));
}

function heldSockets(proc: ProcReader, pid: number): ReadonlySet<string> {
  const links = proc.list(`${pid}/fd`).map((fd) => proc.link(`${pid}/fd/${fd}`) ?? '');
  return new Set(links.flatMap((link) => /^socket:\[(\d+)\]$/.exec(link)?.[1] ?? []));
}

function startOf(proc: ProcReader, pid: number): number | undefined {
  const stat = parseStat(proc.read(`${pid}/stat`) ?? '');
  return stat === undefined || stat.isOver ? undefined : stat.startTicks;
}

function descendantsOf(proc: ProcReader, ancestors: readonly number[]): readonly number[] {
  const children = childrenByParent(proc);
  const named = new Set(ancestors);
  const found = new Set(ancestors); // grows while it is gone through
  for (const pid of found) for (const child of children.get(pid) ?? []) found.add(child);
  return [...found].filter((pid) => !named.has(pid));
}

function childrenByParent(proc: ProcReader): ReadonlyMap<number, readonly number[]> {
  const children = new Map<number, number[]>();
  for (const pid of pids(proc)) {
    const stat = parseStat(proc.read(`${pid}/stat`) ?? '');
    if (stat === undefined || stat.isOver) continue;
    const siblings = children.get(stat.parentPid);
    if (siblings === undefined) children.set(stat.parentPid, [pid]);
    else siblings.push(pid);
  }
  return children;
}
