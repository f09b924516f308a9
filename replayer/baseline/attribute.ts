/**
 * Whose a difference is, where a build that is known to be good played the same tape: the candidate's own, or one that the
 * baseline shows, too. After Diffy: a place of an endpoint is the candidate's where it differs clearly more often there than
 * the baseline is at odds with itself. Beyond it, a value that the baseline gives in all of its runs is known for certain,
 * and structure is never noise. Pure.
 */
import { isSameSide, liveSide } from '../accept/accepted';
import type { Difference, Excuse } from '../judge/difference';
import { endpointOf } from '../report/endpoint';
import { type CaseResult, everyElement } from '../report/report';

/** What came of one place of an endpoint, in cases. */
export interface BaselinePlace {
  readonly endpoint: string;
  readonly path: string;
  /** Cases that both played. */
  readonly cases: number;
  /** Where the candidate, and any run of the baseline, differs from the recording. */
  readonly candidate: number;
  readonly baseline: number;
  /** Where both give the same in its place. */
  readonly same: number;
  /** Where the baseline is at odds with itself; of one run, with the recording. */
  readonly noise: number;
  /** Differences of the candidate that are its own, in cases. */
  readonly own: number;
}

export interface Attributed {
  readonly results: readonly CaseResult[];
  readonly places: readonly BaselinePlace[];
  /** Ids of cases that failed, and that some run of the baseline did not answer: nothing is known of them. */
  readonly unanswered: readonly string[];
}

/** Every threshold of Diffy's is passed by more, not by as much. */
const leastRelative = 20;
const leastAbsolute = 0.03;

/** True where `raw` cases that differ are more than `noise` of `total` explains. Where there is no noise, one is enough. */
export function isBeyondNoise({ raw, noise, total }: { raw: number; noise: number; total: number }): boolean {
  if (noise === 0) return raw > 0;
  const more = raw - noise;
  return more > 0 && (more / (raw + noise)) * 100 > leastRelative && (more / total) * 100 > leastAbsolute;
}

/** `runs` are those of the baseline, one or more. */
export function attribute(candidate: readonly CaseResult[], runs: readonly (readonly CaseResult[])[]): Attributed {
  const byId = runs.map((results) => new Map(results.map((result) => [result.id, result])));
  const compared = candidate.map(
    (result) =>
      new Compared(
        result,
        byId.map((run) => run.get(result.id)),
      ),
  );
  const places = placesOf(compared.filter(({ isKnown }) => isKnown));
  return {
    results: compared.map((each) => each.result(places)),
    places: [...places.values()].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1)),
    unanswered: compared.filter(({ isKnown, own }) => !isKnown && own.verdict === 'fail').map(({ own }) => own.id),
  };
}

function keyOf({ endpoint, path }: Pick<BaselinePlace, 'endpoint' | 'path'>): string {
  return `${endpoint}\n${path}`;
}

/** One case of the candidate, and what the runs of the baseline made of it. */
class Compared {
  /** Both were judged, and by each run of the baseline. */
  readonly isKnown: boolean;
  private readonly others: readonly CaseResult[];

  constructor(
    readonly own: CaseResult,
    others: readonly (CaseResult | undefined)[],
  ) {
    this.others = others.filter((each) => each !== undefined);
    this.isKnown = isJudged(own) && this.others.length === others.length && this.others.every(isJudged);
  }

  get endpoint(): string {
    return endpointOf(this.own.name);
  }

  /** Where anything differs in any run. */
  places(): ReadonlySet<string> {
    return new Set([this.own, ...this.others].flatMap(({ differences }) => differences.map(({ path }) => path)));
  }

  differs(path: string): boolean {
    return this.own.differences.some((each) => each.path === path);
  }

  baselineDiffers(path: string): boolean {
    return this.others.some((run) => run.differences.some((each) => each.path === path));
  }

  /** Each run of the baseline gives what the candidate gives. */
  isShared(difference: Difference): boolean {
    return this.others.every(({ differences }) => differences.some((other) => isSame(difference, other)));
  }

