/**
 * Tokens that say what they are for: a JWT is judged by its header and claims, and by whether it is signed in the same
 * way. Both sides come redacted (tape/redact/jwt.ts): what says who may do what until when is there to read, all other
 * claims as placeholders.
 */
import type { JsonValue } from '../../../tape/json/json';
import { keepsClaim } from '../../../tape/redact/jwt';
import { isIdName, type JwtParts, jwtParts } from '../../noise/shapes';
import { type Reason, scalarText } from './cause';
import { isClock, movedTime } from './clock';
import { areIdentifiers } from './identity';
import type { SpanPair } from './run-clock';
import type { RunState } from './run-state';

export const byToken: Reason = { cause: 'token', rule: 'jwt' };

export interface TokenPlace {
  readonly state: {
    readonly clock: Pick<RunState['clock'], 'explains'>;
    readonly identities: Pick<RunState['identities'], 'bind'>;
  };
  readonly pair: SpanPair;
  /** Whether equal secrets have equal placeholders: without the key nobody can compare what was taken out. */
  readonly isKeyed: boolean;
}

/** Undefined where the recorded text is no JWT; null where the live one says something else. */
export function jwtReason(recorded: string, live: string, place: TokenPlace): Reason | null | undefined {
  const left = jwtParts(recorded);
  if (left === null) return undefined;
  const right = jwtParts(live);
  if (right === null || signatureOf(recorded).length !== signatureOf(live).length) return null;
  const same = areAlike(left.header, right.header, place) && areAlike(left.claims, right.claims, place);
  return same && lifetimeOf(left.claims) === lifetimeOf(right.claims) ? byToken : null;
}

/** What two tokens say differently and nothing excuses, for people: `{ claims: { role } }`. All that they say where it is no member of theirs. */
export function saidOtherwise(recorded: JwtParts, live: JwtParts, place: TokenPlace): Said {
  const hasItsTime = lifetimeOf(recorded.claims) === lifetimeOf(live.claims);
  const claims = differing(recorded.claims, live.claims, (name, pair) => {
    return isAlike(name, pair, place) && (hasItsTime || !lifetimeClaims.has(name));
  });
  const header = differing(recorded.header, live.header, (name, pair) => isAlike(name, pair, place));
  const sides = (['expected', 'actual'] as const).map((side) => ({
    ...(header === null ? {} : { header: header[side] }),
    ...(claims === null ? {} : { claims: claims[side] }),
  }));
  const [expected, actual] = header === null && claims === null ? [recorded, live] : sides;
  return { expected: expected as unknown as JsonValue, actual: actual as unknown as JsonValue };
}

interface Said {
  readonly expected: JsonValue;
  readonly actual: JsonValue;
}

const lifetimeClaims: ReadonlySet<string> = new Set(['iat', 'nbf', 'exp']);

/** Null where all are alike. */
function differing(
  left: Members,
  right: Members,
  areSame: (name: string, pair: readonly [JsonValue, JsonValue]) => boolean,
): { readonly expected: Members; readonly actual: Members } | null {
  const names = [...new Set([...Object.keys(left), ...Object.keys(right)])].filter((name) => {
    const isBoth = Object.hasOwn(left, name) && Object.hasOwn(right, name);
    return !isBoth || !areSame(name, [left[name] as JsonValue, right[name] as JsonValue]);
  });
  const of = (members: Members) =>
    Object.fromEntries(names.filter((name) => Object.hasOwn(members, name)).map((name) => [name, members[name]]));
  return names.length === 0 ? null : { expected: of(left), actual: of(right) };
}

/**
 * Whether two tokens of this run are one made anew, as far as a token tells: they say the same but for when they are of.
 * For what stands on the tape as a text that says nothing, as on tapes of before claims were kept.
 */
export function isMadeAnew(first: string, second: string): boolean {
  const [left, right] = [jwtParts(first), jwtParts(second)];
  if (left === null || right === null || signatureOf(first).length !== signatureOf(second).length) return false;
  const isOfItsTime = typeof right.claims.iat === 'number' && lifetimeOf(left.claims) === lifetimeOf(right.claims);
  return isOfItsTime && saidOf(left) === saidOf(right);
}

/** Header and claims without the moment the token was made at, and what follows from it. */
function saidOf({ header, claims }: { readonly header: Members; readonly claims: Members }): string {
  const { iat: _iat, nbf: _nbf, exp: _exp, ...lasting } = claims;
  return JSON.stringify([header, lasting]);
}

/** Both ends are made of one reading of the clock. */
function lifetimeOf({ iat, nbf, exp }: Members): number | null {
  const from = iat ?? nbf;
  return typeof from === 'number' && typeof exp === 'number' ? Math.round(exp - from) : null;
}

/** The length is that of the algorithm, and with RSA that of the key. */
function signatureOf(token: string): string {
  return token.slice(token.lastIndexOf('.') + 1);
}

type Members = Readonly<Record<string, unknown>>;

function areAlike(left: Members, right: Members, place: TokenPlace): boolean {
  const names = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...names].every((name) => {
    if (!Object.hasOwn(left, name) || !Object.hasOwn(right, name)) return false;
    return isAlike(name, [left[name] as JsonValue, right[name] as JsonValue], place);
  });
}

function isAlike(name: string, [left, right]: readonly [JsonValue, JsonValue], place: TokenPlace): boolean {
  if (JSON.stringify(left) === JSON.stringify(right)) return true;
  if (typeof left !== typeof right || Array.isArray(left) !== Array.isArray(right)) return false;
  const [recorded, live] = [scalarText(left), scalarText(right)];
  if (recorded === null || live === null) return isHidden(name, left, place) && haveOneShape(left, right);
  const moved = movedTime(left, right, { key: name, pair: place.pair });
  if (moved !== null) return isClock(moved, place.state.clock, place.pair);
  if (isHidden(name, left, place)) return true;
  if (!isNaming(name) && !areIdentifiers(recorded, live, name)) return false;
  return place.state.identities.bind(recorded, live, `claim ${name}`);
}

/** `jti` names the token, `kid` the key, `sub` and the like the user: whatever they are, they stay one to one. */
function isNaming(name: string): boolean {
  return (
    name === 'jti' || name === 'kid' || name === 'sub' || name === 'uid' || (isIdName(name) && name !== 'client_id')
  );
}

/** A placeholder made without the key of the tape is another one each time. */
function isHidden(name: string, value: JsonValue, { isKeyed }: TokenPlace): boolean {
  return !isKeyed && !keepsClaim(name, value);
}

function haveOneShape(left: JsonValue, right: JsonValue): boolean {
  return shapeOf(left) === shapeOf(right);
}

/** The text of a value with `0` and `""` for what redaction put in place of numbers and texts. */
function shapeOf(value: JsonValue): string {
  return JSON.stringify(value, (_name, each: unknown) =>
    typeof each === 'string' ? '' : typeof each === 'number' ? 0 : each,
  );
}
