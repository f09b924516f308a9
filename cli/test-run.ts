/** One run of `wiretape test`: mocks, the build with them in place of its dependencies, a replay, and the end of all of it. */
import type { TestCase } from '../replayer/cases/cases';
import { parseTarget, type Target } from '../replayer/drive/target';
import { startBuild } from '../replayer/launch/build';
import { type ClockKind, clockSentence, shiftFor } from '../replayer/launch/clock';
import type { Miss } from '../replayer/mocks/match/miss';
import type { MockSet } from '../replayer/mocks/mock';
import type { RawMockSet } from '../replayer/mocks/raw/recorded';
import { type RawMockServer, startRawMocks } from '../replayer/mocks/raw/server';
import { type MockServer, type MockServerOptions, startMocks } from '../replayer/mocks/server';
import { upstreamNamed } from '../replayer/mocks/upstream';
import type { RecordedCall } from '../replayer/report/details';
import { untrustedLines } from '../replayer/report/untrusted';
import { type Mocked, withCalls } from '../replayer/report/with-calls';
import { runSuite, type SuiteOptions } from '../replayer/run';
import type { SandboxOptions } from '../replayer/sandbox/open';
import type { SandboxSeen } from '../replayer/sandbox/sandbox';
import type { StoredExchange } from '../tape/store/tape';
import type { AppLog } from './app-log';
import { AroundCases } from './around-cases';
import { type Unused, unusedMocks } from './mock-options';
import { progress } from './progress';
import { rawSummaryLines, rawTeller } from './raw-mocks';
import type { Outcome } from './replay-outcome';
import { visibleLine } from './terminal';

export interface TestSetting {
  readonly command: readonly string[];
  /** `NAME=VALUE` with templates. */
  readonly env: readonly string[];
  readonly waitMs: number;
  readonly cases: readonly TestCase[];
  readonly mocks: { readonly set: MockSet; readonly options: MockServerOptions };
  readonly raw: RawMockSet;
  readonly run: Omit<SuiteOptions, 'target' | 'signal'>;
  /** Null where what goes on cannot be put to single cases, or nobody asks for it. */
  readonly calls: ReadonlyMap<string, readonly RecordedCall[]> | null;
  readonly outbound: readonly StoredExchange[];
  /** How the calls of the build are judged. */
  readonly judging: Pick<Mocked, 'policy' | 'accepted'>;
  readonly sandbox: Pick<SandboxOptions, 'kind' | 'allow'>;
  readonly clock: ClockKind;
  readonly log: AppLog;
  /** Where the command will listen. */
  place(): Promise<Place>;
}

export interface Place {
  readonly target: Target;
  /** For `{port}`; 0 where nothing asks for it. */
  readonly port: number;
}

/** What one run came to, the mocks included. */
export interface TestRun {
  readonly outcome: Outcome;
  readonly target: Target;
  readonly misses: readonly Miss[];
  /** Clients that refused the certificates of the mocks. */
  readonly untrustedLines: readonly string[];
  readonly unused: readonly Unused[];
  readonly faults: readonly Error[];
  readonly rawLines: readonly string[];
  readonly seen: SandboxSeen;
  /** True where a miss, of a mock or of a raw stream, fails the run. */
  readonly missed: boolean;
}

/** Nothing of it is left when it resolves or rejects. */
export async function testOnce(setting: TestSetting, signal: AbortSignal): Promise<TestRun> {
  const shiftMs = shiftFor(setting.clock, recordedOf(setting.cases), Date.now());
  const mocks = await startMocks(setting.mocks.set, { ...setting.mocks.options, shiftMs: shiftMs ?? 0 });
  const raw = await startRawMocks(setting.raw, { host: '127.0.0.1', onMiss: rawTeller() });
  try {
    const { target, port } = await setting.place();
    const { outcome, seen } = await withBuild(setting, { mocks, raw, place: { target, port }, shiftMs, signal });
    const misses = mocks.misses();
    const { judging, run, mocks: served } = setting;
    const mocked = { ...judging, rules: run.noise, mocks: served.set.mocks, server: mocks };
    const judged = withCalls(outcome.report, mocked);
    const remarks = [...judged.remarks, ...(shiftMs === null ? [] : [clockSentence])];
    return {
      outcome: { ...outcome, report: { ...judged, remarks } },
      untrustedLines: untrustedLines(mocks.distrust(), mocks.caFile),
      target,
      misses,
      unused: unusedMocks(mocks.unused()),
      faults: mocks.faults(),
      seen,
      rawLines: rawSummaryLines(setting.raw, raw),
      missed: mocks.failed() || raw.served().missed > 0,
    };
  } finally {
    await Promise.all([mocks.close(), raw.close()]);
  }
}

function recordedOf(cases: readonly TestCase[]): readonly StoredExchange[] {
  return cases.map(({ stored }) => stored);
}

interface Running {
  readonly mocks: MockServer;
  readonly raw: RawMockServer;
  readonly place: Place;
  /** Of the clock of the build; null where it has the real one. */
  readonly shiftMs: number | null;
  readonly signal: AbortSignal;
}

interface Built {
  readonly outcome: Outcome;
  readonly seen: SandboxSeen;
}

async function withBuild(setting: TestSetting, { mocks, raw, place, shiftMs, signal }: Running): Promise<Built> {
  const { command, cases, run, calls } = setting;
  const { set } = setting.mocks;
  const around = calls === null || run.redactor === null ? null : aroundOf(calls, run.redactor, mocks);
  const rawOnly = [...raw.addresses.keys()].filter((name) => !mocks.urls.has(name));
  const running = await startBuild(command, {
    target: new URL(place.target.origin),
    ...{ mocks, raw, outbound: setting.outbound, shiftMs, ...setting.sandbox },
    upstreams: [...set.upstreams, ...rawOnly.map((name) => upstreamNamed(name, false))],
    env: process.env,
    settings: setting.env,
    port: place.port,
    waitMs: setting.waitMs,
    signal,
    onLine: (line) => {
      setting.log.line(line);
      around?.printed(line);
    },
    onRemark: (text) => process.stderr.write(`sandbox   ${visibleLine(text)}\n`),
  });
  try {
    around?.begin();
    const draw = progress(cases.length);
    const onResult: SuiteOptions['onResult'] = (result) => {
      draw?.(result);
      around?.finish(result);
    };
    const { launchedAtUs } = running;
    const build = { target: place.target, watch: mocks.cases, shiftMs: shiftMs ?? 0, launchedAtUs };
    const options = { ...run, ...build, signal, onResult };
    const outcome = await runSuite(cases, options);
    return { outcome: { ...outcome, surroundings: around?.byCase ?? new Map() }, seen: running.seen() };
  } finally {
    await running.close();
  }
}

function aroundOf(
  calls: ReadonlyMap<string, readonly RecordedCall[]>,
  redactor: NonNullable<SuiteOptions['redactor']>,
  mocks: MockServer,
): AroundCases {
  return new AroundCases({ calls, redactor, misses: () => mocks.misses() });
}

/** The port the recording names, with another port where the command is told one. */
export function placeAt(url: string, port: number): Place {
  const place = new URL(url);
  if (port !== 0) place.port = String(port);
  return { target: parseTarget(place.origin), port };
}
