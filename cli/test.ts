/** `wiretape test`: mocks, the new build, a replay and its judgement, all in one command for CI. */

import type { CommandModule } from 'yargs';
import { WiretapeError } from '../errors/wiretape-error';
import type { TestCase } from '../replayer/cases/cases';
import { parseTarget, type Target } from '../replayer/drive/target';
import { type RunningBuild, startBuild } from '../replayer/launch/build';
import { usesPort } from '../replayer/launch/environment';
import { freePort } from '../replayer/launch/free-port';
import { recordedTarget } from '../replayer/launch/target';
import { always } from '../replayer/mocks/front/certificates';
import { type MockSet, mocksFrom } from '../replayer/mocks/mock';
import { type RawMockServer, startRawMocks } from '../replayer/mocks/raw/server';
import { type MockServer, startMocks } from '../replayer/mocks/server';
import { upstreamNamed } from '../replayer/mocks/upstream';
import type { NoiseRule } from '../replayer/noise/rules';
import { runSuite, type SuiteOutcome } from '../replayer/run';
import type { SandboxSeen } from '../replayer/sandbox/sandbox';
import type { StoredExchange } from '../tape/store/tape';
import { type AppLog, openAppLog } from './app-log';
import {
  type MockArguments,
  missTexts,
  mockOptions,
  notServedLines,
  readServed,
  unusedLines,
  unusedMocks,
} from './mock-options';
import { type FilterArguments, filterOptions, jsonOption, parseDuration, tapeArgument, usage } from './options';
import { type ProtoArguments, protoOptions } from './proto-options';
import { rawMocksOf, rawSummaryLines, rawTeller } from './raw-mocks';
import { progress, readCases } from './replay';
import {
  type ReplayArguments,
  redactionFrom,
  refuseIdleTrust,
  replayOptions,
  suiteOptionsFrom,
} from './replay-options';
import { reportOutcome } from './replay-outcome';
import { failsRun, type SandboxArguments, sandboxFrom, sandboxLines, sandboxOptions } from './sandbox-options';
import { visibleLine } from './terminal';

interface Arguments extends FilterArguments, ReplayArguments, MockArguments, ProtoArguments, SandboxArguments {
  readonly tape: string;
  readonly target?: string;
  readonly env?: readonly string[];
  readonly wait: string;
  readonly appLog?: string;
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
        'wiretape test shop.tape --target https://127.0.0.1:8443 --insecure --junit report.xml -- ./start.sh',
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
  const command = args['--'] ?? [];
  if (command.length === 0) throw noCommand();
  const waitMs = parseDuration(args.wait, '--wait');
  const surroundings = { cwd: process.cwd(), env: process.env };
  const settings = suiteOptionsFrom(args, surroundings);
  const sandbox = sandboxFrom(args);
  const cases = await readCases(args);
  const outbound = await readServed(sessionOnly(args));
  const set = mocksFrom(outbound);
  const redaction = redactionFrom(args, [...cases.map(({ stored }) => stored), ...outbound], surroundings);
  const place = await placeOf(args, cases);
  refuseIdleTrust(args, place.target);
  const { onMiss, latency } = args;
  const mocks = await startMocks(set, { onMiss, latency, rules: settings.noise, valid: always, ...redaction });
  const rawSet = rawMocksOf(args, outbound);
  const raw = await startRawMocks(rawSet, { host: '127.0.0.1', onMiss: rawTeller() });
  try {
    const { outcome, seen } = await untilSignalled((signal) => {
      const onResult = progress(cases.length);
      const run = {
        ...settings,
        ...redaction,
        target: place.target,
        signal,
        ...(onResult === null ? {} : { onResult }),
      };
      const build = { command, waitMs, set, mocks, raw, place, env: args.env ?? [], signal, outbound, log, ...sandbox };
      return withBuild(build, async ({ seen }) => ({ outcome: await runSuite(cases, run), seen }));
    });
    const ended = { args, cases, noise: settings.noise, target: place.target, mocks, seen: seen() };
    const status = await report(outcome, ended);
    if (!args.json) tell([...notServedLines(rawSet), ...rawSummaryLines(rawSet, raw)]);
    return raw.served().missed > 0 ? 1 : status;
  } finally {
    await Promise.all([mocks.close(), raw.close()]);
  }
}

/** The filter chooses what is replayed; a replayed request may call anything that was recorded with it. */
function sessionOnly({ tape, session, protoSet }: Arguments): FilterArguments & ProtoArguments & { tape: string } {
  return { tape, ...(session === undefined ? {} : { session }), ...(protoSet === undefined ? {} : { protoSet }) };
}

interface Place {
  readonly target: Target;
  /** For `{port}`; 0 where nothing asks for it. */
  readonly port: number;
}

/** Where the command will listen: as told, else on the port we give it, else where the service was recorded. */
async function placeOf(args: Arguments, cases: readonly TestCase[]): Promise<Place> {
  const port = usesPort(args.env ?? []) ? await freePort() : 0;
  if (args.target !== undefined) return { target: parseTarget(args.target), port };
  const recorded = recordedTarget(cases.map(({ stored }) => stored));
  if (recorded === null && port === 0) throw noTarget();
  const url = new URL(recorded ?? 'http://127.0.0.1');
  if (port !== 0) url.port = String(port);
  return { target: parseTarget(url.origin), port };
}

interface Build extends ReturnType<typeof sandboxFrom> {
  readonly outbound: readonly StoredExchange[];
  readonly command: readonly string[];
  readonly waitMs: number;
  readonly set: MockSet;
  readonly mocks: MockServer;
  readonly raw: RawMockServer;
  readonly place: Place;
  readonly env: readonly string[];
  readonly signal: AbortSignal;
  readonly log: AppLog;
}

async function withBuild<T>(
  { set, place, env, log, ...build }: Build,
  work: (running: RunningBuild) => Promise<T>,
): Promise<T> {
  const rawOnly = [...build.raw.addresses.keys()].filter((name) => !build.mocks.urls.has(name));
  const running = await startBuild(build.command, {
    ...build,
    target: new URL(place.target.origin),
    upstreams: [...set.upstreams, ...rawOnly.map((name) => upstreamNamed(name, false))],
    env: process.env,
    settings: env,
    port: place.port,
    onLine: log.line,
    onRemark: (text) => process.stderr.write(`sandbox   ${visibleLine(text)}\n`),
  });
  try {
    return await work(running);
  } finally {
    await running.close();
  }
}

interface Ended {
  readonly args: Arguments;
  readonly cases: readonly TestCase[];
  readonly noise: readonly NoiseRule[];
  readonly target: Target;
  readonly mocks: MockServer;
  readonly seen: SandboxSeen;
}

async function report(outcome: SuiteOutcome, { args, cases, noise, target, mocks, seen }: Ended): Promise<number> {
  const { tape, json, junit, allowSkipped, onMiss } = args;
  const misses = mocks.misses();
  const unused = unusedMocks(mocks.unused());
  const whole = { ...outcome.report, misses, unused, sandbox: seen };
  if (!json) tell([...missTexts(misses, tape), ...sandboxLines(seen), ...unusedLines(unused)]);
  const shown = { tape, cases, noise, allowSkipped, json, junit, target };
  const status = await reportOutcome({ ...outcome, report: whole }, shown);
  for (const fault of mocks.faults()) tell([`a fault of wiretape itself: ${fault.message}`]);
  return mocks.failed() || failsRun(seen, onMiss) ? 1 : status;
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
