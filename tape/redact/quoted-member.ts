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
  const end = closingQuote(text, start, quote);
  return { start, end, writing: isEncoded ? 'percent' : 'plain' };
}

const plainSeparator = /\s*(?::|=>|=)\s*/y;
const encodedSeparator = /(?:%20|[+\s])*(?::|=|%3A|%3D(?:%3E)?)(?:%20|[+\s])*/iy;

/** Where the string ends. A quote that is escaped within it is one of the text, in strings within strings, too; and one that is doubled, as in SQL and YAML. */
export function closingQuote(text: string, start: number, quote: string): number {
  const ownBackslashes = /^\\*/.exec(quote)?.[0].length ?? 0;
  for (let end = text.indexOf(quote, start); end >= 0; end = text.indexOf(quote, end + 1)) {
    if (end > start && quote.length === 1 && text.charAt(end + 1) === quote) {
      end++;
      continue;
    }
    const backslashes = backslashesIn(text.slice(Math.max(start, end - longestRun), end));
    // Where the quotes have one of their own, each backslash of the text is written as two; and so on.
    if (Math.floor(backslashes / (ownBackslashes + 1)) % 2 === 0) return end;
  }
  return text.length;
}

const longestRun = 64;

/** Those at the end of it. */
function backslashesIn(before: string): number {
  const run = /(?:\\|%5C)+$/i.exec(before)?.[0] ?? '';
  return run.replace(/%5C/gi, '\\').length;
}

function numberAt(text: string, at: number): Quoted | undefined {
  const number = matchAt(/-?\d[\d.]{2,}/y, text, at);
  return number === undefined ? undefined : { ...number, writing: 'plain' };
}
