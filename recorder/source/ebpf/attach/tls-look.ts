/**
 * Which TLS libraries a process has aboard, looked up while it lives: when its unread TLS is reported, it may be gone.
 * A look is shared by all processes that have mapped the same files, and taken again after a while, since a library may
 * be loaded later. Bounded.
 */
import type { SeenLibrary, TlsLook } from '../bind/unread';
import { Evidence } from './evidence';
import type { MappedImage } from './mapped-image';
import type { Planner } from './plan';
import type { Processes } from './processes';
import { sightTls } from './tls-sightings';

const mostProcesses = 4096;
const mostImageSets = 512;
/** How long what a process has mapped is taken for unchanged. */
const freshMs = 1000;

interface Remembered {
  readonly look: TlsLook;
  readonly atMs: number;
}

const nothingSeen: TlsLook = { libraries: [] };

export class TlsLooks {
  private readonly byProcess = new Map<number, Remembered>();
  private readonly byImages = new Map<string, TlsLook>();
  private readonly evidence = new Evidence();

  constructor(
    private readonly processes: Processes,
    private readonly planner: Planner,
  ) {}

  /** Nothing where the process has ended already, or may not be looked into. */
  of(pid: number, nowMs: number): TlsLook {
    const known = this.byProcess.get(pid);
    if (known !== undefined && nowMs - known.atMs < freshMs) return known.look;
    const look = this.look(pid) ?? known?.look ?? nothingSeen;
    remember(this.byProcess, pid, { look, atMs: nowMs }, mostProcesses);
    return look;
  }

  /** The number stands for another process, or another program, from now on. */
  forget(pid: number): void {
    this.byProcess.delete(pid);
  }

  private look(pid: number): TlsLook | undefined {
    const images = this.processes.images(pid);
    if (images.length === 0) return undefined;
    const seccompMode = this.processes.facts(pid)?.seccompMode ?? 0;
    const key = [seccompMode, ...images.map(({ path, device, inode }) => `${device}:${inode} ${path}`)].join('\n');
    const known = this.byImages.get(key);
    if (known !== undefined) return known;
    const look = { libraries: this.librariesIn(images, seccompMode) };
    remember(this.byImages, key, look, mostImageSets);
    return look;
  }

  private librariesIn(images: readonly MappedImage[], seccompMode: number): readonly SeenLibrary[] {
    const plan = this.planner.planFor({ images, seccompMode });
    const planned = plan.plans.filter(
      ({ image, refusals }) => image.flavour.holds !== 'crypto' && refusals.length === 0,
    );
    const sighted = sightTls({ images, plan, evidence: images.flatMap((image) => this.evidence.of(image)) });
    return [
      ...planned.map(({ image }) => ({ label: image.flavour.label, file: fileOf(image), isRead: true })),
      ...sighted.flatMap(({ captured, library, file }) => (captured ? [] : [{ label: library, file, isRead: false }])),
    ];
  }
}

/** What tells a file from every other one, as probe reports say it. */
export function fileOf({ device, inode }: { readonly device: string; readonly inode: string }): string {
  return `${device}:${inode}`;
}

function remember<K, V>(map: Map<K, V>, key: K, value: V, most: number): void {
  map.delete(key);
  const oldest = map.size >= most ? map.keys().next().value : undefined;
  if (oldest !== undefined) map.delete(oldest);
  map.set(key, value);
}
