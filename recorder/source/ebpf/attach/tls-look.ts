/**
 * Which TLS libraries a process has aboard, looked up while it lives: when its unread TLS is reported, it may be gone.
 * A look is shared by all processes that have mapped the same files, and taken again after a while, since a library may
 * be loaded later. One that ended too soon is known by another process of the same program. Bounded.
 */
import type { SeenLibrary, TlsLook } from '../bind/unread';
import { keepYoungest } from '../keep-youngest';
import { Evidence } from './evidence';
import type { MappedImage } from './mapped-image';
import type { Planner, ProcessPlan } from './plan';
import type { Processes } from './processes';
import { sightTls } from './tls-sightings';

const mostProcesses = 4096;
const mostImageSets = 512;
/** How long what a process has mapped is taken for unchanged. */
const freshMs = 1000;

interface Known {
  /** Path of the executable; null where nobody saw it. */
  readonly program: string | null;
  readonly look: TlsLook | null;
  readonly lookedAtMs: number;
}

export class TlsLooks {
  private readonly byProcess = new Map<number, Known>();
  private readonly byProgram = new Map<string, TlsLook>();
  private readonly byImages = new Map<string, TlsLook>();
  private readonly evidence = new Evidence();

  constructor(
    private readonly processes: Processes,
    private readonly planner: Planner,
  ) {}

  /** Null where nothing can be known of it any more. */
  of(pid: number, nowMs: number): TlsLook | null {
    const known = this.byProcess.get(pid);
    if (known !== undefined && nowMs - known.lookedAtMs < freshMs) return known.look;
    const program = known?.program ?? this.processes.facts(pid)?.exe ?? null;
    const look = this.look(pid);
    if (look !== null && program !== null) keepYoungest(this.byProgram, program, look, mostImageSets);
    const last = look ?? known?.look ?? this.byProgram.get(program ?? '') ?? null;
    keepYoungest(this.byProcess, pid, { program, look: last, lookedAtMs: nowMs }, mostProcesses);
    return last;
  }

  /** The number stands for another process, or another program, from now on. */
  renew(pid: number, program: string | null): void {
    keepYoungest(this.byProcess, pid, { program, look: null, lookedAtMs: Number.NEGATIVE_INFINITY }, mostProcesses);
  }

  private look(pid: number): TlsLook | null {
    const images = this.processes.images(pid);
    if (images.length === 0) return null;
    const key = images.map(({ path, device, inode }) => `${device}:${inode} ${path}`).join('\n');
    const known = this.byImages.get(key);
    if (known !== undefined) return known;
    const look = this.lookInto(images);
    keepYoungest(this.byImages, key, look, mostImageSets);
    return look;
  }

  /**
   * Files are searched for texts at once where nothing else is found: the process may be gone soon. Where a library is
   * aboard that is read, they are searched only if its connection turns out unread: a search takes time, and probes of
   * processes that have just begun wait for it.
   */
  private lookInto(images: readonly MappedImage[]): TlsLook {
    const plan = this.planner.planFor({ images });
    const read = plan.plans
      .filter(({ image, refusals }) => image.flavour.holds !== 'crypto' && refusals.length === 0)
      .map(({ image }) => ({ label: image.flavour.label, file: image.key, isRead: true }));
    const search = () => [...read, ...this.unreadIn(images, plan)];
    return read.length === 0 ? { libraries: search() } : new LazyLook(search);
  }

  private unreadIn(images: readonly MappedImage[], plan: ProcessPlan): readonly SeenLibrary[] {
    const sighted = sightTls({ images, plan, evidence: images.flatMap((image) => this.evidence.of(image)) });
    return sighted.flatMap(({ captured, library, file }) =>
      captured ? [] : [{ label: library, file, isRead: false }],
    );
  }
}

/** Searched when somebody asks. */
class LazyLook implements TlsLook {
  private found: readonly SeenLibrary[] | null = null;

  constructor(private readonly search: () => readonly SeenLibrary[]) {}

  get libraries(): readonly SeenLibrary[] {
    this.found ??= this.search();
    return this.found;
  }
}
