/**
 * Puts the elements of arrays that may come in any order (`order: any` in a noise file) where they stand in the recording,
 * before anything is learned from the answer or compared with it: values are known by their place. Elements are paired
 * with the one they equal, then with one that differs by what is made anew in each run, then with the most alike. Pure.
 */
import { type BodyView, viewBody } from '../../tape/body/view';
import { isJsonObject, type JsonValue, stringifyJson } from '../../tape/json/json';
import { canonicalText } from '../../tape/json/values';
import { subjectOf } from '../../tape/model/filter';
import type { HttpResponse } from '../../tape/model/http/http';
import type { Path } from '../../tape/model/path';
import type { Turn } from '../cases/cases';
import { textWithoutMade } from '../noise/made';
import { covers, type NoiseRule } from '../noise/rules';
import { placeOf } from './context';
import { type Found, keyOf } from './difference';

export interface Arranged {
  /** The answer in the order of the recording. */
  readonly response: HttpResponse;
  /** The arrays that came in another order. */
  readonly reordered: readonly Found[];
}

interface Recording {
  readonly test: Turn;
  /** The recorded body with the values of this run. */
  readonly expected: BodyView;
  readonly rules: readonly NoiseRule[];
}

/** Bodies that are no JSON stay as they are. */
export function inRecordedOrder(response: HttpResponse, { test, expected, rules }: Recording): Arranged {
  const subject = subjectOf(test.stored.exchange);
  const mine = rules.filter((rule) => rule.allows.kind === 'order');
  const live = mine.length === 0 ? undefined : viewBody(response.headers, response.body);
  if (live?.kind !== 'json' || expected.kind !== 'json') return { response, reordered: [] };
  const reordered: Found[] = [];
  const isFree = (path: Path) =>
    mine.some((rule) => covers(rule, { in: 'response', path: placeOf({ test }, path), subject }));
  const report = (path: Path, before: JsonValue, actual: JsonValue) =>
    reordered.push({ path, kind: 'reordered', expected: before, actual, key: keyOf(path) });
  const value = arranged(expected.value, live.value, ['body'], { isFree, report });
  if (reordered.length === 0) return { response, reordered };
  const bytes = Buffer.from(stringifyJson(value));
  return { response: { ...response, body: { ...response.body, bytes, codings: [] } }, reordered };
}

interface Walk {
  isFree(path: Path): boolean;
  report(path: Path, expected: JsonValue, actual: JsonValue): void;
}

function arranged(expected: JsonValue, live: JsonValue, path: Path, walk: Walk): JsonValue {
  if (Array.isArray(expected) && Array.isArray(live)) return arrangedArray(expected, live, path, walk);
  if (!isJsonObject(expected) || !isJsonObject(live)) return live;
  const members = Object.entries(live).map(([name, member]) => {
    const inside = Object.hasOwn(expected, name)
      ? arranged(expected[name] ?? null, member, [...path, name], walk)
      : member;
    return [name, inside] as const;
  });
  return Object.fromEntries(members);
}

function arrangedArray(
  expected: readonly JsonValue[],
  live: readonly JsonValue[],
  path: Path,
  walk: Walk,
): readonly JsonValue[] {
  const order = walk.isFree(path) ? pairing(expected, live) : live.map((_, i) => i);
  if (order.some((from, i) => from !== i)) walk.report(path, expected, live);
  return order.map((from, i) => {
    const item = live[from] ?? null;
    return i < expected.length ? arranged(expected[i] ?? null, item, [...path, i], walk) : item;
  });
}

/** At most so many elements are compared each with each; more are left in the order they came in. */
const mostCompared = 200;

/** Which live element stands where: for each recorded one its own, then the others as they came. */
function pairing(expected: readonly JsonValue[], live: readonly JsonValue[]): readonly number[] {
  const free = new Set(live.keys());
  const taken = new Map<number, number>();
  const take = (at: number, from: number) => {
    taken.set(at, from);
    free.delete(from);
  };
  for (const textOf of [canonicalText, textWithoutMade]) takeEqual(textOf);
  const open = [...expected.keys()].filter((i) => !taken.has(i));
  if (open.length <= mostCompared && free.size <= mostCompared) takeAlike(open);
  for (const i of open) if (!taken.has(i)) for (const from of first(free)) take(i, from);
  return [...expected.keys()].flatMap((i) => taken.get(i) ?? []).concat([...free]);

  function takeEqual(textOf: (value: JsonValue) => string): void {
    const byText = Map.groupBy(free, (from) => textOf(live[from] ?? null));
    for (const [i, each] of expected.entries()) {
      const from = taken.has(i) ? undefined : byText.get(textOf(each))?.shift();
      if (from !== undefined) take(i, from);
    }
  }

  function takeAlike(open: readonly number[]): void {
    const scored = open.flatMap((i) =>
      [...free].map((from) => ({ i, from, alike: countAlike(expected[i] ?? null, live[from] ?? null) })),
    );
    for (const { i, from, alike } of scored.sort((a, b) => b.alike - a.alike)) {
      if (alike > 0 && !taken.has(i) && free.has(from)) take(i, from);
    }
  }
}

function first<T>(items: ReadonlySet<T>): readonly T[] {
  const [one] = items;
  return one === undefined ? [] : [one];
}

/** How many scalars are equal at equal places. */
function countAlike(a: JsonValue, b: JsonValue): number {
  if (Array.isArray(a) && Array.isArray(b))
    return sum(a.map((item, i) => (i < b.length ? countAlike(item, b[i] ?? null) : 0)));
  if (isJsonObject(a) && isJsonObject(b)) {
    return sum(
      Object.keys(a).map((name) => (Object.hasOwn(b, name) ? countAlike(a[name] ?? null, b[name] ?? null) : 0)),
    );
  }
  return a === b ? 1 : 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
