/**
 * What came of the cases of a run, by their ids: results, and how long each took. A run of a million cases holds it to its end,
 * so that what most of them have alike is held once, and times are numbers in a row.
 */
import type { TestCase } from './cases/cases';
import { Positions } from './cases/positions';
import type { Excuse } from './judge/difference';
import type { Answers, CaseDetails } from './report/details';
import type { CaseResult } from './report/report';

/** Of live answers that are kept to be looked at. */
const mostKeptBytes = 64 * 1024 * 1024;

/** How many different lists of excuses are held once. */
const mostAlike = 1000;

const timesOfCase = 3;

export class Outcomes {
  private readonly positions: Positions;
  private readonly results: (CaseResult | undefined)[];
  /** In milliseconds: how long it was played, how long the answer took, how long the recorded one did. NaN for null. */
  private readonly times: Float64Array;
  private readonly answers = new Map<string, Answers>();
  private readonly excuses = new Map<string, readonly Excuse[]>();
  private lastExcused: readonly Excuse[] = [];
  private keptBytes = 0;

  constructor(cases: readonly TestCase[]) {
    this.positions = new Positions(cases);
    this.results = new Array(cases.length);
    this.times = new Float64Array(cases.length * timesOfCase).fill(Number.NaN);
  }

  keep(result: CaseResult): void {
    const at = this.positions.of(result.id);
    if (at === undefined) throw new RangeError(`${result.id} is no case of this run`);
    const differences = result.differences.length === 0 ? none : result.differences;
    this.results[at] = { ...result, differences, excused: this.shared(result.excused) };
  }

  result(id: string): CaseResult | undefined {
    return this.results[this.positions.of(id) ?? -1];
  }

  /** In the order of the cases; those that were not played are left out. */
  all(): readonly CaseResult[] {
    return this.results.filter((result) => result !== undefined);
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
