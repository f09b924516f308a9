/** Which BPF programs the kernel holds, and whose they are: what a recorder leaves behind is seen by them. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { apps, type TemporaryFolder } from './programs';

/** Ids of the programs that this process holds, by itself or through a probe it attached. */
export function programIdsOf(pid: number): readonly number[] {
  return [
    ...new Set(
      openFilesOf(pid).flatMap((text) => [...text.matchAll(/^prog_id:\s*(\d+)$/gm)].map(([, id]) => Number(id))),
    ),
  ];
}

/** What the kernel tells of each file that this process has open: the texts of its fdinfo. */
export function openFilesOf(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fdinfo`).map((fd) => readIfThere(`/proc/${pid}/fdinfo/${fd}`));
}

/** All programs that the kernel holds, whoever loaded them, by id. */
export function programsInKernel(folder: TemporaryFolder): ReadonlyMap<number, string> {
  const lister = folder.file('bpf-programs');
  if (!existsSync(lister)) {
    execFileSync('cc', ['-O1', '-Wall', '-o', lister, join(apps, 'bpf-programs/bpf-programs.c')]);
  }
  const lines = execFileSync(lister, { encoding: 'utf8' }).split('\n').slice(0, -1);
  return new Map(lines.map((line) => [Number(line.split(' ')[0]), line.split(' ')[1] ?? '']));
}

/** Until the kernel has freed all of these, a moment after their process is gone: one that stays keeps this waiting to the time-out. */
export async function untilFreed(ids: readonly number[], folder: TemporaryFolder): Promise<void> {
  for (let left = programsInKernel(folder); ids.some((id) => left.has(id)); left = programsInKernel(folder)) {
    await pause(20);
  }
}

function readIfThere(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return ''; // closed meanwhile
  }
}
