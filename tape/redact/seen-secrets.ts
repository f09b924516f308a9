/**
 * Secrets that a rule took once, to be taken wherever they stand: an API that answers with the key it was given, a
 * session id that a later path holds. Only values that cannot be anything else are searched for; a short or wordlike one
 * would take ordinary data along. They are held in memory only, and no more of them than there is room for.
 *
 * The search is linear, however many secrets are held: each is filed under the longest run of letters and digits in it,
 * a text is cut into its runs, and what is filed under one is compared around it.
 */

import { ownText } from '../memo';
import { PassingMap } from '../passing-map';
import type { Found } from './finder';
import { decodePercent } from './percent';
import { backslash, escapeLettersAt, followsEscape, percentSign, smallU, unicodeLetters } from './word-start';

export interface SeenLimits {
  readonly secrets: number;
  /** How finely runs are told apart before a closer look; a power of two. */
  readonly marks: number;
  readonly totalLength: number;
  /** What qualifies. */
  readonly floor: Floor;
  /** Others follow it, from exchange to exchange: see `generationOf`. */
  readonly lasts: boolean;
}

/** How long a secret is at least, and the longest run of letters and digits in it. */
export interface Floor {
  readonly length: number;
  readonly cookieLength: number;
  readonly run: number;
  readonly differentSigns: number;
}

/** Within one exchange the same text hardly means something else. */
export const exchangeLimits: SeenLimits = {
  secrets: 10_000,
  marks: 256,
  totalLength: 4 * 1024 * 1024,
  floor: { length: 8, cookieLength: 16, run: 4, differentSigns: 1 },
  lasts: false,
};

/** Over a whole recording it may. */
export const recordingLimits: SeenLimits = {
  secrets: 10_000,
  marks: 1 << 16,
  totalLength: 4 * 1024 * 1024,
  floor: { length: 12, cookieLength: 16, run: 8, differentSigns: 8 },
  lasts: true,
};

interface Filed {
  readonly secret: string;
  readonly rule: string;
  readonly run: string;
  /** Where the run begins within the secret. */
  readonly offset: number;
}

/** Longer ones are no tokens, but documents. */
const longestSecret = 16 * 1024;
/** Secrets under one run; one more takes the place of the oldest. Tokens of one issuer may all begin with the same run. */
const mostUnderOneRun = 64;
/** How much may be compared for each character of a text, before a run alone is taken for the secret it belongs to. */
const comparedPerCharacter = 64;
const comparedAtLeast = 1024 * 1024;
const scratchBytes = 4096;

/**
 * What was innocent of these secrets is so as long as this is the same number. Null where that cannot be told: of what was
 * seen in one exchange alone, another one may have as many.
 */
export function generationOf(seen: readonly SeenSecrets[]): number | null {
  const [first] = seen;
  if (first === undefined) return 0;
  return seen.length === 1 && first.lasts ? first.generation : null;
}

export class SeenSecrets {
  private readonly filed = new PassingMap<string, Filed>();
  private readonly byRun = new Map<string, Filed[]>();
  /** Marks by length, first and last characters of the runs: most runs of a text need no closer look. */
  private readonly marks: Uint8Array;
  private scratch: Buffer | undefined;
  /** Grows with every secret that is new: what was looked at under this number need not be looked at again. */
  generation = 0;
  private shortestRun = Number.POSITIVE_INFINITY;
  private totalLength = 0;

  constructor(private readonly limits: SeenLimits) {
    this.marks = new Uint8Array(limits.marks);
  }

  get lasts(): boolean {
    return this.limits.lasts;
  }

  get size(): number {
    return this.filed.size;
  }

  has(secret: string): boolean {
    return this.filed.has(secret);
  }

