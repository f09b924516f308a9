/**
 * Exchanges that last: event streams, long polls, downloads, tunnels. Says when one is due to be put on the tape as it is
 * so far. Keeps no bytes; refuses to write the same state twice, or a large one often: what a stream costs stays in
 * proportion to its bytes.
 */

/** Shorter ones reach the tape once, when they are over. */
const lastsAfterUs = 1_000_000;
/** At most so often; and at most as often as writing everything again stays below this many bytes a second. */
const writeEveryUs = 1_000_000;
const writtenBytesPerUs = 1;

/** Who can say how far an exchange has come. */
export interface LastingSource {
  /**
   * Emits the exchange as it is, unless it has come no further; returns how far it has come, about its bytes so far, or
   * null where there is nothing to be said yet.
   */
  emitSoFar(number: number, unless: number): number | null;
}

interface Lasting {
  readonly source: LastingSource;
  readonly beganAtUs: number;
  writtenBytes: number;
  dueAtUs: number;
}

export class LastingExchanges {
  /** In the order they began. */
  private readonly open = new Map<number, Lasting>();
  /** Those that are on the tape as open. */
  private readonly onTape = new Set<number>();

  /** How many are on the tape as open. */
  get count(): number {
    return this.onTape.size;
  }

  begin(number: number, source: LastingSource, atUs: number): void {
    this.open.set(number, { source, beganAtUs: atUs, writtenBytes: -1, dueAtUs: atUs + lastsAfterUs });
  }

  end(number: number): void {
    this.open.delete(number);
    this.onTape.delete(number);
  }

  sweep(nowUs: number): void {
    for (const [number, lasting] of this.open) {
      if (nowUs - lasting.beganAtUs < lastsAfterUs) return;
      if (nowUs >= lasting.dueAtUs) this.write(number, lasting, nowUs);
    }
  }

  private write(number: number, lasting: Lasting, nowUs: number): void {
    const bytes = lasting.source.emitSoFar(number, lasting.writtenBytes);
    lasting.dueAtUs = nowUs + Math.max(writeEveryUs, (bytes ?? 0) / writtenBytesPerUs);
    if (bytes === null) return;
    lasting.writtenBytes = bytes;
    this.onTape.add(number);
  }
}
