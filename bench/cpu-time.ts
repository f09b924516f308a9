/**
 * CPU time of running processes, from the scheduler's own sums (/proc/PID/task/TID/schedstat, nanoseconds): the ticks
 * of /proc/PID/stat are too coarse for a few microseconds an exchange. Kernel and user time together; what a BPF
 * program or a probe costs is counted to the process it interrupts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** Microseconds since the processes began. Threads that have ended are not in it: neither side here ends threads. */
export function cpuUsOf(pids: readonly number[]): number {
  return pids.flatMap(threadsOf).reduce((sum, task) => sum + nanosecondsOf(task), 0) / 1000;
}

/** Resolves once a process has done next to nothing for half a second: it has caught up with what it was given. */
export async function untilQuiet(pid: number): Promise<void> {
  for (let before = cpuUsOf([pid]); ; ) {
    await pause(500);
    const now = cpuUsOf([pid]);
    if (now - before < quietUs) return;
    before = now;
  }
}

/** A hundredth of half a second, twice what an idle recorder takes. */
const quietUs = 5000;

/** The process and its children: nginx answers in a worker. */
export function familyOf(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...children.split(' ').filter(Boolean).map(Number)];
}

function threadsOf(pid: number): readonly string[] {
  const folder = `/proc/${pid}/task`;
  return readdirSync(folder).map((thread) => `${folder}/${thread}`);
}

function nanosecondsOf(task: string): number {
  return Number(readFileSync(`${task}/schedstat`, 'utf8').split(' ')[0]);
}
