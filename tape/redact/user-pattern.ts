/**
 * Patterns of the user. A pattern is text as people read it: it is run on the characters, while everything else in here
 * handles bytes.
 */
import { type Expression, findsIn, readExpression } from '../expression';
import type { Finder, Found } from './finder';
import { latin1Of, readable } from './ledger';

export type CompiledPattern =
  | { readonly kind: 'compiled'; readonly finder: Finder }
  | { readonly kind: 'refused'; readonly why: string; readonly remedy: string };

export function compilePattern(source: string, rule: string): CompiledPattern {
  const read = readExpression(source);
  if (read.kind === 'refused') return { kind: 'refused', ...explained(read) };
  const { expression: pattern } = read;
  if (findsIn(pattern, '')) {
    const remedy = 'Make it match at least one letter';
    return { kind: 'refused', why: 'the pattern matches nothing at all', remedy };
  }
  return { kind: 'compiled', finder: { rules: [rule], find: (text) => findAll(pattern, text, rule) } };
}

function explained({ why, beyondLinear }: { readonly why: string; readonly beyondLinear: boolean }) {
  return beyondLinear
    ? {
        why: `the pattern ${why}`,
        remedy: "Put what is secret into a group, and what stands around it outside:  'account (\\d+)'",
      }
    : {
        why,
        remedy: 'Write a regular expression as RE2 reads it (github.com/google/re2/wiki/Syntax), in single quotes',
      };
}

/**
 * A search for one match is linear, but one for all matches is not: before each short match the engine may have to look
 * for a long one to the end of the text. So it looks no further than this at once; a match that reaches the end of what
 * it saw is looked at again with more.
 */
const windowLength = 4096;
/** A match that begins in the last part of a window is looked for again in the next. */
const overlap = 2048;

function findAll(pattern: Expression, text: string, rule: string): Found[] {
  const characters = readable(text);
  const isBytes = characters.length === text.length || latin1Of(characters) !== text;
  const found = findInWindows(pattern, isBytes ? text : characters);
  const offsetOf = isBytes ? (position: number) => position : bytePositions(characters);
  return found.map(([start, end]) => ({ start: offsetOf(start), end: offsetOf(end), rule }));
}

type Span = readonly [start: number, end: number];

function findInWindows(pattern: Expression, text: string): Span[] {
  const found: Span[] = [];
  let length = windowLength;
  for (let from = 0; from < text.length; ) {
    const limit = Math.min(text.length, from + length);
    const next = findInWindow(pattern, { text, from, limit, isGrown: length > windowLength }, found);
    length = next.reachesEnd ? length * 2 : windowLength;
    from = next.from;
  }
  return found;
}

interface Window {
  readonly text: string;
  readonly from: number;
  readonly limit: number;
  /** It was made larger for one match, and is used for that one only. */
  readonly isGrown: boolean;
}

/** Adds the matches, and says where to go on. One that reaches the end of the window is not added yet. */
function findInWindow(
  pattern: Expression,
  { text, from, limit, isGrown }: Window,
  found: Span[],
): { readonly from: number; readonly reachesEnd: boolean } {
  const matcher = pattern.matcher(text.slice(0, limit));
  let at = from;
  while (at < limit && matcher.find(at)) {
    const [start, end] = [matcher.start(), matcher.end()];
    if (end === limit && limit < text.length) return { from: start, reachesEnd: true };
    const hasGroup = matcher.groupCount() > 0 && matcher.start(1) >= 0;
    const span: Span = hasGroup ? [matcher.start(1), matcher.end(1)] : [start, end];
    if (span[1] > span[0]) found.push(span);
    at = Math.max(end, at + 1);
    if (isGrown) return { from: at, reachesEnd: false };
  }
  return { from: limit === text.length ? limit : Math.max(at, limit - overlap), reachesEnd: false };
}

/** From positions among the characters to positions among their bytes in UTF-8; to be asked in order. */
function bytePositions(characters: string): (position: number) => number {
  let [known, bytes] = [0, 0];
  return (position) => {
    if (position < known) [known, bytes] = [0, 0];
    bytes += Buffer.byteLength(characters.slice(known, position), 'utf8');
    known = position;
    return bytes;
  };
}
