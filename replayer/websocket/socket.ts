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
  /** `code` null sends none; otherwise one that `isSendable`. The other end's close, or the end of the connection, is still to come. */
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
      else socket.close(code, shortened(reason));
    },
    destroy: () => socket.terminate(),
  };
}

/** RFC 6455 7.4.1 and 7.4.2: the codes that may be sent, of those that were registered. */
export function isSendable(code: number): boolean {
  if (code >= 3000 && code <= 4999) return true;
  return code >= 1000 && code <= 1014 && ![1004, 1005, 1006].includes(code);
}

/** What is said with a close has 123 bytes at most (RFC 6455 5.5); a placeholder may be longer than what it stands for. */
function shortened(reason: string): string {
  const longest = 123;
  let text = reason;
  while (Buffer.byteLength(text) > longest) text = text.slice(0, -1);
  return text;
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
