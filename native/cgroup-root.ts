/** Where the root of all cgroups of version 2 lies: programs that look at packets hang there. */
import { existsSync, readFileSync } from 'node:fs';

/**
 * As the first process sees it, and else as we do: in a container the mount of our own shows a part of the tree only.
 * Undefined where no cgroups of version 2 are mounted.
 */
export function cgroupRoot(): string | undefined {
  for (const [pid, root] of [
    ['1', '/proc/1/root'],
    ['self', ''],
  ] as const) {
    const place = mountOf(pid);
    if (place !== undefined && existsSync(`${root}${place}`)) return `${root}${place}`;
  }
  return undefined;
}

function mountOf(pid: string): string | undefined {
  try {
    return cgroupMount(readFileSync(`/proc/${pid}/mountinfo`, 'utf8'));
  } catch {
    return undefined; // not ours to read: then there is no such place for us
  }
}

/** The mount point of the whole tree, of proc_pid_mountinfo(5). */
export function cgroupMount(mountinfo: string): string | undefined {
  for (const line of mountinfo.split('\n')) {
    const [before = '', after = ''] = line.split(' - ');
    const [, , , root, place] = before.split(' ');
    if (root === '/' && after.startsWith('cgroup2 ')) return place;
  }
  return undefined;
}
