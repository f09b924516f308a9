/**
 * The links of uprobes that are wanted: in place, or refused and tried again after a while, a few times. Return probes
 * go in before entries, and an entry waits for the return of its function: a call under way then has no entry to pair
 * with, instead of an entry that waits for a return nobody sees.
 */
import type { Capture } from '../../../../native/binding';
import type { PlannedProbe } from '../attach/image-plan';
import type { PlannedImage } from '../attach/plan';

export interface ProbeReport {
  /** 0: every process that maps the file. */
  readonly pid: number;
  /** `libssl.so.3`, `node`. */
  readonly image: string;
  /** What tells it from every other file. */
  readonly file: string;
  readonly symbols: readonly string[];
  /** `complete`: with these, everything is in place that reading the library takes. */
  readonly outcome: 'attached' | 'refused' | 'complete';
  /** Where a probe sits and why there; or what the kernel or the planner said. */
  readonly detail: string;
}

/** Probes of one file, for one process or, with pid 0, for every process that maps it. */
export interface WantedProbes {
  readonly image: PlannedImage;
  readonly pid: number;
  readonly probes: readonly PlannedProbe[];
}

/** How far the wanted probes are. */
export interface InPlace {
  /** All of them are there. */
  readonly inPlace: boolean;
  /** Not all of them were, before they were asked for this time. */
  readonly isNew: boolean;
}

export interface UprobeLinksOptions {
  readonly capture: Pick<Capture, 'attachUprobe' | 'detachUprobe'>;
  readonly onReport: (report: ProbeReport) => void;
  /** Milliseconds on a clock that never steps. */
  readonly nowMs: () => number;
}

interface Link {
  /** The latest way to the file: the one before may have led through a process that has ended. */
  image: PlannedImage;
  readonly pid: number;
  readonly probes: readonly PlannedProbe[];
  handle: number | null;
  refusals: number;
  retryAtMs: number;
}

/** What the kernel refuses for want of memory or descriptors it may grant later; after the last it is not asked again. */
const RETRY_DELAYS_MS = [200, 1000, 5000, 30_000, 120_000];

export class UprobeLinks {
  /** By file and pid, then by program and kind. */
  private readonly links = new Map<string, Map<string, Link>>();

  constructor(private readonly options: UprobeLinksOptions) {}

  /** Puts in place what is not yet, as far as it is due. */
  ensure({ image, pid, probes }: WantedProbes): InPlace {
    const links = this.linksOf(image, pid);
    for (const [key, sharing] of byLink(probes)) {
      const link = links.get(key) ?? { image, pid, probes: sharing, handle: null, refusals: 0, retryAtMs: 0 };
      link.image = image;
      links.set(key, link);
    }
    const isNew = !isAllInPlace(links);
    this.attachDue(links);
    return { inPlace: isAllInPlace(links), isNew };
  }

  /** Lets go of the links of a file for one process, or for everybody. */
  drop(image: PlannedImage, pid: number): void {
    for (const { handle } of this.linksOf(image, pid).values())
      if (handle !== null) this.options.capture.detachUprobe(handle);
    this.links.delete(setKey(image, pid));
  }

  private linksOf(image: PlannedImage, pid: number): Map<string, Link> {
    const known = this.links.get(setKey(image, pid));
    if (known !== undefined) return known;
    const links = new Map<string, Link>();
    this.links.set(setKey(image, pid), links);
    return links;
  }

  private attachDue(links: ReadonlyMap<string, Link>): void {
    const waiting = [...links.values()].filter(({ handle }) => handle === null);
    for (const link of waiting.sort((a, b) => Number(isReturn(b)) - Number(isReturn(a)))) {
      if (link.retryAtMs <= this.options.nowMs() && (isReturn(link) || !waitsForReturn(link, links))) this.attach(link);
    }
  }

  private attach(link: Link): void {
    const { image, pid, probes } = link;
    const [first] = probes;
    if (first === undefined) return;
    const offsets = probes.map(({ fileOffset }) => fileOffset);
    const { program, counter, isReturn: returning } = first;
    try {
      const request = { program, isReturn: returning, pid, path: image.path, offsets, counter };
      link.handle = this.options.capture.attachUprobe(request);
      this.report(link, 'attached', `${program}${returning ? ' at the return' : ''}, ${first.why}`);
    } catch (error) {
      const delay = RETRY_DELAYS_MS[link.refusals] ?? Number.POSITIVE_INFINITY;
      link.refusals++;
      link.retryAtMs = this.options.nowMs() + delay;
      const said = error instanceof Error ? error.message : String(error);
      if (link.refusals === 1) this.report(link, 'refused', said);
      else if (delay === Number.POSITIVE_INFINITY)
        this.report(link, 'refused', `${said}, ${link.refusals} times; not asked for again`);
    }
  }

  private report({ image, pid, probes }: Link, outcome: ProbeReport['outcome'], detail: string): void {
    const symbols = probes.map(({ symbol }) => symbol);
    this.options.onReport({ pid, image: image.label, file: image.key, symbols, outcome, detail });
  }
}

function setKey(image: PlannedImage, pid: number): string {
  return `${pid} ${image.key}`;
}

function isAllInPlace(links: ReadonlyMap<string, Link>): boolean {
  return [...links.values()].every(({ handle }) => handle !== null);
}

function isReturn({ probes }: Link): boolean {
  return probes[0]?.isReturn ?? false;
}

/** Some function of this entry has a return probe that is wanted and not in place. */
function waitsForReturn(entry: Link, links: ReadonlyMap<string, Link>): boolean {
  const symbols = new Set(entry.probes.map(({ symbol }) => symbol));
  return [...links.values()].some(
    (link) => isReturn(link) && link.handle === null && link.probes.some(({ symbol }) => symbols.has(symbol)),
  );
}

/** One link takes one program and one kind of probe, at any number of places in a file. */
function byLink(probes: readonly PlannedProbe[]): ReadonlyMap<string, readonly PlannedProbe[]> {
  const links = new Map<string, PlannedProbe[]>();
  for (const probe of probes) {
    const key = `${probe.group} ${probe.program} ${probe.isReturn}`;
    links.set(key, [...(links.get(key) ?? []), probe]);
  }
  return links;
}
