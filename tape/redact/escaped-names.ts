/**
 * The cheap look for names that are written with escapes of JSON: letters of ASCII, where somebody escapes without need, and all
 * others, as Python, PHP, .NET and Ruby write them unless they are told not to (`"contrase\u00f1a"`, `"\u5bc6\u7801"`). Undoing the
 * escapes of every text would cost more than the look, so that only words are read that a name may stand in.
 */
import { foreignLetters, mayBeForeignName } from './foreign-names';
import { latin1Of } from './ledger';
import { longestName } from './names';

/** True where one of the words that escapes are part of may be a name, and `tells` says so. `text` is bytes read as latin1. */
export function hidesNames(text: string, tells: (word: string) => boolean): boolean {
  return text.includes('\\u') && (needless.test(text) || holdsEscapedName(text, tells));
}

/** Go and PHP write & < > ' " as escapes; names hold none of them. And digits that are set apart by escaped blanks. */
const needless = /\\u00(?:2[d-f]|3\d|[4-7][0-9a-f])|\d\\u(?:00[2a]0|202f|2011)\d/i;

/** The backslash of an escape is doubled with every string that it lies in. */
const escapedStems = new RegExp(foreignLetters.map(asEscapes).join('|'), 'gi');

function asEscapes(letters: string): string {
  return Array.from(letters, (letter) =>
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is not escaped
    /[\x00-\x7f]/.test(letter) ? letter : `\\\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
  ).join('\\\\*');
}

function holdsEscapedName(text: string, tells: (word: string) => boolean): boolean {
  escapedStems.lastIndex = 0;
  for (let stem = escapedStems.exec(text); stem !== null; stem = escapedStems.exec(text)) {
    const end = endOfWord(text, escapedStems.lastIndex);
    const word = latin1Of(unescaped(text.slice(beginningOfWord(text, stem.index), end)));
    if (word.length <= 3 * longestName && mayBeForeignName(word) && tells(word)) return true;
    escapedStems.lastIndex = end;
  }
  return false;
}

/** Every letter of it may be an escape. */
const longestWord = 8 * longestName;
const partOfWord = /[\w\\-]/;

function beginningOfWord(text: string, at: number): number {
  let start = at;
  while (start > 0 && at - start < longestWord && partOfWord.test(text.charAt(start - 1))) start--;
  return start;
}

function endOfWord(text: string, at: number): number {
  let end = at;
  while (end < text.length && end - at < longestWord && partOfWord.test(text.charAt(end))) end++;
  return end;
}

/** Backslashes that are left are those of quotes and of doubled ones. */
function unescaped(word: string): string {
  const letters = word.replace(/\\u([0-9a-f]{4})/gi, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
  return letters.replaceAll('\\', '');
}
