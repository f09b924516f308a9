/**
 * Whether two values look like each other: both, recorded and live, are of one kind that differs by nature: points in time
 * of one format, UUIDs of one version, JWTs with equal claims, generated ids of one shape. Looks alone: what may be another
 * value, until something that a run knows speaks against it, and never a reason to excuse a difference.
 */
import { epochTime, isIdName, isTimeName, jwtParts, lookAlike, timeText, uuidPrefix, uuidVersion } from './shapes';
import { glueOf, keyBefore, longestTokenisedText, tokensOf } from './tokens';
import { areOfOneFormat } from './zones';

/**
 * The kind two scalars that differ have in common, as a name such as `both-sides:uuid`; null for two that look different.
 * `key` is the name at which they stand (the last member name, header, query parameter), null where there is none:
 * counts since the epoch and generated ids are believed only under a name that fits.
 */
export function bothSidesReason(expected: unknown, actual: unknown, key: string | null): string | null {
  if (typeof expected === 'string' && typeof actual === 'string') return textReason(expected, actual, key);
  const digits = [digitsOf(expected), digitsOf(actual)];
  if (digits[0] === null || digits[1] === null) return null;
  return epochReason(digits[0] ?? '', digits[1] ?? '', key);
}

export interface TokenPair {
  readonly expected: string;
  readonly actual: string;
  /** The word before it where an `=` or `:` stands between, as in `token=abc`. */
  readonly key: string | null;
}

/** The words in which two texts of the same build differ; null when anything else differs too. */
export function differingTokens(expected: string, actual: string): readonly TokenPair[] | null {
  if (expected.length > longestTokenisedText || actual.length > longestTokenisedText) return null;
  const left = tokensOf(expected);
  const right = tokensOf(actual);
  if (left.length !== right.length || glueOf(expected, left) !== glueOf(actual, right)) return null;
  const pairs: TokenPair[] = [];
  left.forEach((token, i) => {
    const other = right[i]?.text ?? '';
    if (token.text !== other) pairs.push({ expected: token.text, actual: other, key: keyBefore(expected, left, i) });
  });
  return pairs;
}

function textReason(expected: string, actual: string, key: string | null): string | null {
  const prefix = uuidPrefix(expected);
  const version = uuidVersion(expected.slice(prefix.length));
  if (version !== null) {
    const same = actual.startsWith(prefix) && version === uuidVersion(actual.slice(prefix.length));
    return same ? 'both-sides:uuid' : null;
  }
  const time = timeText(expected);
  const other = timeText(actual);
  if (time !== null) return other !== null && areOfOneFormat(time, other) ? 'both-sides:timestamp' : null;
  if (jwtParts(expected) !== null) return jwtReason(expected, actual);
  return epochReason(expected, actual, key) ?? opaqueReason(expected, actual, key);
}

function epochReason(expected: string, actual: string, key: string | null): string | null {
  if (key === null || !isTimeName(key)) return null;
  const format = epochTime(expected)?.format;
  return format !== undefined && format === epochTime(actual)?.format ? 'both-sides:epoch' : null;
}

function opaqueReason(expected: string, actual: string, key: string | null): string | null {
  if (key === null || !isIdName(key)) return null;
  return lookAlike(expected, actual, { proven: false }) ? 'both-sides:opaque-id' : null;
}

const movingClaims = new Set(['iat', 'exp', 'nbf', 'jti', 'auth_time', 'sid']);

/** Claims that move with time may differ; every other claim must be equal or itself be excused. */
function jwtReason(expected: string, actual: string): string | null {
  const left = jwtParts(expected);
  const right = jwtParts(actual);
  if (left === null || right === null) return null;
  const alike = sameMembers(left.header, right.header, new Set(['kid'])) && sameMembers(left.claims, right.claims);
  return alike ? 'both-sides:jwt' : null;
}

function sameMembers(
  left: Readonly<Record<string, unknown>>,
  right: Readonly<Record<string, unknown>>,
  moving: ReadonlySet<string> = movingClaims,
): boolean {
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => {
    if (name in left !== name in right) return false;
    if (moving.has(name) || JSON.stringify(left[name]) === JSON.stringify(right[name])) return true;
    return bothSidesReason(left[name], right[name], name) !== null;
  });
}

function digitsOf(value: unknown): string | null {
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null || !('source' in value)) return null;
  return typeof value.source === 'string' ? value.source : null;
}
