/**
 * The processes a command started: its process group, and whoever carries its mark in the environment, which a daemon
 * keeps when it leaves the group. Linux only (/proc). Zombies do not count: they hold nothing and wait for a parent.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface Tree {
  /** The process group: the pid of the command. */
  readonly group: number;
  /** Name of a variable that only this tree has in its environment. */
  readonly mark: string;
}

/** The living processes of the tree; those of other users cannot be seen and are not in it. */
export function livingMembers(tree: Tree): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && isMember(pid, tree));
}

/** Sends the signal; a process that is gone by then is as good as signalled. */
export function signalProcesses(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // ended between the look and the signal
    }
  }
}

function isMember(pid: number, { group, mark }: Tree): boolean {
  const stat = read(`/proc/${pid}/stat`);
  if (stat === null) return false;
  const [state, , processGroup] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  if (state === 'Z' || state === 'X') return false;
  return Number(processGroup) === group || (read(`/proc/${pid}/environ`)?.includes(`${mark}=`) ?? false);
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null; // ended, or not ours to read
  }
}
