/**
 * Why the plaintext of a TLS connection was not read, from what its process has aboard and when it was probed; or that
 * it carried none. Pure. What cannot be told is called unread: a connection that is left out for nothing is worse than
 * one that is named for nothing.
 */
import type { UnreadTls } from '../../../../tape/model/exchange';

/** One TLS library of a process. */
export interface SeenLibrary {
  /** As people know it: `OpenSSL`, `Go crypto/tls`. */
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

export interface UnreadSocket {
  readonly openedAtNs: number;
  /** Ciphertext, handshake included; null where the socket is still open, and nobody has counted. */
  readonly bytes: { readonly sent: number; readonly received: number } | null;
}

/** When all probes of a library were in place for the process; undefined where they are not, or were refused. */
export type ProbedAt = (file: string) => number | undefined;

export const unknownLibrary = 'unknown library';

/** One direction of a handshake: long chains of certificates and tickets fit, a large request or answer does not. */
const handshakeBytes = 16 << 10;

/** Without a look the process ended too soon for one. Null where the connection carried nothing that could have been read: a handshake, and then its end. */
export function judgeUnread(look: TlsLook | null, socket: UnreadSocket, probedAt: ProbedAt): UnreadTls | null {
  if (look === null) return { library: unknownLibrary, reason: 'not-seen' };
  const { libraries } = look;
  const read = libraries.filter(({ isRead }) => isRead);
  const library = names(libraries);
  if (read.length === 0) return { library, reason: 'not-read' };
  if (read.some(({ file }) => isLate(probedAt(file), socket))) return { library, reason: 'late' };
  // Where another library is aboard, it may be that one's connection.
  const carriedNothing = read.length === libraries.length && isHandshake(socket);
  return carriedNothing ? null : { library, reason: 'unexplained' };
}

function isHandshake({ bytes }: UnreadSocket): boolean {
  return bytes !== null && bytes.sent <= handshakeBytes && bytes.received <= handshakeBytes;
}

function isLate(probedAtNs: number | undefined, { openedAtNs }: UnreadSocket): boolean {
  return probedAtNs === undefined || probedAtNs > openedAtNs;
}

function names(libraries: readonly SeenLibrary[]): string {
  const labels = [...new Set(libraries.map(({ label }) => label))];
  return labels.length === 0 ? unknownLibrary : labels.join(' or ');
}
