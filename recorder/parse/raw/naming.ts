/**
 * Finds the name of what one raw connection speaks: from its first bytes, or where those were missed from a question and
 * its answer later on. Keeps a few hundred bytes of each side for that and gives none of them out; refuses to guess.
 */
import type { Side } from '../../../tape/model/content-model';
import { nameByOpening, nameByTurn, openingBytes, turnBytes } from './signatures';

/** A connection that was joined in its middle may begin with the rest of something. */
const mostTurns = 16;

const nothing = new Uint8Array(0);

export class Naming {
  private readonly opening = { request: new Opening(), response: new Opening() };
  /** The last call, where it may be a question. */
  private asked: { readonly side: Side; readonly bytes: Uint8Array } | null = null;
  private turns = 0;

  /** `known`: what another protocol said comes now. */
  constructor(
    private known: string | null,
    private readonly missedOpening: boolean,
  ) {}

  /** One call's bytes; `bytes` is lent. */
  take(side: Side, bytes: Uint8Array): void {
    if (this.known !== null) return;
    if (this.missedOpening) this.takeTurn(side, bytes);
    else this.opening[side].take(bytes);
  }

  gap(side: Side): void {
    this.opening[side].end();
    this.asked = null;
  }

  /** Somebody else knows. What the bytes told stays. */
  learn(name: string): void {
    this.known ??= this.name() ?? name;
  }

  /** Null where the bytes do not tell. */
  name(): string | null {
    if (this.known !== null || this.missedOpening) return this.known;
    return nameByOpening({ client: this.opening.request.bytes, server: this.opening.response.bytes });
  }

  private takeTurn(side: Side, bytes: Uint8Array): void {
    if (this.turns >= mostTurns) return;
    if (this.asked !== null && this.asked.side !== side) {
      this.turns++;
      this.known = nameByTurn({ client: this.asked.bytes, server: bytes.subarray(0, turnBytes) });
    }
    // Two calls in a row, or a long one, may be parts of one message.
    const isWhole = this.asked?.side !== side && bytes.length <= turnBytes;
    this.asked = isWhole ? { side, bytes: new Uint8Array(bytes) } : null;
  }
}

/** The first bytes of one side, up to where some are missing. */
class Opening {
  bytes: Uint8Array = nothing;
  private isOver = false;

  take(bytes: Uint8Array): void {
    if (this.isOver) return;
    this.bytes = Buffer.concat([this.bytes, bytes.subarray(0, openingBytes - this.bytes.length)]);
    this.isOver = this.bytes.length >= openingBytes;
  }

  end(): void {
    this.isOver = true;
  }
}
