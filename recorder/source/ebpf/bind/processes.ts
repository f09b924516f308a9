/** What is known of the processes that speak: their names, the containers they run in, and since when their TLS is read. Pure. */
import type { ContainerInfo, ProcessInfo } from '../../../../tape/model/exchange';

/** What else is told of a process. */
export type ProcessDetails = Pick<ProcessInfo, 'executable' | 'command' | 'user'>;

const UNKNOWN: ProcessInfo = { pid: 0, name: '' };

export class Processes {
  private readonly infos = new Map<number, ProcessInfo>();
  /** Null for one that runs in none. */
  private readonly containers = new Map<number, ContainerInfo | null>();
  private readonly details = new Map<number, ProcessDetails>();
  private readonly probed = new Map<number, number>();

  /** What /proc says of a process: the name its exchanges carry. */
  learn(process: ProcessInfo): void {
    this.infos.set(process.pid, process);
  }

  /** In the place of what was told of it before. */
  describe(pid: number, details: ProcessDetails): void {
    this.details.set(pid, details);
  }

  knows(pid: number): boolean {
    return this.infos.has(pid);
  }

  /** The container a process runs in; its children run in it too. */
  learnContainer(pid: number, container: ContainerInfo | null): void {
    this.containers.set(pid, container);
  }

  knowsContainer(pid: number): boolean {
    return this.containers.has(pid);
  }

  /** A child has a name of its own, and the container of its parent. */
  fork(parent: number, child: ProcessInfo): void {
    this.learn(child);
    this.details.delete(child.pid);
    const container = this.containers.get(parent);
    if (container !== undefined) this.containers.set(child.pid, container);
  }

  /** When the TLS probes of a process were in place, those of the last library: older connections may have spoken before. */
  learnProbes(pid: number, atNs: number): void {
    this.probed.set(pid, Math.max(atNs, this.probedAtNs(pid)));
  }

  /** 0 where nothing of it is probed. */
  probedAtNs(pid: number): number {
    return this.probed.get(pid) ?? 0;
  }

  /** As connections on the tape name it. */
  of(pid: number): ProcessInfo {
    const process = { ...(this.infos.get(pid) ?? { ...UNKNOWN, pid }), ...this.details.get(pid) };
    const container = this.containers.get(pid);
    return container === undefined || container === null ? process : { ...process, container };
  }

  forget(pid: number): void {
    this.probed.delete(pid);
    this.infos.delete(pid);
    this.details.delete(pid);
    this.containers.delete(pid);
  }
}
