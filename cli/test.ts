/** `wiretape test`: mocks, the new build, a replay and its judgement, all in one command for CI. */

import type { CommandModule } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import { callPolicies } from '../replayer/judge/outgoing-calls';
import { mergeSeen, type SandboxReport } from '../replayer/sandbox/unrecorded';
import { acceptingFrom } from './accepting';
import { type AppLog, openAppLog } from './app-log';
import { whyUnattributed } from './around-cases';
import { interruptible } from './interruptible';
import { learnInto, requireRuns, writeNoiseOption } from './learned-noise';
import { missTexts, mockOptions, notServedLines, unusedLines } from './mock-options';
import { filterOptions, isPart, jsonOption, tapeArgument, usage } from './options';
import { protoOptions } from './proto-options';
import { conditionsFrom, type ReplayArguments, replayOptions, runsFrom } from './replay-options';
import { reportOutcome } from './replay-outcome';
import { reportsFrom, wantsPage } from './report-files';
import { callsMeaning, sandboxLines, sandboxOptions } from './sandbox-options';
import { visibleLine } from './terminal';
import type { TestRun, TestSetting } from './test-run';
import { commandOptions, type TestArguments, testRepeatedly, withSetting } from './test-setting';

interface Arguments extends TestArguments, ReplayArguments {
  readonly appLog?: string;
  readonly runs: number;
  readonly allowFlaky: boolean;
  readonly writeNoise?: string;
  readonly json: boolean;
}

export const testCommand: CommandModule<object, Arguments> = {
  command: 'test <tape>',
  describe: 'start a build with its dependencies mocked, replay, judge, and end it',
  builder: (yargs) =>
    yargs
      .usage(
        'wiretape test TAPE [--target URL] [--env NAME=VALUE] -- COMMAND ...\n\nStarts mocks of what the service called and COMMAND with them in place of its dependencies, waits until it answers,\nreplays the inbound exchanges, judges the answers, and ends everything it started.',
      )
      .positional('tape', tapeArgument)
      .options({
        'app-log': {
          type: 'string',
          describe: 'a file for all that COMMAND prints; the end of it is shown where the run fails',
        },
        ...commandOptions,
        runs: {
          type: 'number',
          default: 1,
          describe:
            'times to play each case, each time against a new COMMAND; what does not always pass fails, as flaky',
        },
        calls: {
          choices: callPolicies,
          default: 'set' as const,
          describe: callsMeaning,
        },
        'allow-flaky': { type: 'boolean', default: false, describe: 'flaky cases do not fail the run' },
        ...writeNoiseOption,
        ...sandboxOptions,
        ...mockOptions,
        ...filterOptions,
        ...replayOptions,
        ...protoOptions,
        ...jsonOption,
      })
      .example('wiretape test shop.tape -- node server.js', 'its calls are led to the mocks by proxy variables')
      .example(
        "wiretape test shop.tape --env 'PAYMENTS_URL={mock:payments:8443}' --env 'PORT={port}' -- node server.js",
        'told where to call, and where to listen',
      )
      .example(
        'wiretape test shop.tape --target https://127.0.0.1:8443 --insecure --report junit=report.xml -- ./start.sh',
        'in CI, a service with a certificate of its own',
      ) as never,
  handler: async (args) => {
    process.exitCode = await test(args);
  },
};

/** What the build printed is shown where the run failed, unless the error itself shows it. */
async function test(args: Arguments): Promise<number> {
  const log = openAppLog(args.appLog);
  try {
    const status = await runTest(args, log);
    if (status !== 0) tell(log.lastLines());
    return status;
  } catch (error) {
    const isShown = error instanceof WiretapeError && ['COMMAND_FAILED', 'TARGET_NOT_READY'].includes(error.code);
    if (!isShown) tell(log.lastLines());
    throw error;
  } finally {
    log.close();
  }
}

async function runTest(args: Arguments, log: AppLog): Promise<number> {
  const startedAtMs = Date.now();
  const command = args['--'] ?? [];
  if (command.length === 0) throw noCommand();
  const runs = runsFrom(args);
  requireRuns(args.writeNoise, runs, '--runs 3');
  const reports = reportsFrom(args, process.env);
  const conditions = conditionsFrom(args);
  return withSetting(args, { command, log, keepAnswers: wantsPage(reports) }, async (setting) => {
    const { cases, raw, run } = setting;
    reports.githubLog?.hold();
    const played = await interruptible((signal) => testRepeatedly(setting, runs, signal));
    const [first] = played;
    const sandbox = mergeSeen([first.seen, ...played.slice(1).map(({ seen }) => seen)], args.onMiss !== 'fail');
    if (!args.json) {
      tellOfMocks(played, sandbox, args.tape);
      tell(unusedLines(isPart(args) ? ofCases(first.unused, setting) : first.unused));
    }
    const status = await reportOutcome([first.outcome, ...played.slice(1).map(({ outcome }) => outcome)], {
      tape: args.tape,
      cases,
      noise: run.noise,
      isPart: isPart(args),
      allowed: { skipped: args.allowSkipped, flaky: args.allowFlaky },
      json: args.json,
      reports,
      conditions,
      unattributed: whyUnattributed(cases, args.concurrency),
      accepting: acceptingFrom(args, reports),
      startedAtMs,
      target: first.target,
      mocks: setting.mocks.set.mocks,
      also: { unused: first.unused, sandbox },
    });
    const { writeNoise } = args;
    if (writeNoise !== undefined) {
      const reports = played.map(({ outcome }) => outcome.report);
      learnInto(writeNoise, cases, reports);
    }
    for (const fault of played.flatMap(({ faults }) => faults)) tell([`a fault of wiretape itself: ${fault.message}`]);
    if (!args.json) tell([...notServedLines(raw), ...(played.at(-1)?.rawLines ?? [])]);
    return played.some(({ missed }) => missed) ? 1 : status;
  });
}

/** Misses of all runs, each kind once. */
function tellOfMocks(played: readonly [TestRun, ...TestRun[]], sandbox: SandboxReport, tape: string): void {
  const misses = played.flatMap(missesElsewhere);
  const untrusted = played.flatMap(({ untrustedLines }) => untrustedLines).map(visibleLine);
  tell([...untrusted, ...missTexts(misses, tape), ...sandboxLines(sandbox)]);
}

/** Those that were recorded under a case that was played: the others were not due. */
function ofCases(unused: TestRun['unused'], { cases, mocks }: TestSetting): TestRun['unused'] {
  const ids = new Set(cases.map(({ id }) => id));
  const due = new Set(mocks.set.mocks.filter(({ cause }) => cause !== null && ids.has(cause)).map(({ id }) => id));
  return unused.filter(({ exchange }) => due.has(exchange));
}

/** Those of no case that the report has a block for: there they stand with their case. */
function missesElsewhere({ misses, outcome }: TestRun): TestRun['misses'] {
  const told = outcome.report.results.filter(({ verdict }) => verdict === 'fail' || verdict === 'error');
  const ids = new Set<string | null>(told.map(({ id }) => id));
  return misses.filter((miss) => !ids.has(miss.case));
}

function tell(lines: readonly string[]): void {
  if (lines.length > 0) process.stderr.write(`${lines.join('\n')}\n`);
}

function noCommand() {
  return usage('No command is given', [
    'Type what starts the build last:  wiretape test shop.tape -- node server.js',
    'For a build that is up already:  wiretape replay shop.tape --target URL',
  ]);
}
