/**
 * One replay of a suite, as a list of calls: send a case as this run must send it, learn what its answer minted, judge
 * the answer, report. What each of these means stands in the folders it imports from.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { HeaderList } from '../tape/model/body';
import type { HttpVersion } from '../tape/model/http/http';
import { isRunnable, type RunnableCase, recordedHttp2, type TestCase } from './cases/cases';
import { Carrier } from './correlate/carrier';
import { type Answer, type Driver, type DriverOptions, openDriver } from './drive/driver';
import { type Failure, unsendable } from './drive/failure';
import { createSchedule, type Step } from './drive/schedule';
import { wayOf } from './drive/way';
import type { ResponseRedactor } from './judge/context';
import { judge } from './judge/judge';
import type { NoiseRule } from './noise/rules';
import { curlLine, curlVersions } from './report/curl';
import { lostHint, placeholderHint, supplyHint, versionRemark } from './report/notes';
import { type CaseNotes, type CaseResult, type RunReport, reportOf, type Verdict } from './report/report';

export interface RunOptions extends DriverOptions {
  readonly noise: readonly NoiseRule[];
  /** Set on every request in place of recorded fields of the same name. */
  readonly setHeaders: HeaderList;
  /** Secrets by name; see correlate/secrets.ts. */
  readonly secrets: ReadonlyMap<string, string>;
  /**
   * Live answers go through it before they are compared or printed; null compares them as they are. It must let the
   * placeholders of the tape pass (`placeholdersOf`): they are sent, and come back.
   */
  readonly redactor: ResponseRedactor | null;
  /** True when the redactor has the key the tape was made with: equal secrets then give equal placeholders. */
  readonly keyed: boolean;
}

export interface SuiteOptions extends RunOptions {
  /** Requests at once, at most; never more overlap than the recording had. */
  readonly concurrency: number;
  readonly speed: 'max' | 'recorded';
  readonly onResult?: (result: CaseResult) => void;
  readonly signal?: AbortSignal;
}

export interface SuiteOutcome {
  readonly report: RunReport;
  /** By case id, for cases that did not pass. */
  readonly notes: ReadonlyMap<string, CaseNotes>;
  /** What the attempts to connect ended in; null when one succeeded, or none was made. */
  readonly unreachable: Failure | null;
  readonly interrupted: boolean;
}

/** A run that is played case by case: for `runSuite`, and for generated suites. */
export interface Run {
  /** Sends and judges one case; never rejects. Cases are played in the order in which they were recorded. */
  play(testCase: TestCase): Promise<CaseResult>;
  /** What a person needs beside the result of a case that did not pass. */
  notes(id: string): CaseNotes | undefined;
  report(): RunReport;
  close(): Promise<void>;
}

/** Connects to nothing until the first case is played. Throws USAGE for secrets that fit no redacted value. */
export function openRun(cases: readonly TestCase[], options: RunOptions): Run {
  return new CaseRun(cases, options);
}

/** Plays all cases and gives the report. Rejects only where `openRun` throws. */
export async function runSuite(cases: readonly TestCase[], options: SuiteOptions): Promise<SuiteOutcome> {
  const run = new CaseRun(cases, options);
  const stop = () => void run.close();
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    await playAll(cases, run, options);
  } finally {
    options.signal?.removeEventListener('abort', stop);
    await run.close();
  }
  const interrupted = options.signal?.aborted === true;
  return { report: run.report(), notes: run.allNotes, unreachable: run.unreachable, interrupted };
}

/** Skipped cases are reported at once; the others go out as their schedule allows. */
async function playAll(cases: readonly TestCase[], run: CaseRun, options: SuiteOptions): Promise<void> {
  const play = async (testCase: TestCase) => {
    const result = await run.play(testCase);
    options.onResult?.(result);
  };
  for (const testCase of cases) if (!isRunnable(testCase)) await play(testCase);
  const tests = cases.filter(isRunnable);
  const schedule = createSchedule(tests.map(stepOf), options.concurrency);
  const pace = createPace(options.speed);
  const playOne = async (test: RunnableCase, position: number) => {
    if (pace !== null) await pace(test, options.signal);
    await play(test);
    if (schedule.isLastOfConnection(position)) run.release(test);
    schedule.finish(position);
  };
  await pump(() => {
    const position = options.signal?.aborted === true ? undefined : schedule.take();
    const test = tests[position ?? -1];
    return position === undefined || test === undefined ? undefined : playOne(test, position);
  });
}

/** Starts work for as long as `next` has some, asking again whenever a piece ends; resolves when none is left. */
function pump(next: () => Promise<void> | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    let running = 0;
    const more = () => {
      for (let work = next(); work !== undefined; work = next()) {
        running++;
        work.then(ended, reject);
      }
      if (running === 0) resolve();
    };
    const ended = () => {
      running--;
      more();
    };
    more();
  });
}

function stepOf({ stored }: RunnableCase): Step {
  const { startedAtUs, durationUs, channel } = stored.exchange;
  return { connection: stored.connectionId, channel, startedAtUs, endedAtUs: startedAtUs + (durationUs ?? 0) };
}

/** Waits until a case is due: as long after the first case of its session as it was recorded. Null for no waiting. */
function createPace(speed: 'max' | 'recorded'): ((test: RunnableCase, signal?: AbortSignal) => Promise<void>) | null {
  if (speed === 'max') return null;
  const starts = new Map<string, { recordedUs: number; liveMs: number }>();
  return async ({ stored }, signal) => {
    const recordedUs = stored.exchange.startedAtUs;
    const start = starts.get(stored.session) ?? { recordedUs, liveMs: performance.now() };
    starts.set(stored.session, start);
    const dueMs = start.liveMs + (recordedUs - start.recordedUs) / 1000 - performance.now();
    if (dueMs > 0) await pause(dueMs, undefined, signal === undefined ? {} : { signal }).catch(() => {}); // woken to end
  };
}

