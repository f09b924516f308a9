/**
 * The only way to the addon: validates what goes in, and turns what the kernel answered into errors with a remedy.
 * The addon and the BPF object lie together in dist/, in a checkout and in an installed package alike.
 */
import { closeSync, existsSync, openSync, readFileSync, readSync } from 'node:fs';
import { WiretapeError } from '../errors/wiretape-error';
import { builtFile } from './built-file';
import { cgroupRoot } from './cgroup-root';
import { firstErrno, isRefusedBySeccomp, type OwnRights, ownRights, seccompRemedies } from './seccomp';
import { type MissedEvents, programsOfOthers, type Tier, tiers } from './tiers';

export { type MissedEvents, missedEvents, type Tier, tiers } from './tiers';

export interface CaptureOptions {
  /** Size of the kernel's ring: a power of two. */
  readonly ringBytes: number;
  /** TLS connections that are known at a time, of all targets; the kernel takes 150 bytes for each at once. One that is forgotten, as it was used longest ago, is in doubt from its next call on. */
  readonly tlsObjects: number;
  /** Captured at most of one call; the rest is an explicit truncation. */
  readonly limitBytes: number;
  /** Memory for what was drained and is not yet parsed; beyond it the ring fills and the kernel counts. */
  readonly queueBytes: number;
  /** What is not urgent waits so long in the ring for more, unless that comes before: waking costs more than an exchange. */
  readonly gatherMs: number;
  /** Mapping 4 MiB of the ring costs half a millisecond; where it costs as much as this, they stay mapped while much comes. */
  readonly dearMapUs: number;
  /** Every process is a target. */
  readonly everybody: boolean;
  /** Exec and listen events of every process, for targets that start later. */
  readonly watchProcesses: boolean;
  /** Which share of the connections is recorded: above 0, up to 1, which is all of them. */
  readonly sample: number;
}

export const captureDefaults: CaptureOptions = {
  ringBytes: 32 << 20,
  tlsObjects: 65536,
  limitBytes: 16 << 20,
  queueBytes: 80 << 20,
  gatherMs: 200,
  dearMapUs: 5000,
  everybody: false,
  watchProcesses: false,
  sample: 1,
};

export interface UprobeRequest {
  readonly program: string;
  /** Opened by the kernel at attach; the file stays probed also when the path goes away. */
  readonly path: string;
  /** Offsets in the file. */
  readonly offsets: readonly number[];
  readonly isReturn: boolean;
  /** 0: every process that maps the file. */
  readonly pid: number;
  /** Where in the file a number stands that the kernel raises for each of these places while it is probed; 0: nowhere. */
  readonly counter: number;
}

export interface KernelStats {
  readonly events: number;
  readonly bytes: number;
  readonly ringFullEvents: number;
  readonly ringFullBytes: number;
  /** While the reader was behind: how often a connection was left out from some moment on, and bytes that were. */
  readonly leftOutTimes: number;
  readonly leftOutBytes: number;
  /** Reads of user memory that failed; each is a gap in its stream. */
  readonly faults: number;
  /** Sockets, calls or TLS streams for which a kernel map had no room. */
  readonly stateFull: number;
  /** TLS calls within calls, beyond what a thread's state holds: the oldest of them was given up. */
  readonly deepCalls: number;
  /** How often the kernel did not run each program that is loaded. */
  readonly skips: Readonly<Record<string, number>>;
  readonly unreadBytes: number;
  readonly queuedBytes: number;
  /** How often events were taken from the ring; at the worst, how long the oldest had waited, and how much lay in it. */
  readonly takes: number;
  readonly longestWaitUs: number;
  readonly mostUnreadBytes: number;
  readonly uprobeMulti: boolean;
}

export interface CaptureStats extends KernelStats {
  readonly missed: MissedEvents;
  /** Connections that a sample leaves out. */
  readonly notSampled: number;
}

export interface ProgramRefusal {
  readonly program: string;
  readonly reason: string;
}

