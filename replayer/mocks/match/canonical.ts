/** One text for one value: members sorted by name, so that equal values have equal texts whatever order they came in. */
import { createHash } from 'node:crypto';
import { isJsonObject, JsonNumber, type JsonValue, stringifyJson } from '../../../tape/body/json';

/** Longer texts are kept as their hash: a map holds one for each mock. */
const longText = 256;

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

/** A text of bounded length that is equal for equal texts, for use as a key. */
export function keyOf(text: string): string {
  return text.length <= longText ? text : createHash('sha256').update(text).digest('base64');
}
