/** Adds up losses by connection and reason, so that an overload makes few rows and no loss is left out. */
import type { Loss } from '../../tape/store/tape';

/** How long in event time sums may wait, and how many of them. */
const emitAfterUs = 1_000_000;
const mostSums = 1000;

export class LossLedger {
  private readonly sums = new Map<string, Loss>();
  private emittedAtUs: number | null = null;

  constructor(private readonly emit: (loss: Loss) => void) {}

  get isWaiting(): boolean {
    return this.sums.size > 0;
  }

  add(loss: Loss): void {
    this.emittedAtUs ??= loss.atUs;
    const key = `${loss.connection} ${loss.reason}`;
    const sum = this.sums.get(key);
    this.sums.set(
      key,
      sum === undefined ? loss : { ...sum, events: sum.events + loss.events, bytes: sum.bytes + loss.bytes },
    );
    if (this.sums.size >= mostSums) this.emitAll(loss.atUs);
  }

  /** Emits what has waited long enough. */
  sweep(nowUs: number): void {
    if (this.emittedAtUs !== null && nowUs - this.emittedAtUs >= emitAfterUs) this.emitAll(nowUs);
  }

  emitAll(nowUs: number): void {
    for (const loss of this.sums.values()) this.emit(loss);
    this.sums.clear();
    this.emittedAtUs = nowUs;
  }
}
