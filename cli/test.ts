/** `wiretape test`: mocks, the new build, a replay and its judgement, all in one command for CI. */

import type { CommandModule } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import type { TestCase } from '../replayer/cases/cases';
import { secretsInAnswers, secretsOfCases } from '../replayer/correlate/secrets';
import { parseTarget } from '../replayer/drive/target';
import { type CallPolicy, callPolicies } from '../replayer/judge/outgoing-calls';
import { usesPort } from '../replayer/launch/environment';
import { freePort } from '../replayer/launch/free-port';
import { recordedTarget } from '../replayer/launch/target';
import { always } from '../replayer/mocks/front/certificates';
import { mocksFrom } from '../replayer/mocks/mock';
import { recordedCalls } from '../replayer/report/calls';
import { mergeSeen, type SandboxReport } from '../replayer/sandbox/unrecorded';
import { type AppLog, openAppLog } from './app-log';
import { whyUnattributed } from './around-cases';
import {
  type MockArguments,
  missTexts,
  mockOptions,
  notServedLines,
  readServed,
  sessionOnly,
  unusedLines,
} from './mock-options';
import { type FilterArguments, filterOptions, jsonOption, parseDuration, tapeArgument, usage } from './options';
import { type ProtoArguments, protoOptions } from './proto-options';
import { rawMocksOf } from './raw-mocks';
import { readCases } from './replay';
import {
  conditionsFrom,
  type ReplayArguments,
  redactionFrom,
  refuseIdleTrust,
  replayOptions,
  suiteOptionsFrom,
} from './replay-options';
import { reportOutcome } from './replay-outcome';
import { reportsFrom, wantsPage } from './report-files';
import { type SandboxArguments, sandboxFrom, sandboxLines, sandboxOptions } from './sandbox-options';
import { visibleLine } from './terminal';
import { type Place, placeAt, type TestRun, type TestSetting, testOnce } from './test-run';

interface Arguments extends FilterArguments, ReplayArguments, MockArguments, ProtoArguments, SandboxArguments {
  readonly tape: string;
  readonly target?: string;
  readonly env?: readonly string[];
  readonly wait: string;
  readonly appLog?: string;
  readonly runs: number;
  readonly allowFlaky: boolean;
  readonly calls: CallPolicy;
  readonly json: boolean;
  readonly '--'?: readonly string[];
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
        target: { type: 'string', describe: 'where COMMAND listens; default: the port of the recording, on 127.0.0.1' },
        env: {
          type: 'string',
          array: true,
          describe: "for COMMAND: 'PAYMENTS_URL={mock:payments:8443}', 'CA={ca}', 'PORT={port}'; repeatable",
        },
        'app-log': {
          type: 'string',
          describe: 'a file for all that COMMAND prints; the end of it is shown where the run fails',
        },
        wait: { type: 'string', default: '30s', describe: 'longest wait for the first answer of COMMAND' },
        runs: {
          type: 'number',
          default: 1,
          describe:
            'times to play each case, each time against a new COMMAND; what does not always pass fails, as flaky',
        },
        calls: {
          choices: callPolicies,
          default: 'set' as const,
          describe:
            'how the calls of COMMAND are judged: each made or not; also how often and in which order; not at all',
        },
        'allow-flaky': { type: 'boolean', default: false, describe: 'flaky cases do not fail the run' },
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
  const reports = reportsFrom(args, process.env);
  const conditions = conditionsFrom(args);
  const setting = await settingFrom(args, { command, log, keepAnswers: wantsPage(reports) });
  const { cases, raw, run } = setting;
  reports.githubLog?.hold();
  const played = await untilSignalled((signal) => testRepeatedly(setting, runs, signal));
  const [first] = played;
  const sandbox = mergeSeen([first.seen, ...played.slice(1).map(({ seen }) => seen)], args.onMiss !== 'fail');
  if (!args.json) tellOfMocks(played, sandbox, args.tape);
  const status = await reportOutcome([first.outcome, ...played.slice(1).map(({ outcome }) => outcome)], {
    tape: args.tape,
    cases,
    noise: run.noise,
    allowed: { skipped: args.allowSkipped, flaky: args.allowFlaky },
    json: args.json,
    reports,
    conditions,
    unattributed: whyUnattributed(cases, args.concurrency),
    startedAtMs,
    target: first.target,
    also: { unused: first.unused, sandbox },
  });
  for (const fault of played.flatMap(({ faults }) => faults)) tell([`a fault of wiretape itself: ${fault.message}`]);
  if (!args.json) tell([...notServedLines(raw), ...(played.at(-1)?.rawLines ?? [])]);
  return played.some(({ missed }) => missed) ? 1 : status;
}

