/**
 * From the files a process has mapped to the probes that read its TLS: which file, which offset, which program.
 * Decides; attaches nothing. A hook that cannot be placed is a refusal with its reason and never stops the others.
 */
import { readElf } from './elf/elf';
import { type OpenFile, openFile } from './elf/elf-file';
import { type ImagePlan, type PlannedProbe, planImage, type Refusal } from './image-plan';

export type { MappedImage } from './mapped-image';

import { fileName, type MappedImage, type OpenedImage, openImage } from './mapped-image';
import { returnProbeRefusal } from './return-probes';
import type { TlsFlavour } from './tls-libraries/tls-library';

export interface MappingProcess {
  readonly images: readonly MappedImage[];
  /** `Seccomp:` of /proc/PID/status: 2 where a filter is active. */
  readonly seccompMode: number;
}

export interface PlannedImage {
  /** What the kernel is given: it opens the file that was read, also across mount namespaces. */
  readonly path: string;
  /** Which file it is, whatever path leads to it. */
  readonly key: string;
  /** Last part of the path as the process sees it: `libssl.so.3`, `node`. */
  readonly label: string;
  readonly library: string;
  readonly flavour: TlsFlavour;
}

export interface ProbePlan {
  readonly image: PlannedImage;
  readonly probes: readonly PlannedProbe[];
  readonly refusals: readonly Refusal[];
  /** Whether the probes of the group `memory-bio` are needed from the start, or once a stream stays unbound. */
  readonly memoryBio: 'always' | 'when-unbound';
}

export interface UnreadableImage {
  readonly path: string;
  readonly reason: string;
}

export interface ProcessPlan {
  readonly plans: readonly ProbePlan[];
  readonly unreadable: readonly UnreadableImage[];
}

export interface Planner {
  /** Reads each mapped file once for as long as it stays the same. */
  planFor(process: MappingProcess): ProcessPlan;
}

export interface PlannerOptions {
  /** `uname -r`. */
  readonly kernelRelease: string;
  readonly open?: (path: string) => OpenFile | undefined;
}

/** Enough for every file of a large host; beyond it the oldest are read again. */
const CACHE_LIMIT = 8192;

export function createPlanner(options: PlannerOptions): Planner {
  const open = options.open ?? openFile;
  const cache = new Map<string, ImagePlan | null>();
  return { planFor: (process) => planFor(process, { open, cache, kernelRelease: options.kernelRelease }) };
}

interface Planning {
  readonly open: (path: string) => OpenFile | undefined;
  readonly cache: Map<string, ImagePlan | null>;
  readonly kernelRelease: string;
}

function planFor(process: MappingProcess, planning: Planning): ProcessPlan {
  const unreadable: UnreadableImage[] = [];
  const known: KnownImage[] = [];
  for (const mapped of process.images) {
    const opened = openImage(mapped, planning.open);
    if (opened === undefined) unreadable.push({ path: mapped.path, reason: 'the file can no longer be opened' });
    else known.push(...readImage(mapped, opened, planning.cache));
  }
  const refusal = returnProbeRefusal(planning.kernelRelease, process.seccompMode);
  const memoryBio = usesMemoryBios(process, known) ? 'always' : 'when-unbound';
  const plans = withoutLoneCrypto(known).map(
    ({ image, plan }) => ({ image, memoryBio, ...allowed(plan, refusal) }) as const,
  );
  return { plans, unreadable };
}

interface KnownImage {
  readonly image: PlannedImage;
  readonly plan: ImagePlan;
}

function readImage(mapped: MappedImage, { path, file }: OpenedImage, cache: Planning['cache']): readonly KnownImage[] {
  try {
    const plan = cached(cache, file);
    if (plan === null) return [];
    const { library, flavour } = plan;
    return [{ plan, image: { path, key: file.key, label: fileName(mapped.path), library, flavour } }];
  } finally {
    file.close();
  }
}

function cached(cache: Planning['cache'], file: OpenFile): ImagePlan | null {
  const known = cache.get(file.identity);
  if (known !== undefined) return known;
  const reading = readElf(file.read);
  const plan = reading.kind === 'elf' ? (planImage(reading.image) ?? null) : null;
  const oldest = cache.size >= CACHE_LIMIT ? cache.keys().next().value : undefined;
  if (oldest !== undefined) cache.delete(oldest);
  cache.set(file.identity, plan);
  return plan;
}

/** A libcrypto matters only beside a TLS half. */
function withoutLoneCrypto(known: readonly KnownImage[]): readonly KnownImage[] {
  return known.some(({ plan }) => plan.flavour.holds !== 'crypto') ? known : [];
}

/** Modules known to give OpenSSL memory BIOs in place of sockets: Python's ssl (asyncio), .NET, Netty, gRPC. */
const MEMORY_BIO_MODULES = [
  /^_ssl(\.[^/]+)?\.so$/,
  /^libSystem\.Security\.Cryptography\.Native\.OpenSsl\.so$/,
  /netty_tcnative/,
  /^cygrpc/,
];

function usesMemoryBios(process: MappingProcess, known: readonly KnownImage[]): boolean {
  if (known.some(({ plan }) => plan.flavour.holds === 'tls-and-crypto')) return true;
  return process.images.some(({ path }) => MEMORY_BIO_MODULES.some((module) => module.test(fileName(path))));
}

/** Drops what return probes are needed for where they would harm: half a pair reads nothing. */
function allowed(plan: ImagePlan, refusal: string | null): Pick<ProbePlan, 'probes' | 'refusals'> {
  if (refusal === null) return { probes: plan.probes, refusals: plan.refusals };
  const paired = new Set(plan.probes.filter((probe) => probe.isReturn).map((probe) => probe.symbol));
  const refused = [...paired].map((symbol) => ({ symbol, reason: refusal }));
  return { probes: plan.probes.filter(({ symbol }) => !paired.has(symbol)), refusals: [...plan.refusals, ...refused] };
}
