/** The edge to /proc. Processes vanish at any moment and belong to others: every question may be answered by nothing. */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';

export interface ProcReader {
  /** Where the tree hangs, `/proc` outside tests. Paths below are relative to it. */
  readonly root: string;
  read(path: string): string | undefined;
  link(path: string): string | undefined;
  list(path: string): readonly string[];
  /** Of the file a path leads to. */
  inode(path: string): number | undefined;
}

export function createProcReader(root = '/proc'): ProcReader {
  return {
    root,
    read: (path) => attempt(() => readFileSync(`${root}/${path}`, 'utf8')),
    link: (path) => attempt(() => readlinkSync(`${root}/${path}`)),
    list: (path) => attempt(() => readdirSync(`${root}/${path}`)) ?? [],
    inode: (path) => attempt(() => statSync(`${root}/${path}`).ino),
  };
}

function attempt<T>(question: () => T): T | undefined {
  try {
    return question();
  } catch {
    return undefined; // gone, or not ours to see: the same to a caller
  }
}
