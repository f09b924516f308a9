/**
 * Runs the two halves of each pair next to each other, and turns the order round from pair to pair, so that neither
 * side always comes first: into a warm cache, or after whatever the other one left running.
 */
import type { Pair } from './spread';

export interface Halves<T, U = T> {
  subject(): Promise<T>;
  baseline(): Promise<U>;
}

/** Rejects with what a half rejects with, and with the signal's reason between halves once it is aborted. */
export async function alternate<T, U = T>(
  { subject, baseline }: Halves<T, U>,
  { pairs, signal }: { readonly pairs: number; readonly signal: AbortSignal },
): Promise<readonly Pair<T, U>[]> {
  const done: Pair<T, U>[] = [];
  const run = <V>(half: () => Promise<V>): Promise<V> => {
    signal.throwIfAborted();
    return half();
  };
  while (done.length < pairs) {
    if (done.length % 2 === 0) {
      const first = await run(baseline);
      done.push({ baseline: first, subject: await run(subject) });
    } else {
      const first = await run(subject);
      done.push({ subject: first, baseline: await run(baseline) });
    }
  }
  return done;
}
