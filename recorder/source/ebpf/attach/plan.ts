/**
 * From the files a process has mapped to the probes that read its TLS: which file, which offset, which program.
 * Decides; attaches nothing. A hook that cannot be placed is a refusal with its reason and never stops the others.
 */
import { readElf } from './elf/elf';
import { type OpenFile, openFile } from './elf/elf-file';
import { type ImagePlan, type PlannedProbe, planImage, type Refusal } from './image-plan';

export type { MappedImage } from './mapped-image';

import { fileName, type MappedImage, type OpenedImage, openImage } from './mapped-image';
import { type ReturnProbeFacts, returnProbeRefusal } from './return-probes';
import type { ProbeNeed, TlsFlavour } from './tls-libraries/tls-library';

export interface MappingProcess {
  readonly images: readonly MappedImage[];
}

export interface PlannedImage {
  /** What the kernel is given: it opens the file that was read, also across mount namespaces. */
  readonly path: string;
  /** Which file it is, whatever path leads to it; and which library of it, where it has several. */
  readonly key: string;
  /** Last part of the path as the process sees it: `libssl.so.3`, `node`. */
  readonly label: string;
  readonly library: ImagePlan['library'];
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
  /** What a trial on this kernel showed. */
  readonly returnProbes: ReturnProbeFacts;
  readonly open?: (path: string) => OpenFile | undefined;
}

/** Enough for every file of a large host; beyond it the oldest are read again. */
const CACHE_LIMIT = 8192;

export function createPlanner(options: PlannerOptions): Planner {
  const open = options.open ?? openFile;
  const cache = new Map<string, readonly ImagePlan[]>();
  const refusal = returnProbeRefusal(options.returnProbes);
  return { planFor: (process) => planFor(process, { open, cache, refusal }) };
}

interface Planning {
  readonly open: (path: string) => OpenFile | undefined;
  readonly cache: Map<string, readonly ImagePlan[]>;
  /** Why no return probe may be placed; null where they may. */
  readonly refusal: string | null;
}

function planFor(process: MappingProcess, planning: Planning): ProcessPlan {
  const unreadable: UnreadableImage[] = [];
  const known: KnownImage[] = [];
  for (const mapped of process.images) {
    const opened = openImage(mapped, planning.open);
    if (opened === undefined) unreadable.push({ path: mapped.path, reason: 'the file can no longer be opened' });
    else known.push(...readImage(mapped, opened, planning.cache));
  }
  const memoryBio = usesMemoryBios(process, known) ? 'always' : 'when-unbound';
  const plans = withoutLoneCrypto(known).map(
    ({ image, plan }) => ({ image, memoryBio, ...allowed(plan, planning.refusal) }) as const,
  );
  return { plans, unreadable };
}

interface KnownImage {
  readonly image: PlannedImage;
  readonly plan: ImagePlan;
}

function readImage(mapped: MappedImage, { path, file }: OpenedImage, cache: Planning['cache']): readonly KnownImage[] {
  try {
    return cached(cache, file).map((plan, i) => {
      const { library, flavour } = plan;
      const key = i === 0 ? file.key : `${file.key} ${library}`;
      return { plan, image: { path, key, label: fileName(mapped.path), library, flavour } };
    });
  } finally {
    file.close();
  }
}

function cached(cache: Planning['cache'], file: OpenFile): readonly ImagePlan[] {
  const known = cache.get(file.identity);
  if (known !== undefined) return known;
  const reading = readElf(file.read);
  const plans = reading.kind === 'elf' ? planImage(reading.image) : [];
  const oldest = cache.size >= CACHE_LIMIT ? cache.keys().next().value : undefined;
  if (oldest !== undefined) cache.delete(oldest);
  cache.set(file.identity, plans);
  return plans;
}

/** A libcrypto matters only beside a TLS half of its library. */
function withoutLoneCrypto(known: readonly KnownImage[]): readonly KnownImage[] {
  const whole = new Set(known.flatMap(({ plan }) => (plan.flavour.holds === 'crypto' ? [] : [plan.library])));
  return known.filter(({ plan }) => whole.has(plan.library));
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

/** Both directions are read by the probes of the plan. */
export function readsBothWays({ probes }: Pick<ProbePlan, 'probes'>): boolean {
  const has = (wanted: ProbeNeed) => probes.some(({ need }) => need === wanted || need === 'either');
  return has('read') && has('write');
}

/**
 * Of a library whose plaintext is read at the return nothing is placed where return probes would harm: the other probes
 * alone would make a socket count as read whose plaintext nobody reads. Nor of the half beside it, which has none itself.
 */
function allowed(plan: ImagePlan, refusal: string | null): Pick<ProbePlan, 'probes' | 'refusals'> {
  const paired = new Set(plan.probes.filter((probe) => probe.isReturn).map((probe) => probe.symbol));
  const needsReturns = paired.size > 0 || plan.flavour.holds === 'crypto';
  if (refusal === null || !needsReturns) return { probes: plan.probes, refusals: plan.refusals };
  const refused = [...paired].map((symbol) => ({ symbol, reason: refusal }));
  return { probes: [], refusals: [...plan.refusals, ...refused] };
}
