/** Private keys between the lines of PEM (RFC 7468) and of OpenPGP armour; one that is cut goes to the end of the text. */
import type { Found } from './finder';

const opening = '-----BEGIN ';
const openingRest = /[A-Z0-9 ]{0,30}PRIVATE KEY(?: BLOCK)?-----/y;
const closing = '-----END ';
const closingRest = /[A-Z0-9 ]{0,30}PRIVATE KEY/y;

/** What stands between the lines, without the blanks around it. */
export function findPrivateKeys(text: string): Found[] {
  const found: Found[] = [];
  for (let at = text.indexOf(opening); at >= 0; at = text.indexOf(opening, at)) {
    openingRest.lastIndex = at + opening.length;
    if (!openingRest.test(text)) {
      at += opening.length;
      continue;
    }
    const end = endOfKey(text, openingRest.lastIndex);
    const key = trimmed(text, openingRest.lastIndex, end);
    if (key.end > key.start) found.push({ ...key, rule: 'private-key' });
    at = end;
  }
  return found;
}

function endOfKey(text: string, from: number): number {
  for (let at = text.indexOf(closing, from); at >= 0; at = text.indexOf(closing, at + 1)) {
    closingRest.lastIndex = at + closing.length;
    if (closingRest.test(text)) return at;
  }
  return text.length;
}

function trimmed(text: string, from: number, to: number): { readonly start: number; readonly end: number } {
  let [start, end] = [from, to];
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return { start, end };
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
