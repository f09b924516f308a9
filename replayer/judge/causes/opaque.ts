/**
 * Opaque tokens that are made anew in each run: which length the next one may have. Random bytes and digests are as long each
 * time, so that a token which is cut short, or has more, is another kind of token. What carries something (a number, a user, a
 * time, a session) is as long as that, and its proof stays as long as it was. Looks at placeholders, which keep length, signs
 * and digits of what they stand for (tape/redact/placeholder.ts). Pure.
 */
import { isJsonObject, parseJson } from '../../../tape/json/json';
import type { RedactionEntry } from '../../../tape/redact/redacted';
import type { Turn } from '../../cases/cases';

export interface Token {
  /** Both as placeholders, as far as there are any. */
  readonly recorded: string;
  readonly live: string;
  /** As the service gave it. */
  readonly secret: string;
}

/** `varies`: another length, and something says why. `other`: another length, and nothing does. */
export type LengthOf = 'same' | 'varies' | 'other';

/** `recordedLengths` are those of all tokens that were recorded at such a place. */
export function lengthOf(token: Token, recordedLengths: ReadonlySet<number>): LengthOf {
  const { recorded, live } = token;
  if (recorded.length === live.length) return hasLentToANumber(recorded, live) ? 'other' : 'same';
  const isCaused =
    isWithin(live.length, recordedLengths) || haveOneProof(recorded, live) || isEscaped(token) || isDocument(token);
  return isCaused ? 'varies' : 'other';
}

/** The recording itself shows that they are not of one length; the next one may lie as far off as they lie apart. */
function isWithin(length: number, lengths: ReadonlySet<number>): boolean {
  const [least, most] = [Math.min(...lengths), Math.max(...lengths)];
  return lengths.size > 1 && length >= least - (most - least) && length <= most + (most - least);
}

/**
 * `42|secret`, `user.time.signature`, `payload--iv--tag`: as many parts, and the last one, which proves the others, as long as
 * it was. Numbers may have more digits, and of the others one may be longer.
 */
function haveOneProof(recorded: string, live: string): boolean {
  return (
    areAlikeBut(1, [recorded.split(proofSign), live.split(proofSign)]) || areAlikeBut(0, [words(recorded), words(live)])
  );
}

const proofSign = /[.:|~]|--/;

function words(text: string): readonly string[] {
  return text.split(/[^0-9A-Za-z]+/);
}

function areAlikeBut(count: number, [left, right]: readonly [readonly string[], readonly string[]]): boolean {
  if (left.length < 2 || left.length !== right.length) return false;
  const other = left.flatMap((part, i) => {
    const live = right[i] ?? '';
    return part.length === live.length || (isNumber(part) && isNumber(live)) ? [] : [i];
  });
  return (
    other.length <= count &&
    !other.includes(left.length - 1) &&
    right.every((part, i) => (part === '') === (left[i] === ''))
  );
}

/** A number that is a digit longer hides that what comes at the end is a character short. */
function hasLentToANumber(recorded: string, live: string): boolean {
  const [left, right] = [recorded.split(proofSign), live.split(proofSign)];
  if (left.length !== right.length || left.at(-1)?.length === right.at(-1)?.length) return false;
  return left.some((part, i) => part.length !== right[i]?.length && isNumber(part) && isNumber(right[i] ?? ''));
}

function isNumber(text: string): boolean {
  return /^\d+$/.test(text);
}

/** Base64 in a cookie or a query: each `+`, `/` and `=` of it takes three characters there, and how many it has is chance. */
function isEscaped({ recorded, secret }: Token): boolean {
  const escapes = secret.match(/%[0-9A-F]{2}/gi)?.length ?? 0;
  const more = recorded.length - (secret.length - 2 * escapes);
  return escapes > 0 && more >= 0 && more % 2 === 0;
}

/** Base64 of a JSON object, as Laravel's sessions are: signs in it are escaped by chance. Both begin as `{"` does. */
function isDocument({ recorded, secret }: Token): boolean {
  if (!secret.startsWith('eyJ') || !/^[a-z]{2}[A-Z]/.test(recorded)) return false;
  const bytes = Buffer.from(secret, 'base64');
  const isWhole =
    bytes.toString('base64').replace(/=+$/, '') === secret.replace(/=+$/, '').replaceAll('-', '+').replaceAll('_', '/');
  return isWhole && isJsonObject(parseJson(bytes.toString('utf8')));
}

/** How long the secrets are that answers of a recording hold, by case name and place. */
export class TokenLengths {
  private readonly known = new Map<string, Set<number>>();

  constructor(turns: Iterable<Pick<Turn, 'name' | 'stored'>> = []) {
    for (const turn of turns) {
      for (const entry of turn.stored.redacted) {
        if (entry.in !== 'response') continue;
        const key = placeOf(turn, entry);
        const lengths = this.known.get(key) ?? new Set();
        this.known.set(key, lengths.add(entry.placeholder.length));
      }
    }
  }

  at(turn: Pick<Turn, 'name'>, entry: RedactionEntry): ReadonlySet<number> {
    return this.known.get(placeOf(turn, entry)) ?? none;
  }
}

const none: ReadonlySet<number> = new Set();

function placeOf({ name }: Pick<Turn, 'name'>, { path, rule }: RedactionEntry): string {
  return `${name}\n${path.replace(/\[\d+\]/g, '[*]')}\n${rule}`;
}
