/** `--baseline`: the tape is played against a build that is known to be good, too, and what that shows is not the candidate's. */
import type { Options } from 'yargs';
import { attribute } from '../replayer/baseline/attribute';
import { baselineRemarks, measured } from '../replayer/baseline/remarks';
import type { TestCase } from '../replayer/cases/cases';
import { type RunReport, withResults } from '../replayer/report/report';
import { runSuite, type SuiteOptions, type SuiteOutcome } from '../replayer/run';
import { usage } from './options';
import { progress } from './progress';
import { interruptedAfter, unreachable } from './replay-outcome';
import { type Targets, targetOptions } from './targets';

export const baselineOptions = {
  baseline: {
    ...targetOptions.target,
    demandOption: false,
    describe: 'a build that is known to be good: what it shows, too, is no difference of the target; as --target',
  },
  'baseline-runs': {
    type: 'number',
    default: 2,
    describe: 'how often to play against the baseline; what differs between the runs is noise',
  },
} as const satisfies Record<string, Options>;

/** Throws USAGE. */
export function baselineRunsFrom({ baselineRuns }: { readonly baselineRuns: number }): number {
  if (Number.isInteger(baselineRuns) && baselineRuns >= 1) return baselineRuns;
  throw usage(`--baseline-runs ${baselineRuns} is not a count`, 'Write a whole number, such as --baseline-runs 3');
}

export type Baseline = Targets & { readonly runs: number };

export interface Playing {
  readonly cases: readonly TestCase[];
  readonly options: Omit<SuiteOptions, 'signal'>;
  readonly signal: AbortSignal;
}

export interface PlayedBeside {
  readonly outcome: SuiteOutcome;
  /** For the document of --json. */
  readonly also: object;
  /** Of the runs of the baseline. */
  readonly reports: readonly RunReport[];
}

/** The candidate's run, with what is its own. Throws INTERRUPTED and TARGET_UNREACHABLE of the baseline. */
export async function playBeside(baseline: Baseline, playing: Playing): Promise<PlayedBeside> {
  const reports = await playBaseline(baseline, playing);
  const outcome = await play(playing, playing.options);
  if (outcome.interrupted) return { outcome, also: {}, reports };
  const found = attribute(
    outcome.report.results,
    reports.map(({ results }) => results),
  );
  const target = baseline.target.origin;
  const remarks = [...outcome.report.remarks, ...baselineRemarks(found, { target, runs: baseline.runs })];
  const report = { ...withResults(outcome.report, found.results), remarks };
  const told = { target, runs: baseline.runs, measured: measured(baseline.runs), places: found.places };
  return { outcome: { ...outcome, report }, also: { baseline: told }, reports };
}

/** The good build gives what was recorded, not what was accepted since. */
async function playBaseline(baseline: Baseline, playing: Playing): Promise<readonly RunReport[]> {
  const { runs, target, targets } = baseline;
  const { accepted: _, ...options } = playing.options;
  const reports: RunReport[] = [];
  while (reports.length < runs) {
    const outcome = await play(playing, { ...options, target, targets, keepAnswers: false });
    if (outcome.interrupted) throw interruptedAfter(outcome.report, playing.cases.length);
    if (outcome.unreachable !== null) throw unreachable(outcome, target, '--baseline');
    reports.push(outcome.report);
  }
  return reports;
}

/** One run, to its end or to the signal. */
export function play({ cases, signal }: Playing, options: Omit<SuiteOptions, 'signal'>): Promise<SuiteOutcome> {
  const onResult = progress(cases.length);
  return runSuite(cases, { ...options, signal, ...(onResult === null ? {} : { onResult }) });
}
