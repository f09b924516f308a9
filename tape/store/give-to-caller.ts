/**
 * Recording takes root, reading a tape does not: under sudo, what is made belongs to the one who called it. That one may
 * write the folder, and could put a link where the file was a moment ago; so no link is ever followed.
 */
import { fchownSync, lchownSync } from 'node:fs';
import { sudoCaller } from './trust';

/** Hands files over where root runs for somebody else (sudo says for whom); otherwise leaves them. */
export function giveToCaller(paths: readonly string[]): void {
  const caller = sudoCaller();
  if (caller === undefined) return;
  for (const path of paths) lchownSync(path, caller.uid, caller.gid);
}

/** The same for a file that is open, whatever its name means by now. */
export function giveOpenFileToCaller(fd: number): void {
  const caller = sudoCaller();
  if (caller !== undefined) fchownSync(fd, caller.uid, caller.gid);
}
