/**
 * The recorded requests nearest to one that nothing matches, and in what they differ. Work done on a miss only:
 * all mocks are ranked by a cheap score, the best few compared in full.
 */
import { isJsonObject, type JsonValue } from '../../../tape/json/json';
import type { Path } from '../../../tape/model/path';
import { type DifferenceKind, differencesBetween, type ValueDifference } from './differences';
import type { Entry, MockEntry } from './entry';
import type { Excuse } from './excuse';
import { pathSegments } from './request-value';

export interface NearDifference {
  readonly path: Path;
  readonly kind: DifferenceKind;
  readonly expected: JsonValue | undefined;
  readonly actual: JsonValue | undefined;
  /** The rule under which this place may differ; null where the difference stands in the way. */
  readonly excusedBy: string | null;
}

export interface Near {
  readonly entry: MockEntry;
  /** 0 is equal, 1 is nothing alike. */
  readonly distance: number;
  readonly differences: readonly NearDifference[];
}

/** What each part of a request weighs. The address first: a body is rarely near when the place is another. */
const weights = { upstream: 10, path: 10, body: 5, method: 3, query: 2 };
const totalWeight = Object.values(weights).reduce((sum, weight) => sum + weight, 0);
/** A header field that decides is one question of many: it never makes two requests further apart than all the rest. */
const headerWeight = 2;
const comparedInFull = 32;

/** Why a difference between a mock and the request does not stand in the way; null where it does. */
export type Excuser = (difference: ValueDifference, sides: { recorded: MockEntry; live: Entry }) => Excuse | null;

/** At most `limit` mocks of the same host, nearest first, ties in recorded order. */
export function nearest(live: Entry, entries: readonly MockEntry[], excuse: Excuser, limit = 3): readonly Near[] {
  return best(ofHost(entries, live), comparedInFull, (entry) => roughDistance(entry, live))
    .map((entry) => near(entry, live, excuse))
    .sort((a, b) => a.distance - b.distance || a.entry.mock.index - b.entry.mock.index)
    .slice(0, limit);
}

/** What a mock is ranked by that is known only by where it asks. */
export interface Askable {
  readonly index: number;
  readonly upstream: string;
  readonly method: string;
  /** Path and query. */
  readonly target: string;
}

export interface Ranked<M extends Askable> {
  readonly mock: M;
  /** Whatever its body is, it is no nearer. */
  readonly least: number;
}

/** Mocks in the order in which they may be near to a request; those of its own upstream first, then the others. */
export function* nearOf<M extends Askable>(mocks: readonly M[], live: Entry): Generator<Iterable<Ranked<M>>> {
  const isOwn = ({ upstream }: M): boolean => upstream === live.upstream;
  yield ranked(mocks.filter(isOwn), live);
  yield ranked(
    mocks.filter((mock) => !isOwn(mock)),
    live,
  );
}

function* ranked<M extends Askable>(mocks: readonly M[], live: Entry): Generator<Ranked<M>> {
  const { method, path } = live.content.value;
  const leastOf = (mock: M): number =>
    placeDistance(
      mock.upstream === live.upstream,
      mock.method === method,
      listDistance(pathSegments(mock.target), path),
    );
  const byLeast = [...Map.groupBy(mocks, leastOf)].sort(([a], [b]) => a - b);
  for (const [least, own] of byLeast) for (const mock of own) yield { mock, least };
}

/** Those that are compared in full of mocks that grow in number: each is looked at once. */
export class NearSoFar {
  private readonly best: { readonly distance: number; readonly index: number }[] = [];
  private seen = 0;

  constructor(
    private readonly live: Entry,
    private readonly entries: readonly MockEntry[],
  ) {}

  /** Whether another one may be among them. */
  mayTake<M extends Askable>({ mock, least }: Ranked<M>): boolean {
    this.lookAtMore();
    const last = this.best[comparedInFull - 1];
    if (last === undefined) return true;
    return least < last.distance || (least === last.distance && mock.index < last.index);
  }

  private lookAtMore(): void {
    for (const entry of ofHost(this.entries.slice(this.seen), this.live)) {
      const each = { distance: roughDistance(entry, this.live), index: entry.mock.index };
      const at = this.best.findIndex((other) => nearestFirst(each, other) < 0);
      if (at >= 0) this.best.splice(at, 0, each);
      else this.best.push(each);
      if (this.best.length > comparedInFull) this.best.pop();
    }
    this.seen = this.entries.length;
  }
}

