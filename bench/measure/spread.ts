/**
 * The statistics of the bench: what a set of paired measurements says. Ratios only, each from two halves that ran right
 * after each other; how fast the machine was at that moment cancels out. Pure.
 */

/** Middle and ends of some values. No mean: one disturbed pair must not move the headline. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly count: number;
}

/** One measurement of each side, taken next to each other. */
export interface Pair<T, U = T> {
  readonly subject: T;
  readonly baseline: U;
}

/** Throws RangeError for no values, and for values that are not finite: a ratio to nothing is no result. */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError('no values to summarise');
  if (!values.every(Number.isFinite)) throw new RangeError(`not finite: ${values.join(', ')}`);
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const middle = (sorted.length - 1) / 2;
  const median = (at(Math.floor(middle)) + at(Math.ceil(middle))) / 2;
  return { median, min: at(0), max: at(sorted.length - 1), count: sorted.length };
}

/** Ratio by pair: subject divided by baseline. */
export function ratiosOf(pairs: readonly Pair<number>[]): readonly number[] {
  return pairs.map(({ subject, baseline }) => subject / baseline);
}

/** Throws as `spreadOf` does; a baseline of zero gives no finite ratio. */
export function ratioOf(pairs: readonly Pair<number>[]): Spread {
  return spreadOf(ratiosOf(pairs));
}
