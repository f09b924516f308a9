/** Adds up losses by connection and reason, so that an overload makes few rows and no loss is left out. */
import type { Loss } from '../../tape/store/tape';

/** What has to be told in event time, and how many sums may wait until then. */
const tellAfterUs = 1_000_000;
const mostSums = 1000;

export class LossLedger {
  private readonly sums = new Map<string, Loss>();
  private toldAtUs: number | null = null;

  constructor(private readonly tell: (loss: Loss) => void) {}

  add(loss: Loss): void {
    this.toldAtUs ??= loss.atUs;
    const key = `${loss.connection} ${loss.reason}`;
    const sum = this.sums.get(key);
    this.sums.set(
      key,
      sum === undefined ? loss : { ...sum, events: sum.events + loss.events, bytes: sum.bytes + loss.bytes },
    );
    if (this.sums.size >= mostSums) this.tellAll(loss.atUs);
  }

  /** Tells what is old enough to be told. */
  sweep(nowUs: number): void {
    if (this.toldAtUs !== null && nowUs - this.toldAtUs >= tellAfterUs) this.tellAll(nowUs);
  }

  tellAll(nowUs: number): void {
    for (const loss of this.sums.values()) this.tell(loss);
    this.sums.clear();
    this.toldAtUs = nowUs;
  }
}