/** A loaded and attached capture tier. Closing it, or the end of the process, leaves nothing behind in the kernel. */
export interface Capture {
  /** Returns a handle for detachUprobe. Throws a `KernelRefusal`. */
  attachUprobe(request: UprobeRequest): number;
  detachUprobe(handle: number): void;
  addTarget(tgid: number): void;
  removeTarget(tgid: number): void;
  /** Events for the sockets that targets hold now; those seen before are not told again. */
  seedSockets(): void;
  /** Events for how the connections stand that targets hold now. */
  takeStock(): void;
  /** Generations of the unix sockets that targets hold now: nobody tells when one ends. */
  unixCensus(): readonly number[];
  /**
   * Batches of events in the layout of bpf/wire.h, in the order of the ring: from `start` to `end` of the memory, which is
   * used again once `onBatch` has returned.
   */
  start(onBatch: (memory: Buffer, start: number, end: number) => void): void;
  /** While paused nothing more is drained: the ring fills, and the kernel counts what does not fit. */
  pause(paused: boolean): void;
  /** Resolves when everything that is in the ring by now has been handed over. */
  stop(): Promise<void>;
  stats(): KernelStats;
  refusals(): readonly ProgramRefusal[];
  close(): void;
}

/** What the addon throws: the step, the errno, and what libbpf or the verifier said. */
export interface KernelRefusal extends Error {
  readonly step: string;
  readonly errno: number;
  readonly detail: string;
}

/** What became of a child of ours with a seccomp filter when a return probe was on its way. */
export interface ReturnProbeTrial {
  /** `killed`: the filter ended it. `unknown`: it could not be tried. */
  readonly outcome: 'safe' | 'killed' | 'unknown';
  readonly detail: string;
}

interface AddonOptions extends Omit<CaptureOptions, 'sample'> {
  /** In parts of 2^32; 0 for all. */
  readonly sampled: number;
  readonly object: Uint8Array;
  readonly required: readonly string[];
  readonly leftOut: readonly string[];
  readonly optional: readonly string[];
  readonly ifPreempted: readonly string[];
  /** Folder of the root of all cgroups; empty where it is not to be had. */
  readonly cgroup: string;
  readonly wakeBytes: number;
}

/** A header decoder of HTTP/2: the state of one direction of one connection. */
export interface HeaderInflater {
  /**
   * One fragment of a header block, the last one or not. The fields that became whole with it, up to `mostBytes` of this
   * fragment; `size` counts all of them, as RFC 9113, 6.5.2 does. After `failed` it decodes nothing any more.
   */
  inflate(fragment: Uint8Array, isLast: boolean, mostBytes: number): InflatedFragment;
  /** Between blocks: how far the table may grow where its encoder says so. */
  allowTable(bytes: number): void;
  close(): void;
}

export interface InflatedFragment {
  /** Names and values by turns, as latin1. */
  readonly fields: readonly string[];
  /** Which of them (0 for the first field) their sender wants to be in no table, because they are secret. */
  readonly neverIndexed: readonly number[];
  readonly size: number;
  readonly failed: boolean;
  /** How large the table may be now. */
  readonly tableBytes: number;
}

interface Addon {
  HeaderInflater: new () => HeaderInflater;
  Capture: new (options: AddonOptions) => Capture;
  tryReturnProbe(): ReturnProbeTrial;
  textOf(bytes: Uint8Array): string;
  makeSieve(tables: object, places: Uint32Array): (bytes: Uint8Array, length: number) => number;
  letGoOfTexts(): boolean;
  keepLittleFreed(): void;
  keepOutOfDumps(): boolean;
  giveBack(): void;
  wireLayout(): Record<string, readonly [offset: number, size: number]>;
}

/** As much unread makes a batch that is worth a wake-up of its own; less waits for company for a while. */
const mostGatheredBytes = 512 << 10;

const EPERM = 1;
const EACCES = 13;
const ENOSYS = 38;

let loaded: Addon | undefined;

function addon(): Addon {
  if (loaded !== undefined) return loaded;
  const path = builtFile('wiretape.node');
  try {
    loaded = require(path) as Addon;
  } catch (cause) {
    throw new WiretapeError('ADDON_MISSING', `Cannot load the native addon from ${path}`, {
      cause,
      seen: [cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause)],
      remedy: 'In a checkout build it: npm run build. Packages are for linux-x64 with glibc 2.36 or newer',
    });
  }
  return loaded;
}

