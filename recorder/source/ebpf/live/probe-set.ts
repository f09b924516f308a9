/**
 * Which files are probed, and for whom. For a target alone as long as targets start no processes: others who map the
 * same library then pay nothing. For everybody who maps the file, filtered by process in the kernel, from the moment
 * they do: a child may have made its only request before user space hears that it exists.
 */
import type { Capture } from '../../../../native/binding';
import { type MappedImage, type PlannedImage, type Planner, type ProbePlan, readsBothWays } from '../attach/plan';
import type { Processes } from '../attach/processes';
import { type InPlace, type ProbeReport, UprobeLinks } from './uprobe-links';

export type { ProbeReport } from './uprobe-links';

export interface ProbeSetOptions {
  readonly capture: Pick<Capture, 'attachUprobe' | 'detachUprobe'>;
  readonly planner: Planner;
  readonly processes: Processes;
  readonly onReport: (report: ProbeReport) => void;
  /** A TLS library of this process is read, since then: for what others mapped before, that may be long ago. */
  readonly onCovered: (pid: number, file: string, sinceNs: number) => void;
  /** CLOCK_MONOTONIC. */
  readonly nowNs: () => number;
}

/** Every process that maps the file: what the kernel takes as a pid for that. */
const EVERYBODY = 0;

interface ProbedFile {
  plan: ProbePlan;
  /** The targets that map it. */
  readonly users: Set<number>;
  /** Those for whom the library is read. */
  readonly covered: Set<number>;
  /** Those of them it is probed for singly. */
  readonly owners: Set<number>;
  /** Probed for everybody. */
  shared: boolean;
  /** When all probes for everybody were in place. */
  sharedSinceNs: number | null;
  /** Stays probed when no target maps it. */
  kept: boolean;
  memoryBio: boolean;
  /** For whom some probe was refused and may be asked for again. */
  readonly waiting: Set<number>;
}

export class ProbeSet {
  private readonly links: UprobeLinks;
  /** By the key of the image. */
  private readonly files = new Map<string, ProbedFile>();
  /** What a process had mapped when its files were last planned for. */
  private readonly seen = new Map<number, string>();
  private readonly reported = new Map<number, Set<string>>();
  private isWide = false;

  constructor(private readonly options: ProbeSetOptions) {
    const { capture, onReport, nowNs } = options;
    this.links = new UprobeLinks({ capture, onReport, nowMs: () => nowNs() / 1e6 });
  }

  /** True once files are probed for everybody. */
  get wide(): boolean {
    return this.isWide;
  }

  /** Reads files that may have to be probed in a hurry. */
  prepare(likely: readonly MappedImage[]): void {
    this.options.planner.planFor({ images: likely });
  }

  /**
   * From now on every file is probed for all who map it; those probed for single targets too. `likely` are files that
   * what the targets start may map: they are probed at once, and stay so.
   */
  widen(likely: readonly MappedImage[], { memoryBio }: { readonly memoryBio: boolean }): void {
    this.isWide = true;
    for (const plan of this.options.planner.planFor({ images: likely }).plans) {
      if (!isReadable(plan)) {
        // Told now: who maps the file may have ended before anybody looks at it.
        for (const { symbol, reason } of plan.refusals) this.reportOnce(plan.image, EVERYBODY, symbol, reason);
        continue;
      }
      const file = this.fileOf(plan);
      file.kept = true;
      file.memoryBio ||= memoryBio;
      this.share(file);
    }
    const targets = new Set([...this.files.values()].flatMap(({ users }) => [...users]));
    this.seen.clear();
    for (const pid of targets) this.cover(pid, { memoryBio: false });
  }

  /**
   * Probes for the TLS libraries this process has mapped now; those in place already stay as they are.
   * `memoryBio` asks for the probes that only memory BIOs need, also where the plan would wait for that need.
   */
  cover(pid: number, { memoryBio }: { readonly memoryBio: boolean }): void {
    const images = this.options.processes.images(pid);
    const sight = images.map(({ device, inode }) => `${device}:${inode}`).join(' ');
    if (!memoryBio && this.seen.get(pid) === sight) return;
    const { plans, unreadable } = this.options.planner.planFor({ images });
    if (unreadable.length === 0) this.seen.set(pid, sight);
    for (const plan of plans) {
      const file = this.fileOf(plan);
      file.users.add(pid);
      file.memoryBio ||= memoryBio || plan.memoryBio === 'always';
      if (this.isWide || file.shared) this.share(file);
      else this.own(file, pid);
      for (const { symbol, reason } of plan.refusals) this.reportOnce(plan.image, pid, symbol, reason);
    }
  }

