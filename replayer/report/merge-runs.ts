/**
 * Several runs of one build as one: a case that did not always pass did not pass, and is called flaky where it sometimes
 * did. What is told of it is what its first run that did not pass says.
 */
import type { Miss } from '../mocks/match/miss';
import type { FinishedRun } from './finished-run';
import { type CaseResult, type RunReport, reportOf } from './report';

/** What one run leaves. */
export type RunParts = Pick<FinishedRun, 'report' | 'notes' | 'details' | 'surroundings'>;

/** Cases are those of the first run, which has all of them. Throws nothing; `runs` holds at least one. */
export function mergeRuns(runs: readonly [RunParts, ...RunParts[]]): RunParts {
  const [first] = runs;
  if (runs.length === 1) return first;
  const byId = runs.map(({ report }) => new Map(report.results.map((result) => [result.id, result])));
  const told = first.report.results.map(({ id }) => toldOf(id, byId));
  const misses: readonly Miss[] = runs.flatMap(({ report }) => report.misses);
  const merged = reportOf(
    told.map(({ result }) => result),
    first.report.carried,
    misses,
  );
  const remarks = [
    ...new Set(runs.flatMap(({ report }) => report.remarks)),
    `each case was played ${runs.length} times`,
  ];
  const calls = runs.flatMap(({ report }) => report.calls);
  const untrusted = runs.flatMap(({ report }) => report.untrusted);
  const pick = <T>(mapOf: (run: RunParts) => Pick<ReadonlyMap<string, T>, 'get'>): ReadonlyMap<string, T> => {
    const entries = told.flatMap(({ result: { id }, run }) => {
      const value = mapOf(runs[run] ?? first).get(id);
      return value === undefined ? [] : [[id, value] as const];
    });
    return new Map(entries);
  };
  return {
    report: { ...first.report, ...merged, calls, untrusted, remarks } satisfies RunReport,
    notes: pick(({ notes }) => notes),
    details: pick(({ details }) => details),
    surroundings: pick(({ surroundings }) => surroundings),
  };
}

/** The result of a case, and the run it is from. A run that was interrupted may lack it. */
function toldOf(id: string, runs: readonly ReadonlyMap<string, CaseResult>[]) {
  const played = runs.flatMap((results, run) => {
    const result = results.get(id);
    return result === undefined ? [] : [{ result, run }];
  });
  const passed = played.filter(({ result }) => result.verdict === 'pass').length;
  const chosen = played.find(({ result }) => result.verdict !== 'pass') ?? played[0];
  if (chosen === undefined) throw new RangeError(`case ${id} is in no run`);
  if (passed === 0 || passed === played.length) return chosen;
  return { ...chosen, result: { ...chosen.result, flaky: { passed, runs: played.length } } };
}