/** As often as asked, or until it is interrupted. Each run has mocks and a build of its own: a build keeps what it was told. */
async function testRepeatedly(
  setting: TestSetting,
  runs: number,
  signal: AbortSignal,
): Promise<readonly [TestRun, ...TestRun[]]> {
  const first = await testOnce(setting, signal);
  const others: TestRun[] = [];
  while (others.length + 1 < runs && !signal.aborted) others.push(await testOnce(setting, signal));
  return [first, ...others];
}

async function settingFrom(
  args: Arguments,
  { command, log, keepAnswers }: Pick<TestSetting, 'command' | 'log'> & { readonly keepAnswers: boolean },
): Promise<TestSetting> {
  const waitMs = parseDuration(args.wait, '--wait');
  const surroundings = { cwd: process.cwd(), env: process.env };
  const settings = suiteOptionsFrom(args, surroundings);
  const sandbox = sandboxFrom(args);
  const cases = await readCases(args);
  const outbound = await readServed(sessionOnly(args));
  const redaction = redactionFrom(args, [...cases.map(({ stored }) => stored), ...outbound], surroundings);
  const env = args.env ?? [];
  const place = (): Promise<Place> => placeOf(args, cases);
  refuseIdleTrust(args, [(await place()).target]);
  const { onMiss, latency } = args;
  const inbound = cases.map(({ stored }) => stored);
  const given = { answers: outbound, secrets: settings.secrets };
  const secrets = secretsInAnswers(outbound, settings.secrets);
  const isAttributed = whyUnattributed(cases, settings.concurrency) === null;
  return {
    ...{ command, env, waitMs, cases, place, log, outbound },
    sandbox,
    mocks: {
      set: mocksFrom(outbound, { heard: await readServed(sessionOnly(args), 'inbound') }),
      options: { onMiss, latency, rules: settings.noise, secrets, valid: always, ...redaction },
    },
    raw: rawMocksOf(args, outbound),
    run: { ...settings, ...redaction, secrets: secretsOfCases(inbound, given), keepAnswers },
    calls: keepAnswers && isAttributed ? recordedCalls(outbound) : null,
    judging: { policy: args.calls, isAttributed },
  };
}

function runsFrom({ runs }: Arguments): number {
  if (Number.isInteger(runs) && runs >= 1) return runs;
  throw usage(`--runs ${runs} is not a count`, 'Write a whole number, such as --runs 3');
}

/** Where the command will listen: as told, else on the port we give it, else where the service was recorded. */
async function placeOf(args: Arguments, cases: readonly TestCase[]): Promise<Place> {
  const port = usesPort(args.env ?? []) ? await freePort() : 0;
  if (args.target !== undefined) return { target: parseTarget(args.target), port };
  const recorded = recordedTarget(cases.map(({ stored }) => stored));
  if (recorded === null && port === 0) throw noTarget();
  return placeAt(recorded ?? 'http://127.0.0.1', port);
}

/** Misses of all runs, each kind once; what was not asked for is told of the first. */
function tellOfMocks(played: readonly [TestRun, ...TestRun[]], sandbox: SandboxReport, tape: string): void {
  const misses = played.flatMap(missesElsewhere);
  const untrusted = played.flatMap(({ untrustedLines }) => untrustedLines).map(visibleLine);
  tell([...untrusted, ...missTexts(misses, tape), ...sandboxLines(sandbox), ...unusedLines(played[0].unused)]);
}

/** Those of no case that the report has a block for: there they stand with their case. */
function missesElsewhere({ misses, outcome }: TestRun): TestRun['misses'] {
  const told = outcome.report.results.filter(({ verdict }) => verdict === 'fail' || verdict === 'error');
  const ids = new Set<string | null>(told.map(({ id }) => id));
  return misses.filter((miss) => !ids.has(miss.case));
}

/** The first signal ends the run in order; the next one at once, and with this process everything it started. */
async function untilSignalled<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => (controller.signal.aborted ? process.exit(130) : controller.abort());
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, stop);
  try {
    return await work(controller.signal);
  } finally {
    for (const signal of signals) process.removeListener(signal, stop);
  }
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

function noTarget() {
  return usage('The tape does not say where the service listened', [
    'Say where the command listens:  --target http://127.0.0.1:8080',
    'or let it listen where we say:  --env PORT={port}',
  ]);
}
