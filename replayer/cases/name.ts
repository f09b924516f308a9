/**
 * Names people recognise a case by: `POST /orders/{orderId} -> 201`. The parts of a path that only identify one thing
 * (UUIDs, numbers, long hexadecimal and random tokens, placeholders of redaction) become parameters named after the
 * segment before them. Depends on nothing but its arguments, so that the same tape gives the same names everywhere.
 */
import { looksGenerated, uuidPrefix, uuidVersion, wordsOf } from '../noise/shapes';

/** `path` is origin-form; its query is dropped. `placeholders` are the texts redaction left on the tape. */
export function pathTemplate(path: string, placeholders: ReadonlySet<string> = noPlaceholders): string {
  const segments = (path.split(/[?#]/)[0] ?? '').split('/');
  const used = new Map<string, number>();
  const named = segments.map((segment, i) => {
    if (!isParameter(decoded(segment), placeholders)) return segment;
    return `{${unique(parameterName(segments, i, placeholders), used)}}`;
  });
  return named.join('/') || '/';
}

/** `METHOD /template -> result`, with `no answer` where none was recorded. */
export function caseName(
  method: string,
  path: string,
  result: number | string | null,
  placeholders: ReadonlySet<string> = noPlaceholders,
): string {
  return `${method} ${pathTemplate(path, placeholders)} -> ${result ?? 'no answer'}`;
}

/** The same of what an application is asked: `query OrderById -> 200`. Its names identify no one thing. */
export function operationName(verb: string, target: string, result: string | null): string {
  return `${verb} ${target} -> ${result ?? 'no answer'}`;
}

const noPlaceholders: ReadonlySet<string> = new Set();

function isParameter(segment: string, placeholders: ReadonlySet<string>): boolean {
  if (segment === '') return false;
  if (
    placeholders.has(segment) ||
    /^\d+$/.test(segment) ||
    uuidVersion(segment.slice(uuidPrefix(segment).length)) !== null
  )
    return true;
  return /^[0-9a-f]{16,}$/i.test(segment) || looksGenerated(segment);
}

/** The nearest word before the parameter names it: /orders/7/items/9 has orderId and itemId. */
function parameterName(segments: readonly string[], i: number, placeholders: ReadonlySet<string>): string {
  for (let before = i - 1; before >= 0; before--) {
    const segment = decoded(segments[before] ?? '');
    if (segment === '') break;
    if (!isParameter(segment, placeholders)) return idNameAfter(segment);
  }
  return 'id';
}

function idNameAfter(segment: string): string {
  const words = wordsOf(segment).map((word, i, all) => (i === all.length - 1 ? singular(word) : word));
  const [first = '', ...rest] = words;
  const joined = first + rest.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /^[a-z]/.test(joined) ? `${joined}Id` : 'id';
}

/** `orders` -> `order`, `categories` -> `category`, `addresses` -> `address`; what is no plural stays. */
export function singular(word: string): string {
  if (/(?:[^aeiou]|qu)ies$/.test(word)) return `${word.slice(0, -3)}y`;
  if (/(?:ss|sh|ch|x|z)es$/.test(word)) return word.slice(0, -2);
  if (/(?:ss|us|is|ws)$/.test(word) || word.length < 3) return word;
  return word.endsWith('s') ? word.slice(0, -1) : word;
}

function unique(name: string, used: Map<string, number>): string {
  const count = (used.get(name) ?? 0) + 1;
  used.set(name, count);
  return count === 1 ? name : `${name}${count}`;
}

/** Percent-decoding that leaves what is not decodable alone. */
function decoded(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
