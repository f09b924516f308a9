/**
 * One replay of a suite, as a list of calls: take the steps of its cases as their schedule allows, and report what came
 * of each case. What a step does stands in play/, a folder or file for each kind of case.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { isSent, type SentCase, type SkippedCase, type TestCase } from './cases/cases';
import { turnsOf } from './cases/turns';
import { Carrier } from './correlate/carrier';
import type { Failure } from './drive/failure';
import { createSchedule, type Step } from './drive/schedule';
import { openRunState } from './judge/causes/run-state';
import { resultOf } from './play/before';
import type { Play, PlayStep, RunOptions } from './play/player';
import { Reach } from './play/reach';
import { Players } from './play/registry';
import { watched } from './play/watched';
import { type CaseNotes, type CaseResult, type RunReport, reportOf } from './report/report';

export type { RunOptions } from './play/player';

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

/** Skipped cases are reported at once; what the others do goes on as the schedule of their steps allows. */
async function playAll(cases: readonly TestCase[], run: CaseRun, options: SuiteOptions): Promise<void> {
  const report = (result: CaseResult) => options.onResult?.(result);
  for (const testCase of cases) if (!isSent(testCase)) report(await run.play(testCase));
  const steps = stepsOf(cases.filter(isSent), run);
  const schedule = createSchedule(steps.map(placeOf), options.concurrency);
  const pace = createPace(options.speed);
  const playOne = async (each: CaseStep, position: number) => {
    if (pace !== null && each.step.does !== 'await') await pace(each, options.signal);
    await each.step.play();
    if (each.isLast) report(run.finish(each.test, each.play));
    if (schedule.isLastOfConnection(position)) run.release(each.test);
    schedule.finish(position);
  };
  await pump(() => {
    const position = options.signal?.aborted === true ? undefined : schedule.take();
    const each = steps[position ?? -1];
    return position === undefined || each === undefined ? undefined : playOne(each, position);
  });
}

interface CaseStep {
  readonly test: SentCase;
  readonly play: Play;
  readonly step: PlayStep;
  /** What comes of the case is known after it. */
  readonly isLast: boolean;
}

/** The steps of all cases, in the order in which they began. */
function stepsOf(tests: readonly SentCase[], run: CaseRun): readonly CaseStep[] {
  const steps = tests.flatMap((test) => {
    const play = run.open(test);
    return play.steps.map((step, i) => ({ test, play, step, isLast: i === play.steps.length - 1 }));
  });
  return steps.sort((a, b) => a.step.startedAtUs - b.step.startedAtUs);
}

function placeOf({ test, step }: CaseStep): Step {
  const { startedAtUs, endedAtUs, does } = step;
  const { connectionId: connection, exchange } = test.stored;
  return { connection, channel: exchange.channel, startedAtUs, endedAtUs, isRequest: does === 'request' };
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

/** Waits until a step is due: as long after the first one of its session as it was recorded. Null for no waiting. */
function createPace(speed: 'max' | 'recorded'): ((each: CaseStep, signal?: AbortSignal) => Promise<void>) | null {
  if (speed === 'max') return null;
  const starts = new Map<string, { recordedUs: number; liveMs: number }>();
  return async ({ test, step }, signal) => {
    const recordedUs = step.startedAtUs;
    const { session } = test.stored;
    const start = starts.get(session) ?? { recordedUs, liveMs: performance.now() };
    starts.set(session, start);
    const dueMs = start.liveMs + (recordedUs - start.recordedUs) / 1000 - performance.now();
    if (dueMs > 0) await pause(dueMs, undefined, signal === undefined ? {} : { signal }).catch(() => {}); // woken to end
  };
}

class CaseRun implements Run {
  readonly allNotes = new Map<string, CaseNotes>();
  private readonly results = new Map<string, CaseResult>();
  private readonly carrier: Carrier;
  private readonly reach = new Reach();
  private readonly players: Players;

  constructor(
    private readonly cases: readonly TestCase[],
    private readonly options: RunOptions,
  ) {
    const { target, hostHeader } = options;
    const authority = hostHeader ?? target.authority;
    const address = { authority, origin: `${target.secure ? 'https' : 'http'}://${authority}` };
    this.carrier = new Carrier(turnsOf(cases.filter(isSent)), { ...options, target: address });
    const note = (id: string, notes: CaseNotes) => void this.allNotes.set(id, notes);
    const state = openRunState((text) => this.carrier.isOnTape(text));
    this.players = new Players({ options, carrier: this.carrier, state, reach: this.reach, note });
  }

  get unreachable(): Failure | null {
    return this.reach.unreachable;
  }

  /** One step after another, without regard to other cases. */
  async play(testCase: TestCase): Promise<CaseResult> {
    if (!isSent(testCase)) return this.skip(testCase);
    const play = this.open(testCase);
    for (const step of play.steps) await step.play();
    return this.finish(testCase, play);
  }

  open(test: SentCase): Play {
    const play = this.players.open(test);
    const { watch } = this.options;
    return watch === undefined ? play : watched(test, play, { watch, carrier: this.carrier });
  }

  finish(test: SentCase, play: Play): CaseResult {
    const result = play.result();
    this.results.set(test.id, result);
    return result;
  }

  private skip(testCase: SkippedCase): CaseResult {
    this.allNotes.set(testCase.id, { curl: '', hints: [testCase.detail] });
    const result = resultOf(testCase, 'skipped', testCase.reason);
    this.results.set(testCase.id, result);
    return result;
  }

  notes(id: string): CaseNotes | undefined {
    return this.allNotes.get(id);
  }

  report(): RunReport {
    const results = this.cases.map((each) => this.results.get(each.id)).filter((result) => result !== undefined);
    return { ...reportOf(results, this.carrier.chains()), remarks: this.players.remarks() };
  }

  release(test: SentCase): void {
    this.players.release(test.stored.connectionId);
  }

  async close(): Promise<void> {
    this.reach.close();
    await this.players.close();
  }
}
