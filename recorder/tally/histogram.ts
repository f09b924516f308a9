/** Durations in little memory: counts in buckets that grow by a sixteenth of a doubling, so a quantile is at most 4.5 % off. */

const perDoubling = 16;
/** Buckets up to 2^40 microseconds, which is twelve days. */
const buckets = 40 * perDoubling;

export class Histogram {
  count = 0;
  private readonly counts = new Uint32Array(buckets);

  add(us: number): void {
    const bucket = us < 1 ? 0 : Math.min(buckets - 1, Math.floor(Math.log2(us) * perDoubling));
    this.counts[bucket] = (this.counts[bucket] ?? 0) + 1;
    this.count++;
  }

  /** The upper edge of the bucket that holds the quantile, in microseconds; null where nothing was added. */
  quantile(share: number): number | null {
    const wanted = Math.max(1, Math.ceil(this.count * share));
    let seen = 0;
    for (let bucket = 0; bucket < buckets && this.count > 0; bucket++) {
      seen += this.counts[bucket] ?? 0;
      if (seen >= wanted) return Math.round(2 ** ((bucket + 1) / perDoubling));
    }
    return null;
  }
}
