/** Runs of one build for commands that learn from them: of one that is up, or of one that is started anew for each run. */
import type { Options } from 'yargs';
import type { TestCase } from '../replayer/cases/cases';
import type { Target } from '../replayer/drive/target';
import type { CallPolicy } from '../replayer/judge/outgoing-calls';
import type { RunReport } from '../replayer/report/report';
import { runSuite, type SuiteOutcome } from '../replayer/run';
import { mergeSeen } from '../replayer/sandbox/unrecorded';
import { openAppLog } from './app-log';
import { interruptible } from './interruptible';
import { missTexts, mockOptions } from './mock-options';
import { filterOptions, usage } from './options';
import { progress } from './progress';
import { protoOptions } from './proto-options';
import { againstTargets } from './replay';
import { playOptions } from './replay-options';
import { interruptedAfter, unreachable } from './replay-outcome';
import { sandboxLines, sandboxOptions } from './sandbox-options';
import { targetOptions } from './targets';
import { visibleLine } from './terminal';
import type { TestRun } from './test-run';
import { commandOptions, type TestArguments, testRepeatedly, withSetting } from './test-setting';

/** What says which build, and how to play against it. */
export const buildOptions = {
  target: { ...targetOptions.target, demandOption: false },
  env: commandOptions.env,
  wait: commandOptions.wait,
  ...sandboxOptions,
  ...mockOptions,
  ...filterOptions,
  ...playOptions,
  ...protoOptions,
} as const satisfies Record<string, Options>;

export interface BuildArguments extends Omit<TestArguments, 'target' | 'calls'> {
  readonly target?: readonly string[];
}

interface RunsOptions {
  readonly runs: number;
  /** How the calls of a build that is started are judged. */
  readonly calls: CallPolicy;
}

/**
 * What is done with runs of a build and the cases that were played. Throws INTERRUPTED and TARGET_UNREACHABLE, as a run that was
 * not whole says nothing, and what `replay` and `test` throw.
 */
export function withRunsOfBuild<T>(
  args: BuildArguments,
  options: RunsOptions,
  work: (played: Runs) => Promise<T>,
): Promise<T> {
  return args['--'] === undefined ? againstTarget(args, options.runs, work) : againstBuild(args, options, work);
}

export interface Runs {
  readonly cases: readonly TestCase[];
  readonly runs: readonly RunReport[];
}

/** Against what is up already. */
async function againstTarget<T>(args: BuildArguments, count: number, work: (played: Runs) => Promise<T>): Promise<T> {
  const { target } = args;
  if (target === undefined) throw noBuild();
  if (args.clock === 'recorded') throw noCommandToMove();
  return againstTargets(args, { target }, async ({ cases, run }) => {
    const runs: RunReport[] = [];
    await interruptible(async (signal) => {
      while (runs.length < count) {
        const onResult = progress(cases.length);
        const outcome = await runSuite(cases, { ...run, signal, ...(onResult === null ? {} : { onResult }) });
        runs.push(whole(outcome, run.target).report);
      }
    });
    return work({ cases, runs });
  });
}

/** Against a build that is started anew for each run, with mocks of what it calls, as by `wiretape test`. */
async function againstBuild<T>(
  { target, ...args }: BuildArguments,
  { runs: count, calls }: RunsOptions,
  work: (played: Runs) => Promise<T>,
): Promise<T> {
  const [only, ...others] = target ?? [];
  if (others.length > 0) throw usage('--target is given more than once, and there is one COMMAND', 'Give one');
  const log = openAppLog(undefined);
  try {
    const given = { ...args, calls, ...(only === undefined ? {} : { target: only }) };
    const command = args['--'] ?? [];
    return await withSetting(given, { command, log, keepAnswers: false }, async (setting) => {
      const played = await interruptible((signal) => testRepeatedly(setting, count, signal));
      const runs = played.map((run) => whole(run.outcome, run.target).report);
      tellOfCalls(played, args);
      return work({ cases: setting.cases, runs });
    });
  } finally {
    log.close();
  }
}

/** What had no mock, and who refused one: nothing is learned from, or accepted of, what follows from that. */
function tellOfCalls(
  played: readonly [TestRun, ...TestRun[]],
  { tape, onMiss }: Pick<BuildArguments, 'tape' | 'onMiss'>,
): void {
  const [first, ...others] = played;
  const lines = [
    ...played.flatMap(({ untrustedLines }) => untrustedLines).map(visibleLine),
    ...missTexts(
      played.flatMap(({ misses }) => misses),
      tape,
    ),
    ...sandboxLines(mergeSeen([first.seen, ...others.map(({ seen }) => seen)], onMiss !== 'fail')),
  ];
  process.stderr.write(lines.map((line) => `${line}\n`).join(''));
}

/** Throws where a run says nothing of the build: it was interrupted, or nobody was there. */
function whole(outcome: SuiteOutcome, target: Target): SuiteOutcome {
  if (outcome.interrupted) throw interruptedAfter(outcome.report, outcome.report.cases);
  if (outcome.unreachable !== null) throw unreachable(outcome, target);
  return outcome;
}

function noCommandToMove() {
  return usage('--clock recorded is for a COMMAND that is started here', 'Type it last:  -- node server.js');
}

function noBuild() {
  return usage('Nothing says which build to replay against', [
    'Give the address of one that is up:  --target http://127.0.0.1:8080',
    'or type what starts it last:  -- node server.js',
  ]);
}
