/**
 * What came of the cases of a run, by their ids: results, and how long each took. A run of a million cases holds it to its end,
 * so that what most of them have alike is held once, and times are numbers in a row.
 */
import type { TestCase } from './cases/cases';
import { Positions } from './cases/positions';
import type { Excuse } from './judge/difference';
import { resultOf } from './play/before';
import type { Answers, CaseDetails } from './report/details';
import type { CaseResult } from './report/report';

/** Of live answers that are kept to be looked at. */
const mostKeptBytes = 64 * 1024 * 1024;

/** How many different lists of excuses are held once. */
const mostAlike = 1000;

const timesOfCase = 3;

export class Outcomes {
  private readonly positions: Positions;
  /** Of a case that passed with nothing to be said of it, as most do, what was excused, and no more. */
  private readonly results: (CaseResult | readonly Excuse[] | undefined)[];
  /** In milliseconds: how long it was played, how long the answer took, how long the recorded one did. NaN for null. */
  private readonly times: Float64Array;
  private readonly answers = new Map<string, Answers>();
  private readonly excuses = new Map<string, readonly Excuse[]>();
  private lastExcused: readonly Excuse[] = [];
  private keptBytes = 0;

  constructor(private readonly cases: readonly TestCase[]) {
    this.positions = new Positions(cases);
    this.results = new Array(cases.length);
    this.times = new Float64Array(cases.length * timesOfCase).fill(Number.NaN);
  }

  keep(result: CaseResult): void {
    const at = this.positions.of(result.id);
    if (at === undefined) throw new RangeError(`${result.id} is no case of this run`);
    const excused = this.shared(result.excused);
    const differences = result.differences.length === 0 ? none : result.differences;
    this.results[at] = isPlainPass(result, this.cases[at]) ? excused : { ...result, differences, excused };
  }

  result(id: string): CaseResult | undefined {
    return this.resultAt(this.positions.of(id) ?? -1);
  }

  /** In the order of the cases; those that were not played are left out. */
  all(): readonly CaseResult[] {
    const all: CaseResult[] = [];
    for (let at = 0; at < this.cases.length; at++) {
      const result = this.resultAt(at);
      if (result !== undefined) all.push(result);
    }
    return all;
  }

  private resultAt(at: number): CaseResult | undefined {
    const [kept, test] = [this.results[at], this.cases[at]];
    return isList(kept) && test !== undefined ? passOf(test, kept) : (kept as CaseResult | undefined);
  }

  keepDetails(id: string, { playedMs, tookMs, recordedMs, answers }: CaseDetails): void {
    const at = this.positions.of(id);
    if (at === undefined) throw new RangeError(`${id} is no case of this run`);
    this.times.set([playedMs, tookMs ?? Number.NaN, recordedMs ?? Number.NaN], at * timesOfCase);
    if (answers !== undefined) this.answers.set(id, this.withinRoom(answers));
  }

  /** Undefined of a case that was not played. */
  get(id: string): CaseDetails | undefined {
    const at = (this.positions.of(id) ?? -1) * timesOfCase;
    const playedMs = timeOf(this.times[at]);
    if (playedMs === null) return undefined;
    const answers = this.answers.get(id);
    const times = { playedMs, tookMs: timeOf(this.times[at + 1]), recordedMs: timeOf(this.times[at + 2]) };
    return answers === undefined ? times : { ...times, answers };
  }

  private withinRoom(answers: Answers): Answers {
    this.keptBytes += answers.live?.body.bytes.length ?? 0;
    return this.keptBytes <= mostKeptBytes ? answers : { ...answers, live: null };
  }

  private shared(excused: readonly Excuse[]): readonly Excuse[] {
    if (!areAlike(this.lastExcused, excused)) this.lastExcused = this.known(excused);
    return this.lastExcused;
  }

  private known(excused: readonly Excuse[]): readonly Excuse[] {
    const key = JSON.stringify(excused);
    const known = this.excuses.get(key);
    if (known !== undefined) return known;
    if (this.excuses.size < mostAlike) this.excuses.set(key, excused);
    return excused;
  }
}

/** Its case and its excuses say all of it. */
function isPlainPass(result: CaseResult, test: TestCase | undefined): boolean {
  const { id, name, verdict, reason, differences, flaky, setUp = false } = result;
  const isOfCase = id === test?.id && name === test.name && setUp === (test.setUp ?? false);
  return isOfCase && verdict === 'pass' && reason === null && differences.length === 0 && flaky === undefined;
}

function passOf(test: TestCase, excused: readonly Excuse[]): CaseResult {
  return { ...resultOf(test, 'pass', null), excused };
}

function isList(kept: CaseResult | readonly Excuse[] | undefined): kept is readonly Excuse[] {
  return Array.isArray(kept);
}

/** One case after another is excused for the same. */
function areAlike(some: readonly Excuse[], others: readonly Excuse[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ path, cause, rule }, i) => {
      const other = others[i];
      return path === other?.path && cause === other.cause && rule === other.rule;
    })
  );
}

const none: readonly never[] = [];

function timeOf(ms: number | undefined): number | null {
  return ms === undefined || Number.isNaN(ms) ? null : ms;
}
