/** Looks for a place where a message may begin, in one direction, after something is missing. Keeps no more than one line. */
import type { Verdict } from './protocol';

/**
 * Only the first byte of an event can be such a place: peers write a message from its head on, while a body may hold
 * anything, heads of messages included.
 */
export class MessageFinder {
  /** When the first byte of what was found came. */
  foundAtUs = 0;
  /** Captured bytes that were passed over. */
  passedBytes = 0;
  /** The opening of a message, so far as it came. */
  private candidate: Uint8Array | null = null;

  constructor(private readonly recognise: (bytes: Uint8Array) => Verdict) {}

  /** The bytes from the boundary on, or null: it is not here. */
  find(bytes: Uint8Array, atUs: number): Uint8Array | null {
    if (this.candidate === null) this.foundAtUs = atUs;
    const joined = this.candidate === null ? bytes : Buffer.concat([this.candidate, bytes]);
    const verdict = this.recognise(joined);
    if (verdict === 'yes') {
      this.candidate = null;
      return joined;
    }
    if (verdict === 'unsure') {
      this.candidate = joined === bytes ? new Uint8Array(bytes) : joined;
      return null;
    }
    return this.giveUp() > 0 ? this.find(bytes, atUs) : this.pass(bytes);
  }

  /** What looks like the opening of a message so far, for another reader to go on with. */
  takeCandidate(): Uint8Array | null {
    const { candidate } = this;
    this.candidate = null;
    return candidate;
  }

  /** Drops what looked like the opening of a message; returns its size. */
  giveUp(): number {
    const size = this.candidate?.length ?? 0;
    this.passedBytes += size;
    this.candidate = null;
    return size;
  }

  private pass(bytes: Uint8Array): null {
    this.passedBytes += bytes.length;
    return null;
  }
}
