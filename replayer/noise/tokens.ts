/**
 * Cuts a text into the words in which values travel: path segments, query values, header parts, ids in a sentence.
 * A point in time and a UUID stay whole. Nothing is decoded.
 */

export interface Token {
  readonly text: string;
  readonly start: number;
}

const time = String.raw`\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?`;
const httpTime = String.raw`(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d[ -][A-Z][a-z]{2}[ -]\d{4} \d\d:\d\d:\d\d (?:GMT|[+-]\d{4})`;
/** Base64 may hold the `+`, `/` and `=` that part other words: it is one where a policy or a page says that it is. */
const base64 = '[A-Za-z0-9+/_-]{8,}={0,2}';
const nonce = `nonce(?=-${base64})|(?<=nonce-)${base64}`;
/** What is called a nonce is one whatever it begins with; elsewhere a slash begins a path, and words have no digit. */
const nonceAttribute = `(?<=\\bnonce=["'])[A-Za-z0-9+/_-]{16,}={0,2}(?=["'])`;
const attribute = `(?<=\\b(?:content|value)=["'])(?=[^"']*\\d)[A-Za-z0-9+][A-Za-z0-9+/]{15,}={0,2}(?=["'])`;
const word = `(?!(?<=nonce)-${base64})[A-Za-z0-9_~%-](?:[A-Za-z0-9_~.%-]*[A-Za-z0-9_~%-])?`;
const pattern = new RegExp(`${time}|${httpTime}|${nonce}|${nonceAttribute}|${attribute}|${word}`, 'g');

/** Nothing but one word: most texts are, and what else there is need not be looked for in them. */
const oneWord = /^[A-Za-z0-9_~%-](?:[A-Za-z0-9_~.%-]*[A-Za-z0-9_~%-])?$/;

/** The tokens of a text in order. */
export function tokensOf(text: string): Token[] {
  if (oneWord.test(text) && !text.includes('nonce')) return [{ text, start: 0 }];
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

/**
 * What a token is called: the word before it where an `=` or `:` stands between, as in `token=abc`; in
 * `name="csrf-token" content="abc"` the name; `nonce` in `'nonce-abc'`.
 */
export function keyBefore(text: string, tokens: readonly Token[], i: number): string | null {
  const key = wordBefore(text, tokens, i);
  const isValue = key === 'content' || key === 'value';
  return isValue && wordBefore(text, tokens, i - 2) === 'name' ? (tokens[i - 2]?.text ?? key) : key;
}

function wordBefore(text: string, tokens: readonly Token[], i: number): string | null {
  const before = tokens[i - 1];
  const token = tokens[i];
  if (before === undefined || token === undefined) return null;
  const between = text.slice(before.start + before.text.length, token.start);
  if (before.text === 'nonce' && between === '-') return before.text;
  return /^["']?\s*[=:]\s*["']?$/.test(between) ? before.text : null;
}

/** A text longer than this is no address and no page: it is compared as a whole. */
export const longestTokenisedText = 1024 * 1024;
