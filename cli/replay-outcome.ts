/** What `replay` and `test` say at the end: the report on stdout and in files, warnings on stderr, the exit status. */
import { relative, resolve } from 'node:path';
import { WiretapeError } from '../errors/wiretape-error';
import type { TestCase } from '../replayer/cases/cases';
import type { Target } from '../replayer/drive/target';
import { idleRules } from '../replayer/judge/idle-rules';
import type { Mock } from '../replayer/mocks/mock';
import type { NoiseRule } from '../replayer/noise/rules';
import type { Accepting } from '../replayer/report/acceptable';
import { consoleReport } from '../replayer/report/console';
import type { FinishedRun } from '../replayer/report/finished-run';
import { json } from '../replayer/report/json';
import { type Condition, checkConditions, latencyOf } from '../replayer/report/latency';
import { mergeRuns, type RunParts } from '../replayer/report/merge-runs';
import { type Allowed, exitStatusOf, type RunReport } from '../replayer/report/report';
import type { SuiteOutcome } from '../replayer/run';
import { type Reports, writeReports } from './report-files';
import { colorsFor, printPieces, visibleLine } from './terminal';
import { wiretapeVersion } from './version';

/** One run, and what went on around its cases. */
export interface Outcome extends SuiteOutcome, RunParts {}

export interface OutcomeOptions {
  readonly tape: string;
  readonly cases: readonly TestCase[];
  readonly noise: readonly NoiseRule[];
  /** Whether some cases were chosen out of the tape. */
  readonly isPart: boolean;
  readonly allowed: Allowed;
  readonly json: boolean;
  readonly reports: Reports;
  readonly conditions: readonly Condition[];
  readonly unattributed: string | null;
  readonly accepting: Accepting;
  readonly startedAtMs: number;
  readonly target: Target;
  /** What answered for the dependencies of the build; null where nothing did. */
  readonly mocks: readonly Mock[] | null;
  /** What only this command has to say in the document of --json. */
  readonly also?: object;
}

/**
 * Prints the report of one run or of several of one build, writes the others, and gives the exit status. Throws
 * INTERRUPTED, and TARGET_UNREACHABLE where every case ended in a connection failure, both after the report.
 */
export async function reportOutcome(
  outcomes: readonly [Outcome, ...Outcome[]],
  options: OutcomeOptions,
): Promise<0 | 1> {
  const run = finishedRun(outcomes, options);
  const { report, allowed } = run;
  const shown = { styles: colorsFor(process.stdout), visible: visibleLine };
  await printPieces(options.json ? json.render(run) : consoleReport(run, shown));
  writeReports(options.reports, run, process.env);
  if (outcomes.some((each) => each.interrupted)) throw interruptedAfter(report, options.cases.length);
  const lost = outcomes.find(({ unreachable, report: { errored } }) => unreachable !== null && errored > 0);
  if (lost !== undefined) throw unreachable(lost, options.target);
  const { cases, noise, isPart, mocks } = options;
  const calls = mocks === null ? null : { made: report.calls, mocks };
  const played = { results: report.results, cases, calls, isPart };
  for (const line of idleRules(noise, played)) process.stderr.write(`${line}\n`);
  return exitStatusOf(report, allowed);
}

function finishedRun(outcomes: readonly [Outcome, ...Outcome[]], options: OutcomeOptions): FinishedRun {
  const { tape, allowed, conditions, unattributed, accepting, startedAtMs, also } = options;
  const merged = mergeRuns(outcomes);
  const root = process.env.GITHUB_WORKSPACE ?? process.cwd();
  return {
    ...merged,
    report: { ...merged.report, ...latencyPart(outcomes, conditions), ...also },
    suite: tape,
    file: relative(root, resolve(tape)),
    allowed,
    accepting,
    unattributed,
    startedAtMs,
    endedAtMs: Date.now(),
    version: wiretapeVersion(),
  };
}

function latencyPart(outcomes: readonly Outcome[], conditions: readonly Condition[]): Pick<RunReport, 'latency'> {
  if (conditions.length === 0) return {};
  const endpoints = latencyOf(outcomes.map(({ report, details }) => ({ results: report.results, details })));
  return { latency: { conditions: checkConditions(conditions, endpoints), endpoints } };
}

export function interruptedAfter({ passed, failed }: RunReport, cases: number): WiretapeError {
  return new WiretapeError('INTERRUPTED', `Interrupted after ${passed + failed} of ${cases} cases`, {
    remedy: 'Run it again; the tape is unchanged',
  });
}

/** Where no case got a connection; `option` is the flag that named the target. */
export function unreachable(
  { unreachable: failure }: SuiteOutcome,
  { origin }: Target,
  option = '--target',
): WiretapeError {
  return new WiretapeError('TARGET_UNREACHABLE', `Cannot reach ${origin}: no case got a connection`, {
    seen: failure === null ? [] : [`${failure.reason}: ${failure.detail}`],
    remedy: (remedies[failure?.reason ?? ''] ?? 'Start the build, or correct --target').replace('--target', option),
  });
}

const remedies: Readonly<Record<string, string>> = {
  refused: 'Start the build, or correct the port of --target',
  'no-such-host': 'Correct the host of --target',
  tls: 'Trust its certificate with --ca FILE, or do without with --insecure; for plain HTTP write http:// in --target',
  'connect-timeout': 'See whether a firewall is in the way, or give more time with --timeout',
};
