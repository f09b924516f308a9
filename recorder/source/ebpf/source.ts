/**
 * The eBPF source, live: opens a capture tier, keeps the set of targets and their probes up to date as processes come,
 * fork, load libraries and go, and hands on events. The only stateful edge of this folder; what it decides with is pure.
 */
import { readlinkSync } from 'node:fs';
import { WiretapeError } from '../../../errors/wiretape-error';
import {
  type Capture,
  type CaptureStats,
  captureDefaults,
  type MissedEvents,
  missedEvents,
  openCapture,
  type Tier,
  tryReturnProbe,
} from '../../../native/binding';
import type { ProcessInfo } from '../../../tape/model/exchange';
import type { MissingReason, SourceEvent } from '../events';
import type { Source } from '../source';
import { closedAmong } from './attach/closed-targets';
import { resolveContainers } from './attach/containers/choose';
import { mayLookIntoOthers, readEnvironment } from './attach/environment';
import { HostsFiles } from './attach/hosts-files';
import { createPlanner, type Planner } from './attach/plan';
import { ProbeTimes } from './attach/probe-times';
import { createProcReader } from './attach/proc/proc-reader';
import { DetailsReader } from './attach/process-details';
import { createProcesses, type Processes } from './attach/processes';
import type { ReturnProbeFacts } from './attach/return-probes';
import { type AwaitedTarget, type FoundTargets, findAgain, findTargets, type TargetSpec } from './attach/targets';
import { TlsLooks } from './attach/tls-look';
import { Binder } from './bind/bind';
import { decodeBatch, type WireEvent } from './decode/decode';
import { type HeldCommand, startHeld } from './live/command';
import { JavaMachines } from './live/java-machines';
import { imagesOfCommand, installedImages } from './live/likely-images';
import { Lookout } from './live/lookout';
import { Membership } from './live/membership';
import { type ProbeReport, ProbeSet } from './live/probe-set';

export interface EbpfSourceOptions {
  readonly targets: TargetSpec;
  /** Started, held until it is a target, and followed with its children. */
  readonly command?: readonly string[];
  readonly tier?: string;
  readonly ringBytes?: number;
  readonly tlsObjects?: number;
  readonly limitBytes?: number;
  readonly queueBytes?: number;
  readonly gatherMs?: number;
  readonly dearMapUs?: number;
  /** Most that is held of TLS plaintext whose socket is not known yet. */
  readonly unboundBytes?: number;
  /** Which share of the connections is recorded, where it is not all of them. */
  readonly sample?: number;
  readonly onEvents: (events: readonly SourceEvent[]) => void;
  readonly onProbe?: (report: ProbeReport) => void;
  /** A process that was not there at the start is a target now: `--port 8443` made it one. */
  readonly onJoined?: (process: ProcessInfo, because: string) => void;
  /** Who listens on a port of the targets since now only passes on to a container, and is not recorded. */
  readonly onProxy?: (process: ProcessInfo, port: number) => void;
  /** Every `--pid`, and all they have started, have ended. Other targets may come back. */
  readonly onTargetsEnded?: () => void;
  /** Java virtual machines among the targets are asked to load the agent by which their TLS is read. */
  readonly java?: boolean;
  /** One that was asked, and is not read. */
  readonly onJavaRefused?: (process: ProcessInfo, reason: string) => void;
  /** Takes the secrets out of the words of a command line: without it, no command lines are told. */
  readonly redactCommand?: (words: readonly string[]) => readonly string[];
  /** What return probes do to a process with a seccomp filter here; tried where it is not given. */
  readonly returnProbes?: ReturnProbeFacts;
}

