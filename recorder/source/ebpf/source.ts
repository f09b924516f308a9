/**
 * The eBPF source, live: opens a capture tier, keeps the set of targets and their probes up to date as processes come,
 * fork, load libraries and go, and hands on events. The only stateful edge of this folder; what it decides with is pure.
 */
import { readlinkSync } from 'node:fs';
import { release } from 'node:os';
import { WiretapeError } from '../../../errors/wiretape-error';
import { type Capture, type CaptureStats, captureDefaults, openCapture } from '../../../native/binding';
import type { SourceEvent } from '../events';
import { refuseClosed } from './attach/closed-targets';
import { resolveContainers } from './attach/containers/choose';
import { isCalled } from './attach/containers/naming';
import { isPortProxy } from './attach/containers/port-proxy';
import { createPlanner, type Planner } from './attach/plan';
import { ProbeTimes } from './attach/probe-times';
import { createProcReader } from './attach/proc/proc-reader';
import { createProcesses, type Processes } from './attach/processes';
import { findTargets, fitsTarget, type TargetMatch, type TargetSpec } from './attach/targets';
import { TlsLooks } from './attach/tls-look';
import { Binder } from './bind/bind';
import { decodeBatch, type WireEvent } from './decode/decode';
import { type HeldCommand, likelyImages, startHeld } from './live/command';
import { ProbeKeeper, type ProbeReport } from './live/probe-keeper';

export interface EbpfSourceOptions {
  readonly targets: TargetSpec;
  /** Started, held until it is a target, and followed with its children. */
  readonly command?: readonly string[];
  readonly tier?: string;
  readonly ringBytes?: number;
  readonly limitBytes?: number;
  readonly queueBytes?: number;
  readonly onEvents: (events: readonly SourceEvent[]) => void;
  readonly onProbe?: (report: ProbeReport) => void;
  /** Every process that was a target has ended. */
  readonly onTargetsEnded?: () => void;
}

export interface EbpfSource {
  readonly tier: string;
  /** What is recorded, as a person would say it: `node (4711)`. */
  readonly targets: readonly string[];
  readonly command: HeldCommand | undefined;
  stats(): CaptureStats;
  /** Holds events back in the kernel's ring while whoever takes them cannot keep up. */
  pause(paused: boolean): void;
  /** Drains what the kernel still holds, and lets go of everything. */
  stop(): Promise<void>;
  /** Now, on the clock that stamps the events: steps of the wall clock do not reach it. */
  nowUs(): number;
}

/** A library may be loaded a while after exec: looked for again at these delays, and whenever TLS is seen unread. */
const RESCAN_DELAYS_MS = [20, 100, 500, 2000];
const UNBOUND_RESCAN_MS = 1000;
/** Where a library is probed, plaintext follows the first record sooner than this. */
const HANDSHAKE_MS = 50;
const STATS_INTERVAL_MS = 1000;
const UNIX_CENSUS_MS = 1000;

/**
 * What `Seccomp:` says of a process with a filter. Probes by file reach processes nobody has looked at: on the kernels
 * where a return probe would kill one with a filter, they must be left out.
 */
