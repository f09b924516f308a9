/** Collects what redaction takes out of one message: each firing of a rule, with its place and what stands there now. */
import { formatPath, type Path } from '../model/path';
import type { Placeholders } from './placeholder';
import type { RedactionEntry } from './redacted';

export interface Ledger {
  readonly entries: readonly RedactionEntry[];
  /** What was taken so far and by which rule, for finding the same elsewhere. */
  readonly taken: ReadonlyMap<string, string>;
  /**
   * The placeholder for a secret (bytes as latin1) found at a place; the firing is written down. An `integer` of JSON
   * becomes one that every reader of JSON can hold.
   */
  take(secret: string, rule: string, path: Path, as?: 'text' | 'integer'): string;
}

/**
 * How long the paths of one message may be together. Whoever sends a thousand secrets deep inside can make the ledger
 * many times as large as the message; further ones are written down under the first step alone.
 */
const longestPaths = 1024 * 1024;
const unmistakable = 8;

export function createLedger(side: RedactionEntry['in'], placeholders: Placeholders): Ledger {
  const entries: RedactionEntry[] = [];
  const standing = new Set<string>();
  const taken = new Map<string, string>();
  let pathsLeft = longestPaths;
  return {
    entries,
    taken,
    take(secret, rule, path, as = 'text') {
      const place = pathsLeft > 0 ? textOf(path) : String(path[0]);
      const placeholder = as === 'integer' ? placeholders.integer(secret) : placeholders.of(secret);
      // Two passes over one text may meet: what the first put there is no secret of the second. Short ones may be chance.
      const isPlaced = standing.has(secret.length < unmistakable ? `${place} ${secret}` : secret);
      if (isPlaced && placeholder !== secret) return secret;
      taken.set(secret, rule);
      const password = rule === 'authorization' || rule === 'basic' ? passwordOfBasic(secret) : null;
      if (password !== null) taken.set(password, rule);
      if (standing.has(`${place} ${placeholder}`)) return placeholder;
      standing.add(`${place} ${placeholder}`).add(placeholder);
      pathsLeft -= place.length;
      entries.push({ in: side, path: place, rule, placeholder });
      return placeholder;
    },
  };
}

/** The password in the credentials of Basic (RFC 7617 2), which may be echoed without its user and its base64. */
function passwordOfBasic(credentials: string): string | null {
  if (!/^[\w+/-]{4,2000}={0,2}$/.test(credentials)) return null;
  const text = Buffer.from(credentials, 'base64').toString('latin1');
  const password = text.slice(text.indexOf(':') + 1);
  return text.includes(':') && /^[\x20-\x7e\x80-\xff]+$/.test(password) ? password : null;
}

/** A deeper path names what the place lies in. */
export const mostSteps = 64;
const longestPath = 1024;

/** A path that is too deep or too long to write down ends early: it then names what the secret stands in. */
function textOf(path: Path): string {
  let length = 0;
  let steps = 0;
  for (; steps < path.length && steps < mostSteps; steps++) {
    const step = path[steps] as string | number;
    length += (typeof step === 'string' ? step.length : 8) + 1;
    if (length > longestPath && steps > 0) break;
  }
  return formatPath(steps === path.length ? path : path.slice(0, steps));
}

/** Parts of a text to be replaced. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** The text with its edits made. Where two overlap the first one wins, and the rest of the other is cut away. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  if (edits.length === 0) return text;
  let out = '';
  let at = 0;
  for (const edit of edits.toSorted((a, b) => a.start - b.start)) {
    if (edit.end <= at) continue;
    out += edit.start >= at ? text.slice(at, edit.start) + edit.text : '';
    at = edit.end;
  }
  return out + text.slice(at);
}

/** Bytes read as latin1, as the text they are in UTF-8: for names that people see. */
export function readable(latin1: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it asks for anything beyond ASCII
  return /^[\x00-\x7f]*$/.test(latin1) ? latin1 : Buffer.from(latin1, 'latin1').toString('utf8');
}

/** The other way round. */
export function latin1Of(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it asks for anything beyond ASCII
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}
