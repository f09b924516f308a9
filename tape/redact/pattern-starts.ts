/**
 * Where in a text one of the formats of patterns.ts may begin: never too few places, mostly none. A search for a hundred
 * expressions at the beginning of every word takes as long as all the rest of redaction. Most formats are told by the first
 * three characters, which are looked up; the few that begin with any letters are searched for where a text holds what all of them hold.
 */
import type { Span } from './match';
import { type Pattern, patterns } from './patterns';
import { beginningOf, literalsOf, longestOf, type Shape, type Step, shapeAround, shapeOf, sourceOf } from './shape';
import { backslash, isEscapeLetter, percentSign, smallU, unicodeLetters, wordStart } from './word-start';

/** Places in order, each once. */
export function startsIn(text: string): readonly number[] {
  const starts = byFirstThree(text);
  const others = byExpression(text);
  return others.length === 0 ? starts : [...new Set([...starts, ...others])].sort((a, b) => a - b);
}

/** What is looked up at the beginning of each word, or of whatever stands there instead of one. */
function byFirstThree(text: string): number[] {
  const starts: number[] = [];
  const last = text.length - told;
  let isWithin = false;
  let before = 0;
  /** Of an escape that is not over. */
  let letters = 0;
  for (let i = 0; i <= last; i++) {
    const code = text.charCodeAt(i);
    if (before === percentSign) letters = 2;
    else if (before === backslash) letters = code === smallU ? unicodeLetters : isEscapeLetter(code) ? 1 : 0;
    if (!isWithin && begins[code & 0xff] === 1) {
      if (marks[markOf(code, text.charCodeAt(i + 1), text.charCodeAt(i + 2))] === 1) starts.push(i);
    }
    isWithin = code < isAlnum.length && isAlnum[code] === 1;
    if (letters > 0 && --letters === 0) isWithin = false;
    before = code;
  }
  return starts;
}

function byExpression(text: string): number[] {
  return looseOnes.flatMap(({ expression, literals, reach }) =>
    windowsAround(text, literals, reach).flatMap(({ start, end }) =>
      matchesOf(expression, text.slice(start, end)).map((index) => start + index),
    ),
  );
}

function matchesOf(expression: RegExp, text: string): number[] {
  const starts: number[] = [];
  expression.lastIndex = 0;
  for (let match = expression.exec(text); match !== null; match = expression.exec(text)) {
    starts.push(match.index);
    expression.lastIndex = match.index + 1;
  }
  return starts;
}

/** Where one of these texts stands, and so far around each; what overlaps is one. */
function windowsAround(text: string, literals: readonly string[], reach: number): readonly Span[] {
  const places = literals.flatMap((literal) => placesOf(literal, text)).sort((a, b) => a - b);
  const windows: { start: number; end: number }[] = [];
  for (const place of places) {
    const last = windows.at(-1);
    if (last !== undefined && place - reach <= last.end) last.end = place + reach;
    else windows.push({ start: Math.max(0, place - reach), end: place + reach });
  }
  return windows;
}

function placesOf(literal: string, text: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(literal); at >= 0; at = text.indexOf(literal, at + 1)) places.push(at);
  return places;
}

const told = 3;
/** As many combinations of three characters as make a format tell by them. */
const mostTelling = 512;

/** Five bits of each, so that case falls away. */
function markOf(first: number, second: number, third: number): number {
  return ((first & 31) << 10) | ((second & 31) << 5) | (third & 31);
}

type Codes = readonly number[];
/** One set of characters after another. */
type Beginning = readonly Codes[];

/** What a shape may begin with: `length` characters, or all where it has fewer. */
function beginningsOf(shape: Shape, length: number): readonly Beginning[] {
  const [step, ...rest] = shape;
  if (step === undefined || length === 0) return [[]];
  const most = Math.min(step.most, length);
  const least = Math.min(step.least, most);
  const counts = Array.from({ length: most - least + 1 }, (_, i) => least + i);
  return counts.flatMap((count) => joined(repeated(step, count, length), rest, length));
}

function repeated(step: Step, count: number, length: number): readonly Beginning[] {
  const one = step.kind === 'characters' ? [[step.codes]] : step.among.flatMap((each) => beginningsOf(each, length));
  let all: readonly Beginning[] = [[]];
  for (let i = 0; i < count; i++) all = all.flatMap((head) => one.map((tail) => [...head, ...tail].slice(0, length)));
  return all;
}

function joined(heads: readonly Beginning[], rest: Shape, length: number): readonly Beginning[] {
  return heads.flatMap((head) => beginningsOf(rest, length - head.length).map((tail) => [...head, ...tail]));
}

/** Null where so many combinations fit that they tell nothing. */
function tellingBeginnings({ prefix, rest }: Pattern): readonly Beginning[] | null {
  const all = beginningsOf(shapeOf(prefix + rest), told);
  const combinations = all.reduce((sum, sets) => sum + sets.reduce((product, { length }) => product * length, 1), 0);
  return combinations <= mostTelling && all.every(({ length }) => length === told) ? all : null;
}

const byBeginning = patterns.map((pattern) => ({ pattern, beginnings: tellingBeginnings(pattern) }));

const marks = new Uint8Array(1 << 15);
const begins = new Uint8Array(256);
for (const { beginnings } of byBeginning)
  for (const [first = [], second = [], third = []] of beginnings ?? [])
    for (const a of first) {
      begins[a] = 1;
      for (const b of second) for (const c of third) marks[markOf(a, b, c)] = 1;
    }

/** What an expression looks at beside what it matches: an escape before it, and what must follow. */
const besides = 256;

/** What begins with any letters, and a text that every one of them holds, or follows: most texts hold none. */
const looseOnes = byBeginning
  .filter(({ beginnings }) => beginnings === null)
  .map(({ pattern: { prefix, rest } }) => ({
    literals: literalsOf(shapeAround(prefix + rest)),
    reach: longestOf(shapeAround(prefix)) + longestOf(beginningOf(shapeOf(rest))) + besides,
    // No longer than it must be, so that what goes on for long is not read again from each of its words.
    expression: new RegExp(`${wordStart}${prefix}${sourceOf(beginningOf(shapeOf(rest)))}`, 'g'),
  }));

const isAlnum = Uint8Array.from({ length: 256 }, (_, code) => (/[0-9A-Za-z]/.test(String.fromCharCode(code)) ? 1 : 0));