export interface EbpfSource extends Source {
  readonly tier: string;
  /** What is recorded, as a person would say it: `node (4711)`; nothing where that is every process. */
  readonly targets: readonly string[];
  /** What nobody fits yet. */
  readonly awaited: readonly AwaitedTarget[];
  /** Whom nobody may look into, in words: of their TLS nothing but sizes is recorded. */
  readonly closed: readonly string[];
  readonly command: HeldCommand | undefined;
  /** Resolves when whoever had to be asked to be read has been asked. */
  settled(): Promise<void>;
  stats(): CaptureStats;
  /** Drains what the kernel still holds, and lets go of everything. Resolves with the last counts. */
  stop(): Promise<CaptureStats>;
}

const CHECK_INTERVAL_MS = 1000;
const CLOSING_CHECK_MS = 5;

/** Events by which a process is known to speak. */
const kindsOfSpeakers: ReadonlySet<WireEvent['kind']> = new Set(['open', 'open-unix', 'other-socket']);

/** The initial pid namespace (PROC_PID_INIT_INO): the kernel side speaks of processes by their number there. */
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]';

/** Everything that exists is attached when this returns. Throws the errors of openCapture and findTargets. */
export function startEbpfSource(options: EbpfSourceOptions): EbpfSource {
  refuseNestedPidNamespace();
  const targets = resolveContainers(options.targets, createProcesses(createProcReader()), { selfPid: process.pid });
  return new LiveSource({ ...options, targets });
}

class LiveSource implements EbpfSource {
  readonly tier: string;
  readonly targets: readonly string[];
  readonly awaited: readonly AwaitedTarget[];
  readonly closed: readonly string[];
  readonly command: HeldCommand | undefined;
  private readonly capture: Capture;
  private readonly captureTier: Tier;
  private readonly proc = createProcReader();
  private readonly processes: Processes = createProcesses(this.proc);
  private readonly binder: Binder;
  private readonly probes: ProbeSet;
  private readonly planner: Planner;
  private readonly probeTimes = new ProbeTimes();
  private readonly tlsLooks: TlsLooks;
  private readonly membership: Membership;
  private readonly lookout: Lookout;
  private readonly java: JavaMachines | null;
  private readonly details: DetailsReader | null;
  private readonly hosts = new HostsFiles(this.proc.root, Date.now);
  /** Processes that were asked since they began to speak. */
  private readonly described = new Set<number>();
  private timer: NodeJS.Timeout | undefined;
  private ending: NodeJS.Timeout | undefined;
  private outgoing: SourceEvent[] = [];
  private told = { events: 0, bytes: 0, missed: 0, leftOutTimes: 0, leftOutBytes: 0 };
  /** Sends and receives without a program, by the kernel's counts, when the unix sockets were last doubted. */
  private doubtedAt = 0;
  /** News that were lost, by the kernel's counts, when /proc was last searched. */
  private searchedAt = 0;
  private hasBegun = false;
  private lastEventNs = 0;
  /** Taken once: the wall clock may be set while the recording goes on. */
  private readonly clockOffsetUs = clockOffsetUs();

  constructor(private readonly options: EbpfSourceOptions) {
    const found = this.find();
    const { targets, redactCommand } = options;
    this.details = redactCommand === undefined ? null : new DetailsReader(this.proc, redactCommand);
    const watchProcesses = mayCome(targets);
    const { capture, tier } = openCapture(
      { ...captureDefaults, ...sizes(options), everybody: targets.all, watchProcesses },
      options.tier,
    );
    this.capture = capture;
    this.planner = createPlanner({ returnProbes: options.returnProbes ?? tryReturnProbe() });
    this.tlsLooks = new TlsLooks(this.processes, this.planner);
    this.captureTier = tier;
    this.tier = tier.name;
    this.probes = this.openProbes();
    this.membership = this.openMembership();
    this.lookout = new Lookout({ probes: this.probes, isTarget: (pid) => this.membership.has(pid) });
    this.java = options.java ? this.openJava() : null;
    this.binder = new Binder({
      clockOffsetUs: this.clockOffsetUs,
      onEvent: (event) => this.outgoing.push(event),
      inboundPorts: onlyPorts(targets),
      ...(options.unboundBytes === undefined ? {} : { heldBytesMost: options.unboundBytes }),
      hostInFile: (pid, remote, atNs) => this.hosts.nameOf({ pid, remote, agoMs: (monotonicNs() - atNs) / 1e6 }),
      isOwn: (pid, local) => this.java?.asksBy(pid, local) ?? false,
      lookAtTls: (pid) => this.tlsLooks.of(pid, performance.now()),
      probedAtNs: (pid, file) => this.probeTimes.of(pid, file),
      onUnbound: (pid) => this.lookout.sawUnbound(pid),
      onTls: (pid, isRead) => this.sawTls(pid, isRead),
    });
    try {
      const hasRights = () => mayLookIntoOthers(readEnvironment().capabilities);
      this.closed = closedAmong(found.matches, this.processes, hasRights);
      this.command = this.begin(found);
    } catch (error) {
      this.release();
      throw error;
    }
    this.awaited = found.awaited;
    this.targets = options.command === undefined ? namesOf(found, targets) : [options.command.join(' ')];
  }

