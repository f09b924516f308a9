/**
 * Since when a library of a process is read, from the reports of its probes: what its connections of before lack. Kept
 * beyond the end of the process, whose sockets close later; bounded.
 */

/** Every process that maps the file: what the kernel takes as a pid for that. */
const EVERYBODY = 0;
const mostProcesses = 4096;

export interface TimedReport {
  readonly pid: number;
  /** What tells it from every other file. */
  readonly file: string;
  readonly outcome: 'attached' | 'refused' | 'complete';
}

export class ProbeTimes {
  /** By process, then file; infinite where a probe was refused. */
  private readonly times = new Map<number, Map<string, number>>();

  note({ pid, file, outcome }: TimedReport, atNs: number): void {
    const files = this.times.get(pid) ?? new Map<string, number>();
    this.times.set(pid, files);
    if (this.times.size > mostProcesses) this.forgetOldest();
    // The last one counts: a library is read once all of its probes are there.
    files.set(file, outcome === 'refused' ? Number.POSITIVE_INFINITY : Math.max(atNs, files.get(file) ?? 0));
  }

  /** All that was wanted is in place, what had been refused before too. */
  complete({ pid, file }: Pick<TimedReport, 'pid' | 'file'>, sinceNs: number): void {
    this.note({ pid, file, outcome: 'attached' }, sinceNs);
    this.times.get(pid)?.set(file, sinceNs);
  }

  of(pid: number, file: string): number | undefined {
    const times = [this.times.get(pid)?.get(file), this.times.get(EVERYBODY)?.get(file)].filter(
      (at) => at !== undefined,
    );
    return times.length === 0 ? undefined : Math.min(...times);
  }

  /** The number stands for another process, or another program, from now on. */
  forget(pid: number): void {
    this.times.delete(pid);
  }

  private forgetOldest(): void {
    for (const pid of this.times.keys()) {
      if (pid === EVERYBODY) continue;
      this.times.delete(pid);
      return;
    }
  }
}
