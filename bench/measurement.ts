/** One thing the bench measures. A new one is a file that makes one of these, and a line in main.ts. */
import type { Result } from './measure/result';
import type { Sizes } from './settings';

export interface Measurement {
  /** What `--only` takes. */
  readonly name: string;
  /** Needs root and BPF. */
  readonly records: boolean;
  /** Takes too long to be measured unasked. */
  readonly isLong?: boolean;
  /** Ends what it starts, through `stopAll` of test/support/programs. Rejects when a run was no measurement. */
  measure(context: Context): Promise<readonly Result[]>;
}

/** One after the other: two at once would measure each other. */
export async function inTurn<T>(
  items: readonly T[],
  measure: (item: T) => Promise<readonly Result[]>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const item of items) results.push(...(await measure(item)));
  return results;
}

export interface Context {
  readonly sizes: Sizes;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** One line for who waits. */
  tell(line: string): void;
}
