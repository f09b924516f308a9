/**
 * Searches texts for the formats of patterns.ts, and derives from the same table the cheap look that comes before it: the
 * characters keys are made of, how short one can be, and two characters that stand side by side in each. A row that is
 * added to the table is seen by both.
 */
import type { Found } from './finder';
import { startsIn } from './pattern-starts';
import { type Pattern, patterns } from './patterns';
import { findPrivateKeys } from './private-key';
import { findPuttyKeys } from './putty-key';
import { beginningOf, charactersOf, type Shape, shapeOf, shortestOf, sourceOf, tellingPairs } from './shape';
import { unicodeLetters, wordStart } from './word-start';

const whole = new RegExp(`${wordStart}(?:${patterns.map(({ prefix, rest }) => `(${prefix}${rest})`).join('|')})`, 'y');
const cutShort = new RegExp(
  `${wordStart}(?:${patterns.map(({ prefix, cut }) => (cut === '' ? '((?!))' : `(${prefix}${cut})`)).join('|')})$`,
);

/** The end of a text in which a secret may be cut short; longer ones were found whole. */
const cutWindow = 512;

/** All secrets known by their looks; `isCut` says that the text may end in the middle of one. */
export function findPatterns(text: string, isCut: boolean): Found[] {
  const found = wholeIn(text);
  const end = found.at(-1)?.end ?? 0;
  found.push(...findPrivateKeys(text), ...findPuttyKeys(text));
  if (!isCut) return found;
  const offset = Math.max(0, text.length - cutWindow);
  const last = cutShort.exec(text.slice(offset));
  if (last !== null && end <= last.index + offset) found.push(foundBy(last, offset));
  return found;
}

/** As a search from left to right finds them: it is tried only where one may begin. */
function wholeIn(text: string): Found[] {
  const found: Found[] = [];
  let end = 0;
  for (const start of startsIn(text)) {
    if (start < end) continue;
    whole.lastIndex = start;
    const match = whole.exec(text);
    if (match === null) continue;
    found.push(foundBy(match, 0));
    end = whole.lastIndex;
  }
  return found;
}

function foundBy(match: RegExpExecArray, offset: number): Found {
  const group = match.findIndex((value, i) => i > 0 && value !== undefined);
  const start = match.index + offset;
  return { start, end: start + match[0].length, rule: patterns[group - 1]?.rule ?? '' };
}

/** The others only follow a word, such as `Bearer`, and the look at words sees that. */
const startsByItself = ({ prefix }: Pattern): boolean => shapeOf(prefix).length > 0;
const keys = patterns.filter(startsByItself);
const shapes: readonly Shape[] = keys.map(({ prefix, rest }) => shapeOf(prefix + rest));
const cutShapes: readonly Shape[] = keys
  .filter(({ cut }) => cut !== '')
  .map(({ prefix, cut }) => shapeOf(prefix + cut));

/** The length of the shortest key; a run of key characters that is shorter holds none, unless the text ends there. */
export const shortestKey = Math.min(...shapes.map(shortestOf));

/** 1 for every character that may stand in a key. */
export const keyCharacters = marked(
  256,
  shapes.concat(cutShapes).flatMap((shape) => [...charactersOf(shape)]),
);

/**
 * What a run of key characters holds if it holds a key, by two characters that stand side by side in every key of that
 * format (`first << 8 | second`): expressions for the beginnings of the formats that have these two.
 */
export const keyStarts: ReadonlyMap<number, RegExp> = startsByPair();

/** Any format there, whole or cut short, whatever it must stand behind. */
const anyKey = new RegExp(
  keys
    .map(({ prefix, rest, cut }) => withoutLooksBehind(prefix) + (cut === '' ? rest : `(?:${rest}|${cut})`))
    .join('|'),
  'y',
);

/** True where one of the formats stands in a run of key characters: at the beginning of a word, or behind an escape that began before the run. */
export function holdsKey(run: string): boolean {
  const isHere = (start: number): boolean => {
    anyKey.lastIndex = start;
    return anyKey.test(run);
  };
  for (let start = 0; start <= unicodeLetters; start++) if (isHere(start)) return true;
  return startsIn(run).some(isHere);
}

/** 1 for every pair that has such an expression. */
export const keyPairs = marked(1 << 16, [...keyStarts.keys()]);

function withoutLooksBehind(prefix: string): string {
  return prefix.replace(/^(?:\(\?<[=!](?:[^()]|\([^()]*\))*\))+/, '');
}

function startsByPair(): Map<number, RegExp> {
  const sources = new Map<number, Set<string>>();
  for (const { prefix, rest, cut } of keys) {
    const whole = tellingPairs(shapeOf(prefix + rest)) ?? [];
    const short = cut === '' ? [] : (tellingPairs(shapeOf(prefix + cut)) ?? []);
    const start = sourceOf(beginningOf(shapeOf(prefix)));
    for (const pair of [...whole, ...short]) sources.set(pair, (sources.get(pair) ?? new Set()).add(start));
  }
  const made = new Map<string, RegExp>(); // pairs of one format share one expression
  const regExpOf = (source: string): RegExp => made.get(source) ?? setIn(made, source, new RegExp(source));
  return new Map([...sources].map(([pair, starts]) => [pair, regExpOf([...starts].join('|'))]));
}

function setIn<K, V>(map: Map<K, V>, key: K, value: V): V {
  map.set(key, value);
  return value;
}

function marked(size: number, places: readonly number[]): Uint8Array {
  const marks = new Uint8Array(size);
  for (const place of places) marks[place] = 1;
  return marks;
}
