/** Who writes a session, and where: part of its row on the tape. */
import { hostname, release, userInfo } from 'node:os';
import type { SessionStart } from '../tape/store/tape';

export function whereabouts(): Pick<SessionStart, 'user' | 'machine' | 'kernel'> {
  return { user: userName(), machine: hostname(), kernel: release() };
}

/** Containers run as users that no passwd file knows; the session's row then holds the number. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return `uid ${process.getuid?.()}`;
  }
}
