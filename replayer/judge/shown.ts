/** A difference as a report prints it: no live secret on either side, long texts cut to where they begin to differ. */
import { isJsonObject, type JsonValue } from '../../tape/body/json';
import { type BodyView, jsonIn, viewBody } from '../../tape/body/view';
import type { HeaderList } from '../../tape/model/body';
import { formatPath } from '../../tape/model/path';
import { jsonAt, textAt } from '../correlate/places';
import { type JudgeContext, placeOf } from './context';
import { type Difference, type Found, leafOf } from './difference';
import type { LiveRedaction } from './live-redaction';

const longestText = 400;
const excerptAround = 120;

export function shownDifference(found: Found, context: JudgeContext, redaction: LiveRedaction): Difference {
  const expected = shownExpected(found, context) ?? null;
  const actual = shownActual(found, context, redaction) ?? null;
  const values = bothLong(expected, actual) ? excerpts(expected, actual) : { expected, actual };
  return { path: formatPath(placeOf(context, found.path)), kind: found.kind, ...values };
}

/** Where live values were put into the expectation, what is shown is the recorded text if the live one is a secret. */
function shownExpected(found: Found, context: JudgeContext): JsonValue | undefined {
  if (context.expected === null || found.expected === undefined) return found.expected;
  const scalar = !Array.isArray(found.expected) && !isJsonObject(found.expected) && found.path[1] !== 'set-cookie';
  if (scalar && !context.hidesRef(leafOf(found))) return found.expected;
  const { headers, body } = context.test.response;
  return valueAt({ headers, body: viewBody(headers, body) }, found) ?? found.expected;
}

function shownActual(found: Found, context: JudgeContext, redaction: LiveRedaction): JsonValue | undefined {
  if (context.redactor === null || found.actual === undefined) return found.actual;
  const { response, body } = redaction.shown();
  return valueAt({ headers: response.headers, body }, found) ?? found.actual;
}

/** The value at the place of a difference in another version of the same message. */
function valueAt(
  message: { readonly headers: HeaderList; readonly body: BodyView },
  found: Found,
): JsonValue | undefined {
  const path = leafOf(found);
  const json = jsonIn(message.body);
  if (path[0] === 'body' && json !== undefined) return jsonAt(json, path.slice(1));
  if (isDescription(found)) return undefined;
  if (path[1] === 'set-cookie' && found.leaf === undefined) return wholeCookie(message.headers, found);
  return textAt(message.headers, message.body, path);
}

/** A cookie that came or went is shown with its value; attributes alone are shown as they are. */
function wholeCookie(headers: HeaderList, found: Found): string | undefined {
  if (found.kind === 'changed') return undefined;
  const values = headers.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value);
  return values[Number(found.path[2] ?? 0)];
}

/** Sizes and hashes stand for bytes that are not printed. */
function isDescription(found: Found): boolean {
  return isJsonObject(found.expected) || isJsonObject(found.actual);
}

function bothLong(expected: JsonValue, actual: JsonValue): boolean {
  return [expected, actual].some((value) => typeof value === 'string' && value.length > longestText);
}

function excerpts(expected: JsonValue, actual: JsonValue): { expected: JsonValue; actual: JsonValue } {
  const at = firstDifference(String(expected ?? ''), String(actual ?? ''));
  return { expected: excerpt(expected, at), actual: excerpt(actual, at) };
}

function excerpt(value: JsonValue, at: number): JsonValue {
  if (typeof value !== 'string') return value;
  const from = Math.max(0, at - excerptAround);
  const to = Math.min(value.length, at + excerptAround);
  return `${from > 0 ? '…' : ''}${value.slice(from, to)}${to < value.length ? '…' : ''}`;
}

function firstDifference(left: string, right: string): number {
  let at = 0;
  while (at < left.length && at < right.length && left[at] === right[at]) at++;
  return at;
}
