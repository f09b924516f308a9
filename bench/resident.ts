/** Memory of running processes, and how often they go on after waiting for something: as the kernel counts both. */
import { readdirSync, readFileSync } from 'node:fs';

/** What of its memory is in RAM. Throws where the process is gone. */
export function residentMegabytes(pid: number): number {
  return megabytesIn(pid, 'VmRSS');
}

/** The most it was since it began. */
export function peakMegabytes(pid: number): number {
  return megabytesIn(pid, 'VmHWM');
}

/** Of all its threads, since they began. */
export function wakeUpsOf(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks)
    .map((thread) => numberIn(`${tasks}/${thread}/status`, 'voluntary_ctxt_switches'))
    .reduce((sum, times) => sum + times, 0);
}

function megabytesIn(pid: number, field: string): number {
  return numberIn(`/proc/${pid}/status`, field) / 1024;
}

function numberIn(file: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s*(\\d+)`, 'm').exec(readFileSync(file, 'utf8'))?.[1]);
}