  async settled(): Promise<void> {
    await this.java?.settled();
  }

  stats(): CaptureStats {
    const stats = this.capture.stats();
    const missed = missedEvents(this.captureTier, stats.skips);
    return { ...stats, missed, notSampled: this.binder.notSampled };
  }

  pause(paused: boolean): void {
    this.capture.pause(paused);
  }

  async stop(): Promise<CaptureStats> {
    this.capture.takeStock();
    await this.capture.stop();
    this.countUnixSockets();
    this.binder.closeUncounted(monotonicNs());
    this.binder.end(monotonicNs());
    this.emitLoss();
    this.flush();
    const stats = this.stats();
    this.release();
    return stats;
  }

  nowUs(): number {
    return Math.round(this.clockOffsetUs + monotonicNs() / 1000);
  }

  /** Which unix sockets are still there: the kernel tells nobody when one ends. What others said last may be in the ring still. */
  private countUnixSockets(): void {
    if (!this.binder.hasUnixSockets) return;
    const atNs = monotonicNs();
    this.binder.countUnix(new Set(this.capture.unixCensus()), atNs);
  }

  private release(): void {
    clearInterval(this.timer);
    clearTimeout(this.ending);
    this.lookout.stop();
    this.java?.stop();
    this.capture.close();
  }

  private find(): FoundTargets {
    const { targets, command } = this.options;
    if (command !== undefined) return { matches: [], awaited: [], kept: new Map() };
    return findTargets(targets, this.processes, { selfPid: process.pid });
  }

  private openProbes(): ProbeSet {
    return new ProbeSet({
      capture: this.capture,
      planner: this.planner,
      processes: this.processes,
      nowNs: monotonicNs,
      onReport: (report) => this.noteProbe(report),
      onCovered: (pid, file, sinceNs) => this.noteCovered(pid, file, sinceNs),
    });
  }

  private openJava(): JavaMachines {
    const { proc, processes } = this;
    return new JavaMachines({
      proc,
      processes,
      isTarget: (pid) => this.membership.has(pid),
      onAboard: (pid) => this.probes.cover(pid, { memoryBio: false }),
      onRefused: (pid, reason) => this.options.onJavaRefused?.({ pid, name: processes.facts(pid)?.name ?? '' }, reason),
    });
  }

  private openMembership(): Membership {
    return new Membership({
      spec: this.options.targets,
      processes: this.processes,
      selfPid: process.pid,
      search: () => findAgain(this.options.targets, this.processes, { selfPid: process.pid }),
      listener: {
        joined: (pid, because) => this.adopt(pid, because),
        begotten: (child, parent) => this.raise(child, parent),
        replaced: (pid) => this.replace(pid),
        left: (pid) => this.releaseOf(pid),
        vanished: (pid) => this.bury(pid),
        proxied: (pid, port) => this.options.onProxy?.({ pid, name: this.processes.facts(pid)?.name ?? '' }, port),
      },
    });
  }