/** A target that could not be reached this often, and never was, is taken for absent: the other cases are not tried. */
const attemptsToReach = 3;

class CaseRun implements Run {
  readonly allNotes = new Map<string, CaseNotes>();
  private readonly results = new Map<string, CaseResult>();
  private readonly carrier: Carrier;
  private driver: Driver | undefined;
  private reached = false;
  private attempts = 0;
  private lastFailure: Failure | null = null;
  private sentAsHttp1 = 0;
  private closed = false;

  constructor(
    private readonly cases: readonly TestCase[],
    private readonly options: RunOptions,
  ) {
    const { target, hostHeader } = options;
    const authority = hostHeader ?? target.authority;
    const address = { authority, origin: `${target.secure ? 'https' : 'http'}://${authority}` };
    this.carrier = new Carrier(cases.filter(isRunnable), { ...options, target: address });
  }

  get unreachable(): Failure | null {
    return this.reached ? null : this.lastFailure;
  }

  async play(testCase: TestCase): Promise<CaseResult> {
    const result = isRunnable(testCase) ? await this.playOne(testCase) : this.skip(testCase);
    this.results.set(testCase.id, result);
    return result;
  }

  private skip(testCase: Exclude<TestCase, RunnableCase>): CaseResult {
    this.allNotes.set(testCase.id, { curl: '', hints: [testCase.detail] });
    return resultOf(testCase, 'skipped', testCase.reason);
  }

  private async playOne(test: RunnableCase): Promise<CaseResult> {
    const missing = this.carrier.missing(test);
    if (missing.length > 0)
      return this.without(
        test,
        'skipped',
        'needs-secret',
        missing.map((entry) => supplyHint(entry, test)),
      );
    const lost = this.carrier.lost(test);
    if (lost !== null) return this.without(test, 'error', 'not-minted', [lostHint(lost.path, lost.from)]);
    const sent = await this.send(test);
    if (sent.kind === 'failed') return this.without(test, 'error', sent.reason, [sent.detail]);
    if (recordedHttp2(test) !== null && sent.response.version !== '2') this.sentAsHttp1++;
    this.carrier.learn(test, sent.response);
    return this.judged(test, sent);
  }

  private async send(test: RunnableCase): Promise<Answer | Failure> {
    if (this.lastFailure !== null && !this.reached && this.attempts >= attemptsToReach) return this.lastFailure;
    if (this.closed) return interrupted;
    const sent = await this.dispatch(test);
    if (sent.kind === 'answer' || !sent.unreachable) this.reached = true;
    else {
      this.attempts++;
      this.lastFailure = sent;
    }
    return sent;
  }

  private async dispatch(test: RunnableCase): Promise<Answer | Failure> {
    try {
      this.driver ??= openDriver(this.options);
      return await this.driver.send(this.carrier.requestFor(test), test.stored.connectionId);
    } catch (error) {
      return unsendable(error);
    }
  }

  private judged(test: RunnableCase, { response }: Answer): CaseResult {
    const { differences, excused } = judge(response, {
      test,
      rules: this.options.noise,
      redactor: this.options.redactor,
      keyed: this.options.keyed,
      liveSpan: { fromUs: response.startedAtUs, toUs: response.endedAtUs },
      ...this.carrier.expectationFor(test),
    });
    if (differences.length === 0) return { ...resultOf(test, 'pass', null), excused };
    const placeholders = this.carrier.sentPlaceholders(test);
    const hints = placeholders.map((entry) => placeholderHint(entry, test));
    this.note(test, hints, response.version);
    const reason = placeholders.length === 0 ? null : `placeholder-sent: ${placeholders.map((e) => e.path).join(', ')}`;
    return { ...resultOf(test, 'fail', reason), differences, excused };
  }

  private without(test: RunnableCase, verdict: Verdict, reason: string, hints: readonly string[]): CaseResult {
    this.note(test, hints);
    return resultOf(test, verdict, reason);
  }

  /** Over the version the answer came in; where there is none, the one that was to be tried. */
  private note(test: RunnableCase, hints: readonly string[], answeredIn: HttpVersion = '2'): void {
    const { origin, basePath } = this.options.target;
    const request = this.carrier.shownRequest(test);
    const version = answeredIn === '2' ? curlVersions[wayOf(request, this.options)] : null;
    const curl = curlLine({ ...request, url: `${origin}${basePath}${request.path}`, version });
    this.allNotes.set(test.id, { curl, hints });
  }

  notes(id: string): CaseNotes | undefined {
    return this.allNotes.get(id);
  }

  report(): RunReport {
    const results = this.cases.map((each) => this.results.get(each.id)).filter((result) => result !== undefined);
    const remark = versionRemark(this.sentAsHttp1, this.options);
    return { ...reportOf(results, this.carrier.chains()), remarks: remark === null ? [] : [remark] };
  }

  release(test: RunnableCase): void {
    this.driver?.release(test.stored.connectionId);
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.driver?.close();
  }
}

const interrupted: Failure = {
  kind: 'failed',
  reason: 'interrupted',
  detail: 'the run was ended before this case was sent',
  unreachable: false,
};

function resultOf({ id, name }: TestCase, verdict: Verdict, reason: string | null): CaseResult {
  return { id, name, verdict, reason, differences: [], excused: [] };
}