  /** True where the secret is one that can be searched for. What was held longest makes room. */
  add(secret: string, rule: string): boolean {
    const known = this.filed.get(secret);
    if (known !== undefined) {
      this.filed.delete(secret); // it comes last again
      this.filed.set(secret, known);
      return true;
    }
    if (!qualifies(secret, rule, this.limits.floor)) return false;
    const { start, end } = longestRun(secret);
    if (end - start < this.limits.floor.run) return false;
    const own = ownText(secret);
    this.file({ secret: own, rule, run: own.slice(start, end), offset: start });
    while (this.filed.size > this.limits.secrets || this.totalLength > this.limits.totalLength) this.forgetOldest();
    return true;
  }

  addAll(others: SeenSecrets): void {
    for (const { secret, rule } of others.filed.values()) this.add(secret, rule);
  }

  /** False where none of the secrets can be in the text, in whatever way it writes characters. */
  mayBeIn(text: string): boolean {
    if (this.filed.size === 0 || text.length < this.shortestRun) return false;
    if (text.length > scratchBytes) return this.mayBeInBytes(Buffer.from(text, 'latin1'));
    this.scratch ??= Buffer.allocUnsafe(scratchBytes);
    return this.mayBeInBytes(this.scratch, this.scratch.write(text, 0, 'latin1'));
  }

  /** The same, percent-encoding seen through. */
  mayBeInEncoded(text: string): boolean {
    return this.mayBeIn(text) || (text.includes('%') && this.mayBeIn(decodePercent(text)));
  }

  mayBeInBytes(bytes: Uint8Array, size = bytes.length): boolean {
    if (this.filed.size === 0) return false;
    const stride = this.shortestRun;
    for (let i = stride - 1; i < size; i += stride) {
      if (isAlnum[bytes[i] as number] === 0) continue;
      let start = i;
      while (start > 0 && isAlnum[bytes[start - 1] as number] === 1) start--;
      let end = i + 1;
      while (end < size && isAlnum[bytes[end] as number] === 1) end++;
      if (end - start >= stride && this.holdsRun(bytes, start, end)) return true;
      i = end - 1;
    }
    return false;
  }

  /** An escape before a run (`\n`, `\u002f`, `%2F`) ends in letters and digits that are none of it. */
  private holdsRun(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.isRun(bytes, start, end)) return true;
    const before = start === 0 ? 0 : (bytes[start - 1] as number);
    if (before === percentSign) return this.isRun(bytes, start + 2, end);
    if (before !== backslash) return false;
    return (
      this.isRun(bytes, start + 1, end) || (bytes[start] === smallU && this.isRun(bytes, start + unicodeLetters, end))
    );
  }

  private isRun(bytes: Uint8Array, start: number, end: number): boolean {
    const length = end - start;
    if (length < this.shortestRun) return false;
    const hash = hashOf(length, bytes[start] as number, bytes[start + 1] as number, bytes[end - 1] as number);
    if (this.marks[hash & (this.marks.length - 1)] === 0) return false;
    return this.byRun.has(Buffer.from(bytes.buffer, bytes.byteOffset + start, length).toString('latin1'));
  }

  /** Where the secrets stand as words of their own, no letter or digit beside them. */
  find(text: string): Found[] {
    const found: Found[] = [];
    if (this.filed.size === 0) return found;
    let mayCompare = comparedAtLeast + comparedPerCharacter * text.length;
    const stride = this.shortestRun;
    for (let i = stride - 1; i < text.length; i += stride) {
      if (!isAlnumAt(text, i)) continue;
      let start = i;
      while (isAlnumAt(text, start - 1)) start--;
      let end = i + 1;
      while (isAlnumAt(text, end)) end++;
      i = Math.max(i, end - 1);
      let candidates = this.candidates(text, start, end);
      const letters = candidates === undefined ? escapeLettersAt(start, (at) => text.charCodeAt(at)) : 0;
      if (letters > 0) {
        start += letters;
        candidates = this.candidates(text, start, end);
      }
      if (candidates === undefined) continue;
      mayCompare -= candidates.reduce((sum, { secret }) => sum + secret.length, 0);
      const one = mayCompare < 0 ? { start, end, rule: candidates[0]?.rule ?? '' } : longestAt(text, start, candidates);
      if (one !== undefined) found.push(one);
    }
    return found;
  }

  private candidates(text: string, start: number, end: number): readonly Filed[] | undefined {
    if (end - start < this.shortestRun) return undefined;
    const hash = hashOf(end - start, text.charCodeAt(start), text.charCodeAt(start + 1), text.charCodeAt(end - 1));
    return this.marks[hash & (this.marks.length - 1)] === 0 ? undefined : this.byRun.get(text.slice(start, end));
  }

  private file(one: Filed): void {
    const { secret, run } = one;
    this.generation++;
    this.filed.set(secret, one);
    this.totalLength += secret.length;
    const others = this.byRun.get(run) ?? [];
    if (others.length >= mostUnderOneRun && others[0] !== undefined) this.forget(others[0]);
    this.byRun.set(run, others.length === 0 ? [one] : [...(this.byRun.get(run) ?? []), one]);
    const hash = hashOf(run.length, run.charCodeAt(0), run.charCodeAt(1), run.charCodeAt(run.length - 1));
    this.marks[hash & (this.marks.length - 1)] = 1;
    this.shortestRun = Math.min(this.shortestRun, run.length);
  }

  private forgetOldest(): void {
    const [oldest] = this.filed.values();
    if (oldest !== undefined) this.forget(oldest);
  }

  private forget({ secret, run }: Filed): void {
    this.filed.delete(secret);
    this.totalLength -= secret.length;
    const others = (this.byRun.get(run) ?? []).filter((each) => each.secret !== secret);
    if (others.length === 0) this.byRun.delete(run);
    else this.byRun.set(run, others);
  }
}

