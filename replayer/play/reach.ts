/**
 * Whether there is a target at all: it is asked a few times, and for the other cases taken for absent; and when something was
 * said to it last. State of one run.
 */
import { type Failure, interrupted } from '../drive/failure';

/** A target that could not be reached this often, and never was, is taken for absent: the other cases are not tried. */
const attemptsToReach = 3;

export class Reach {
  private reached = false;
  private attempts = 0;
  private lastFailure: Failure | null = null;
  private closed = false;
  private lastAskedAtMs = 0;

  /** What the attempts to connect ended in; null when one succeeded, or none was made. */
  get unreachable(): Failure | null {
    return this.reached ? null : this.lastFailure;
  }

  /** By the clock of `performance`: a request went out, was answered, or a message was said in a conversation. */
  get askedAtMs(): number {
    return this.lastAskedAtMs;
  }

  noteAsked(): void {
    this.lastAskedAtMs = performance.now();
  }

  /** Nothing is sent any more. */
  close(): void {
    this.closed = true;
  }

  /** `send` never rejects. */
  async attempt<T extends { readonly kind: string }>(send: () => Promise<T | Failure>): Promise<T | Failure> {
    if (this.lastFailure !== null && !this.reached && this.attempts >= attemptsToReach) return this.lastFailure;
    if (this.closed) return interrupted;
    this.noteAsked();
    const sent = await send();
    this.noteAsked();
    if (isFailure(sent) && sent.unreachable) {
      this.attempts++;
      this.lastFailure = sent;
    } else this.reached = true;
    return sent;
  }
}

function isFailure(sent: { readonly kind: string }): sent is Failure {
  return sent.kind === 'failed';
}