  /** True where a TLS library of the process is being read. */
  covers(pid: number): boolean {
    return [...this.files.values()].some(({ covered }) => covered.has(pid));
  }

  /** A child maps what its parent maps. */
  inherit(child: number, parent: number): void {
    const sight = this.seen.get(parent);
    if (sight !== undefined) this.seen.set(child, sight);
    for (const file of this.files.values()) {
      if (!file.users.has(parent)) continue;
      file.users.add(child);
      if (!file.shared) this.own(file, child);
      else if (file.sharedSinceNs !== null) this.noteCovered(file, child, file.sharedSinceNs);
    }
  }

  /** Lets go of a process that has ended. */
  forget(pid: number): void {
    this.seen.delete(pid);
    this.reported.delete(pid);
    for (const file of this.files.values()) if (file.users.has(pid)) this.release(file, pid);
  }

  /** Asks again for what was refused, as far as that is due. */
  retry(): void {
    for (const file of this.files.values()) {
      for (const pid of file.waiting) {
        if (pid === EVERYBODY) this.share(file);
        else this.own(file, pid);
      }
    }
  }

  private release(file: ProbedFile, pid: number): void {
    for (const members of [file.users, file.covered, file.waiting]) members.delete(pid);
    if (file.owners.delete(pid)) this.links.drop(file.plan.image, pid);
    if (file.users.size > 0 || file.kept) return;
    if (file.shared) this.links.drop(file.plan.image, EVERYBODY);
    this.files.delete(file.plan.image.key);
  }

  private fileOf(plan: ProbePlan): ProbedFile {
    const known = this.files.get(plan.image.key);
    if (known !== undefined) {
      known.plan = plan;
      return known;
    }
    const none = () => new Set<number>();
    const nobody = { users: none(), covered: none(), owners: none(), waiting: none() };
    const file: ProbedFile = { plan, ...nobody, shared: false, sharedSinceNs: null, kept: false, memoryBio: false };
    this.files.set(plan.image.key, file);
    return file;
  }

  /** Probes for everybody; those for single processes, which would run besides, are let go once these are in place. */
  private share(file: ProbedFile): void {
    file.shared = true;
    const { inPlace, isNew } = this.ensure(file, EVERYBODY);
    if (!inPlace) return;
    file.sharedSinceNs ??= this.options.nowNs();
    for (const pid of file.owners) {
      this.links.drop(file.plan.image, pid);
      file.waiting.delete(pid);
    }
    file.owners.clear();
    for (const pid of file.users) this.noteCovered(file, pid, file.sharedSinceNs);
    if (isNew) this.reportComplete(file, EVERYBODY);
  }

  private own(file: ProbedFile, pid: number): void {
    file.owners.add(pid);
    const { inPlace, isNew } = this.ensure(file, pid);
    if (!inPlace) return;
    this.noteCovered(file, pid, this.options.nowNs());
    if (isNew) this.reportComplete(file, pid);
  }

  private ensure(file: ProbedFile, pid: number): InPlace {
    const { image, probes } = file.plan;
    const wanted = probes.filter(({ group }) => group === 'base' || file.memoryBio);
    const links = this.links.ensure({ image, pid, probes: wanted });
    if (links.inPlace) file.waiting.delete(pid);
    else file.waiting.add(pid);
    return links;
  }

  private noteCovered(file: ProbedFile, pid: number, sinceNs: number): void {
    if (file.covered.has(pid) || file.plan.image.flavour.holds === 'crypto' || !isReadable(file.plan)) return;
    file.covered.add(pid);
    this.options.onCovered(pid, file.plan.image.key, sinceNs);
  }

  private reportComplete({ plan }: ProbedFile, pid: number): void {
    if (!isReadable(plan)) return;
    const { image } = plan;
    const detail = 'all of its probes are in place';
    this.options.onReport({ pid, image: image.label, file: image.key, symbols: [], outcome: 'complete', detail });
  }

  private reportOnce(image: PlannedImage, pid: number, symbol: string, detail: string): void {
    const reported = this.reported.get(pid) ?? new Set();
    this.reported.set(pid, reported);
    const key = `${image.key} ${symbol}`;
    if (reported.has(key)) return;
    reported.add(key);
    this.options.onReport({ pid, image: image.label, file: image.key, symbols: [symbol], outcome: 'refused', detail });
  }
}

/** Nothing that reading needs was left out. */
function isReadable(plan: ProbePlan): boolean {
  return plan.image.flavour.holds === 'crypto' || readsBothWays(plan);
}