  private begin(found: FoundTargets): HeldCommand | undefined {
    const { command, targets } = this.options;
    for (const { netns, port } of this.processes.listeners()) this.binder.learnListener(inodeOf(netns), port);
    this.capture.start((memory, start, end) => this.takeBatch(memory.subarray(start, end)));
    if (targets.all) this.probes.widen([], { memoryBio: true });
    this.membership.admit(found);
    // Somebody may have come between the search and the moment from which the kernel tells of whoever comes.
    if (mayCome(targets)) this.membership.search();
    this.capture.seedSockets();
    if (this.mayBeget()) this.widen();
    const held = command === undefined ? undefined : this.startCommand(command);
    this.timer = setInterval(() => this.check(), CHECK_INTERVAL_MS);
    if (!this.probes.wide) this.probes.prepare(installedImages(this.membership.pids()));
    this.hasBegun = true;
    return held;
  }

  private startCommand(command: readonly string[]): HeldCommand {
    this.probes.widen(imagesOfCommand(command), { memoryBio: true });
    const held = startHeld(command);
    this.membership.join(held.pid, command.join(' '));
    held.release();
    return held;
  }

  /** Whether some target is likely to start processes that are to be recorded; others show it by starting one. */
  private mayBeget(): boolean {
    return this.membership.pids().some((pid) => {
      const facts = this.processes.facts(pid);
      if (facts === undefined) return false;
      // It has done so; or serves many at once by processes or by waiting, not by threads; or is a shell or the like.
      return this.membership.has(facts.parentPid) || facts.threads === 1 || !this.mayTalk(pid);
    });
  }

  /** Holds a TCP socket, or a TLS library: what is recorded of others will be done by children. */
  private mayTalk(pid: number): boolean {
    if (this.probes.covers(pid)) return true;
    const connections = this.processes.sockets(pid);
    return [...this.processes.heldSockets(pid)].some((inode) => connections.has(inode));
  }

  private widen(): void {
    if (!this.probes.wide) this.probes.widen(installedImages(this.membership.pids()), { memoryBio: false });
  }

  private adopt(pid: number, because: string): void {
    this.renew(pid, this.processes.facts(pid)?.exe ?? null);
    this.capture.addTarget(pid);
    this.nameProcess(pid);
    this.lookout.joined(pid);
    this.java?.consider(pid);
    if (!this.hasBegun) return;
    this.widen(); // targets come and go: the library of the next one is likely that of this one
    this.options.onJoined?.({ pid, name: this.processes.facts(pid)?.name ?? '' }, because);
  }

  private raise(child: number, parent: number): void {
    this.renew(child, null);
    this.widen();
    this.probes.inherit(child, parent);
  }

  private replace(pid: number): void {
    this.lookout.replaced(pid);
    this.java?.replaced(pid);
  }

  private sawTls(pid: number, isRead: () => boolean): void {
    this.lookout.sawTls(pid, isRead);
    this.java?.consider(pid);
  }

  private releaseOf(pid: number): void {
    this.probes.forget(pid);
    this.java?.forget(pid);
    this.lookout.forget(pid);
    if (this.options.command === undefined && !mayCome(this.options.targets)) this.endOnceOver(pid);
  }

  /** The kernel tells of an end before it closes what the process had open, which may be the last thing to record. */
  private endOnceOver(pid: number): void {
    clearTimeout(this.ending);
    this.ending = setTimeout(() => {
      if (this.membership.size > 0) return;
      if (this.processes.startOf(pid) === undefined) this.options.onTargetsEnded?.();
      else this.endOnceOver(pid);
    }, CLOSING_CHECK_MS);
  }

  /** The kernel may have missed its end as well, and would take the next process of that number for it. */
  private bury(pid: number): void {
    this.capture.removeTarget(pid);
    this.described.delete(pid);
    this.hosts.forget(pid);
    this.binder.push({ kind: 'exit', pid, atNs: monotonicNs(), socket: 0, tls: 0, other: 0, name: '' });
  }

