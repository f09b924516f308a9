/**
 * Cuts a text into the words in which values travel: path segments, query values, header parts, ids in a sentence.
 * A point in time and a UUID stay whole. Nothing is decoded.
 */

export interface Token {
  readonly text: string;
  readonly start: number;
}

const time = String.raw`\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?`;
const httpTime = String.raw`(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d[ -][A-Z][a-z]{2}[ -]\d{4} \d\d:\d\d:\d\d GMT`;
const word = '[A-Za-z0-9_~%-](?:[A-Za-z0-9_~.%-]*[A-Za-z0-9_~%-])?';
const pattern = new RegExp(`${time}|${httpTime}|${word}`, 'g');

/** The tokens of a text in order. */
export function tokensOf(text: string): Token[] {
  const found: Token[] = [];
  for (const match of text.matchAll(pattern)) found.push({ text: match[0], start: match.index });
  return found;
}

/** What stands between the tokens, joined by a character that no token holds. */
export function glueOf(text: string, tokens: readonly Token[]): string {
  let at = 0;
  const parts = tokens.map((token) => {
    const part = text.slice(at, token.start);
    at = token.start + token.text.length;
    return part;
  });
  return [...parts, text.slice(at)].join('A');
}

/** The word before a token where an `=` or `:` stands between, as in `token=abc`. */
export function keyBefore(text: string, tokens: readonly Token[], i: number): string | null {
  const before = tokens[i - 1];
  const token = tokens[i];
  if (before === undefined || token === undefined) return null;
  const between = text.slice(before.start + before.text.length, token.start);
  return /^["']?\s*[=:]\s*["']?$/.test(between) ? before.text : null;
}

/** A text longer than this is no address and no page: it is compared as a whole. */
export const longestTokenisedText = 1024 * 1024;
