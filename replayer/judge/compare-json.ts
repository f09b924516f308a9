/**
 * Compares two JSON values structurally: every added, removed, retyped and changed place by its path; arrays by order.
 * Member order and number notation do not count; numbers beyond a double are compared as the text they are.
 */
import { isJsonObject, type JsonObject, type JsonValue } from '../../tape/json/json';
import { canonicalText, equalJson, sameScalar, typeName } from '../../tape/json/values';
import { keyOf, type Report } from './difference';

type Steps = (string | number)[];

/** `path` is where both values stand; it is restored before the call returns. */
export function compareJson(expected: JsonValue, actual: JsonValue, path: Steps, report: Report): void {
  if (expected === actual) return;
  const type = typeName(expected);
  if (type !== typeName(actual)) {
    report({ path: [...path], kind: 'type', expected, actual, key: keyOf(path) });
  } else if (Array.isArray(expected) && Array.isArray(actual)) {
    compareArrays(expected, actual, path, report);
  } else if (isJsonObject(expected) && isJsonObject(actual)) {
    compareObjects(expected, actual, path, report);
  } else if (!sameScalar(expected, actual)) {
    report({ path: [...path], kind: 'changed', expected, actual, key: keyOf(path) });
  }
}

function compareObjects(expected: JsonObject, actual: JsonObject, path: Steps, report: Report): void {
  for (const name of Object.keys(expected)) {
    path.push(name);
    const member = expected[name] ?? null;
    if (Object.hasOwn(actual, name)) compareJson(member, actual[name] ?? null, path, report);
    else report({ path: [...path], kind: 'removed', expected: member, actual: undefined, key: name });
    path.pop();
  }
  for (const name of Object.keys(actual)) {
    if (Object.hasOwn(expected, name)) continue;
    report({ path: [...path, name], kind: 'added', expected: undefined, actual: actual[name] ?? null, key: name });
  }
}

function compareArrays(
  expected: readonly JsonValue[],
  actual: readonly JsonValue[],
  path: Steps,
  report: Report,
): void {
  if (expected.length === actual.length) {
    if (isReordered(expected, actual)) {
      report({ path: [...path], kind: 'reordered', expected, actual, key: keyOf(path) });
    } else {
      compareFirst(expected.length, expected, actual, { path, report });
    }
    return;
  }
  compareUneven(expected, actual, path, report);
}

/** Elements that were put in or taken out are reported where they stand; what moved because of them is equal. */
function compareUneven(
  expected: readonly JsonValue[],
  actual: readonly JsonValue[],
  path: Steps,
  report: Report,
): void {
  const { paired, tail } = pairedElements(expected, actual);
  compareFirst(paired, expected, actual, { path, report });
  for (let i = paired; i < expected.length - tail; i++) {
    report({ path: [...path, i], kind: 'removed', expected: expected[i] ?? null, actual: undefined, key: keyOf(path) });
  }
  for (let i = paired; i < actual.length - tail; i++) {
    report({ path: [...path, i], kind: 'added', expected: undefined, actual: actual[i] ?? null, key: keyOf(path) });
  }
}

/** Of lists of two lengths: how many elements are paired from the front, and how many are equal at the end. */
export function pairedElements(expected: readonly JsonValue[], actual: readonly JsonValue[]) {
  const shorter = Math.min(expected.length, actual.length);
  const tail = expected.length === actual.length ? 0 : alikeAtEnd(expected, actual, shorter);
  return { paired: shorter - tail, tail };
}

/** How many elements at the end are equal, less those that are equal from the front anyway. */
function alikeAtEnd(expected: readonly JsonValue[], actual: readonly JsonValue[], shorter: number): number {
  let head = 0;
  while (head < shorter && equalJson(expected[head] ?? null, actual[head] ?? null)) head++;
  let tail = 0;
  while (
    tail < shorter - head &&
    equalJson(expected[expected.length - 1 - tail] ?? null, actual[actual.length - 1 - tail] ?? null)
  ) {
    tail++;
  }
  return tail;
}

function compareFirst(
  count: number,
  expected: readonly JsonValue[],
  actual: readonly JsonValue[],
  { path, report }: { readonly path: Steps; readonly report: Report },
): void {
  for (let i = 0; i < count; i++) {
    path.push(i);
    compareJson(expected[i] ?? null, actual[i] ?? null, path, report);
    path.pop();
  }
}

/** The same elements, as often, in another order. */
function isReordered(expected: readonly JsonValue[], actual: readonly JsonValue[]): boolean {
  if (expected.length < 2 || expected.every((each, i) => equalJson(each, actual[i] ?? null))) return false;
  const counts = new Map<string, number>();
  for (const each of expected) count(counts, canonicalText(each), 1);
  for (const each of actual) if (count(counts, canonicalText(each), -1) < 0) return false;
  return true;
}

function count(counts: Map<string, number>, key: string, by: number): number {
  const now = (counts.get(key) ?? 0) + by;
  counts.set(key, now);
  return now;
}
