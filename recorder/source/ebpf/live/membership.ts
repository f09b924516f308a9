/**
 * Who is recorded at this moment: the processes that were found, what they start, who joins later because it fits, and
 * nobody who has ended. A process is its number together with its start time. Hears of the kernel's news and compares
 * itself with /proc, because news may be lost; what follows from a change is for the listener to do.
 */
import { listensForContainer } from '../attach/containers/port-proxy';
import type { Processes } from '../attach/processes';
import {
  type FoundTargets,
  isKeeper,
  type KeptSockets,
  portsHeld,
  socketsOnPorts,
  type TargetSpec,
  whyTarget,
} from '../attach/targets';

/** What the kernel tells of processes; the fields of its events that matter here. */
export type ProcessNews =
  | { readonly kind: 'fork'; readonly pid: number; readonly other: number }
  | { readonly kind: 'exec'; readonly pid: number }
  | { readonly kind: 'exit'; readonly pid: number }
  | { readonly kind: 'listen'; readonly pid: number; readonly localPort: number };

export interface MembershipListener {
  /** Fits a target, and has to be made one in the kernel. `because` as the user typed it: `--port 8443`. */
  joined(pid: number, because: string): void;
  /** Started by a member: the kernel has made it a target already. */
  begotten(pid: number, parent: number): void;
  /** Runs another program from now on. */
  replaced(pid: number): void;
  left(pid: number): void;
  /** Has ended unheard, and nobody of that number is a member now. */
  vanished(pid: number): void;
  /** Listens on a port of the targets, and only passes on to a container: no member. */
  proxied(pid: number, port: number): void;
}

export interface MembershipOptions {
  readonly spec: TargetSpec;
  readonly processes: Processes;
  readonly selfPid: number;
  readonly listener: MembershipListener;
  /** Those who fit now, by looking at every process. */
  readonly search: () => FoundTargets;
}

/** Not known yet: the process had ended, or could not be read, when it was taken in. */
const UNKNOWN_START = -1;

export class Membership {
  /** Number -> start time. Holds those that run, and those whose end will be noticed within a second. */
  private readonly members = new Map<number, number>();
  private kept: KeptSockets = new Map();
  /** Those that had ended the last time it was looked, by their start times. */
  private missed: ReadonlyMap<number, number> = new Map();

  constructor(private readonly options: MembershipOptions) {}

  get size(): number {
    return this.members.size;
  }

  has(pid: number): boolean {
    return this.members.has(pid);
  }

  pids(): readonly number[] {
    return [...this.members.keys()];
  }

  /** Takes in who was found, and who they have started since they were looked at. */
  admit({ matches, kept }: FoundTargets): void {
    this.kept = new Map([...this.kept, ...kept]);
    for (const { process, because } of matches) this.join(process.pid, because);
    this.admitStrays();
  }

  /** Takes in one process that needs no search. */
  join(pid: number, because: string): void {
    if (pid === this.options.selfPid || this.members.has(pid)) return;
    this.members.set(pid, this.startOf(pid));
    this.options.listener.joined(pid, because);
  }

  take(news: ProcessNews): void {
    switch (news.kind) {
      case 'fork':
        this.fork(news.pid, news.other);
        break;
      case 'exec':
        this.exec(news.pid);
        break;
      case 'exit':
        this.leave(news.pid);
        break;
      case 'listen':
        this.listen(news.pid, news.localPort);
    }
  }

  /** Lets go of those who have ended unheard: found so twice, as news of an end may be on its way, behind what they said last. */
  reconcile(): void {
    const missed = new Map<number, number>();
    for (const [pid, start] of this.members) {
      const now = this.options.processes.startOf(pid);
      if (start === UNKNOWN_START && now !== undefined) this.members.set(pid, now);
      else if (now === start) continue;
      else if (this.missed.get(pid) === start) this.vanish(pid);
      else missed.set(pid, start);
    }
    this.missed = missed;
  }

  /** Takes in who should be a member and came unheard. */
  search(): void {
    this.admit(this.options.search());
  }

  private startOf(pid: number): number {
    return this.options.processes.startOf(pid) ?? UNKNOWN_START;
  }

  private fork(parent: number, child: number): void {
    if (!this.members.has(parent)) return;
    this.leave(child); // one that had the number before, and whose end was lost
    this.members.set(child, this.startOf(child));
    this.options.listener.begotten(child, parent);
  }

  private exec(pid: number): void {
    if (!this.members.has(pid)) this.joinIfMeant(pid);
    if (this.members.has(pid)) this.options.listener.replaced(pid);
  }

  private joinIfMeant(pid: number): void {
    const { spec, processes } = this.options;
    const facts = processes.facts(pid);
    if (facts === undefined) return;
    const because = whyTarget(spec, facts, portsHeld(this.kept, pid, processes));
    if (because !== undefined) this.join(pid, because);
  }

  /** Who listens may have started children before, as pre-forking servers do. */
  private listen(pid: number, port: number): void {
    const { spec, processes } = this.options;
    if (!spec.ports.includes(port)) return;
    const facts = processes.facts(pid);
    if (facts !== undefined && isKeeper(facts)) {
      this.kept = socketsOnPorts(spec, processes);
      return;
    }
    if (facts !== undefined && listensForContainer(facts)) {
      this.options.listener.proxied(pid, port);
      return;
    }
    this.join(pid, `--port ${port}`);
    this.admitStrays();
  }

  /** Children of members that are none: started before their parent was made a target, or in news that were lost. */
  private admitStrays(): void {
    const strays = () => this.options.processes.descendants(this.pids()).filter((pid) => pid !== this.options.selfPid);
    for (let found = strays(); found.length > 0; found = strays()) {
      for (const pid of found) this.join(pid, 'a child of a target');
    }
  }

  private leave(pid: number): void {
    if (this.members.delete(pid)) this.options.listener.left(pid);
  }

  private vanish(pid: number): void {
    this.leave(pid);
    this.options.listener.vanished(pid);
  }
}
