/**
 * Why a request may differ from a recorded one at a place: it was declared, or it has a cause, the same causes that the
 * judge of answers knows. A time may differ as far as the clock went on; an id where its client makes it up for what it
 * sends, and never where it says which thing is meant; a token by its times and its number; a signature, since it follows
 * from the rest.
 */
import type { JsonValue } from '../../../tape/json/json';
import { coversPath, type Path } from '../../../tape/model/path';
import { isClock, movedTime, strayTimes } from '../../judge/causes/clock';
import { areIdentifiers } from '../../judge/causes/identity';
import type { Moved, SpanPair } from '../../judge/causes/run-clock';
import { allows } from '../../noise/allowance';
import { differingTokens } from '../../noise/both-sides';
import type { NoiseRule } from '../../noise/rules';
import type { ValueDifference } from './differences';
import { longestTokenisedText } from './erase';
import { fieldReason } from './field-excuse';
import type { Grounds, Here, Sides } from './grounds';
import { isMintingName, isSignatureName, mayBustCaches } from './names';
import { keyOfPlace } from './place';
import { areSignatures, tokenReason } from './proofs';
import { redactedAlike } from './redacted-places';

/** An identifier of the recording and the one that stands in its place now. */
export interface IdPair {
  readonly recorded: string;
  readonly live: string;
}

export interface Excuse {
  readonly path: Path;
  /** The words that reports and scripts read: `clock`, `identity`, `jwt`, `signature`, `shop.noise.yaml:3`. */
  readonly rule: string;
  /** Identifiers that differ here, and must stay one to one. */
  readonly ids: readonly IdPair[];
  /** Identifiers at a place that somebody declared: learned where nothing contradicts it, so that later requests about them are known. */
  readonly declared?: readonly IdPair[];
  /** Times that differ here: those of one request keep their order. */
  readonly times?: readonly Moved[];
}

/** Why a difference may be there, or null. */
export function excuseFor(difference: ValueDifference, sides: Sides, grounds: Grounds): Excuse | null {
  const { path, expected, actual } = difference;
  const rule = declaredRule(difference, sides.recorded.side.rules);
  if (rule !== null) return { path, rule, ids: [], declared: idsIn(expected, actual, 'id') };
  if (path[0] === 'header') return withRule(path, fieldReason(difference, sides, grounds));
  if (expected === undefined || actual === undefined) return null;
  const redacted = redactedAlike(difference, { recorded: sides.recorded.side, live: sides.live.side });
  if (redacted !== null) return { path, rule: redacted, ids: [] };
  return causeOf({ path, expected, actual }, { ...grounds, pair: grounds.pairOf(sides.recorded, sides.live) });
}

/** True where the times that differ in one request still fit each other. */
export function timesAgree(excuses: readonly Excuse[], pair: SpanPair): boolean {
  const times = excuses.flatMap((excuse) => excuse.times ?? []);
  return strayTimes(times, pair).length === 0;
}

function withRule(path: Path, rule: string | null): Excuse | null {
  return rule === null ? null : { path, rule, ids: [] };
}

/** A rule for a place speaks of everything under it; one that says how far, of the place itself. */
function declaredRule({ path, kind, expected, actual }: ValueDifference, rules: readonly NoiseRule[]): string | null {
  for (let length = path.length; length > 0; length--) {
    const place = path.slice(0, length);
    const isWhole = length === path.length;
    const rule = rules.find(
      ({ path: pattern, allows: allowance }) =>
        coversPath(pattern, place) &&
        (allowance.kind === 'anything' || (isWhole && allows(allowance, { kind, expected, actual }))),
    );
    if (rule !== undefined) return rule.name;
  }
  return null;
}

interface Changed {
  readonly path: Path;
  readonly expected: JsonValue;
  readonly actual: JsonValue;
}

function causeOf({ path, expected, actual }: Changed, here: Here): Excuse | null {
  const key = keyOfPlace(path);
  const moved = clockMoved(expected, actual, { key, ...here });
  if (moved !== null) return { path, rule: 'clock', ids: [], times: [moved] };
  if (typeof expected !== 'string' || typeof actual !== 'string') return null;
  if (path[0] === 'query' && key !== null) {
    if (isSignatureName(key) && areSignatures(expected, actual)) return { path, rule: 'signature', ids: [] };
    if (isCredentialScope(key, expected, actual)) return { path, rule: 'signature', ids: [] };
    if (mayBustCaches(key, expected) && mayBustCaches(key, actual)) return { path, rule: 'cache-buster', ids: [] };
  }
  const token = tokenReason(expected, actual, here);
  if (token !== undefined) return withRule(path, token);
  const ids = mayNameNew(path, key) ? idsIn(expected, actual, key) : [];
  return ids.length > 0 ? { path, rule: 'identity', ids } : textExcuse({ path, expected, actual }, here);
}

function clockMoved(
  expected: JsonValue,
  actual: JsonValue,
  here: Here & { readonly key: string | null },
): Moved | null {
  const moved = movedTime(expected, actual, here);
  return moved !== null && isClock(moved, here.clock, here.pair) ? moved : null;
}

/** In a body a client names what it makes; in a path, and under most names of a query, it names what is there. */
function mayNameNew([root]: Path, key: string | null): boolean {
  if (root === 'query') return key !== null && isMintingName(key);
  return root !== 'path' && root !== 'method';
}

function idsIn(expected: JsonValue | undefined, actual: JsonValue | undefined, key: string | null): readonly IdPair[] {
  if (typeof expected !== 'string' || typeof actual !== 'string') return [];
  const name = key !== null && isMintingName(key) ? 'id' : key;
  return areIdentifiers(expected, actual, name) ? [{ recorded: expected, live: actual }] : [];
}

/** A longer text, such as an address: every word that differs must be excused for itself. */
function textExcuse({ path, expected, actual }: Changed, here: Here): Excuse | null {
  if (typeof expected !== 'string' || typeof actual !== 'string') return null;
  if (Math.max(expected.length, actual.length) > longestTokenisedText) return null;
  const words = differingTokens(expected, actual) ?? [];
  if (words.length === 0 || (words.length === 1 && words[0]?.expected === expected)) return null;
  const excuses = words.map((word) => wordExcuse(path, word, here));
  if (!excuses.every((excuse) => excuse !== null)) return null;
  return {
    path,
    rule: excuses[0]?.rule ?? '',
    ids: excuses.flatMap(({ ids }) => ids),
    times: excuses.flatMap(({ times = [] }) => times),
  };
}

function wordExcuse(
  path: Path,
  word: { readonly expected: string; readonly actual: string; readonly key: string | null },
  here: Here,
): Excuse | null {
  const moved = clockMoved(word.expected, word.actual, { ...here, key: word.key });
  if (moved !== null) return { path, rule: 'clock', ids: [], times: [moved] };
  const token = tokenReason(word.expected, word.actual, here);
  if (token !== undefined) return withRule(path, token);
  const ids = mayNameNew(path, word.key) ? idsIn(word.expected, word.actual, word.key) : [];
  return ids.length > 0 ? { path, rule: 'identity', ids } : null;
}

/** Of AWS and Google: the key, and the day it signs for. Redaction takes both as one, so that a new day looks like a new key. */
function isCredentialScope(key: string, expected: string, actual: string): boolean {
  const shapeOf = (text: string): string =>
    text
      .split('/')
      .map((part) => part.length)
      .join('/');
  return /^x-(?:amz|goog)-credential$/i.test(key) && expected.includes('/') && shapeOf(expected) === shapeOf(actual);
}
