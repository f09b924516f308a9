/** The outcome of a run as scripts read it (`--json`, schema 1), and what people are told besides. No secret, and no time but those that were asked for. */
import { memoisedLast } from '../../tape/memo';
import { formatPath, parsePath } from '../../tape/model/path';
import { callsRoot, type Difference, type Excuse } from '../judge/difference';
import type { OutgoingCall } from '../mocks/calls';
import type { Distrust } from '../mocks/front/trust';
import type { Miss } from '../mocks/match/miss';
import type { SandboxReport } from '../sandbox/unrecorded';
import { failingConditions, type LatencyReport } from './latency';

export type Verdict = 'pass' | 'fail' | 'error' | 'skipped';

export interface CaseResult {
  readonly id: string;
  readonly name: string;
  readonly verdict: Verdict;
  /** Why it is skipped or errored, or what weakens a failure; null where nothing is to be said. */
  readonly reason: string | null;
  readonly differences: readonly Difference[];
  readonly excused: readonly Excuse[];
  /** Played because a chosen case needs what it answers; it counts like any other. */
  readonly setUp?: boolean;
  /** Set where several runs of one build did not agree: the verdict is that of the first run that did not pass. */
  readonly flaky?: Flaky;
}

/** How often a case passed that did not always pass. */
export interface Flaky {
  readonly passed: number;
  readonly runs: number;
}

export interface PlaceInCase {
  readonly case: string;
  readonly path: string;
}

/** A value one answer minted and later requests carried. `value` is the recorded one, a placeholder for a secret. */
export interface Chain {
  readonly value: string;
  readonly from: PlaceInCase;
  readonly to: readonly PlaceInCase[];
}

/** The document of `replay --json` and `test --json`. */
export interface RunReport {
  readonly schema: 1;
  readonly cases: number;
  readonly passed: number;
  readonly failed: number;
  readonly errored: number;
  readonly skipped: number;
  /** How many of those that did not pass passed in another run. */
  readonly flaky: number;
  readonly results: readonly CaseResult[];
  readonly misses: readonly Miss[];
  /** What the build asked of its dependencies, in order, as it was answered; [] where no mocks were served. */
  readonly calls: readonly OutgoingCall[];
  /** Clients that refused the certificates of the mocks; [] where none were served. */
  readonly untrusted: readonly Distrust[];
  readonly carried: readonly Chain[];
  /** Every excuse of the run, by what gave it and where; elements of lists count as one place. */
  readonly excused: readonly ExcusedPlace[];
  /** What is to be known of the run as a whole, a sentence each. */
  readonly remarks: readonly string[];
  /** Of `test`: where the build ran, and what it reached for beside the mocks. */
  readonly sandbox?: SandboxReport;
  /** What was asked of the times of answers (`--fail-if`); left out where nothing was. */
  readonly latency?: LatencyReport;
}

export interface ExcusedPlace extends Excuse {
  readonly count: number;
}

/** What a person needs to act on a case, beside its result. */
export interface CaseNotes {
  /** The request as a command to type; secrets stand as placeholders or `$NAME`. */
  readonly curl: string;
  /** What that command lacks to work: which texts stand for something else. Left out where it is whole. */
  readonly fillIn?: string;
  /** Sentences: what an error saw, what to supply. */
  readonly hints: readonly string[];
}

export function reportOf(
  results: readonly CaseResult[],
  carried: readonly Chain[],
  misses: readonly Miss[] = [],
): RunReport {
  return {
    schema: 1,
    ...countsOf(results),
    results,
    misses,
    calls: [],
    untrusted: [],
    carried,
    excused: excusedPlaces(results),
    remarks: [],
  };
}

/** The same run with more to say of its cases. */
export function withResults(report: RunReport, results: readonly CaseResult[]): RunReport {
  return { ...report, ...countsOf(results), results, excused: excusedPlaces(results) };
}

/** How many cases came to what; without lists of them, which may be of a million. */
function countsOf(results: readonly CaseResult[]) {
  const counts: Record<Verdict, number> = { pass: 0, fail: 0, error: 0, skipped: 0 };
  let flaky = 0;
  for (const result of results) {
    counts[result.verdict]++;
    if (result.flaky !== undefined) flaky++;
  }
  const { pass: passed, fail: failed, error: errored, skipped } = counts;
  return { cases: results.length, passed, failed, errored, skipped, flaky };
}

function excusedPlaces(results: readonly CaseResult[]): readonly ExcusedPlace[] {
  const places = new Map<string, ExcusedPlace>();
  for (const { excused } of results) {
    for (const { cause, rule, path: exact } of excused) {
      const path = everyElement(exact);
      const key = `${rule}\n${path}`;
      places.set(key, { cause, rule, path, count: (places.get(key)?.count ?? 0) + 1 });
    }
  }
  return [...places].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, place]) => place);
}

/** `body.items[*].at` for the place of any element. */
export function everyElement(path: string): string {
  if (path.startsWith(callsRoot)) return path;
  const steps = parsePath(path);
  if (steps[0] !== 'body' && steps[0] !== 'bytes' && steps[0] !== 'message') return path;
  return formatPath(steps).replace(/\[\d+\]/g, '[*]');
}

/** Misses that fail the run; the others were allowed by `--on-miss`. */
export function failingMisses({ misses }: RunReport): readonly Miss[] {
  return misses.filter(({ answeredWith }) => answeredWith === '502');
}

/** The cases that met such a miss: what differs in them may follow from it. Asked for case after case of one report. */
export const casesWithMisses = memoisedLast(
  (report: RunReport): ReadonlySet<string | null> => new Set(failingMisses(report).map((miss) => miss.case)),
);

/** True for a run that shows nothing: no case passed, and none says why not. */
export function isEmpty({ passed, failed, errored }: RunReport): boolean {
  return passed + failed + errored === 0;
}

/** What may be so without failing the run. */
export interface Allowed {
  readonly skipped: boolean;
  /** Cases that passed in one run and not in another. */
  readonly flaky: boolean;
}

/** True for a result that fails the run. */
export function isRed({ verdict, flaky }: CaseResult, allowed: Allowed): boolean {
  if (verdict === 'pass' || (flaky !== undefined && allowed.flaky)) return false;
  return verdict !== 'skipped' || !allowed.skipped;
}

/**
 * Exit status 0 or 1: something was equal, nothing differed in any run, nothing was left out that was not allowed to be,
 * and every condition on times was checked and holds.
 */
export function exitStatusOf(report: RunReport, allowed: Allowed): 0 | 1 {
  if (isEmpty(report)) return 1;
  const isFailed = report.results.some((result) => isRed(result, allowed)) || failingMisses(report).length > 0;
  const isElsewhere = report.sandbox?.fails ?? false;
  return isFailed || isElsewhere || failingConditions(report.latency).length > 0 ? 1 : 0;
}
