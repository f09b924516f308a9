/** One end of a WebSocket that is open, whichever end it is: what is heard as it comes, and saying something. */
import { WebSocket } from 'ws';

/** What the other end says. `close`: with its code, null where it gave none. */
export type LiveMessage = { readonly atUs: number } & (
  | { readonly kind: 'text' | 'binary'; readonly bytes: Uint8Array }
  | { readonly kind: 'close'; readonly code: number | null; readonly reason: string }
);

export interface OpenSocket {
  /** Nothing happens where the connection has ended. */
  send(kind: 'text' | 'binary', bytes: Uint8Array): void;
  ping(bytes: Uint8Array): void;
  /** `code` null sends none. The other end's close, or the end of the connection, is still to come. Throws for a code that must not be sent. */
  close(code: number | null, reason: string): void;
  /** At once, without a word. */
  destroy(): void;
}

export function speakingOn(socket: WebSocket): OpenSocket {
  const isOpen = () => socket.readyState === WebSocket.OPEN;
  return {
    send(kind, bytes) {
      if (isOpen()) socket.send(bytes, { binary: kind === 'binary' }, ignore);
    },
    ping(bytes) {
      if (isOpen()) socket.ping(bytes, undefined, ignore);
    },
    close(code, reason) {
      if (!isOpen()) return;
      if (code === null) socket.close();
      else socket.close(code, reason);
    },
    destroy: () => socket.terminate(),
  };
}

/** What could not be written is told by the end of the connection. */
function ignore(): void {}

/** Texts and bytes as they come, in one piece each. */
export function hearing(socket: WebSocket, hear: (message: LiveMessage) => void): void {
  socket.on('message', (data, isBinary) => {
    hear({ atUs: nowUs(), kind: isBinary ? 'binary' : 'text', bytes: data as Buffer });
  });
}

const noFrame = 1006;
const noCode = 1005;

/** What was said at the end; null where the connection ended without a word (RFC 6455 7.1.5). */
export function goodbye(code: number, reason: Buffer): LiveMessage | null {
  if (code === noFrame) return null;
  return { atUs: nowUs(), kind: 'close', code: code === noCode ? null : code, reason: reason.toString('utf8') };
}

export function nowUs(): number {
  return Date.now() * 1000;
}