function readObject(name: string): Uint8Array {
  const path = builtFile(name);
  try {
    return readFileSync(path);
  } catch (cause) {
    throw new WiretapeError('ADDON_MISSING', `Cannot read the BPF object ${path}`, {
      cause,
      remedy: 'In a checkout build it: npm run build',
    });
  }
}

/** A capture that works, and which of a tier's objects it runs. */
export interface OpenedTier {
  readonly tier: Tier;
  readonly object: string;
  readonly capture: Capture;
}

/**
 * Loads and attaches one tier, with the first of its objects that this kernel takes. Throws the `KernelRefusal` of the
 * last one, or ADDON_MISSING.
 */
export function openTier(tier: Tier, options: CaptureOptions): OpenedTier {
  if (!Number.isInteger(Math.log2(options.ringBytes)) || options.ringBytes < 4096) {
    throw new WiretapeError('USAGE', `The ring cannot have ${options.ringBytes} bytes: it is not a power of two`, {
      remedy: 'Take 16 MiB, 64 MiB or 256 MiB',
    });
  }
  const opening = openFirst(tier.objects, (object) => ({ tier, object, capture: openObject(tier, object, options) }));
  if (opening.kind === 'opened') return opening.opened;
  throw opening.refusals.at(-1);
}

function openObject(tier: Tier, object: string, options: CaptureOptions): Capture {
  const { Capture } = addon();
  const { required, optional, ifPreempted } = tier;
  const wakeBytes = Math.min(options.ringBytes / 8, mostGatheredBytes);
  const leftOut = programsOfOthers(tier);
  const cgroup = cgroupRoot() ?? '';
  const { sample, ...rest } = options;
  const sampled = sample >= 1 ? 0 : Math.max(1, Math.floor(sample * 2 ** 32));
  const own = { sampled, wakeBytes, object: readObject(object), required, optional, ifPreempted, leftOut, cgroup };
  return new Capture({ ...rest, ...own });
}

type Opening<Opened> =
  | { readonly kind: 'opened'; readonly opened: Opened }
  | { readonly kind: 'refused'; readonly refusals: readonly KernelRefusal[] };

/** What the first of them opens that the kernel does not refuse, or the refusals of all. */
function openFirst<One, Opened>(all: readonly One[], open: (one: One) => Opened): Opening<Opened> {
  const refusals: KernelRefusal[] = [];
  for (const one of all) {
    try {
      return { kind: 'opened', opened: open(one) };
    } catch (error) {
      if (!isKernelRefusal(error)) throw error;
      refusals.push(error);
    }
  }
  return { kind: 'refused', refusals };
}

/** The first tier that loads and attaches, or the one that is named. Throws an error with what the kernel said. */
export function openCapture(options: CaptureOptions, tierName?: string): OpenedTier {
  const wanted = tierName === undefined ? tiers : tiers.filter((tier) => tier.name === tierName);
  if (wanted.length === 0) {
    throw new WiretapeError('USAGE', `There is no capture tier ${JSON.stringify(tierName)}`, {
      remedy: `Take one of: ${tiers.map((tier) => tier.name).join(', ')}`,
    });
  }
  const opening = openFirst(wanted, (tier) => openTier(tier, options));
  if (opening.kind === 'opened') return opening.opened;
  throw explainRefusals(wanted.map((tier, i) => ({ tier, refusal: opening.refusals[i] as KernelRefusal })));
}

/** Needs no rights. Throws ADDON_MISSING. */
export function createHeaderInflater(): HeaderInflater {
  const { HeaderInflater } = addon();
  return new HeaderInflater();
}

/** Forks a child of ours for it: once a recording is enough. */
export function tryReturnProbe(): ReturnProbeTrial {
  return addon().tryReturnProbe();
}

/** Shorter ones are cheaper to copy than to look after. */
const longTextBytes = 1 << 20;

/**
 * Bytes read as latin1. A long text lies where its bytes are: they must not change as long as it, or a part of it, is there,
 * and they stay for as long. Throws ADDON_MISSING.
 */
