/**
 * Exchanges that last: event streams, long polls, downloads, tunnels. Says when one is due to be put on the tape as it is
 * so far. Keeps no bytes; refuses to write the same state twice, or a large one often: what a stream costs stays in
 * proportion to its bytes.
 */
import { PassingMap } from '../../tape/passing-map';

/** Shorter ones reach the tape once, when they are over. */
const lastsAfterUs = 1_000_000;
/** At most so often; and at most as often as writing everything again stays below this many bytes a second. */
const writeEveryUs = 1_000_000;
const writtenBytesPerUs = 1;

/** Who can say how far an exchange has come. */
export interface LastingSource {
  /**
   * Emits the exchange as it is, unless it has come no further; returns how far it has come, or null where there is
   * nothing to be said yet.
   */
  emitSoFar(number: number, unless: number): Written | null;
}

export interface Written {
  /** Another number whenever there is more of the exchange. */
  readonly progress: number;
  /** What writing it again costs. */
  readonly rewrittenBytes: number;
}

interface Lasting {
  readonly source: LastingSource;
  readonly beganAtUs: number;
  written: number;
  dueAtUs: number;
}

export class LastingExchanges {
  /** In the order they began. */
  private readonly open = new PassingMap<number, Lasting>();
  /** Those that are on the tape as open. */
  private readonly onTape = new Set<number>();

  /** How many are on the tape as open. */
  get count(): number {
    return this.onTape.size;
  }

  /** Something is under way that has to be written again, or will have to be. */
  get isWaiting(): boolean {
    return this.open.size > 0;
  }

  begin(number: number, source: LastingSource, atUs: number): void {
    this.open.set(number, { source, beganAtUs: atUs, written: -1, dueAtUs: atUs + lastsAfterUs });
  }

  end(number: number): void {
    this.open.delete(number);
    this.onTape.delete(number);
  }

  /** `between`: one was written, which may be long. */
  sweep(nowUs: number, between: () => void): void {
    for (const [number, lasting] of this.open) {
      if (nowUs - lasting.beganAtUs < lastsAfterUs) return;
      if (nowUs < lasting.dueAtUs) continue;
      this.write(number, lasting, nowUs);
      between();
    }
  }

  /** Writes it before it is due: what it holds by now is too much to wait. */
  writeNow(number: number, nowUs: number): void {
    const lasting = this.open.get(number);
    if (lasting !== undefined) this.write(number, lasting, nowUs);
  }

  private write(number: number, lasting: Lasting, nowUs: number): void {
    const found = lasting.source.emitSoFar(number, lasting.written);
    lasting.dueAtUs = nowUs + Math.max(writeEveryUs, (found?.rewrittenBytes ?? 0) / writtenBytesPerUs);
    if (found === null) return;
    lasting.written = found.progress;
    this.onTape.add(number);
  }
}
