/**
 * When to look which TLS libraries a target has mapped: as it joins, in the moments after it runs another program, when
 * TLS is seen that nobody reads, and when plaintext comes without a socket. No more often than that: looking costs.
 */
import type { ProbeSet } from './probe-set';

export interface LookoutOptions {
  readonly probes: Pick<ProbeSet, 'cover' | 'covers'>;
  /** Whether it is a target still. */
  readonly isTarget: (pid: number) => boolean;
}

/** A library may be loaded a while after exec. */
const AFTER_EXEC_MS = [0, 20, 100, 500, 2000];
const AGAIN_MS = 1000;
/** Where a library is probed, plaintext follows the first record sooner than this. */
const HANDSHAKE_MS = 50;

export class Lookout {
  private readonly timers = new Set<NodeJS.Timeout>();
  private readonly lookedAtMs = new Map<string, number>();
  private readonly postponed = new Set<number>();

  constructor(private readonly options: LookoutOptions) {}

  /** The process is a target from now on. */
  joined(pid: number): void {
    this.look(pid);
  }

  /** The process runs another program. */
  replaced(pid: number): void {
    for (const delay of AFTER_EXEC_MS) this.soon(() => this.look(pid), delay);
  }

  /** Plaintext came without a socket: its library is given memory BIOs. */
  sawUnbound(pid: number): void {
    this.again(pid, true);
  }

  /**
   * TLS began on a socket; `isRead` tells later whether its plaintext has been seen. Its library is mapped by now. One that was loaded
   * in the midst of things may be fed from memory (.NET does that), and its first connection is under way.
   */
  sawTls(pid: number, isRead: () => boolean): void {
    if (!this.options.probes.covers(pid)) this.again(pid, true);
    this.soon(() => this.lookUnless(pid, isRead), HANDSHAKE_MS);
  }

  forget(pid: number): void {
    for (const memoryBio of [true, false]) this.lookedAtMs.delete(`${pid} ${memoryBio}`);
  }

  stop(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private look(pid: number, memoryBio = false): void {
    if (this.options.isTarget(pid)) this.options.probes.cover(pid, { memoryBio });
  }

  /** A second library beside one that is read; each is looked for, however often the process has been looked at. */
  private lookUnless(pid: number, isRead: () => boolean): void {
    if (isRead() || this.again(pid, false) || this.postponed.has(pid)) return;
    this.postponed.add(pid);
    this.soon(() => {
      this.postponed.delete(pid);
      if (!isRead()) this.again(pid, false);
    }, AGAIN_MS);
  }

  /** False where it was looked at a moment ago. */
  private again(pid: number, memoryBio: boolean): boolean {
    const key = `${pid} ${memoryBio}`;
    const now = performance.now();
    if (now - (this.lookedAtMs.get(key) ?? Number.NEGATIVE_INFINITY) < AGAIN_MS) return false;
    if (!this.options.isTarget(pid)) return true;
    this.lookedAtMs.set(key, now);
    this.look(pid, memoryBio);
    return true;
  }

  private soon(work: () => void, delayMs: number): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      work();
    }, delayMs);
    this.timers.add(timer);
  }
}
