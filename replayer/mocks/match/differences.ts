/** Where two values differ, place by place. Says what differs; whether it matters is for others to decide. */
import { isJsonObject, type JsonValue } from '../../../tape/json/json';
import { sameScalar, typeName } from '../../../tape/json/values';
import type { Path } from '../../../tape/model/path';

export type DifferenceKind = 'changed' | 'added' | 'removed' | 'type';

/** `expected` is what was recorded, `actual` what was asked now; undefined where the place does not exist. */
export interface ValueDifference {
  readonly path: Path;
  readonly kind: DifferenceKind;
  readonly expected: JsonValue | undefined;
  readonly actual: JsonValue | undefined;
}

/** All places in which `actual` differs from `expected`; arrays are compared by position. */
export function differencesBetween(expected: JsonValue, actual: JsonValue, at: Path = []): ValueDifference[] {
  if (Array.isArray(expected) && Array.isArray(actual)) return inArrays(expected, actual, at);
  if (isJsonObject(expected) && isJsonObject(actual)) return inObjects(expected, actual, at);
  if (sameScalar(expected, actual)) return [];
  return [{ path: at, kind: typeName(expected) === typeName(actual) ? 'changed' : 'type', expected, actual }];
}

function inArrays(expected: readonly JsonValue[], actual: readonly JsonValue[], at: Path): ValueDifference[] {
  const found: ValueDifference[] = [];
  for (let i = 0; i < Math.max(expected.length, actual.length); i++) {
    found.push(...inPlace(expected[i], actual[i], [...at, i]));
  }
  return found;
}

function inObjects(
  expected: { readonly [name: string]: JsonValue },
  actual: { readonly [name: string]: JsonValue },
  at: Path,
): ValueDifference[] {
  const names = new Set([...Object.keys(expected), ...Object.keys(actual)]);
  const member = (object: { readonly [name: string]: JsonValue }, name: string): JsonValue | undefined =>
    Object.hasOwn(object, name) ? object[name] : undefined;
  return [...names].flatMap((name) => inPlace(member(expected, name), member(actual, name), [...at, name]));
}

function inPlace(expected: JsonValue | undefined, actual: JsonValue | undefined, at: Path): ValueDifference[] {
  if (expected === undefined) return [{ path: at, kind: 'added', expected, actual }];
  if (actual === undefined) return [{ path: at, kind: 'removed', expected, actual }];
  return differencesBetween(expected, actual, at);
}
