/**
 * /etc/hosts as each process sees it. What it says is believed only as of the moment that is asked about: a file that was
 * changed since then says nothing of it. The file is anybody's: no link of its is followed, nothing but a plain file is opened, since
 * to open a device acts, and what is long is not read. Nothing is held open, so that nobody's file system stays busy. One
 * that cannot be reached is a file without names.
 */
import { closeSync, constants, fstatSync, lstatSync, openSync, readSync, type Stats } from 'node:fs';
import type { HostName } from '../../../../tape/model/connection-facts';
import { addressOf } from '../decode/address';
import { keepYoungest } from '../keep-youngest';
import { hostsNames, isOwn } from '../names/hosts-file';

/** Some thousands of lines. Longer ones are lists of what is blocked. */
const bytesMost = 256 << 10;
const filesMost = 64;
const processesMost = 4096;
/** Processes by which a file is looked at again once another one has ended. */
const witnessesMost = 8;
/** Times of files are those of the last tick of the kernel's clock, which may be of 10 ms. */
const tickMs = 10;
/** A file that was changed so shortly before may be changed once more within the same tick. */
const youngMs = 1000;
/** open(2), the same on x86-64 and arm64: Node.js has no name for it. */
const O_PATH = 0o10000000;

/** This very state of this very file. */
interface HostsFile {
  readonly state: string;
  readonly changedMs: number;
  /** It cannot have been changed since without looking changed. */
  readonly isSettled: boolean;
  readonly names: ReadonlyMap<string, string>;
  readonly witnesses: Set<number | 'self'>;
}

export interface Asked {
  readonly pid: number;
  /** `address:port` */
  readonly remote: string;
  /** How long ago it connected. */
  readonly agoMs: number;
}

export class HostsFiles {
  private readonly files = new Map<string, HostsFile>();
  private readonly byProcess = new Map<number, HostsFile>();

  constructor(
    /** The tree of processes, `/proc` outside tests. */
    private readonly root: string,
    /** By the clock that files are stamped with. */
    private readonly nowMs: () => number,
  ) {}

  /** A process that may be gone once its connections are told of. */
  meet(pid: number): void {
    this.keep(pid, this.fileOf(pid));
  }

  /** What its parent sees now, which may be another file than the one it began with. */
  fork(parent: number, child: number): void {
    this.meet(parent);
    this.keep(child, this.byProcess.get(parent) ?? null);
  }

  forget(pid: number): void {
    this.byProcess.delete(pid);
  }

  /** Null where the file had none, or several, or where nobody can say what it had. */
  nameOf({ pid, remote, agoMs }: Asked): HostName | null {
    const address = addressOf(remote);
    if (address === null || isOwn(address)) return null;
    const file = this.fileOf(pid) ?? this.fileOfEnded(pid);
    const name = file?.names.get(address);
    if (file === null || name === undefined) return null;
    return this.nowMs() - file.changedMs > agoMs + tickMs ? { name, source: 'hosts' } : null;
  }

  private keep(pid: number, file: HostsFile | null): void {
    if (file === null) this.byProcess.delete(pid);
    else keepYoungest(this.byProcess, pid, file, processesMost);
  }

  private fileOf(pid: number): HostsFile | null {
    const now = attempt(() => lstatSync(this.pathOf(pid)));
    if (now === undefined || !isReadable(now)) return null;
    const known = this.files.get(stateOf(now));
    const file = known?.isSettled === true ? known : this.read(pid);
    if (file !== null && file.witnesses.size < witnessesMost) file.witnesses.add(pid);
    return file;
  }

  /** As the file still is, by somebody else who sees it. */
  private fileOfEnded(pid: number): HostsFile | null {
    const file = this.byProcess.get(pid);
    if (file === undefined) return null;
    for (const witness of file.witnesses) {
      const now = attempt(() => lstatSync(this.pathOf(witness)));
      if (now !== undefined && stateOf(now) === file.state) return file;
      if (witness !== 'self') file.witnesses.delete(witness);
    }
    return null;
  }

  private pathOf(pid: number | 'self'): string {
    return `${this.root}/${pid}/root/etc/hosts`;
  }

  private read(pid: number): HostsFile | null {
    const found = readPlainFile(`${this.root}/${pid}/root/etc`, 'hosts');
    if (found === null) return null;
    const { text, stats } = found;
    const [state, changedMs] = [stateOf(stats), stats.ctimeMs];
    const witnesses = this.files.get(state)?.witnesses ?? new Set<number | 'self'>(['self']);
    const isSettled = this.nowMs() - changedMs > youngMs;
    const file = { state, changedMs, isSettled, names: hostsNames(text), witnesses };
    keepYoungest(this.files, state, file, filesMost);
    return file;
  }
}

function isReadable(stats: Stats): boolean {
  return stats.isFile() && stats.size > 0 && stats.size <= bytesMost;
}

function stateOf({ dev, ino, size, ctimeMs }: Stats): string {
  return `${dev}:${ino} ${size} ${ctimeMs}`;
}

/** Looked at before it is opened, by a descriptor that nobody can put another file behind. */
function readPlainFile(folder: string, name: string): { readonly text: string; readonly stats: Stats } | null {
  return withOpen(folder, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW, (within) =>
    withOpen(`/proc/self/fd/${within}/${name}`, O_PATH | constants.O_NOFOLLOW, (place) =>
      isReadable(fstatSync(place))
        ? withOpen(`/proc/self/fd/${place}`, constants.O_RDONLY | constants.O_NONBLOCK, textIn)
        : null,
    ),
  );
}

/** Null where it was changed meanwhile, and where it ends elsewhere than it says. */
function textIn(file: number): { readonly text: string; readonly stats: Stats } | null {
  const stats = fstatSync(file);
  if (!isReadable(stats)) return null;
  const bytes = Buffer.alloc(stats.size + 1);
  const size = readSync(file, bytes, 0, bytes.length, 0);
  if (size !== stats.size || stateOf(fstatSync(file)) !== stateOf(stats)) return null;
  return { text: bytes.toString('latin1', 0, size), stats };
}

function withOpen<T>(path: string, flags: number, work: (descriptor: number) => T | null): T | null {
  const descriptor = attempt(() => openSync(path, flags));
  if (descriptor === undefined) return null;
  try {
    return attempt(() => work(descriptor)) ?? null;
  } finally {
    closeSync(descriptor);
  }
}

function attempt<T>(question: () => T): T | undefined {
  try {
    return question();
  } catch {
    return undefined; // gone, or not ours to see: the same to a caller
  }
}
