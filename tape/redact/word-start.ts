/**
 * Where a word begins: where no letter or digit stands before it, or an escape ends, whose letters are none of the word: `\n` and
 * `\u000a` of JSON, `%0A` of URLs. So a text says the same before its escapes are undone, in strings within strings too, and in what is no JSON.
 */

/** An escape, for expressions that look behind for one. */
export const escapeSource = '(?:\\\\(?:[bfnrt]|u[0-9a-fA-F]{4})|%[0-9a-fA-F]{2})';

/** Where nothing of that stands before, or an escape ends. */
export function notBehind(source: string): string {
  return `(?:(?<!${source})|(?<=${escapeSource}))`;
}

export const wordStart = notBehind('[0-9A-Za-z]');

/** `\b`, or where an escape ends. */
export const wordEdge = `(?:\\b|(?<=${escapeSource}))`;

/** The code of a byte or character; none beyond the ends. */
export type CodeAt = (position: number) => number | undefined;

/** How many characters from there on are letters of an escape whose backslash, or percent sign, stands before them. */
export function escapeLettersAt(position: number, codeAt: CodeAt): number {
  const before = codeAt(position - 1);
  if (before === percentSign) return areHex(2, position, codeAt) ? 2 : 0;
  if (before !== backslash) return 0;
  const code = codeAt(position) ?? 0;
  if (code === smallU) return areHex(4, position + 1, codeAt) ? unicodeLetters : 0;
  return isEscapeLetter(code) ? 1 : 0;
}

/** True where an escape ends just before that position. */
export function followsEscape(position: number, codeAt: CodeAt): boolean {
  return (
    escapeLettersAt(position - 1, codeAt) === 1 ||
    escapeLettersAt(position - 2, codeAt) === 2 ||
    escapeLettersAt(position - unicodeLetters, codeAt) === unicodeLetters
  );
}

/** `b`, `f`, `n`, `r` and `t`. */
export function isEscapeLetter(code: number): boolean {
  return code === 0x62 || code === 0x66 || code === 0x6e || code === 0x72 || code === 0x74;
}

/** `u` and four digits. */
export const unicodeLetters = 5;
export const backslash = 0x5c;
export const percentSign = 0x25;
export const smallU = 0x75;

function areHex(count: number, position: number, codeAt: CodeAt): boolean {
  for (let i = 0; i < count; i++) if (!isHex(codeAt(position + i))) return false;
  return true;
}

function isHex(code: number | undefined): boolean {
  if (code === undefined) return false;
  const lower = code | 0x20;
  return (code >= 0x30 && code <= 0x39) || (lower >= 0x61 && lower <= 0x66);
}