export function textOf(bytes: Uint8Array): string {
  if (bytes.length >= longTextBytes) return addon().textOf(bytes);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** A sieve in C++, which writes into these places; the tables are those of `SieveTables` in tape/redact/sieve.ts. Throws ADDON_MISSING. */
export function makeSieve(tables: object, places: Uint32Array): (bytes: Uint8Array, length: number) => number {
  return addon().makeSieve(tables, places);
}

/** The bytes of texts that were collected as garbage can be, from now on. False where there are none. Throws ADDON_MISSING. */
export function letGoOfTexts(): boolean {
  return addon().letGoOfTexts();
}

/** Of what this process frees, from now on. Throws ADDON_MISSING. */
export function keepLittleFreed(): void {
  addon().keepLittleFreed();
}

/** What this process holds is not written down where it crashes. False where the kernel refuses. Throws ADDON_MISSING. */
export function keepOutOfDumps(): boolean {
  return addon().keepOutOfDumps();
}

/** What was freed, and code that is not used: takes a millisecond or two. Throws ADDON_MISSING. */
export function giveBackMemory(): void {
  addon().giveBack();
}

function isKernelRefusal(error: unknown): error is KernelRefusal {
  return error instanceof Error && 'errno' in error && 'step' in error;
}

export interface TierRefusal {
  readonly tier: Pick<Tier, 'name'>;
  readonly refusal: KernelRefusal;
}

/** What the refusals of all tiers that were tried mean to the user: at least one. */
export function explainRefusals(refusals: readonly TierRefusal[], own: OwnRights = readOwnRights()): WiretapeError {
  const cause = refusals.at(-1)?.refusal;
  const seen = refusals.map(({ tier, refusal }) => `tier ${tier.name}: ${refusalWords(refusal)}`);
  const facts = { cause, seen };
  if (lockdown() === 'confidentiality') {
    return new WiretapeError('BPF_LOCKDOWN', 'Cannot load the recorder: kernel lockdown is "confidentiality"', {
      ...facts,
      remedy: 'Boot with lockdown=integrity, or record on another machine: this mode forbids reading memory with BPF',
    });
  }
  if (!existsSync('/sys/kernel/btf/vmlinux')) {
    return new WiretapeError('BPF_NO_BTF', 'Cannot load the recorder: the kernel carries no BTF', {
      cause,
      seen: ['/sys/kernel/btf/vmlinux is not there', ...seen],
      remedy: "Use a kernel built with CONFIG_DEBUG_INFO_BTF (the distributions' kernels are), and mount /sys",
    });
  }
  const errnos = refusals.map(({ refusal }) => firstErrno(refusal));
  if (errnos.every((errno) => isRefusedBySeccomp(errno, own))) {
    return new WiretapeError('BPF_SECCOMP', 'Cannot load the recorder: a seccomp profile forbids it', {
      cause,
      seen: ['/proc/self/status: the capabilities are there, and Seccomp: 2', ...seen],
      remedy: seccompRemedies,
    });
  }
  const another = refusals.length === 1 ? ['Leave out --tier: the first that works is taken'] : [];
  // A filter may let only those with the rights through, and hide the call from others.
  const isDenied = (errno: number) => errno === EPERM || errno === EACCES || (errno === ENOSYS && own.hasFilter);
  if (errnos.every(isDenied)) {
    return new WiretapeError('BPF_NOT_PERMITTED', 'Cannot load the recorder: the kernel does not permit it', {
      ...facts,
      remedy: [
        'Run as root, or grant CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH',
        ...another,
        'wiretape doctor tells what is missing',
      ],
    });
  }
  const which = refusals.length === 1 ? `tier ${refusals[0]?.tier.name} does not fit` : 'no capture tier fits';
  return new WiretapeError('BPF_UNSUPPORTED', `Cannot load the recorder: ${which} this kernel`, {
    ...facts,
    remedy: [...(another.length > 0 ? another : ['Use kernel 5.10 or newer']), 'wiretape doctor shows each tier'],
  });
}

function refusalWords({ step, errno, detail }: KernelRefusal): string {
  return [`${step}: errno ${errno}`, ...tellingLines(detail)].join('; ');
}

function readOwnRights(): OwnRights {
  try {
    return ownRights(readFileSync('/proc/self/status', 'latin1'), readFileSync('/proc/self/uid_map', 'latin1'));
  } catch {
    return { hasFilter: false, mayUseBpf: false }; // no /proc: nothing is known, and nothing is claimed
  }
}

function lockdown(): string | null {
  try {
    return /\[(\w+)\]/.exec(readFileSync('/sys/kernel/security/lockdown', 'latin1'))?.[1] ?? null;
  } catch {
    return null; // no lockdown module, or securityfs is not mounted
  }
}

/** What libbpf repeats after it has said why. */
const REPEATS =
  /failed to (prepare load attributes|load)\b|BPF program load failed|PROG LOAD LOG|^processed \d+ insns|try raising 'ulimit/;

/** The end of a log is the part that says why. */
function tellingLines(detail: string): string[] {
  const lines = detail.split('\n').filter((line) => line.trim() !== '');
  const telling = lines.filter((line) => !REPEATS.test(line.replace(/^libbpf: /, '')));
  return telling.slice(-3);
}

export interface TierProbe {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
  /** What the kernel answered; there where it refused. */
  readonly errno?: number;
}

/** Loads and attaches each tier for real, and lets go of it again. */
export function probeTiers(): readonly TierProbe[] {
  return tiers.map((tier) => {
    try {
      const { capture, object } = openTier(tier, { ...captureDefaults, ringBytes: 1 << 20 });
      const refused = capture.refusals().map(({ program }) => shownProgram(program));
      capture.close();
      const without = refused.length === 0 ? '' : `, without ${refused.join(', ')}`;
      return { name: tier.name, ok: true, detail: `loads and attaches (${object})${without}` };
    } catch (error) {
      if (!isKernelRefusal(error)) return { name: tier.name, ok: false, detail: String(error) };
      return { name: tier.name, ok: false, errno: firstErrno(error), detail: refusalWords(error) };
    }
  });
}

/** With what is not recorded without it, where a user can do something about it. */
function shownProgram(program: string): string {
  return program === 'wt_packet_out' ? `${program} (sendfile: CAP_NET_ADMIN, cgroups of version 2)` : program;
}

export interface UprobeSupport {
  readonly multi: boolean;
  readonly perf: boolean;
  readonly detail: string;
}

/** Attaches one uprobe to this very process, by whichever way the first tier that works uses. */
export function uprobeSupport(): UprobeSupport {
  let capture: Capture | undefined;
  try {
    capture = openCapture({ ...captureDefaults, ringBytes: 1 << 20 }).capture;
    const multi = capture.stats().uprobeMulti;
    // Any place will do: the process is no target, so the program returns at once, and nothing runs there in between.
    const handle = capture.attachUprobe({
      program: 'wt_ssl_free',
      path: '/proc/self/exe',
      offsets: [entryOffset()],
      isReturn: false,
      pid: process.pid,
      counter: 0,
    });
    capture.detachUprobe(handle);
    return { multi, perf: !multi, detail: multi ? 'uprobe_multi' : 'perf uprobes' };
  } catch (error) {
    const detail = isKernelRefusal(error) ? refusalWords(error) : 'not tried: no capture tier works';
    return { multi: false, perf: false, detail };
  } finally {
    capture?.close();
  }
}

/** File offset of this executable's entry point: always an instruction, never run twice. */
function entryOffset(): number {
  const fd = openSync('/proc/self/exe', 'r');
  try {
    const header = Buffer.alloc(64);
    readSync(fd, header, 0, 64, 0);
    const entry = Number(header.readBigUInt64LE(24));
    const table = Buffer.alloc(header.readUInt16LE(54) * header.readUInt16LE(56));
    readSync(fd, table, 0, table.length, Number(header.readBigUInt64LE(32)));
    for (let at = 0; at < table.length; at += header.readUInt16LE(54)) {
      const start = Number(table.readBigUInt64LE(at + 16));
      const inside =
        table.readUInt32LE(at) === 1 && entry >= start && entry < start + Number(table.readBigUInt64LE(at + 32));
      if (inside) return entry - start + Number(table.readBigUInt64LE(at + 8));
    }
    return entry;
  } finally {
    closeSync(fd);
  }
}

/** C++'s view of bpf/wire.h: `struct.field` to [offset, size]. */
export function wireLayout(): Record<string, readonly [offset: number, size: number]> {
  return addon().wireLayout();
}
