/**
 * Several JSON texts in one body: JSON Lines (NDJSON), and JSON text sequences (RFC 7464), as logs, bulk requests and
 * watches send them. Where each text stands, so that one can change and the rest keep its bytes.
 */
import { type JsonValue, parseJson } from '../json/json';
import { isJsonType } from './media-type';

/** `lines`: each text on a line of its own. `sequence`: a record separator before each. */
export type ItemLayout = 'lines' | 'sequence';

export interface ItemSpan {
  readonly start: number;
  readonly end: number;
}

const lineTypes = /^application\/(?:x-)?(?:ndjson|jsonl|jsonlines|json-lines|json-stream)$/;
const sequenceTypes = /^application\/(?:[\w.-]+\+)?json-seq$/;
/** What no single JSON text can hold outside of its strings. */
const nextLine = /[}\]]\r?\n[{[]/;

/** How a body of that type is laid out; null where it is one text. Services also send lines under the type of one. */
export function itemLayoutOf(essence: string, text: string): ItemLayout | null {
  if (lineTypes.test(essence)) return 'lines';
  if (sequenceTypes.test(essence)) return 'sequence';
  return isJsonType(essence) && nextLine.test(text) ? 'lines' : null;
}

/** Where the texts stand; blank lines and records are passed over. */
export function itemSpans(text: string, layout: ItemLayout): readonly ItemSpan[] {
  const separator = layout === 'lines' ? '\n' : '\u001e';
  const spans: ItemSpan[] = [];
  for (let at = 0; at < text.length; ) {
    const next = text.indexOf(separator, at);
    const stop = next < 0 ? text.length : next;
    const span = trimmed(text, at, stop);
    if (span.end > span.start) spans.push(span);
    at = stop + 1;
  }
  return spans;
}

function trimmed(text: string, from: number, to: number): ItemSpan {
  let [start, end] = [from, to];
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return { start, end };
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** The values in order; undefined where there is none, or one of them is no JSON. */
export function parseItems(text: string, layout: ItemLayout): readonly JsonValue[] | undefined {
  const values: JsonValue[] = [];
  for (const { start, end } of itemSpans(text, layout)) {
    const value = parseJson(text.slice(start, end));
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values.length === 0 ? undefined : values;
}

/** The text with each item as `rewrite` gives it back; everything between them stays. */
export function rewriteItems(
  text: string,
  layout: ItemLayout,
  rewrite: (item: string, index: number) => string,
): string {
  let at = 0;
  let after = '';
  for (const [i, { start, end }] of itemSpans(text, layout).entries()) {
    after += text.slice(at, start) + rewrite(text.slice(start, end), i);
    at = end;
  }
  return after + text.slice(at);
}
