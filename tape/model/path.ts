/**
 * The one path dialect, for differences, noise, redaction and near misses:
 * `status` · `header["content-type"]` · `header["set-cookie"][1]` · `body.items[0].name` · `body["odd key"]` · `query.page`;
 * `bytes` and `bytes.price` are what the bytes of `body` and `body.price` show besides their value;
 * of a message of a stream, counted from 0, `message[3].body.token` and `message[3].id`; in rules also `body.items[*].at`,
 * `body.**.at` and `message[*].body.at`. `calls["POST payments:8443/charges"].header["x-tenant"]` is a place in what a build asked
 * of its dependencies. Matching is structural, never by substring.
 */
import { WiretapeError } from '../../errors/wiretape-error';

export type Path = readonly (string | number)[];

/** A path with wildcards: `any` stands for one step, `deep` for any number of steps, none included. */
export type PatternStep = string | number | { readonly wildcard: 'any' | 'deep' };
export type PathPattern = readonly PatternStep[];

const roots = [
  'status',
  'header',
  'trailer',
  'body',
  'bytes',
  'query',
  'method',
  'path',
  'outcome',
  'message',
  'calls',
];
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

/**
 * True when the pattern covers the whole path. Takes at most as many steps as pattern times path, however many `**`
 * there are: only the last `**` that was passed is ever made longer, as what an earlier one could still take it can take, too.
 */
export function coversPath(pattern: PathPattern, path: Path): boolean {
  let p = 0;
  let deep: { readonly after: number; from: number } | null = null;
  for (let i = 0; i < path.length; ) {
    const step = pattern[p];
    if (isDeep(step)) deep = { after: ++p, from: i };
    else if (step !== undefined && (typeof step === 'object' || step === path[i])) {
      p++;
      i++;
    } else if (deep === null) return false;
    else {
      i = ++deep.from;
      p = deep.after;
    }
  }
  while (isDeep(pattern[p])) p++;
  return p === pattern.length;
}

function isDeep(step: PatternStep | undefined): boolean {
  return typeof step === 'object' && step.wildcard === 'deep';
}

function unreadable(text: string, why: string): WiretapeError {
  return new WiretapeError('BAD_RULE', `Cannot read the path ${JSON.stringify(text)}: ${why}`, {
    remedy: 'Write it as body.items[*].at, body.**.at, header["content-type"], query.page or status',
  });
}
