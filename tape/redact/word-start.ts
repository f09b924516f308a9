/**
 * Where a word begins: where no letter or digit stands before it, or an escape of JSON ends (`\n`, `\u000a`), whose letters are none
 * of the word. So a text says the same before its escapes are undone, in strings within strings too, and in what is no JSON.
 */

/** An escape, for expressions that look behind for one. */
export const escapeSource = '\\\\(?:[bfnrt]|u[0-9a-fA-F]{4})';

export const wordStart = `(?:(?<![0-9A-Za-z])|(?<=${escapeSource}))`;

/** The code of a byte or character; none beyond the ends. */
export type CodeAt = (position: number) => number | undefined;

/** How many characters from there on are letters of an escape whose backslash stands before them. */
export function escapeLettersAt(position: number, codeAt: CodeAt): number {
  if (codeAt(position - 1) !== backslash) return 0;
  const code = codeAt(position) ?? 0;
  if (code === smallU) return [1, 2, 3, 4].every((i) => isHex(codeAt(position + i))) ? unicodeLetters : 0;
  return isEscapeLetter(code) ? 1 : 0;
}

/** True where an escape ends just before that position. */
export function followsEscape(position: number, codeAt: CodeAt): boolean {
  return (
    escapeLettersAt(position - 1, codeAt) === 1 || escapeLettersAt(position - unicodeLetters, codeAt) === unicodeLetters
  );
}

/** `b`, `f`, `n`, `r` and `t`. */
export function isEscapeLetter(code: number): boolean {
  return code === 0x62 || code === 0x66 || code === 0x6e || code === 0x72 || code === 0x74;
}

/** `u` and four digits. */
export const unicodeLetters = 5;
export const backslash = 0x5c;
export const smallU = 0x75;

function isHex(code: number | undefined): boolean {
  if (code === undefined) return false;
  const lower = code | 0x20;
  return (code >= 0x30 && code <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}
