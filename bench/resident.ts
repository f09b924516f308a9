/** Memory of running processes, what they hold in the kernel, and how often they go on after waiting for something: as the kernel counts both. */
import { readdirSync, readFileSync } from 'node:fs';
import { openFilesOf } from '../test/support/kernel-programs';

/** What of its memory is in RAM. Throws where the process is gone. */
export function residentMegabytes(pid: number): number {
  return megabytesIn(pid, 'VmRSS');
}

/** The most it was since it began. */
export function peakMegabytes(pid: number): number {
  return megabytesIn(pid, 'VmHWM');
}

/** What the maps take that it holds in the kernel, the ring among them: memory of the machine, and of no process. */
export function kernelMegabytes(pid: number): number {
  const maps = new Map(openFilesOf(pid).map((text) => [/^map_id:\s*(\d+)/m.exec(text)?.[1], text] as const));
  maps.delete(undefined);
  const bytes = [...maps.values()].map((text) => Number(/^memlock:\s*(\d+)/m.exec(text)?.[1]));
  return bytes.reduce((sum, each) => sum + each, 0) / (1 << 20);
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
