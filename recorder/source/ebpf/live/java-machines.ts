/**
 * The Java virtual machines among the targets: each is asked once to load the agent by which its TLS is read, as soon as it shows
 * that it is one. Only where the user wants that.
 */
import type { ProcReader } from '../attach/proc/proc-reader';
import type { Processes } from '../attach/processes';
import { type Loading, loadAgent } from './load-agent';

export interface JavaMachinesOptions {
  readonly proc: ProcReader;
  readonly processes: Processes;
  /** Whether it is a target still. */
  readonly isTarget: (pid: number) => boolean;
  /** An agent is aboard: its functions are to be probed. */
  readonly onAboard: (pid: number) => void;
  readonly onRefused: (pid: number, reason: string) => void;
}

/**
 * After a program has begun it takes a moment to load its machine, on a busy computer seconds; one that loads it still later shows by
 * its TLS.
 */
const SOON_MS = 10;
const SOON_LOOKS = 100;
const LATER_MS = 100;
const LOOKS = 400;

export class JavaMachines {
  private readonly known = new Set<number>();
  private readonly asked = new Set<Promise<unknown>>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private isStopped = false;

  constructor(private readonly options: JavaMachinesOptions) {}

  /** Resolves when every virtual machine known by now has the agent, or has refused it. */
  async settled(): Promise<void> {
    await Promise.all(this.asked);
  }

  /** Whether this is the socket by which a machine was asked; in the kernel's news it may show after the answer. */
  asksBy(pid: number, local: string | null): boolean {
    return this.known.has(pid) && local?.startsWith('unix:/tmp/.java_pid') === true;
  }

  /** True where no more has to be looked for. */
  consider(pid: number): boolean {
    if (this.isStopped || this.known.has(pid) || !this.options.isTarget(pid)) return true;
    const { processes } = this.options;
    if (!processes.images(pid).some(({ path }) => /\/(?:libjvm|libj9vm\d*)\.so$/.test(path))) return false;
    this.known.add(pid);
    const asking = this.ask(pid).finally(() => this.asked.delete(asking));
    this.asked.add(asking);
    return true;
  }

  /** It runs another program from now on. */
  replaced(pid: number): void {
    this.known.delete(pid);
    this.watch(pid, 0);
  }

  forget(pid: number): void {
    this.known.delete(pid);
  }

  stop(): void {
    this.isStopped = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.timers.clear();
  }

  private watch(pid: number, looks: number): void {
    if (this.consider(pid) || looks === LOOKS) return;
    const timer = setTimeout(
      () => {
        this.timers.delete(timer);
        this.watch(pid, looks + 1);
      },
      looks < SOON_LOOKS ? SOON_MS : LATER_MS,
    );
    this.timers.add(timer);
  }

  private async ask(pid: number): Promise<void> {
    const { proc, processes, isTarget, onRefused } = this.options;
    const onAboard = () => {
      if (!this.isStopped && isTarget(pid)) this.options.onAboard(pid);
    };
    const loading: Loading = await loadAgent({ pid, proc, processes, onAboard });
    if (loading.kind === 'refused' && !this.isStopped) onRefused(pid, loading.reason);
  }
}
