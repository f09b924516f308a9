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
