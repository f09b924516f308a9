/**
 * How a difference is told in words, in every format: both values, of long ones the place where they part, with what
 * stands around it. A report never shows two texts that read alike.
 */
import { type JsonValue, stringifyJson } from '../../tape/json/json';
import type { Difference } from '../judge/difference';

const longestValue = 160;
const shownBefore = 60;

/** What a format does with the values of a sentence: escape them, paint them. */
export interface Painting {
  readonly expected: (text: string) => string;
  readonly actual: (text: string) => string;
  /** Of names that stand beside the values. */
  readonly beside: (text: string) => string;
}

const same = (text: string): string => text;
const plain: Painting = { expected: same, actual: same, beside: same };

/** Both values in one line, cut: `now` is the expected one as it is in this run, null where it is as recorded. */
export interface ValueTexts {
  readonly expected: string;
  readonly now: string | null;
  readonly actual: string;
}

export function valueTexts({ expected, translated, accepted, actual }: Difference): ValueTexts {
  if (accepted !== undefined) {
    const [recorded = '', now = '', live = ''] = aroundDifference([expected, accepted.value ?? null, actual]);
    return { expected: recorded, now: accepted.value === undefined ? 'nothing' : now, actual: live };
  }
  const values = [expected, translated ?? expected, actual];
  const [left = '', now = '', right = ''] = aroundDifference(values);
  return { expected: left, now: translated === undefined ? null : now, actual: right };
}

/** `expected 1, got 2`. */
export function valuesSentence(difference: Difference, paint: Painting = plain): string {
  const { kind, redacted } = difference;
  const texts = valueTexts(difference);
  if (difference.accepted !== undefined) return acceptedSentence(difference, texts, paint);
  const inRun = texts.now === null ? '' : ` (in this run ${paint.expected(texts.now)})`;
  const expected = paint.expected(texts.expected) + redactedMark(redacted?.expected, paint) + inRun;
  const actual = paint.actual(texts.actual) + redactedMark(redacted?.actual, paint);
  switch (kind) {
    case 'added':
      return `added: got ${actual}, the recording has none`;
    case 'removed':
      return `removed: expected ${expected}`;
    case 'reordered':
      return `reordered: expected ${expected}, got ${actual}`;
    case 'unchanged':
      return `unchanged: still ${actual}, and what it stands for is another`;
    default:
      return `expected ${expected}, got ${actual}`;
  }
}

/** `expected 2 (accepted: shop.accepted.yaml:3), got 3`. */
function acceptedSentence({ kind, accepted }: Difference, { now, actual }: ValueTexts, paint: Painting): string {
  const expected = `expected ${paint.expected(now ?? '')} (accepted: ${paint.beside(accepted?.rule ?? '')})`;
  if (kind === 'removed') return `${expected}, got nothing`;
  const again = kind === 'unchanged' ? ', as recorded' : '';
  return `${expected}, got ${paint.actual(actual)}${again}`;
}

/** With its place in front: for formats that have no columns. */
export function differenceSentence(difference: Difference): string {
  return `${difference.path}: ${valuesSentence(difference)}`;
}

/** Placeholders look like what they stand for: nobody should take one for a value of the service. */
function redactedMark(rule: string | undefined, { beside }: Painting): string {
  return rule === undefined ? '' : ` (redacted: ${beside(rule)})`;
}

/** Cuts what is too long around the place where the last two part. */
function aroundDifference(values: readonly JsonValue[]): readonly string[] {
  const texts = values.map(stringifyJson);
  if (values.every(isShort)) return texts;
  const [now = '', actual = ''] = texts.slice(-2);
  let at = 0;
  while (at < now.length && at < actual.length && now[at] === actual[at]) at++;
  const from = Math.max(0, at - shownBefore);
  return texts.map((text) => {
    const end = from + longestValue;
    return `${from > 0 ? '…' : ''}${text.slice(from, end)}${text.length > end ? '…' : ''}`.toWellFormed();
  });
}

/** Of a text its characters count, not what writing it down makes of them: what the judge cut stays as it is. */
function isShort(value: JsonValue): boolean {
  return (typeof value === 'string' ? value : stringifyJson(value)).length <= longestValue;
}
