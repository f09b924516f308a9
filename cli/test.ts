/** `wiretape test`: mocks, the new build, a replay and its judgement, all in one command for CI. */

import type { CommandModule } from 'yargs';
import type { TestCase } from '../replayer/cases/cases';
import { secretsInAnswers, secretsOfCases } from '../replayer/correlate/secrets';
import { parseTarget, type Target } from '../replayer/drive/target';
import { startBuild } from '../replayer/launch/build';
import { usesPort } from '../replayer/launch/environment';
import { freePort } from '../replayer/launch/free-port';
import { recordedTarget } from '../replayer/launch/target';
import { type MockSet, mocksFrom } from '../replayer/mocks/mock';
import { type RawMockServer, startRawMocks } from '../replayer/mocks/raw/server';
import { type MockServer, startMocks } from '../replayer/mocks/server';
import { upstreamNamed } from '../replayer/mocks/upstream';
import type { NoiseRule } from '../replayer/noise/rules';
import type { CaseResult } from '../replayer/report/report';
import { untrustedLines } from '../replayer/report/untrusted';
import { runSuite, type SuiteOutcome } from '../replayer/run';
import {
  type MockArguments,
  missTexts,
  mockOptions,
  notServedLines,
  readServed,
  sessionOnly,
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
import { visibleLine } from './terminal';

interface Arguments extends FilterArguments, ReplayArguments, MockArguments, ProtoArguments {
  readonly tape: string;
  readonly target?: string;
  readonly env?: readonly string[];
  readonly wait: string;
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
        wait: { type: 'string', default: '30s', describe: 'longest wait for the first answer of COMMAND' },
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

async function test(args: Arguments): Promise<number> {
  const command = args['--'] ?? [];
  if (command.length === 0) throw noCommand();
  const waitMs = parseDuration(args.wait, '--wait');
  const surroundings = { cwd: process.cwd(), env: process.env };
  const settings = suiteOptionsFrom(args, surroundings);
  const cases = await readCases(args);
  const outbound = await readServed(sessionOnly(args));
  const set = mocksFrom(outbound, { heard: await readServed(sessionOnly(args), 'inbound') });
  const redaction = redactionFrom(args, [...cases.map(({ stored }) => stored), ...outbound], surroundings);
  const place = await placeOf(args, cases);
  refuseIdleTrust(args, place.target);
  const { onMiss, latency } = args;
  const given = { answers: outbound, secrets: settings.secrets };
  const secrets = secretsInAnswers(outbound, settings.secrets);
  const mocks = await startMocks(set, { onMiss, latency, rules: settings.noise, secrets, ...redaction });
  const rawSet = rawMocksOf(args, outbound);
  const raw = await startRawMocks(rawSet, { host: '127.0.0.1', onMiss: rawTeller() });
  try {
    const outcome = await untilSignalled((signal) => {
      const onResult = progress(cases.length);
      const run = {
        ...settings,
        ...redaction,
        secrets: secretsOfCases(
          cases.map(({ stored }) => stored),
          given,
        ),
        target: place.target,
        watch: mocks.cases,
        signal,
        ...(onResult === null ? {} : { onResult }),
      };
      return withBuild({ command, waitMs, set, mocks, raw, place, env: args.env ?? [], signal }, () =>
        runSuite(cases, run),
      );
    });
    const status = await report(outcome, { args, cases, noise: settings.noise, target: place.target, mocks });
    if (!args.json) tell([...notServedLines(rawSet), ...rawSummaryLines(rawSet, raw)]);
    return raw.served().missed > 0 ? 1 : status;
  } finally {
    await Promise.all([mocks.close(), raw.close()]);
  }
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

interface Build {
  readonly command: readonly string[];
  readonly waitMs: number;
  readonly set: MockSet;
  readonly mocks: MockServer;
  readonly raw: RawMockServer;
  readonly place: Place;
  readonly env: readonly string[];
  readonly signal: AbortSignal;
}

async function withBuild<T>({ set, raw, place, env, ...build }: Build, work: () => Promise<T>): Promise<T> {
  const rawOnly = [...raw.addresses.keys()].filter((name) => !build.mocks.urls.has(name));
  const running = await startBuild(build.command, {
    target: new URL(place.target.origin),
    mocks: { ...build.mocks, urls: new Map([...raw.addresses, ...build.mocks.urls]) },
    upstreams: [...set.upstreams, ...rawOnly.map((name) => upstreamNamed(name, false))],
    env: process.env,
    settings: env,
    port: place.port,
    waitMs: build.waitMs,
    signal: build.signal,
    onLine: (line) => process.stderr.write(`| ${visibleLine(line)}\n`),
  });
  try {
    return await work();
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
}

async function report(outcome: SuiteOutcome, { args, cases, noise, target, mocks }: Ended): Promise<number> {
  const { tape, json, junit, allowSkipped } = args;
  const misses = mocks.misses();
  const unused = unusedMocks(mocks.unused());
  const whole = { ...outcome.report, misses, unused, calls: mocks.calls(), untrusted: mocks.distrust() };
  const told = new Set(outcome.report.results.filter(isTold).map(({ id }) => id));
  const elsewhere = misses.filter((miss) => miss.case === null || !told.has(miss.case));
  if (!json) {
    const untrusted = untrustedLines(whole.untrusted, mocks.caFile).map(visibleLine);
    tell([...untrusted, ...missTexts(elsewhere, tape), ...unusedLines(unused)]);
  }
  const shown = { tape, cases, noise, allowSkipped, json, junit, target };
  const status = await reportOutcome({ ...outcome, report: whole }, shown);
  for (const fault of mocks.faults()) tell([`a fault of wiretape itself: ${fault.message}`]);
  return mocks.failed() ? 1 : status;
}

/** The report has a block for it, and its misses there. */
function isTold({ verdict }: CaseResult): boolean {
  return verdict === 'fail' || verdict === 'error';
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
