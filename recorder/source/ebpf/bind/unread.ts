/**
 * Why the plaintext of a TLS connection was not read, from what its process has aboard and when it was probed. Pure.
 * Names every library that may have been the one: which of them it was, nothing tells.
 */
import type { UnreadTls } from '../../../../tape/model/exchange';

/** One TLS library of a process. */
export interface SeenLibrary {
  /** As people know it: `OpenSSL`, `JSSE`. */
  readonly label: string;
  /** `device:inode` of its file. */
  readonly file: string;
  /** Whether a recording reads it once its probes are in place. */
  readonly isRead: boolean;
}

/** What a process had mapped when TLS was seen on one of its sockets. */
export interface TlsLook {
  readonly libraries: readonly SeenLibrary[];
}

/** When all probes of a library were in place for the process; undefined where they are not, or were refused. */
export type ProbedAt = (file: string) => number | undefined;

const unknownLibrary = 'unknown library';

/** Without a look the process ended too soon for one. */
export function judgeUnread(look: TlsLook | null, openedAtNs: number, probedAt: ProbedAt): UnreadTls {
  if (look === null) return { library: unknownLibrary, reason: 'not-seen' };
  const read = look.libraries.filter(({ isRead }) => isRead);
  const library = names(look.libraries);
  if (read.length === 0) return { library, reason: 'not-read' };
  const isLate = read.some(({ file }) => (probedAt(file) ?? Number.POSITIVE_INFINITY) > openedAtNs);
  return { library, reason: isLate ? 'late' : 'unexplained' };
}

function names(libraries: readonly SeenLibrary[]): string {
  const labels = [...new Set(libraries.map(({ label }) => label))];
  return labels.length === 0 ? unknownLibrary : labels.join(' or ');
}