const SECCOMP_FILTER = 2;

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
  readonly command: HeldCommand | undefined;
  private readonly capture: Capture;
  private readonly processes: Processes = createProcesses(createProcReader());
  private readonly planner: Planner = createPlanner({ kernelRelease: release() });
  private readonly binder: Binder;
  private readonly probes: ProbeKeeper;
  private readonly probeTimes = new ProbeTimes();
  private readonly tlsLooks = new TlsLooks(this.processes, this.planner);
  private readonly live = new Set<number>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly rescannedAt = new Map<string, number>();
  private outgoing: SourceEvent[] = [];
  private told = { events: 0, bytes: 0 };
  private lastEventNs = 0;
  /** Taken once: the wall clock may be set while the recording goes on. */
  private readonly clockOffsetUs = clockOffsetUs();

  constructor(private readonly options: EbpfSourceOptions) {
    const { targets } = options;
    const found = options.command === undefined ? findTargets(targets, this.processes, { selfPid: process.pid }) : [];
    const watchProcesses =
      targets.all ||
      targets.comms.length > 0 ||
      targets.ports.length > 0 ||
      targets.cgroups.length > 0 ||
      targets.containers.length > 0;
    const { capture, tier } = openCapture(
      { ...captureDefaults, ...sizes(options), everybody: targets.all, watchProcesses },
      options.tier,
    );
    this.capture = capture;
    this.tier = tier.name;
    this.binder = new Binder({
      clockOffsetUs: this.clockOffsetUs,
      onEvent: (event) => this.outgoing.push(event),
      inboundPorts: onlyPorts(targets),
      lookAtTls: (pid) => this.tlsLooks.of(pid, performance.now()),
      probedAtNs: (pid, file) => this.probeTimes.of(pid, file),
      onUnbound: (pid) => this.lookAgain(pid, { memoryBio: true }),
      onTls: (pid, isRead) => this.lookAgainUnless(pid, isRead),
    });
    this.probes = new ProbeKeeper({
      capture,
      planner: this.planner,
      processes: this.processes,
      onReport: (report) => this.noteProbe(report),
    });
    try {
      refuseClosed(found, this.processes);
      this.command = this.begin(found.map(({ process: { pid } }) => pid));
    } catch (error) {
      this.letGo();
      throw error;
    }
    this.targets =
      this.command === undefined
        ? [...found.map(({ process: { name, pid } }) => `${name} (${pid})`), ...awaitedContainers(targets, found)]
        : [options.command?.join(' ') ?? ''];
  }

  stats(): CaptureStats {
    return this.capture.stats();
  }

  pause(paused: boolean): void {
    this.capture.pause(paused);
  }

  async stop(): Promise<void> {
    await this.capture.stop();
    this.countUnixSockets();
    this.binder.end(monotonicNs());
    this.tellLoss();
    this.flush();
    this.letGo();
  }

  nowUs(): number {
    return Math.round(this.clockOffsetUs + monotonicNs() / 1000);
  }

  /** Which unix sockets are still there: the kernel tells nobody when one ends. */
  private countUnixSockets(): void {
    if (!this.binder.hasUnixSockets) return;
    // What is in the ring still is younger than the count.
    const countedAtNs = this.lastEventNs;
    const generations = new Set(this.capture.unixCensus());
    this.binder.keepUnix(generations, { countedAtNs, atNs: monotonicNs() });
    this.flush();
  }

  private letGo(): void {
    for (const timer of this.timers) clearInterval(timer);
    this.timers.clear();
    this.capture.close();
  }

  private begin(pids: readonly number[]): HeldCommand | undefined {
    for (const { netns, port } of this.processes.listeners()) this.binder.learnListener(inodeOf(netns), port);
    this.capture.start((batch) => this.takeBatch(batch));
    for (const pid of pids) this.adopt(pid);
    if (pids.length > 0) this.capture.seedSockets();
    if (this.options.targets.all) this.coverAll();
    else for (const pid of pids) this.cover(pid);
    this.timers.add(setInterval(() => this.tellLoss(), STATS_INTERVAL_MS));
    this.timers.add(setInterval(() => this.countUnixSockets(), UNIX_CENSUS_MS));
    return this.options.command === undefined ? undefined : this.startCommand(this.options.command);
  }

  private startCommand(command: readonly string[]): HeldCommand {
    // Its children are seen from their first instruction: probes by file, filtered by process in the kernel.
    this.probes.coverFiles(this.planner.planFor({ images: likelyImages(command), seccompMode: SECCOMP_FILTER }).plans);
    const held = startHeld(command);
    this.adopt(held.pid);
    held.release();
    return held;
  }

  private adopt(pid: number): void {
    if (pid === process.pid || this.live.has(pid)) return;
    this.live.add(pid);
    this.capture.addTarget(pid);
    this.nameProcess(pid);
  }

  /** The kernel tells names at exec only; older processes, and containers, are looked up when they first matter. */
  private nameProcess(pid: number): void {
    if (this.binder.knowsProcess(pid) && this.binder.knowsContainer(pid)) return;
    const facts = this.processes.facts(pid);
    if (facts === undefined) return;
    if (!this.binder.knowsProcess(pid)) this.binder.learnProcess({ pid, name: facts.name });
    this.binder.learnContainer(pid, facts.container);
  }

  private noteProbe(report: ProbeReport): void {
    this.probeTimes.note(report, monotonicNs());
    this.options.onProbe?.(report);
  }

  /** The number stands for another program from now on. */
  private renew(pid: number, program: string | null): void {
    this.probeTimes.forget(pid);
    this.tlsLooks.renew(pid, program);
  }

  private coverAll(): void {
    const images = this.processes.list().flatMap(({ pid }) => this.processes.images(pid));
    this.probes.coverFiles(this.planner.planFor({ images, seccompMode: SECCOMP_FILTER }).plans);
  }

  private cover(pid: number, memoryBio = false): void {
    const before = this.probes.covers(pid);
    this.probes.cover(pid, { memoryBio });
    if (!before && this.probes.covers(pid)) this.binder.learnProbes(pid, monotonicNs());
  }

  private takeBatch(batch: Buffer): void {
    for (const event of decodeBatch(batch)) {
      this.lastEventNs = event.atNs;
      if (event.kind === 'open') this.nameProcess(event.pid);
      if (event.kind !== 'data') this.followProcess(event);
      this.binder.push(event);
    }
    this.flush();
  }

  private flush(): void {
    if (this.outgoing.length === 0) return;
    const events = this.outgoing;
    this.outgoing = [];
    this.options.onEvents(events);
  }

  private followProcess(event: WireEvent): void {
    if (event.kind === 'fork') this.followFork(event.pid, event.other);
    else if (event.kind === 'exec') this.followExec(event.pid);
    else if (event.kind === 'exit') this.followExit(event.pid);
    else if (event.kind === 'listen' && this.options.targets.ports.includes(event.localPort)) this.join(event.pid);
  }

  /** The kernel has made the child a target already. */
  private followFork(parent: number, child: number): void {
    if (!this.live.has(parent)) return;
    this.renew(child, null);
    this.live.add(child);
    this.soon(() => this.cover(child), 0);
  }

  private followExec(pid: number): void {
    const facts = this.processes.facts(pid);
    this.renew(pid, facts?.exe ?? null);
    if (!this.live.has(pid)) {
      if (facts === undefined || !fitsTarget(this.options.targets, facts)) return;
      this.adopt(pid);
    }
    // a runtime moves a process into its container between fork and exec
    if (facts !== undefined) this.binder.learnContainer(pid, facts.container);
    for (const delay of [0, ...RESCAN_DELAYS_MS]) this.soon(() => this.cover(pid), delay);
  }

  private join(pid: number): void {
    const facts = this.processes.facts(pid);
    // who holds a published port open for a container passes on copies: never recorded as if it were the service
    if (facts !== undefined && isPortProxy(facts)) return;
    this.adopt(pid);
    this.soon(() => this.cover(pid), 0);
  }

  private followExit(pid: number): void {
    if (!this.live.delete(pid)) return;
    this.probes.forget(pid);
    for (const memoryBio of [true, false]) this.rescannedAt.delete(`${pid} ${memoryBio}`);
    const { all, containers } = this.options.targets;
    // a container is restarted under its name: its end is not that of the recording
    if (this.live.size === 0 && !all && containers.length === 0)
      this.soon(() => this.live.size === 0 && this.options.onTargetsEnded?.(), 0);
  }

  /** TLS that nobody reads yet: from a library mapped since the last look, or one that is given memory BIOs. */
  private lookAgain(pid: number, { memoryBio }: { memoryBio: boolean }): void {
    const key = `${pid} ${memoryBio}`;
    const now = performance.now();
    if (now - (this.rescannedAt.get(key) ?? Number.NEGATIVE_INFINITY) < UNBOUND_RESCAN_MS) return;
    this.rescannedAt.set(key, now);
    this.soon(() => this.cover(pid, memoryBio), 0);
  }

  private lookAgainUnless(pid: number, isRead: () => boolean): void {
    if (this.probes.covers(pid)) return;
    this.soon(() => isRead() || this.lookAgain(pid, { memoryBio: false }), HANDSHAKE_MS);
  }

  private soon(work: () => void, delayMs: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, delayMs);
    this.timers.add(timer);
  }

  /** Losses the kernel counted; which streams they belong to, the holes in their positions tell. */
  private tellLoss(): void {
    const { ringFullEvents, ringFullBytes } = this.capture.stats();
    const events = ringFullEvents - this.told.events;
    if (events === 0) return;
    const bytes = ringFullBytes - this.told.bytes;
    this.told = { events: ringFullEvents, bytes: ringFullBytes };
    this.options.onEvents([{ kind: 'loss', atUs: this.nowUs(), connection: null, reason: 'ring-full', events, bytes }]);
  }
}

/** `--port N` alone means: inbound on N, and everything those processes call. Any other target means all of a process. */
function onlyPorts({ ports, pids, comms, cgroups, containers, all }: TargetSpec): ReadonlySet<number> | null {
  const others = [...pids, ...comms, ...cgroups, ...containers];
  return ports.length > 0 && others.length === 0 && !all ? new Set(ports) : null;
}

/** Containers that exist and do not run yet, as a person would say it. */
function awaitedContainers({ containers }: TargetSpec, found: readonly TargetMatch[]): readonly string[] {
  const running = found.flatMap(({ process: { container } }) => (container === null ? [] : [container]));
  const awaited = containers.filter((typed) => !running.some((container) => isCalled(container, typed)));
  return awaited.map(
    (typed) => `container ${/^[0-9a-f]{64}$/.test(typed) ? typed.slice(0, 12) : typed} once it starts`,
  );
}

function sizes({ ringBytes, limitBytes, queueBytes }: EbpfSourceOptions) {
  return {
    ...(ringBytes === undefined ? {} : { ringBytes }),
    ...(limitBytes === undefined ? {} : { limitBytes }),
    ...(queueBytes === undefined ? {} : { queueBytes }),
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
