/**
 * `"password": "x"` and `'password' => 'x'` in text: as they are, with their quotes escaped once or more, and as JSON is written
 * into attributes of markup (`&quot;password&quot;:&quot;x&quot;`) and into URLs (`%22password%22%3A%22x%22`).
 */
import { endOfString } from './json-strings';
import { matchAt, type Span } from './match';

export type Quoted = Span & { readonly writing: 'json' | 'percent' | 'plain' };

const opening = /(?:\\*["']|&(?:amp;){0,2}(?:quot|apos|#34|#39|#x22|#x27);|%2[27])$/i;
const longestQuote = 20;

export function quotedMember(text: string, name: Span): Quoted | undefined {
  const quote = opening.exec(text.slice(Math.max(0, name.start - longestQuote), name.start))?.[0];
  if (quote === undefined || !text.startsWith(quote, name.end)) return undefined;
  const isEncoded = quote.startsWith('%');
  const separator = matchAt(isEncoded ? encodedSeparator : plainSeparator, text, name.end + quote.length);
  if (separator === undefined) return undefined;
  if (!text.startsWith(quote, separator.end)) return numberAt(text, separator.end);
  const start = separator.end + quote.length;
  if (quote === '"') return { start, end: endOfString(text, start), writing: 'json' };
  const end = closingOf(quote, text, start);
  return { start, end, writing: isEncoded ? 'percent' : 'plain' };
}

const plainSeparator = /\s*(?::|=>|=)\s*/y;
const encodedSeparator = /(?:%20|[+\s])*(?::|=|%3A|%3D(?:%3E)?)(?:%20|[+\s])*/iy;

/** Quotes that are written as something else are escaped as any other within the string. */
function closingOf(quote: string, text: string, start: number): number {
  const isBare = /^\\*["']$/.test(quote);
  for (let end = text.indexOf(quote, start); end >= 0; end = text.indexOf(quote, end + 1))
    if (isBare || !/(?:\\|%5C)$/i.test(text.slice(Math.max(start, end - 3), end))) return end;
  return text.length;
}

function numberAt(text: string, at: number): Quoted | undefined {
  const number = matchAt(/-?\d[\d.]{2,}/y, text, at);
  return number === undefined ? undefined : { ...number, writing: 'plain' };
}
