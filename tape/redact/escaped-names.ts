/**
 * The cheap look for names that are written with escapes of JSON: letters of ASCII, where somebody escapes without need, and all
 * others, as Python, PHP, .NET and Ruby write them unless they are told not to (`"contrase\u00f1a"`, `"\u5bc6\u7801"`). Undoing the
 * escapes of every text would cost more than the look, so that only words are read that a name may stand in.
 */
import { foreignLetters, mayBeForeignName } from './foreign-names';
import { latin1Of } from './ledger';
import { longestName } from './names';
import { backslash, smallU } from './word-start';

/** True where one of the words that escapes are part of may be a name, and `tells` says so. `text` is bytes read as latin1. */
export function hidesNames(text: string, tells: (word: string) => boolean): boolean {
  return text.includes('\\u') && (needless.test(text) || holdsEscapedName(text, tells));
}

/** Go and PHP write & < > ' " as escapes; names hold none of them. And digits that are set apart by escaped blanks. */
const needless = /\\u00(?:2[d-f]|3\d|[4-7][0-9a-f])|\d\\u(?:00[2a]0|202f|2011)\d/i;

function holdsEscapedName(text: string, tells: (word: string) => boolean): boolean {
  for (let at = text.indexOf('\\u'); at >= 0; at = text.indexOf('\\u', at)) {
    if (!beginsStem(text, at)) {
      at += escapeSize;
      continue;
    }
    const end = endOfWord(text, at);
    const word = latin1Of(unescaped(text.slice(beginningOfWord(text, at), end)));
    if (word.length <= 3 * longestName && mayBeForeignName(word) && tells(word)) return true;
    at = Math.max(end, at + escapeSize);
  }
  return false;
}

/** `\u` and four digits. */
const escapeSize = 6;

/** By the letter that they begin with: the letters behind it. */
const stemsByLetter: ReadonlyMap<number, readonly string[]> = grouped(foreignLetters);

function grouped(stems: readonly string[]): ReadonlyMap<number, readonly string[]> {
  const groups = new Map<number, readonly string[]>();
  for (const stem of stems) {
    const first = stem.charCodeAt(0);
    groups.set(first, [...(groups.get(first) ?? []), stem.slice(1)]);
  }
  return groups;
}

function beginsStem(text: string, at: number): boolean {
  return stemsByLetter.get(letterOf(text, at))?.some((letters) => followIn(text, at + escapeSize, letters)) === true;
}

/** The backslash of an escape is doubled with every string that it lies in. A letter of ASCII is none. */
function followIn(text: string, from: number, letters: string): boolean {
  let at = from;
  for (let i = 0; i < letters.length; i++) {
    const letter = letters.charCodeAt(i);
    const isEscaped = letter >= 0x80;
    if (isEscaped) at = lastBackslash(text, at);
    if ((isEscaped ? letterOf(text, at) : text.charCodeAt(at)) !== letter) return false;
    at += isEscaped ? escapeSize : 1;
  }
  return true;
}

function lastBackslash(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === backslash && text.charCodeAt(at + 1) === backslash) at++;
  return at;
}

/** What the escape there stands for; NaN where there is none. */
function letterOf(text: string, at: number): number {
  if (text.charCodeAt(at) !== backslash || text.charCodeAt(at + 1) !== smallU) return Number.NaN;
  let letter = 0;
  for (let i = at + 2; i < at + escapeSize; i++) letter = letter * 16 + (digits[text.charCodeAt(i)] ?? Number.NaN);
  return letter;
}

const digits = Float64Array.from({ length: 128 }, (_, code) => Number.parseInt(String.fromCharCode(code), 16));

/** Every letter of it may be an escape. */
const longestWord = 8 * longestName;
const partsOfWord = Uint8Array.from({ length: 256 }, (_, code) => (/[\w\\-]/.test(String.fromCharCode(code)) ? 1 : 0));

function beginningOfWord(text: string, at: number): number {
  let start = at;
  while (start > 0 && at - start < longestWord && partsOfWord[text.charCodeAt(start - 1)] === 1) start--;
  return start;
}

function endOfWord(text: string, at: number): number {
  let end = at;
  while (end < text.length && end - at < longestWord && partsOfWord[text.charCodeAt(end)] === 1) end++;
  return end;
}

/** Backslashes that are left are those of quotes and of doubled ones. */
function unescaped(word: string): string {
  let letters = '';
  for (let at = 0; at < word.length; ) {
    const letter = letterOf(word, at);
    if (letter >= 0) letters += String.fromCharCode(letter);
    else if (word.charCodeAt(at) !== backslash) letters += word.charAt(at);
    at += letter >= 0 ? escapeSize : 1;
  }
  return letters;
}
