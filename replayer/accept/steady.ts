/** Several runs of one build as one: what differs between them is no new expectation. Pure. */
import { isSameSide, liveSide } from './accepted';
import type { ReadResult } from './report-file';

export interface Steady {
  /** The results of the first run, with the differences that every run has. */
  readonly results: readonly ReadResult[];
  /** A sentence for each of the others. */
  readonly drifting: readonly string[];
}

/** `runs` holds at least one. */
export function steadyIn(runs: readonly (readonly ReadResult[])[]): Steady {
  const [first = [], ...others] = runs;
  const byId = others.map((results) => new Map(results.map((result) => [result.id, result])));
  const drifting: string[] = [];
  const results = first.map((result) => {
    const again = byId.map((run) => run.get(result.id)?.differences ?? []);
    const differences = result.differences.filter((each) => {
      const isSteady = again.every((run) =>
        run.some((other) => other.path === each.path && isSameSide(liveSide(other), liveSide(each))),
      );
      if (!isSteady) drifting.push(`not offered: case ${result.id} ${each.path} differs between the runs: it is noise`);
      return isSteady;
    });
    return { ...result, differences };
  });
  return { results, drifting };
}
