/**
 * The one path dialect, for differences, noise, redaction and near misses:
 * `status` · `header["content-type"]` · `header["set-cookie"][1]` · `body.items[0].name` · `body["odd key"]` · `query.page`;
 * of a message of a stream, counted from 0, `message[3].body.token` and `message[3].id`; in rules also `body.items[*].at`,
 * `body.**.at` and `message[*].body.at`. Matching is structural, never by substring.
 */
import { WiretapeError } from '../../errors/wiretape-error';

export type Path = readonly (string | number)[];

/** A path with wildcards: `any` stands for one step, `deep` for any number of steps, none included. */
export type PatternStep = string | number | { readonly wildcard: 'any' | 'deep' };
export type PathPattern = readonly PatternStep[];

const roots = ['status', 'header', 'trailer', 'body', 'query', 'method', 'path', 'outcome', 'message'];
const plainName = /^[A-Za-z_$][\w$-]*$/;

/** The text of a path; `parsePath` reads it back. */
export function formatPath(path: Path): string {
  return path
    .map((step, i) => {
      if (typeof step === 'number') return `[${step}]`;
      const root = path[0];
      const quoted = i > 0 && (root === 'header' || root === 'trailer' || !plainName.test(step));
      if (quoted) return `[${JSON.stringify(step)}]`;
      return i === 0 ? step : `.${step}`;
    })
    .join('');
}

/** Where the message stands that a place is in, as `formatPath` wrote it; null where it is in none. */
export function messageIn(path: string): number | null {
  const found = /^message\[(\d+)\]/.exec(path);
  return found === null ? null : Number(found[1]);
}

/** Throws BAD_RULE on text that is no path, or that holds wildcards. */
export function parsePath(text: string): Path {
  return parsePathPattern(text).map((step) => {
    if (typeof step === 'object') {
      throw unreadable(text, 'wildcards are for rules');
    }
    return step;
  });
}

/** Throws BAD_RULE on text that is no path pattern. Header and trailer names are taken as lower-case. */
export function parsePathPattern(text: string): PathPattern {
  const root = /^[a-z]+/.exec(text)?.[0];
  if (root === undefined || !roots.includes(root))
    throw unreadable(text, `it does not begin with one of ${roots.join(', ')}`);
  const steps: PatternStep[] = [root];
  const step = /\.\*\*(?=\.|\[|$)|\.\*(?=\.|\[|$)|\.([A-Za-z_$][\w$-]*)|\[\*\]|\[(\d+)\]|\[("(?:[^"\\]|\\.)*")\]/y;
  step.lastIndex = root.length;
  while (step.lastIndex < text.length) {
    const at = step.lastIndex;
    const found = step.exec(text);
    if (found === null) throw unreadable(text, `nothing fits at ${JSON.stringify(text.slice(at))}`);
    steps.push(stepOf(found, text));
  }
  const named = root === 'header' || root === 'trailer';
  return named ? steps.map((s, i) => (i === 1 && typeof s === 'string' ? s.toLowerCase() : s)) : steps;
}

function stepOf(found: RegExpExecArray, text: string): PatternStep {
  if (found[0] === '.**') return { wildcard: 'deep' };
  if (found[0] === '.*' || found[0] === '[*]') return { wildcard: 'any' };
  if (found[2] !== undefined) return Number(found[2]);
  if (found[3] !== undefined) return quotedName(found[3], text);
  return found[1] ?? '';
}

function quotedName(quoted: string, text: string): string {
  try {
    return JSON.parse(quoted) as string;
  } catch {
    throw unreadable(text, `${quoted} is no JSON string`);
  }
}

/** True when the pattern covers the whole path. */
export function coversPath(pattern: PathPattern, path: Path): boolean {
  return coversFrom(pattern, path, 0, 0);
}

function coversFrom(pattern: PathPattern, path: Path, p: number, i: number): boolean {
  const step = pattern[p];
  if (step === undefined) return i === path.length;
  if (typeof step === 'object' && step.wildcard === 'deep') {
    for (let skip = i; skip <= path.length; skip++) if (coversFrom(pattern, path, p + 1, skip)) return true;
    return false;
  }
  if (i >= path.length) return false;
  const fits = typeof step === 'object' || step === path[i];
  return fits && coversFrom(pattern, path, p + 1, i + 1);
}

function unreadable(text: string, why: string): WiretapeError {
  return new WiretapeError('BAD_RULE', `Cannot read the path ${JSON.stringify(text)}: ${why}`, {
    remedy: 'Write it as body.items[*].at, body.**.at, header["content-type"], query.page or status',
  });
}
