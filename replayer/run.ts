/**
 * One replay of a suite, as a list of calls: take the steps of its cases as their schedule allows, and report what came
 * of each case. What a step does stands in play/, a folder or file for each kind of case.
 */
import { isSent, type SentCase, type SkippedCase, type TestCase } from './cases/cases';
import { turnsOf } from './cases/turns';
import { Carrier } from './correlate/carrier';
import { ownMarks } from './correlate/marks';
import type { Failure } from './drive/failure';
import type { NewName } from './judge/causes/identities';
import { openRunState } from './judge/causes/run-state';
import { Outcomes } from './outcomes';
import { resultOf } from './play/before';
import { addressAsked } from './play/destination';
import type { Play, RunOptions, Stage } from './play/player';
import { Reach } from './play/reach';
import { Players } from './play/registry';
import { type Pacing, Sequence } from './play/sequence';
import { watched } from './play/watched';
import type { DetailsByCase } from './report/details';
import { type CaseNotes, type CaseResult, type RunReport, reportOf } from './report/report';

export type { RunOptions } from './play/player';

export interface SuiteOptions extends RunOptions, Pacing {
  readonly onResult?: (result: CaseResult) => void;
}

/** One request after another, as fast as answers come, unless it is told otherwise. */
export interface OpenOptions extends RunOptions, Partial<Pacing> {
  /** The first request of a case is about to be sent. */
  readonly onBegin?: (id: string) => void;
  readonly onResult?: (result: CaseResult) => void;
}

export interface SuiteOutcome {
  readonly report: RunReport;
  /** By case id, for cases that did not pass. */
  readonly notes: ReadonlyMap<string, CaseNotes>;
  /** For cases that were played. */
  readonly details: DetailsByCase;
  /** What the attempts to connect ended in; null when one succeeded, or none was made. */
  readonly unreachable: Failure | null;
  readonly interrupted: boolean;
}

/** A run that is played as far as it is asked for: for `runSuite`, and for generated suites. */
export interface Run {
  /** Plays one case, and all that was recorded before its end and not played yet. Undefined where the run was ended; rejects only where a case cannot be read any more. */
  play(testCase: TestCase): Promise<CaseResult | undefined>;
  /** What a person needs beside the result of a case that did not pass. */
  notes(id: string): CaseNotes | undefined;
  report(): RunReport;
  close(): Promise<void>;
}

/** Connects to nothing until the first case is played. Throws USAGE for secrets that fit no redacted value. */
export function openRun(cases: readonly TestCase[], options: OpenOptions): Run {
  return new CaseRun(cases, options);
}

/** Plays all cases and gives the report. Rejects only where `openRun` throws, and where a case cannot be read any more. */
export async function runSuite(cases: readonly TestCase[], options: SuiteOptions): Promise<SuiteOutcome> {
  const run = new CaseRun(cases, options);
  const stop = () => void run.close();
  options.signal?.addEventListener('abort', stop, { once: true });
  try {
    for (const each of cases) if (!isSent(each)) await run.play(each);
    await run.playAll();
  } finally {
    options.signal?.removeEventListener('abort', stop);
    await run.close();
  }
  const interrupted = options.signal?.aborted === true;
  const { allNotes: notes, outcomes: details, unreachable } = run;
  return { report: run.report(), notes, details, unreachable, interrupted };
}

class CaseRun implements Run {
  readonly allNotes = new Map<string, CaseNotes>();
  readonly outcomes: Outcomes;
  private readonly carrier: Carrier;
  private readonly reach = new Reach();
  private readonly players: Players;

  /** For whoever answers for the dependencies: a call that comes after its answer speaks of what that has named. */
  private named: NewName[] = [];
  private readonly marks: ReadonlyMap<string, readonly string[]>;
  private readonly sequence: Sequence;

  constructor(
    cases: readonly TestCase[],
    private readonly options: OpenOptions,
  ) {
    this.outcomes = new Outcomes(cases);
    const { concurrency = 1, speed = 'max', signal, shiftMs, launchedAtUs } = options;
    const sent = cases.filter(isSent);
    const turns = turnsOf(sent);
    this.carrier = new Carrier(turns, { ...options, targetOf: (test) => addressAsked(test, options) });
    const note = (id: string, notes: CaseNotes) => void this.allNotes.set(id, notes);
    const isOnTape = (text: string) => this.carrier.isOnTape(text);
    const onName = options.watch === undefined ? undefined : (name: NewName) => void this.named.push(name);
    const state = openRunState({ isOnTape, turns, shiftMs, launchedAtUs, onName });
    const detail: Stage['detail'] = (id, details) => this.outcomes.keepDetails(id, details);
    this.players = new Players({ options, carrier: this.carrier, state, reach: this.reach, note, detail });
    this.marks = options.watch === undefined ? new Map() : ownMarks(sent);
    this.sequence = new Sequence(sent, this, { concurrency, speed, ...(signal === undefined ? {} : { signal }) });
  }

  get unreachable(): Failure | null {
    return this.reach.unreachable;
  }

  async play(testCase: TestCase): Promise<CaseResult | undefined> {
    if (isSent(testCase)) await this.sequence.until(testCase);
    else this.skip(testCase);
    return this.outcomes.result(testCase.id);
  }

  /** Those that are sent. */
  playAll(): Promise<void> {
    return this.sequence.toItsEnd();
  }

  isOneRequest(test: SentCase): boolean {
    return this.players.isOneRequest(test);
  }

  open(test: SentCase): Play {
    const play = this.players.open(test);
    const { watch } = this.options;
    if (watch === undefined) return play;
    return watched(test, play, { watch, carrier: this.carrier, marks: this.marks, named: () => this.takeNamed() });
  }

  private takeNamed(): readonly NewName[] {
    const { named } = this;
    this.named = [];
    return named;
  }

  begins(test: SentCase): void {
    this.options.onBegin?.(test.id);
  }

  over(_test: SentCase, play: Play): void {
    this.keep(play.result());
  }

  isOver({ id }: SentCase): boolean {
    return this.outcomes.result(id) !== undefined;
  }

  private keep(result: CaseResult): void {
    this.outcomes.keep(result);
    this.options.onResult?.(result);
  }

  private skip(testCase: SkippedCase): void {
    this.allNotes.set(testCase.id, { curl: '', hints: [testCase.detail] });
    this.keep(resultOf(testCase, 'skipped', testCase.reason));
  }

  notes(id: string): CaseNotes | undefined {
    return this.allNotes.get(id);
  }

  report(): RunReport {
    return { ...reportOf(this.outcomes.all(), this.carrier.chains()), remarks: this.players.remarks() };
  }

  release(test: SentCase): void {
    this.players.release(test.stored.connectionId);
  }

  async close(): Promise<void> {
    this.reach.close();
    await this.players.close();
  }
}
