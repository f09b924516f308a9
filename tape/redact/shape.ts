/**
 * Reads the small dialect of regular expressions that the table of known formats is written in, so that what has to be
 * known of a format beside the expression is derived from it and cannot disagree: its characters, its shortest length,
 * and two characters that every key of it holds side by side. Refuses (by throwing, when the table is loaded) what the
 * dialect does not have.
 */
import { memoised } from '../memo';

/** One step of a format: a character of some set, or one of several sequences; a number of times. */
export type Step =
  | { readonly kind: 'characters'; readonly codes: readonly number[]; readonly least: number; readonly most: number }
  | { readonly kind: 'choice'; readonly among: readonly Shape[]; readonly least: number; readonly most: number };

export type Shape = readonly Step[];

/** Looks ahead and behind take no text, so they are passed over: the shape is that of what a match takes. */
export function shapeOf(source: string): Shape {
  return read(new Reader(source, false), source);
}

/** The same with what a match follows, if it must: what stands behind looks backwards. */
export function shapeAround(source: string): Shape {
  return read(new Reader(source, true), source);
}

function read(reader: Reader, source: string): Shape {
  const shapes = reader.alternatives();
  if (!reader.isAtEnd) throw new Error(`${source}: nothing fits at ${reader.rest}`);
  return shapes.length === 1 ? (shapes[0] ?? []) : [{ kind: 'choice', among: shapes, least: 1, most: 1 }];
}

const look = /\(\?<?[=!]/y;
const token = /\[(?:[^\]\\]|\\.)*\]|\\.|[^()[\]\\|?*+{}]/y;
const count = /\{(\d+)(,?)(\d*)\}|[?*+]/y;

class Reader {
  private at = 0;

  constructor(
    private readonly source: string,
    private readonly looksBack: boolean,
  ) {}

  get isAtEnd(): boolean {
    return this.at === this.source.length;
  }

  get rest(): string {
    return this.source.slice(this.at);
  }

  alternatives(): Shape[] {
    const shapes = [this.sequence()];
    while (this.take('|')) shapes.push(this.sequence());
    return shapes;
  }

  private sequence(): Shape {
    const steps: Step[] = [];
    for (let step = this.step(); step !== null; step = this.step()) if (step !== 'look') steps.push(step);
    return steps;
  }

  private step(): Step | 'look' | null {
    const kind = this.match(look);
    if (kind !== undefined) {
      const among = this.alternatives();
      this.expect(')');
      return this.looksBack && kind === '(?<=' ? { kind: 'choice', among, least: 1, most: 1 } : 'look';
    }
    if (this.take('(?:')) {
      const among = this.alternatives();
      this.expect(')');
      return { kind: 'choice', among, ...this.times() };
    }
    const text = this.match(token);
    return text === undefined ? null : { kind: 'characters', codes: codesOf(text), ...this.times() };
  }

  private times(): { readonly least: number; readonly most: number } {
    const text = this.match(count);
    if (text === undefined) return { least: 1, most: 1 };
    if (text === '?') return { least: 0, most: 1 };
    if (text === '*' || text === '+') return { least: text === '*' ? 0 : 1, most: Number.POSITIVE_INFINITY };
    const [least = '', most] = text.slice(1, -1).split(',');
    return {
      least: Number(least),
      most: most === undefined ? Number(least) : Number(most || Number.POSITIVE_INFINITY),
    };
  }

  private match(sticky: RegExp): string | undefined {
    sticky.lastIndex = this.at;
    const found = sticky.exec(this.source)?.[0];
    this.at += found?.length ?? 0;
    return found;
  }

  private take(text: string): boolean {
    const isThere = this.source.startsWith(text, this.at);
    if (isThere) this.at += text.length;
    return isThere;
  }

  private expect(text: string): void {
    if (!this.take(text)) throw new Error(`${this.source}: no ${text} at ${this.rest}`);
  }
}

const everyCode = Array.from({ length: 256 }, (_, code) => code);

/** `\b` takes nothing, and so stands in looks only, where no one asks. The same few classes are in all rows. */
const codesOf = memoised(1024, (text: string): readonly number[] => {
  const one = new RegExp(`^${text}$`);
  return everyCode.filter((code) => one.test(String.fromCharCode(code)));
});

/** Every character a match may hold. */
export function charactersOf(shape: Shape): ReadonlySet<number> {
  return new Set(
    shape.flatMap((step) =>
      step.kind === 'characters' ? step.codes : step.among.flatMap((each) => [...charactersOf(each)]),
    ),
  );
}

export function shortestOf(shape: Shape): number {
  return shape.reduce((sum, step) => sum + step.least * shortestOfOne(step), 0);
}

function shortestOfOne(step: Step): number {
  return step.kind === 'characters' ? 1 : Math.min(...step.among.map(shortestOf));
}

/** Infinite where it may go on for ever. */
export function longestOf(shape: Shape): number {
  return shape.reduce((sum, step) => sum + step.most * longestOfOne(step), 0);
}

function longestOfOne(step: Step): number {
  return step.kind === 'characters' ? 1 : Math.max(...step.among.map(longestOf));
}

/** An expression for the shape: what it was read from, without its looks. */
export function sourceOf(shape: Shape): string {
  return shape.map((step) => stepSource(step) + timesSource(step)).join('');
}