  /** The kernel tells names at exec only; older processes, and containers, are looked up when they first matter. */
  private nameProcess(pid: number): void {
    const known = this.binder.processes;
    if (known.knows(pid) && known.knowsContainer(pid)) return;
    const facts = this.processes.facts(pid);
    if (facts === undefined) return;
    if (!known.knows(pid)) known.learn({ pid, name: facts.name });
    known.learnContainer(pid, facts.container);
  }

  /** What it is by now, as it may have changed its user since it began; where it has ended, what it was then. */
  private meetSpeaker(pid: number): void {
    this.nameProcess(pid);
    if (this.described.has(pid)) return;
    this.described.add(pid);
    this.describe(pid);
  }

  private describe(pid: number): void {
    this.hosts.meet(pid);
    const details = this.details?.of(pid) ?? {};
    // Of one that has ended there is no more than its user.
    if (details.executable !== undefined || details.command !== undefined) this.binder.processes.describe(pid, details);
  }

  private noteProbe(report: ProbeReport): void {
    this.probeTimes.note(report, monotonicNs());
    this.options.onProbe?.(report);
  }

  private noteCovered(pid: number, file: string, sinceNs: number): void {
    this.probeTimes.complete({ pid, file }, sinceNs);
    this.binder.processes.learnProbes(pid, sinceNs);
  }

  /** The number stands for another program from now on. */
  private renew(pid: number, program: string | null): void {
    this.probeTimes.forget(pid);
    this.tlsLooks.renew(pid, program);
  }

  private takeBatch(batch: Buffer): void {
    // Before what was said after the skip: it may be the answer to another request than it seems.
    let doubtful = this.binder.hasUnixSockets && this.hasMissedData();
    if (doubtful) this.binder.doubtUnix(this.lastEventNs);
    for (const event of decodeBatch(batch)) {
      this.lastEventNs = event.atNs;
      if (kindsOfSpeakers.has(event.kind)) this.meetSpeaker(event.pid);
      this.followProcess(event);
      this.binder.push(event);
      if (event.kind !== 'open-unix') continue;
      doubtful ||= this.hasMissedData();
      if (doubtful) this.binder.doubtUnix(event.atNs, [event.socket]);
    }
    this.flush();
  }

  /** Since it was asked last. */
  private hasMissedData(): boolean {
    const { data } = this.stats().missed;
    const more = data > this.doubtedAt;
    this.doubtedAt = data;
    return more;
  }

  private followProcess(event: WireEvent): void {
    switch (event.kind) {
      case 'exec':
        if (this.membership.has(event.pid)) this.renew(event.pid, this.processes.facts(event.pid)?.exe ?? null);
        this.membership.take(event);
        this.described.delete(event.pid);
        this.binder.processes.describe(event.pid, {}); // of the program it no longer runs
        this.placeProcess(event.pid);
        break;
      case 'fork':
      case 'exit':
        this.described.delete(event.kind === 'fork' ? event.other : event.pid);
        this.membership.take(event);
        if (event.kind === 'fork') this.hosts.fork(event.pid, event.other);
        else this.hosts.forget(event.pid);
        break;
      case 'listen':
        this.withSockets(() => this.membership.take(event));
    }
  }

  /** A runtime moves a process into its container between fork and exec. */
  private placeProcess(pid: number): void {
    const facts = this.membership.has(pid) ? this.processes.facts(pid) : undefined;
    if (facts === undefined) return;
    this.binder.processes.learnContainer(pid, facts.container);
    this.describe(pid);
  }

  /** Who joins by something else than a program that begins may hold connections already. */
  private withSockets(change: () => void): void {
    const before = this.membership.size;
    change();
    if (this.membership.size > before) this.capture.seedSockets();
  }

  private flush(): void {
    if (this.outgoing.length === 0) return;
    const events = this.outgoing;
    this.outgoing = [];
    this.options.onEvents(events);
  }

