/**
 * The cheap look for names in other scripts, and in Latin letters with accents. It skips through text in ASCII: each
 * letter beyond it takes two bytes or more, so one of every second byte tells.
 */
import { mayBeForeignName } from './foreign-names';
import { latin1 } from './latin1';
import { longestName } from './names';
import { escapeLettersAt } from './word-start';

/** True where a word of these bytes (UTF-8) may be such a name, and `tells` says so. */
export function holdsForeignName(bytes: Uint8Array, length: number, tells: (word: string) => boolean): boolean {
  for (let i = 1; i <= length; i += 2) {
    if (!isBeyondAscii(bytes[i]) && !isBeyondAscii(bytes[i - 1])) continue;
    let start = i;
    while (start > 0 && isLetter(bytes[start - 1])) start--;
    let end = i;
    while (end < length && isLetter(bytes[end])) end++;
    if (end - start <= longestName && isName(latin1(bytes, start, end), tells)) return true;
    const letters = escapeLettersAt(start, (at) => bytes[at]);
    if (letters > 0 && isName(latin1(bytes, start + letters, end), tells)) return true;
    i = end;
  }
  return false;
}

function isName(word: string, tells: (word: string) => boolean): boolean {
  return mayBeForeignName(word) && tells(word);
}

function isBeyondAscii(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x80;
}

const letters = Uint8Array.from({ length: 256 }, (_, code) =>
  code >= 0x80 || /[\w-]/.test(String.fromCharCode(code)) ? 1 : 0,
);

function isLetter(byte: number | undefined): boolean {
  return letters[byte ?? 0] === 1;
}
