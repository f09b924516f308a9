/** What both sides ask of JSON values: their type, whether they are equal, one text for equal ones, and other scalars in the same shape. */
import { isJsonObject, JsonNumber, type JsonValue, stringifyJson } from './json';

/** `null`, `array`, `object`, `string`, `number` or `boolean`. */
export function typeName(value: JsonValue): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return value instanceof JsonNumber ? 'number' : typeof value;
}

/** A JsonNumber is never equal to a double: it is one only because no double holds it. */
export function sameScalar(a: JsonValue, b: JsonValue): boolean {
  return a === b || (a instanceof JsonNumber && b instanceof JsonNumber && a.source === b.source);
}

/** Deep equality; the order of members does not count. */
export function equalJson(a: JsonValue, b: JsonValue): boolean {
  if (sameScalar(a, b)) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((item, i) => equalJson(item, b[i] ?? null));
  }
  if (!isJsonObject(a) || !isJsonObject(b)) return false;
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every((name) => Object.hasOwn(b, name) && equalJson(a[name] ?? null, b[name] ?? null));
}

/** One text for one value: members sorted by name, so that equal values have equal texts whatever order they came in. */
export function canonicalText(value: JsonValue): string {
  if (Array.isArray(value)) return `[${value.map(canonicalText).join(',')}]`;
  if (!isJsonObject(value)) return scalarText(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${canonicalText(value[name] ?? null)}`).join(',')}}`;
}

/** 0 and -0 are one number. */
export function scalarText(value: JsonValue): string {
  if (value instanceof JsonNumber) return value.source;
  return value === 0 ? '0' : stringifyJson(value);
}

export type JsonScalar = null | boolean | number | string | JsonNumber;

/** The same arrays and objects with other scalars in them. */
export function mapScalars(value: JsonValue, map: (scalar: JsonScalar) => JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item: JsonValue) => mapScalars(item, map));
  if (!isJsonObject(value)) return map(value as JsonScalar);
  const members = Object.entries(value).map(([name, member]) => [name, mapScalars(member, map)] as const);
  return Object.fromEntries(members); // unlike assignment, keeps a member named __proto__
}