  isSharedAt(path: string): boolean {
    const own = this.own.differences.filter((each) => each.path === path);
    return own.length > 0 && own.every((each) => this.isShared(each));
  }

  /** The baseline is at odds with itself there, or, having played once, with the recording. */
  isNoisy(path: string): boolean {
    const seen = this.others.map(({ differences }) => differences.filter((each) => each.path === path));
    if (seen.some((each) => !each.every(mayBeNoise))) return false;
    const [first = [], ...more] = seen;
    if (more.length === 0) return first.length > 0;
    return more.some((each) => each.length !== first.length || !each.every((one, i) => isSame(one, first[i] ?? one)));
  }

  result(places: ReadonlyMap<string, BaselinePlace>): CaseResult {
    if (!this.isKnown || this.own.verdict !== 'fail') return this.own;
    const excused: Excuse[] = [];
    const differences = this.own.differences.filter((each) => {
      const rule = this.excuseOf(each, places);
      if (rule !== null) excused.push({ path: each.path, cause: 'baseline', rule });
      return rule === null;
    });
    if (excused.length === 0) return this.own;
    const all = [...this.own.excused, ...excused];
    if (differences.length > 0) return { ...this.own, differences, excused: all };
    return { ...this.own, verdict: 'pass', reason: null, differences, excused: all };
  }

  private excuseOf(difference: Difference, places: ReadonlyMap<string, BaselinePlace>): string | null {
    if (this.isShared(difference)) return 'baseline';
    const place = places.get(keyOf({ endpoint: this.endpoint, path: everyElement(difference.path) }));
    return mayBeNoise(difference) && place !== undefined && place.own === 0 ? 'baseline-noise' : null;
  }
}

function isJudged({ verdict }: CaseResult): boolean {
  return verdict === 'pass' || verdict === 'fail';
}

function isSame(a: Difference, b: Difference): boolean {
  return a.path === b.path && a.kind === b.kind && isSameSide(liveSide(a), liveSide(b));
}

/** What comes and goes, or is of another type, is a change of behaviour, also where a build changes its mind about it. */
function mayBeNoise({ path, kind, accepted }: Difference): boolean {
  const isResult = /(?:^|\.)status$/.test(path) || path === 'outcome';
  return accepted === undefined && !isResult && (kind === 'changed' || kind === 'reordered');
}

function placesOf(compared: readonly Compared[]): ReadonlyMap<string, BaselinePlace> {
  const total = new Map<string, number>();
  const found = new Map<string, Counter>();
  for (const each of compared) {
    const { endpoint } = each;
    total.set(endpoint, (total.get(endpoint) ?? 0) + 1);
    for (const [path, exact] of Map.groupBy(each.places(), everyElement)) {
      const key = keyOf({ endpoint, path });
      const counter = found.get(key) ?? new Counter(endpoint, path);
      found.set(key, counter);
      counter.add(each, exact);
    }
  }
  return new Map([...found].map(([key, counter]) => [key, counter.place(total.get(counter.endpoint) ?? 0)]));
}

/** A case counts once at a place, however many elements of it differ. */
class Counter {
  private candidate = 0;
  private baseline = 0;
  private same = 0;
  private noise = 0;
  private raw = 0;

  constructor(
    readonly endpoint: string,
    private readonly path: string,
  ) {}

  add(each: Compared, exact: readonly string[]): void {
    const differing = exact.filter((path) => each.differs(path));
    const shared = differing.filter((path) => each.isSharedAt(path));
    if (differing.length > 0) this.candidate++;
    if (exact.some((path) => each.baselineDiffers(path))) this.baseline++;
    if (differing.length > 0 && shared.length === differing.length) this.same++;
    if (differing.length > shared.length) this.raw++;
    if (exact.some((path) => each.isNoisy(path))) this.noise++;
  }

  place(cases: number): BaselinePlace {
    const { endpoint, path, candidate, baseline, same, noise, raw } = this;
    const own = isBeyondNoise({ raw, noise, total: cases }) ? raw : 0;
    return { endpoint, path, cases, candidate, baseline, same, noise, own };
  }
}
