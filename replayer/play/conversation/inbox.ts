/** What the server has said so far, and waiting for more of it. Judges nothing. */
import type { Failure } from '../../drive/failure';
import type { Said } from '../../judge/judge-message';
import type { LiveMessage, SocketEvents } from '../../websocket/client';
import { Claims } from './claims';

/** A server that says more than this besides what was recorded is not listened to any more. */
const othersLimit = 10_000;

export class Inbox implements SocketEvents {
  readonly messages = new Claims<Said>();
  closing: Said | null = null;
  /** Our side has said close, or goes away. */
  isLeft = false;
  /** The server said close before our side did. */
  wasLeft = false;
  end: { readonly failure: Failure | null } | null = null;
  /** When the server said something last, by the clock of `performance`. */
  heardAtMs = 0;
  private waiting: (() => void) | null = null;

  message(message: LiveMessage): void {
    const said = saidBy(message);
    this.heardAtMs = performance.now();
    if (said.kind === 'close') {
      this.closing = said;
      this.wasLeft = !this.isLeft;
    } else if (this.messages.othersCount < othersLimit) this.messages.add(said);
    this.waiting?.();
  }

  ended(failure: Failure | null): void {
    this.end ??= { failure };
    this.waiting?.();
  }

  /** Resolves when something has come, or the connection has ended, or after `timeoutMs`: then to false. */
  more(timeoutMs: number): Promise<boolean> {
    if (this.end !== null) return Promise.resolve(true);
    return new Promise((resolve) => {
      const done = (came: boolean) => {
        clearTimeout(timer);
        this.waiting = null;
        resolve(came);
      };
      const timer = setTimeout(() => done(false), Math.max(0, timeoutMs));
      this.waiting = () => done(true);
    });
  }

  /** Resolves when so much time has passed since a moment, or the connection has ended. */
  async silence(lengthMs: number, sinceMs: number): Promise<void> {
    const until = sinceMs + lengthMs;
    while (this.end === null && performance.now() < until) await this.more(until - performance.now());
  }

  /** Resolves when the connection has ended, or after `timeoutMs`. */
  over(timeoutMs: number): Promise<void> {
    return this.silence(timeoutMs, performance.now());
  }
}

function saidBy(message: LiveMessage): Said {
  const isClose = message.kind === 'close';
  const bytes = isClose ? Buffer.from(message.reason) : message.bytes;
  const body = { bytes, codings: [], wireSize: bytes.length };
  return { kind: message.kind, atUs: message.atUs, code: isClose ? message.code : null, body };
}
