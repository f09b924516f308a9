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

export interface Context {
  readonly sizes: Sizes;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** One line for who waits. */
  tell(line: string): void;
}
