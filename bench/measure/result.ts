/** What a measurement says, and whether that is what was aimed at. Pure. */
import { type Spread, spreadOf } from './spread';

/** `of`: which of the two numbers the goal is about. The median has to keep a bound; `exactly` holds for every value. */
export type Goal = { readonly of: 'ratio' | 'figure' } & (
  | { readonly atLeast: number }
  | { readonly atMost: number }
  | { readonly exactly: number }
);

export interface Result {
  readonly name: string;
  /** What was divided by what; where there is no ratio, what the amount is. */
  readonly ratioOf: string;
  /** Null where there is nothing to divide by: memory, wake-ups. */
  readonly ratio: Spread | null;
  /** An amount that belongs to the ratio, such as microseconds an exchange; it depends on the machine. */
  readonly figure: { readonly spread: Spread; readonly unit: string } | null;
  /** Null where the ratio is told for comparison only. */
  readonly goal: Goal | null;
  /** Counts a reader needs to believe the ratio. */
  readonly notes: readonly string[];
}

/** What was measured once and is divided by nothing; `what` says what it is. `most` is null where there is no goal. */
export function amountResult(
  name: string,
  what: string,
  { amount, unit, most }: { readonly amount: number; readonly unit: string; readonly most: number | null },
): Result {
  return {
    name,
    ratioOf: what,
    ratio: null,
    figure: { spread: spreadOf([amount]), unit },
    goal: most === null ? null : { of: 'figure', atMost: most },
    notes: [],
  };
}

/** Null where there is no goal. Throws RangeError for a goal about a number that there is none of. */
export function isMet({ ratio, figure, goal }: Result): boolean | null {
  if (goal === null) return null;
  const spread = goal.of === 'ratio' ? ratio : figure?.spread;
  if (spread === undefined || spread === null) throw new RangeError('a goal for a number that was not measured');
  if ('exactly' in goal) return spread.min === goal.exactly && spread.max === goal.exactly;
  return 'atLeast' in goal ? spread.median >= goal.atLeast : spread.median <= goal.atMost;
}