function nearestFirst(
  a: { readonly distance: number; readonly index: number },
  b: { readonly distance: number; readonly index: number },
): number {
  return a.distance - b.distance || a.index - b.index;
}

function ofHost(entries: readonly MockEntry[], live: Entry): readonly MockEntry[] {
  return entries.filter(({ host }) => host === live.host);
}

function best(entries: readonly MockEntry[], limit: number, score: (entry: MockEntry) => number): MockEntry[] {
  return entries
    .map((entry) => ({ entry, score: score(entry) }))
    .sort((a, b) => a.score - b.score || a.entry.mock.index - b.entry.mock.index)
    .slice(0, limit)
    .map(({ entry }) => entry);
}

function roughDistance(entry: MockEntry, live: Entry): number {
  const recorded = entry.content.value;
  const asked = live.content.value;
  return (
    placeDistance(
      entry.upstream === live.upstream,
      recorded.method === asked.method,
      listDistance(recorded.path, asked.path),
    ) + (entry.content.bodyKind === live.content.bodyKind ? 0 : weights.body)
  );
}

function placeDistance(isSameUpstream: boolean, isSameMethod: boolean, path: number): number {
  return (isSameUpstream ? 0 : weights.upstream) + (isSameMethod ? 0 : weights.method) + weights.path * path;
}

/** Held against each other from the front, and from the end: what is put before all paths (`/v2`) is one difference. */
function listDistance(a: JsonValue | undefined, b: JsonValue | undefined): number {
  if (!Array.isArray(a) || !Array.isArray(b)) return 1;
  const longer = Math.max(a.length, b.length);
  let [front, end] = [0, 0];
  for (let i = 1; i <= longer; i++) {
    if (a[i - 1] !== b[i - 1]) front++;
    if (a[a.length - i] !== b[b.length - i]) end++;
  }
  return Math.min(front, end) / longer;
}

function near(entry: MockEntry, live: Entry, excuse: Excuser): Near {
  const within = differencesBetween(entry.content.value, live.content.value).map((difference) => ({
    ...difference,
    excusedBy: excuse(difference, { recorded: entry, live })?.rule ?? null,
  }));
  const differences = [...addressDifference(entry, live), ...within];
  return { entry, distance: distanceOf(entry, live, differences), differences };
}

/** The one thing of a request that is not in its value: whom it was sent to. */
function addressDifference(entry: MockEntry, live: Entry): NearDifference[] {
  if (entry.upstream === live.upstream) return [];
  const path = ['header', 'host'];
  return [{ path, kind: 'changed', expected: entry.upstream, actual: live.upstream, excusedBy: null }];
}

/** Whether it says that another upstream was asked. */
export function isAddress({ path }: Pick<ValueDifference, 'path'>): boolean {
  return path[0] === 'header' && path[1] === 'host';
}

function distanceOf(entry: MockEntry, live: Entry, differences: readonly NearDifference[]): number {
  const counted = differences.filter((difference) => difference.excusedBy === null);
  const has = (root: string): readonly ValueDifference[] => counted.filter(({ path }) => path[0] === root);
  const share = (root: 'path' | 'query' | 'body'): number => {
    const size = Math.max(leaves(entry.content.value[root]), leaves(live.content.value[root]), 1);
    const different = has(root).reduce((sum, d) => sum + Math.max(leaves(d.expected), leaves(d.actual)), 0);
    return Math.min(1, different / size);
  };
  const sum =
    (counted.some(isAddress) ? weights.upstream : 0) +
    (has('header').some((each) => !isAddress(each)) ? headerWeight : 0) +
    (has('method').length > 0 ? weights.method : 0) +
    weights.path * Math.min(share('path'), listDistance(entry.content.value.path, live.content.value.path)) +
    weights.query * share('query') +
    weights.body * share('body');
  return Math.round(Math.min(1, sum / totalWeight) * 100) / 100;
}

function leaves(value: JsonValue | undefined): number {
  if (value === undefined) return 0;
  if (Array.isArray(value)) return value.reduce((sum: number, item: JsonValue) => sum + leaves(item), 0);
  if (!isJsonObject(value)) return 1;
  return Object.values(value).reduce((sum: number, member) => sum + leaves(member), 0);
}
