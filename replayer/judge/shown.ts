/**
 * A difference as a report prints it: as recorded, with what that is in this run beside it; no live secret on either side;
 * of long texts the place where they differ in what nothing excuses, and never two texts that read alike.
 */
import { isJsonObject, type JsonValue } from '../../tape/json/json';
import { equalJson } from '../../tape/json/values';
import { formatPath } from '../../tape/model/path';
import { digestOf } from '../accept/accepted';
import { textAt } from '../correlate/places';
import { jwtParts } from '../noise/shapes';
import { saidOtherwise } from './causes/token';
import { placeOf } from './context';
import { type Difference, type Found, leafOf } from './difference';
import { type Asked, tokenPlace, wordReason } from './excuse';
import { lastingValue } from './lasting';
import { valueAt } from './recorded-answer';
import { firstStanding } from './words';

/** A text longer than this is shown in part: from `contextBefore` characters before its first difference that counts. */
const longestText = 120;
const contextBefore = 40;
const contextAfter = 80;

/** Stands for a live value that must not be printed. */
const hiddenValue = '(a secret of this run)';

export function shownDifference(found: Found, asked: Asked): Difference {
  if (found.inWords) return inWords(found, asked);
  const shown = withValues(found, asked);
  const redacted = asked.live.redactedIn(leafOf(found), shown);
  return Object.keys(redacted).length === 0 ? shown : { ...shown, redacted };
}

function inWords({ path, kind, expected = null, actual = null }: Found, { context }: Asked): Difference {
  return { path: formatPath(placeOf(context, path)), kind, expected, actual };
}

function withValues(found: Found, asked: Asked): Difference {
  const recorded = asked.recorded.valueOf(found) ?? null;
  const actual = shownActual(found, asked) ?? null;
  const head = { path: formatPath(placeOf(asked.context, found.path)), kind: found.kind };
  if (typeof recorded === 'string' && typeof actual === 'string') {
    const shown = shownTexts({ recorded, actual }, found, asked);
    return { ...head, ...shown, ...beyondRun({ recorded, actual }, shown, { found, asked }) };
  }
  const shown = { expected: recorded, actual };
  const beside = translation(found, recorded, asked);
  return { ...head, ...shown, ...beside, ...beyondRun({ recorded, actual }, shown, { found, asked }) };
}

/** What tells the live value from any other, in any other run. */
function beyondRun(
  { recorded, actual }: { readonly recorded: JsonValue; readonly actual: JsonValue },
  shown: Pick<Difference, 'expected' | 'actual'>,
  { found, asked }: { readonly found: Found; readonly asked: Asked },
): Pick<Difference, 'lasting' | 'whole'> {
  const path = leafOf(found);
  const lasting = lastingValue(actual, path, asked.context);
  if (shown.expected !== recorded || shown.actual !== actual) {
    return { whole: { expected: digestOf(recorded), actual: digestOf(lasting) } };
  }
  return equalJson(lasting, actual) ? {} : { lasting };
}

interface Texts {
  readonly recorded: string;
  readonly actual: string;
}

function shownTexts({ recorded, actual }: Texts, found: Found, asked: Asked) {
  const claims = claimsOf(recorded, actual, asked);
  if (claims !== null) return claims;
  const beside = translation(found, recorded, asked);
  if (Math.max(recorded.length, actual.length) <= longestText) return { expected: recorded, ...beside, actual };
  const expected = typeof found.expected === 'string' && beside.translated !== hiddenValue ? found.expected : recorded;
  const place = { path: leafOf(found), recorded };
  const said = typeof found.actual === 'string' ? found.actual : actual;
  const at = firstStanding(
    expected,
    { actual: said, shown: actual },
    (word) => wordReason(word, place, { ...asked, onTime: () => {} }) !== null,
  );
  return { expected: excerpt(expected, at.expected), actual: excerpt(actual, at.actual) };
}

/** What two tokens say otherwise, where they say something: nobody reads base64, nor ten claims for one. */
function claimsOf(
  recorded: string,
  actual: string,
  { context }: Asked,
): Pick<Difference, 'expected' | 'actual'> | null {
  const [left, right] = [jwtParts(recorded), jwtParts(actual)];
  if (left === null || right === null || JSON.stringify(left) === JSON.stringify(right)) return null;
  return saidOtherwise(left, right, tokenPlace(context));
}

/** What the recorded value is in this run, where that is another one. A live secret is named, not shown. */
function translation(found: Found, recorded: JsonValue, { context }: Asked): Pick<Difference, 'translated'> {
  if (context.expected === null || found.kind !== 'changed' || found.expected === undefined) return {};
  if (found.path[1] === 'set-cookie' || isJsonObject(found.expected) || Array.isArray(found.expected)) return {};
  if (found.expected === recorded) return {};
  return { translated: context.hidesRef(leafOf(found)) ? hiddenValue : found.expected };
}

function shownActual(found: Found, { context, live }: Asked): JsonValue | undefined {
  if (context.redactor === null || found.actual === undefined) return found.actual;
  const { response, body } = live.shown();
  const [root, ...steps] = found.path;
  if (root === 'trailer') return textAt(response.trailers, body, ['header', ...steps]);
  return valueAt({ headers: response.headers, body }, found) ?? found.actual;
}

function excerpt(text: string, at: number): string {
  const from = Math.max(0, at - contextBefore);
  const to = Math.min(text.length, at + contextAfter);
  return `${from > 0 ? '…' : ''}${text.slice(from, to)}${to < text.length ? '…' : ''}`;
}