  /** What news may have missed, what nobody tells of, and what was refused a while ago. */
  private check(): void {
    this.emitLoss();
    this.countUnixSockets();
    const { ringFullEvents, missed, stateFull } = this.stats();
    const lost = ringFullEvents + eventsOf(missed) + stateFull;
    this.membership.reconcile();
    if (lost > this.searchedAt) this.withSockets(() => this.membership.search());
    this.searchedAt = lost;
    this.probes.retry();
    this.flush();
  }

  /** Losses the kernel counted; which streams they belong to, the holes in their positions tell. */
  private emitLoss(): void {
    const { ringFullEvents, ringFullBytes, missed, leftOutTimes, leftOutBytes } = this.stats();
    const before = this.told;
    this.told = { events: ringFullEvents, bytes: ringFullBytes, missed: eventsOf(missed), leftOutTimes, leftOutBytes };
    this.emitLossOf('ring-full', this.told.events - before.events, this.told.bytes - before.bytes);
    this.emitLossOf('left-out', leftOutTimes - before.leftOutTimes, leftOutBytes - before.leftOutBytes);
    this.emitLossOf('program-skipped', this.told.missed - before.missed, 0);
  }

  private emitLossOf(reason: MissingReason, events: number, bytes: number): void {
    if (events <= 0 && bytes <= 0) return;
    this.options.onEvents([{ kind: 'loss', atUs: this.nowUs(), connection: null, reason, events, bytes }]);
  }
}

function eventsOf({ data, connections, processes }: MissedEvents): number {
  return data + connections + processes;
}

/** `--port N` alone means: inbound on N, and everything those processes call. Any other target means all of a process. */
function onlyPorts({ ports, pids, comms, cgroups, containers, all }: TargetSpec): ReadonlySet<number> | null {
  const others = [...pids, ...comms, ...cgroups, ...containers];
  return ports.length > 0 && others.length === 0 && !all ? new Set(ports) : null;
}

/** Whether processes that are no targets yet may become some: all but numbers stand for whoever fits. */
function mayCome({ ports, comms, cgroups, containers, all }: TargetSpec): boolean {
  return all || ports.length + comms.length + cgroups.length + containers.length > 0;
}

function namesOf({ matches }: FoundTargets, { all }: TargetSpec): readonly string[] {
  return all ? [] : matches.map(({ process: { name, pid } }) => `${name} (${pid})`);
}

function sizes({ ringBytes, tlsObjects, limitBytes, queueBytes, gatherMs, dearMapUs, sample }: EbpfSourceOptions) {
  return {
    ...(sample === undefined ? {} : { sample }),
    ...(ringBytes === undefined ? {} : { ringBytes }),
    ...(tlsObjects === undefined ? {} : { tlsObjects }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(queueBytes === undefined ? {} : { queueBytes }),
    ...(gatherMs === undefined ? {} : { gatherMs }),
    ...(dearMapUs === undefined ? {} : { dearMapUs }),
  };
}

function refuseNestedPidNamespace(): void {
  const namespace = readlinkSync('/proc/self/ns/pid');
  if (namespace === INITIAL_PID_NAMESPACE) return;
  throw new WiretapeError('PID_NAMESPACE', 'Cannot record from inside a pid namespace', {
    seen: [`/proc/self/ns/pid is ${namespace}; that of the host is ${INITIAL_PID_NAMESPACE}`],
    remedy: 'Share the pid namespace of the host: docker run --pid=host, hostPID: true in Kubernetes',
  });
}

function inodeOf(netns: string): number {
  return Number(/\d+/.exec(netns)?.[0] ?? 0);
}

/** CLOCK_MONOTONIC, what the kernel side stamps events with. */
function monotonicNs(): number {
  return Number(process.hrtime.bigint());
}

function clockOffsetUs(): number {
  return Date.now() * 1000 - monotonicNs() / 1000;
}
