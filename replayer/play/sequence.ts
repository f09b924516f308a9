/**
 * The steps of all cases of a run in the order in which they began, taken as their schedule allows, and only as far as
 * somebody waits for: a generated suite asks for one case after another, and what goes on beside it goes on then.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { SentCase } from '../cases/cases';
import { createSchedule, type Schedule, type Step, type Steps } from '../drive/schedule';
import type { Play, PlayStep } from './player';

export interface Pacing {
  /** Requests at once, at most; never more overlap than the recording had. */
  readonly concurrency: number;
  readonly speed: 'max' | 'recorded';
  readonly signal?: AbortSignal;
}

/** What the steps are of; none of its functions throws but `open`. */
export interface Stages {
  /** Its one step is its exchange: a play is needed only to take it. Default: of none. */
  isOneRequest?(test: SentCase): boolean;
  open(test: SentCase): Play;
  /** The first step of a case is about to be played. */
  begins(test: SentCase): void;
  /** Its last one was. */
  over(test: SentCase, play: Play): void;
  /** True once `over` was told of it. */
  isOver(test: SentCase): boolean;
  /** Its connection has no further step. */
  release(test: SentCase): void;
}

/** What the schedule asks of a step is read off its case. */
class CaseStep implements Step {
  constructor(
    readonly test: SentCase,
    readonly play: Play,
    readonly step: PlayStep,
    readonly isFirst: boolean,
    /** What comes of the case is known after it. */
    readonly isLast: boolean,
  ) {}

  get connection(): string {
    return this.test.stored.connectionId;
  }

  get channel(): number | null {
    return this.test.stored.exchange.channel;
  }

  get startedAtUs(): number {
    return this.step.startedAtUs;
  }

  get endedAtUs(): number {
    return this.step.endedAtUs;
  }

  get isRequest(): boolean {
    return this.step.does === 'request';
  }
}

/** A case that is one step, as the schedule sees it. */
class OneRequest implements Step {
  constructor(private readonly test: SentCase) {}

  get connection(): string {
    return this.test.stored.connectionId;
  }

  get channel(): number | null {
    return this.test.stored.exchange.channel;
  }

  get startedAtUs(): number {
    return this.test.stored.exchange.startedAtUs;
  }

  get endedAtUs(): number {
    return this.startedAtUs + (this.test.stored.exchange.durationUs ?? 0);
  }

  get isRequest(): true {
    return true;
  }
}

/**
 * The steps of all cases, in the order in which they began. Of a case that is one request the case itself stands there until
 * its step is taken: a long run has as many of them as cases.
 */
class CaseSteps implements Steps {
  private readonly all: (CaseStep | SentCase | undefined)[];

  constructor(
    tests: readonly SentCase[],
    private readonly stages: Pick<Stages, 'open' | 'isOneRequest'>,
  ) {
    this.all = tests
      .flatMap<CaseStep | SentCase>((test) => (stages.isOneRequest?.(test) === true ? test : this.stepsOf(test)))
      .sort((a, b) => startOf(a) - startOf(b));
  }

  get length(): number {
    return this.all.length;
  }

  at(position: number): Step | undefined {
    const each = this.all[position];
    return each === undefined || each instanceof CaseStep ? each : new OneRequest(each);
  }

  take(position: number): CaseStep | undefined {
    const each = this.all[position];
    if (each === undefined || each instanceof CaseStep) return each;
    const [step] = this.stepsOf(each);
    this.all[position] = step;
    return step;
  }

  letGo(position: number): void {
    this.all[position] = undefined;
  }

  private stepsOf(test: SentCase): readonly CaseStep[] {
    const play = this.stages.open(test);
    const { steps } = play;
    const last = steps.length - 1;
    return steps.map((step, i) => new CaseStep(test, play, step, i === 0, i === last));
  }
}

function startOf(each: CaseStep | SentCase): number {
  return each instanceof CaseStep ? each.startedAtUs : each.stored.exchange.startedAtUs;
}

interface Waiting {
  resolve(): void;
  reject(why: unknown): void;
}

export class Sequence {
  private readonly steps: CaseSteps;
  private readonly schedule: Schedule;
  private readonly pace: ((each: CaseStep, signal?: AbortSignal) => Promise<void>) | null;
  private readonly waiting = new Map<SentCase, Waiting>();
  private waitingForAll: Waiting | null = null;
  /** Of the cases, how many are not over. */
  private left: number;
  private running = 0;

  constructor(
    tests: readonly SentCase[],
    private readonly stages: Stages,
    private readonly pacing: Pacing,
  ) {
    this.steps = new CaseSteps(tests, stages);
    this.schedule = createSchedule(this.steps, pacing.concurrency);
    this.pace = createPace(pacing.speed);
    this.left = tests.length;
  }

  /**
   * Plays everything up to the end of this case. Resolves then, also where other steps are still under way; rejects where a
   * case could not be read.
   */
  until(test: SentCase): Promise<void> {
    if (this.stages.isOver(test)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waiting.set(test, { resolve, reject });
      this.advance();
    });
  }

  /** The same for the end of all cases. */
  toItsEnd(): Promise<void> {
    if (this.left === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.waitingForAll = { resolve, reject };
      this.advance();
    });
  }

  private get isAborted(): boolean {
    return this.pacing.signal?.aborted === true;
  }

  private get isAwaited(): boolean {
    return this.waiting.size > 0 || this.waitingForAll !== null;
  }

  private advance(): void {
    while (this.isAwaited && !this.isAborted) {
      const position = this.schedule.take();
      const each = position === undefined ? undefined : this.steps.take(position);
      if (position === undefined || each === undefined) return;
      this.running++;
      this.play(each, position).then(
        () => {
          this.running--;
          this.advance();
        },
        (why: unknown) => this.release((waiting) => waiting.reject(why)),
      );
    }
    if (this.isAborted && this.running === 0) this.release((waiting) => waiting.resolve());
  }

  private async play(each: CaseStep, position: number): Promise<void> {
    const { test, step, play, isFirst, isLast } = each;
    if (this.pace !== null && step.does !== 'await') await this.pace(each, this.pacing.signal);
    if (isFirst) this.stages.begins(test);
    await step.play();
    if (isLast) this.end(test, play);
    if (this.schedule.isLastOfConnection(position)) this.stages.release(test);
    this.schedule.finish(position);
    this.steps.letGo(position);
  }

  private end(test: SentCase, play: Play): void {
    this.stages.over(test, play);
    this.left--;
    this.waiting.get(test)?.resolve();
    this.waiting.delete(test);
    if (this.left > 0) return;
    this.waitingForAll?.resolve();
    this.waitingForAll = null;
  }

  /** Nothing more is played for them. */
  private release(how: (waiting: Waiting) => void): void {
    for (const waiting of this.waiting.values()) how(waiting);
    if (this.waitingForAll !== null) how(this.waitingForAll);
    this.waiting.clear();
    this.waitingForAll = null;
  }
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
