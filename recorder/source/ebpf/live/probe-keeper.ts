/**
 * Which probes are in place for which process. Attaches what a plan says and remembers it; a probe that is refused is
 * reported and stops nothing. Return probes go in before entries: a call that is under way then has no entry to pair
 * with, instead of an entry that waits for a return nobody sees.
 */
import type { Capture } from '../../../../native/binding';
import type { PlannedProbe } from '../attach/image-plan';
import type { PlannedImage, Planner, ProbePlan } from '../attach/plan';
import type { Processes } from '../attach/processes';
import { fileOf } from '../attach/tls-look';

export interface ProbeReport {
  readonly pid: number;
  /** `libssl.so.3`, `node`. */
  readonly image: string;
  /** `device:inode` of it. */
  readonly file: string;
  readonly symbols: readonly string[];
  readonly outcome: 'attached' | 'refused';
  /** Where a probe sits and why there; or what the kernel or the planner said. */
  readonly detail: string;
}

export interface ProbeKeeperOptions {
  readonly capture: Capture;
  readonly planner: Planner;
  readonly processes: Processes;
  readonly onReport: (report: ProbeReport) => void;
}

type Group = PlannedProbe['group'];

/** Every process that maps the file: what the kernel takes as a pid for that. */
const EVERYBODY = 0;

export class ProbeKeeper {
  private readonly handles = new Map<number, number[]>();
  private readonly attached = new Set<string>();
  private readonly reported = new Set<string>();

  constructor(private readonly options: ProbeKeeperOptions) {}

  /**
   * Probes for the TLS libraries this process has mapped now; those in place already stay as they are.
   * `memoryBio` asks for the probes that only memory BIOs need, also where the plan would wait for that need.
   */
  cover(pid: number, { memoryBio }: { memoryBio: boolean }): void {
    const { processes, planner } = this.options;
    const seccompMode = processes.facts(pid)?.seccompMode ?? 0;
    const { plans } = planner.planFor({ images: processes.images(pid), seccompMode });
    for (const plan of plans) this.coverImage(plan, pid, memoryBio || plan.memoryBio === 'always');
  }

  /** Probes in files for every process that maps them, now or later: for children that must be seen from their start. */
  coverFiles(plans: readonly ProbePlan[]): void {
    for (const plan of plans) this.coverImage(plan, EVERYBODY, true);
  }

  /** True where a TLS library of the process is being read. */
  covers(pid: number): boolean {
    return this.handles.has(pid) || this.handles.has(EVERYBODY);
  }

  /** Lets go of a process that has ended. */
  forget(pid: number): void {
    for (const handle of this.handles.get(pid) ?? []) this.options.capture.detachUprobe(handle);
    this.handles.delete(pid);
    for (const key of this.attached) if (key.startsWith(`${pid} `)) this.attached.delete(key);
  }

  private coverImage(plan: ProbePlan, pid: number, memoryBio: boolean): void {
    const groups: readonly Group[] = memoryBio ? ['base', 'memory-bio'] : ['base'];
    for (const group of groups) this.coverGroup(plan, pid, group);
    for (const { symbol, reason } of plan.refusals) this.reportOnce(plan.image, pid, symbol, reason);
  }

  private coverGroup(plan: ProbePlan, pid: number, group: Group): void {
    if (this.isCovered(plan.image, pid, group)) return;
    this.attached.add(coverKey(plan.image, pid, group));
    const probes = plan.probes.filter((probe) => probe.group === group);
    const links = [...byLink(probes).values()].sort((a, b) => Number(b[0]?.isReturn) - Number(a[0]?.isReturn));
    for (const link of links) this.attach(plan.image, pid, link);
  }

  private isCovered(image: PlannedImage, pid: number, group: Group): boolean {
    return this.attached.has(coverKey(image, pid, group)) || this.attached.has(coverKey(image, EVERYBODY, group));
  }

  private attach(image: PlannedImage, pid: number, probes: readonly PlannedProbe[]): void {
    const [first] = probes;
    if (first === undefined) return;
    const symbols = probes.map(({ symbol }) => symbol);
    const offsets = probes.map(({ fileOffset }) => fileOffset);
    try {
      const { program, isReturn } = first;
      const handle = this.options.capture.attachUprobe({ program, isReturn, pid, path: image.path, offsets });
      this.handles.set(pid, [...(this.handles.get(pid) ?? []), handle]);
      const detail = `${program}${isReturn ? ' at the return' : ''}, ${first.why}`;
      this.report({ pid, image, symbols, outcome: 'attached', detail });
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      this.report({ pid, image, symbols, outcome: 'refused', detail });
    }
  }

  private reportOnce(image: PlannedImage, pid: number, symbol: string, detail: string): void {
    const key = `${pid} ${image.inode} ${symbol}`;
    if (this.reported.has(key)) return;
    this.reported.add(key);
    this.report({ pid, image, symbols: [symbol], outcome: 'refused', detail });
  }

  private report({ image, ...what }: Omit<ProbeReport, 'image' | 'file'> & { image: PlannedImage }): void {
    this.options.onReport({ ...what, image: image.label, file: fileOf(image) });
  }
}

function coverKey(image: PlannedImage, pid: number, group: Group): string {
  return `${pid} ${image.inode}:${image.label} ${group}`;
}

/** One link takes one program and one kind of probe, at any number of places in a file. */
function byLink(probes: readonly PlannedProbe[]): ReadonlyMap<string, readonly PlannedProbe[]> {
  const links = new Map<string, PlannedProbe[]>();
  for (const probe of probes) {
    const key = `${probe.program} ${probe.isReturn}`;
    links.set(key, [...(links.get(key) ?? []), probe]);
  }
  return links;
}
