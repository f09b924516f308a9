/** Collects what redaction takes out of one message: each firing of a rule, with its place and what stands there now. */
import { formatPath, type Path } from '../model/path';
import type { Placeholders } from './placeholder';
import type { RedactionEntry } from './redacted';

export interface Ledger {
  readonly entries: readonly RedactionEntry[];
  /** What was taken so far, for finding the same elsewhere in the exchange. */
  readonly taken: ReadonlyMap<string, string>;
  /** The placeholder for a secret (bytes as latin1) found at a place; the firing is written down. */
  take(secret: string, rule: string, path: Path): string;
}

export function createLedger(side: RedactionEntry['in'], placeholders: Placeholders): Ledger {
  const entries: RedactionEntry[] = [];
  const standing = new Set<string>();
  const taken = new Map<string, string>();
  return {
    entries,
    taken,
    take(secret, rule, path) {
      const place = textOf(path);
      // Two passes over one text may meet: what the first put there is no secret of the second.
      if (standing.has(`${secret} ${place}`)) return secret;
      const placeholder = placeholders.of(secret);
      taken.set(secret, rule);
      if (standing.has(`${placeholder} ${place}`)) return placeholder;
      standing.add(`${placeholder} ${place}`);
      entries.push({ in: side, path: place, rule, placeholder });
      return placeholder;
    },
  };
}

/** Paths of headers are the same objects again and again. */
const pathTexts = new WeakMap<Path, string>();

function textOf(path: Path): string {
  const known = pathTexts.get(path);
  if (known !== undefined) return known;
  const text = formatPath(path);
  pathTexts.set(path, text);
  return text;
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