/** Cookies hold preferences and customer numbers too, so they must be longer to count as a session. */
function qualifies(secret: string, rule: string, floor: Floor): boolean {
  const shortest = rule.endsWith('cookie') ? floor.cookieLength : floor.length;
  if (secret.length < shortest || secret.length > longestSecret) return false;
  if (!/\d/.test(secret) || !/[A-Za-z]/.test(secret) || /\s/.test(secret)) return false;
  return hasDifferentSigns(secret, floor.differentSigns);
}

function hasDifferentSigns(secret: string, least: number): boolean {
  if (least <= 1) return true;
  const different = new Set<number>();
  for (let i = 0; i < secret.length && different.size < least; i++) different.add(secret.charCodeAt(i));
  return different.size >= least;
}

/** Where the longest run of letters and digits begins and ends. */
function longestRun(secret: string): { readonly start: number; readonly end: number } {
  let longest = { start: 0, end: 0 };
  for (let i = 0; i < secret.length; i++) {
    if (!isAlnumAt(secret, i)) continue;
    const start = i;
    while (isAlnumAt(secret, i + 1)) i++;
    if (i + 1 - start > longest.end - longest.start) longest = { start, end: i + 1 };
  }
  return longest;
}

/** The longest of the secrets that stands around a run. */
function longestAt(text: string, runStart: number, candidates: readonly Filed[]): Found | undefined {
  let longest: Found | undefined;
  for (const { secret, rule, offset } of candidates) {
    const start = runStart - offset;
    const end = start + secret.length;
    if (start < 0 || (longest !== undefined && secret.length <= longest.end - longest.start)) continue;
    if (text.startsWith(secret, start) && beginsAt(text, start) && !isAlnumAt(text, end))
      longest = { start, end, rule };
  }
  return longest;
}

function beginsAt(text: string, start: number): boolean {
  return !isAlnumAt(text, start - 1) || followsEscape(start, (at) => text.charCodeAt(at));
}

const isAlnum = Uint8Array.from({ length: 256 }, (_, code) => (/[0-9A-Za-z]/.test(String.fromCharCode(code)) ? 1 : 0));

function isAlnumAt(text: string, position: number): boolean {
  return position >= 0 && position < text.length && isAlnum[text.charCodeAt(position)] === 1;
}

function hashOf(length: number, first: number, second: number, last: number): number {
  const mixed = Math.imul(length ^ (first << 8) ^ (second << 16) ^ (last << 24), 0x9e3779b1);
  return mixed ^ (mixed >>> 16);
}