/** What a shape begins with: up to the first step that may go on for long, and no more of that than it must have. */
export function beginningOf(shape: Shape): Shape {
  const long = shape.findIndex(({ most }) => most > longestStep);
  return long < 0
    ? shape
    : shape.slice(0, long + 1).map((step, i) => (i === long ? { ...step, most: step.least } : step));
}

const longestStep = 64;

function stepSource(step: Step): string {
  if (step.kind === 'choice') return `(?:${step.among.map(sourceOf).join('|')})`;
  const escapes = step.codes.map((code) => `\\x${code.toString(16).padStart(2, '0')}`);
  return escapes.length === 1 ? (escapes[0] ?? '') : `[${escapes.join('')}]`;
}

function timesSource({ least, most }: Step): string {
  return least === 1 && most === 1 ? '' : `{${least},${most === Number.POSITIVE_INFINITY ? '' : most}}`;
}

/** Texts of which every match holds one: those that are longest at the least. Empty where there are none. */
export function literalsOf(shape: Shape): readonly string[] {
  const sets = [...runsOf(shape).map((run) => [run]), ...shape.map(literalsOfChoice)];
  return sets.reduce((best, set) => (shortestIn(set) > shortestIn(best) ? set : best), []);
}

function literalsOfChoice(step: Step): readonly string[] {
  if (step.kind === 'characters' || step.least === 0) return [];
  const each = step.among.map(literalsOf);
  return each.every(({ length }) => length > 0) ? each.flat() : [];
}

/** Characters that stand in every match one after another. */
function runsOf(shape: Shape): readonly string[] {
  const runs = [''];
  for (const step of shape) {
    const [code, other] = step.kind === 'characters' && step.least === 1 && step.most === 1 ? step.codes : [];
    if (code === undefined || other !== undefined) runs.push('');
    else runs.push((runs.pop() ?? '') + String.fromCharCode(code));
  }
  return runs.filter((run) => run !== '');
}

function shortestIn(texts: readonly string[]): number {
  return texts.length === 0 ? 0 : Math.min(...texts.map(({ length }) => length));
}

/** Pairs of adjacent characters, as `first << 8 | second`. */
export type Pairs = readonly number[];

/** Pairs that may be told by; they are listed where they are chosen, as there are thousands in some. */
interface Candidate {
  readonly commonness: number;
  readonly pairs: () => Pairs;
}

/** The rarest set of pairs of which every match holds one; undefined where a match may have fewer than two characters. */
export function tellingPairs(shape: Shape): Pairs | undefined {
  return rarestIn(shape)?.pairs();
}

function rarestIn(shape: Shape): Candidate | undefined {
  const within = shape.map(pairsWithin);
  const between = shape.slice(1).map((step, i) => pairsBetween(shape[i], step));
  const candidates = [...within, ...between].filter((candidate) => candidate !== undefined);
  const least = Math.min(...candidates.map(({ commonness }) => commonness));
  return candidates.find(({ commonness }) => commonness === least);
}

function pairsWithin(step: Step): Candidate | undefined {
  if (step.least === 0) return undefined;
  if (step.kind === 'characters') return step.least > 1 ? product(step.codes, step.codes) : undefined;
  const candidates = step.among.map(rarestIn);
  return candidates.every((candidate) => candidate !== undefined) ? union(candidates) : undefined;
}

function pairsBetween(left: Step | undefined, right: Step): Candidate | undefined {
  if (left === undefined || left.least === 0 || right.least === 0) return undefined;
  const [last, first] = [edgeOf(left, -1), edgeOf(right, 0)];
  return last === undefined || first === undefined ? undefined : product(last, first);
}

/** The characters a step may begin (0) or end (-1) with; undefined where what is outermost may be missing. */
function edgeOf(step: Step, side: 0 | -1): readonly number[] | undefined {
  if (step.kind === 'characters') return step.codes;
  const edges = step.among.map((shape) => {
    const outermost = shape.at(side);
    return outermost === undefined || outermost.least === 0 ? undefined : edgeOf(outermost, side);
  });
  return edges.every((edge) => edge !== undefined) ? [...new Set(edges.flat())] : undefined;
}

function product(left: readonly number[], right: readonly number[]): Candidate {
  return {
    commonness: weightOfAll(left) * weightOfAll(right),
    pairs: () => left.flatMap((first) => right.map((second) => (first << 8) | second)),
  };
}

function union(candidates: readonly Candidate[]): Candidate {
  const pairs = [...new Set(candidates.flatMap((candidate) => candidate.pairs()))];
  const weighed = pairs.map((pair) => (weights[pair >> 8] ?? 0) * (weights[pair & 0xff] ?? 0));
  return { commonness: weighed.reduce((sum, weight) => sum + weight, 0), pairs: () => pairs };
}

function weightOfAll(codes: readonly number[]): number {
  return codes.reduce((sum, code) => sum + (weights[code] ?? 0), 0);
}

/** Small letters and digits come up everywhere; capitals and most other signs are rare. */
const weights = everyCode.map(weightOf);

function weightOf(code: number): number {
  const character = String.fromCharCode(code);
  if (/[jkqvwxz:]/.test(character)) return 3;
  if (/[a-z0-9./-]/.test(character)) return 6;
  return /[A-Z]/.test(character) ? 2 : 1;
}
