/** The result of a run with all that a report may tell of it: what every format is a function of. */

import { formatUnrecorded } from '../sandbox/unrecorded';
import type { Accepting } from './acceptable';
import type { DetailsByCase, Surroundings } from './details';
import { type CheckedCondition, conditionLines, failingConditions } from './latency';
import {
  type Allowed,
  type CaseNotes,
  type CaseResult,
  failingMisses,
  isEmpty,
  type RunReport,
  type Verdict,
} from './report';

export interface FinishedRun {
  /** What was replayed: the tape's name. */
  readonly suite: string;
  /** Where that lies, from the root of the checkout. */
  readonly file: string;
  readonly report: RunReport;
  /** By case id, as are the others: for cases that did not pass. */
  readonly notes: ReadonlyMap<string, CaseNotes>;
  readonly details: DetailsByCase;
  readonly surroundings: ReadonlyMap<string, Surroundings>;
  /** Why `surroundings` has no calls and no output by case; null where it has. */
  readonly unattributed: string | null;
  readonly allowed: Allowed;
  /** Null where nothing of the run can be accepted. */
  readonly accepting: Accepting | null;
  /** Milliseconds since the epoch. */
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  /** Of wiretape. */
  readonly version: string;
}

/** What fails a run beside its cases, as a case of its own for formats that know nothing but cases. */
export interface WholeRunFailure {
  readonly name: string;
  /** `mocks`, `run` or `latency`. */
  readonly group: string;
  /** A word for scripts. */
  readonly type: string;
  readonly message: string;
  readonly lines: readonly string[];
}

export function wholeRunFailures(report: RunReport): readonly WholeRunFailure[] {
  return [
    ...missFailure(report),
    ...unrecordedFailure(report),
    ...(isEmpty(report) ? [nothingPassed] : []),
    ...failingConditions(report.latency).map(conditionFailure),
  ];
}

/** Calls no mock answers, of no failed case: the build makes them when it likes. */
function missFailure(report: RunReport): readonly WholeRunFailure[] {
  const failed = new Set(report.results.filter(({ verdict }) => verdict === 'fail').map(({ id }) => id));
  const misses = failingMisses(report).filter((miss) => miss.case === null || !failed.has(miss.case));
  if (misses.length === 0) return [];
  const message = `${misses.length} ${misses.length === 1 ? 'call' : 'calls'} that no mock answers`;
  const lines = [...new Set(misses.map((miss) => miss.message))];
  return [{ name: 'calls to mocks', group: 'mocks', type: 'mock-miss', message, lines }];
}

/** Beside requests, which are misses: names that were looked up, connections without a request. */
function unrecordedFailure({ sandbox }: RunReport): readonly WholeRunFailure[] {
  if (sandbox?.fails !== true) return [];
  const message = `the build reached for ${sandbox.unrecorded.length === 1 ? 'something' : `${sandbox.unrecorded.length} things`} that the tape does not have`;
  const lines = sandbox.unrecorded.map(formatUnrecorded);
  return [{ name: 'nothing but what is recorded', group: 'mocks', type: 'unrecorded', message, lines }];
}

/** Servers show a file without failures as green; a run in which nothing passed is not. */
const nothingPassed: WholeRunFailure = {
  name: 'something passed',
  group: 'run',
  type: 'nothing-passed',
  message: '0 passed',
  lines: [],
};

function conditionFailure(checked: CheckedCondition): WholeRunFailure {
  const [message = '', ...lines] = conditionLines(checked);
  return {
    name: `not ${checked.condition}`,
    group: 'latency',
    type: checked.broken.length > 0 ? 'slower' : 'too-few-answers',
    message,
    lines,
  };
}

/** Cases that are skipped for one cause are told of once. */
export function skippedGroups(
  results: readonly CaseResult[],
  notes: ReadonlyMap<string, CaseNotes>,
): readonly (readonly CaseResult[])[] {
  return grouped(
    results.filter(({ verdict }) => verdict === 'skipped'),
    notes,
  );
}

/** Cases that were not sent because of one value that another case did not give are told of once: it failed, not they. */
export function followingGroups(
  results: readonly CaseResult[],
  notes: ReadonlyMap<string, CaseNotes>,
): readonly (readonly CaseResult[])[] {
  return grouped(results.filter(isFollowing), notes);
}

/** What is to be looked at, told of once each: cases that failed by themselves first, each alone, then those that follow from others. */
export function badGroups(
  results: readonly CaseResult[],
  notes: ReadonlyMap<string, CaseNotes>,
): readonly (readonly CaseResult[])[] {
  const bad = results.filter(({ verdict }) => verdict === 'fail' || verdict === 'error');
  const own = bad.filter((result) => !isFollowing(result)).map((result) => [result]);
  return [...own, ...followingGroups(bad, notes)];
}

/** True for a case that was not sent because an earlier one failed. */
export function isFollowing({ reason }: CaseResult): boolean {
  return reason === 'not-minted';
}

function grouped(results: readonly CaseResult[], notes: ReadonlyMap<string, CaseNotes>) {
  return [...Map.groupBy(results, ({ id, reason }) => [reason, ...(notes.get(id)?.hints ?? [])].join('\n')).values()];
}

/** `passed in 2 of 3 runs`; null for a case that is not flaky. */
export function flakyText({ flaky }: CaseResult): string | null {
  return flaky === undefined ? null : `flaky: passed in ${flaky.passed} of ${flaky.runs} runs`;
}

export const verdictLabels: Readonly<Record<Verdict, string>> = {
  pass: 'PASS',
  fail: 'FAIL',
  error: 'ERROR',
  skipped: 'SKIP',
};

/** `1 passed, 2 failed of 3 cases`, in the parts that are there; `kind` is the word to paint by. */
export function summaryParts(report: RunReport, allowed: Allowed): readonly { kind: string; text: string }[] {
  const { passed, failed, errored, skipped, flaky, misses } = report;
  const without = allowed.skipped ? '' : ' (which fails the run without --allow-skipped)';
  const parts = [
    { kind: 'failed', count: failed, text: `${failed} failed` },
    { kind: 'errored', count: errored, text: `${errored} errored` },
    { kind: 'skipped', count: skipped, text: `${skipped} skipped${without}` },
    { kind: 'flaky', count: flaky, text: `${flaky} of them flaky${allowed.flaky ? ' (which is allowed)' : ''}` },
    { kind: 'missed', count: misses.length, text: `${misses.length} mock ${misses.length === 1 ? 'miss' : 'misses'}` },
  ];
  return [{ kind: 'passed', text: `${passed} passed` }, ...parts.filter(({ count }) => count > 0)];
}

export function casesText({ cases }: RunReport): string {
  return `${cases} ${cases === 1 ? 'case' : 'cases'}`;
}
