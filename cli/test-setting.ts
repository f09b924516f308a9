/** What `test` and `noise learn` need to know to run a build: from what people type to the setting of a run. */
import type { Options } from 'yargs';
import type { TestCase } from '../replayer/cases/cases';
import { secretsInAnswers, secretsOfCases } from '../replayer/correlate/secrets';
import { parseTarget } from '../replayer/drive/target';
import type { CallPolicy } from '../replayer/judge/outgoing-calls';
import { usesPort } from '../replayer/launch/environment';
import { freePort } from '../replayer/launch/free-port';
import { recordedTarget } from '../replayer/launch/target';
import { keptToJudge } from '../replayer/mocks/calls';
import { always } from '../replayer/mocks/front/certificates';
import { mocksFrom } from '../replayer/mocks/mock';
import { recordedCalls } from '../replayer/report/calls';
import { acceptedFor } from './accepted-values';
import { whyUnattributed } from './around-cases';
import { type MockArguments, readHeard, readServed, sessionOnly } from './mock-options';
import { type FilterArguments, parseDuration, usage } from './options';
import type { ProtoArguments } from './proto-options';
import { rawMocksOf } from './raw-mocks';
import { withCases } from './replay';
import { type PlayArguments, redactionFrom, refuseIdleTrust, suiteOptionsFrom } from './replay-options';
import { type SandboxArguments, sandboxFrom } from './sandbox-options';
import { type Place, placeAt, type TestRun, type TestSetting, testOnce } from './test-run';

export interface TestArguments extends FilterArguments, PlayArguments, MockArguments, ProtoArguments, SandboxArguments {
  readonly tape: string;
  readonly target?: string;
  readonly env?: readonly string[];
  readonly wait: string;
  readonly calls: CallPolicy;
  readonly '--'?: readonly string[];
}

export const commandOptions = {
  target: { type: 'string', describe: 'where COMMAND listens; default: the port of the recording, on 127.0.0.1' },
  env: {
    type: 'string',
    array: true,
    describe: "for COMMAND: 'PAYMENTS_URL={mock:payments:8443}', 'CA={ca}', 'PORT={port}'; repeatable",
  },
  wait: { type: 'string', default: '30s', describe: 'longest wait for the first answer of COMMAND' },
} as const satisfies Record<string, Options>;

/** As often as asked, or until it is interrupted. Each run has mocks and a build of its own: a build keeps what it was told. */
export async function testRepeatedly(
  setting: TestSetting,
  runs: number,
  signal: AbortSignal,
): Promise<readonly [TestRun, ...TestRun[]]> {
  const first = await testOnce(setting, signal);
  const others: TestRun[] = [];
  while (others.length + 1 < runs && !signal.aborted) others.push(await testOnce(setting, signal));
  return [first, ...others];
}

type Given = Pick<TestSetting, 'command' | 'log'> & { readonly keepAnswers: boolean };

/** What is done with a setting, whose cases are read as long as that lasts. Throws what its parts throw: USAGE, NO_CASES, and errors of files. */
export async function withSetting<T>(
  args: TestArguments,
  given: Given,
  work: (setting: TestSetting) => Promise<T>,
): Promise<T> {
  const waitMs = parseDuration(args.wait, '--wait');
  const settings = suiteOptionsFrom(args, surroundings());
  const sandbox = sandboxFrom(args);
  return withCases(args, async (cases) => work(await settingOf(args, { ...given, waitMs, settings, sandbox, cases })));
}

function surroundings() {
  return { cwd: process.cwd(), env: process.env };
}

interface Parts extends Given, Pick<TestSetting, 'waitMs' | 'sandbox' | 'cases'> {
  readonly settings: ReturnType<typeof suiteOptionsFrom>;
}

async function settingOf(
  args: TestArguments,
  { command, log, keepAnswers, waitMs, settings, sandbox, cases }: Parts,
): Promise<TestSetting> {
  const outbound = await readServed(sessionOnly(args));
  const redaction = redactionFrom(args, [...cases.map(({ stored }) => stored), ...outbound], surroundings());
  const env = args.env ?? [];
  const place = (): Promise<Place> => placeOf(args, cases);
  refuseIdleTrust(args, [(await place()).target]);
  const accepted = acceptedFor(args, cases);
  const { onMiss, latency } = args;
  const inbound = cases.map(({ stored }) => stored);
  const given = { answers: outbound, secrets: settings.secrets };
  const secrets = secretsInAnswers(outbound, settings.secrets);
  const isAttributed = whyUnattributed(cases, settings.concurrency) === null;
  return {
    ...{ command, env, waitMs, cases, place, log, outbound, clock: args.clock },
    sandbox,
    mocks: {
      set: mocksFrom(outbound, { heard: await readHeard(args) }),
      options: { onMiss, latency, rules: settings.noise, secrets, valid: always, keptCalls: keptToJudge, ...redaction },
    },
    raw: rawMocksOf(args, outbound),
    run: { ...settings, ...redaction, secrets: secretsOfCases(inbound, given), keepAnswers, accepted },
    calls: keepAnswers && isAttributed ? recordedCalls(outbound) : null,
    judging: { policy: args.calls, accepted },
  };
}

/** Where the command will listen: as told, else on the port we give it, else where the service was recorded. */
async function placeOf(args: TestArguments, cases: readonly TestCase[]): Promise<Place> {
  const port = usesPort([...(args.env ?? []), ...(args['--'] ?? [])]) ? await freePort() : 0;
  if (args.target !== undefined) return { target: parseTarget(args.target), port };
  const recorded = recordedTarget(cases.map(({ stored }) => stored));
  if (recorded === null && port === 0) throw noTarget();
  return placeAt(recorded ?? 'http://127.0.0.1', port);
}

function noTarget() {
  return usage('The tape does not say where the service listened', [
    'Say where the command listens:  --target http://127.0.0.1:8080',
    'or let it listen where we say:  --env PORT={port}, or {port} among its words',
  ]);
}
