/**
 * Which places of a request may differ from the recorded one: places a rule declares, and values that both sides mint
 * (times, UUIDs, generated ids, idempotency keys). `erasedText` gives two requests that differ only there the same
 * text, so that a mock is found by one lookup; `excuseFor` then decides each difference and names the rule.
 */
import { isJsonObject, JsonNumber, type JsonValue } from '../../../tape/json/json';
import { scalarText } from '../../../tape/json/values';
import { coversPath, formatPath, type Path } from '../../../tape/model/path';
import type { RedactionEntry } from '../../../tape/redact/redacted';
import { bothSidesReason, bothSidesTextReason, differingTokens } from '../../noise/both-sides';
import type { NoiseRule } from '../../noise/rules';
import { epochTime, isIdName, isTimeName, jwtParts, timeText, uuidVersion } from '../../noise/shapes';
import { tokensOf } from '../../noise/tokens';
import type { ValueDifference } from './differences';

/** What one request brings: the rules that speak of it, and placeholders that are not comparable. */
export interface NoiseSide {
  readonly rules: readonly NoiseRule[];
  /** What redaction took out; [] where the key is known and placeholders compare by value. */
  readonly redacted: readonly RedactionEntry[];
}

/** An identifier of the recording and the one that stands in its place now. */
export interface IdPair {
  readonly recorded: string;
  readonly live: string;
}

export interface Excuse {
  readonly path: Path;
  readonly rule: string;
  /** Identifiers that differ here; times are none. */
  readonly ids: readonly IdPair[];
}

/** A name under which both times and ids are believed: erasing may be coarser than the verdict, never finer. */
const anyName = 'id at';
/** Seconds since the epoch: nothing shorter has a shape. */
const shortestShape = 10;
/** A placeholder shorter than this is looked for only as a whole value. */
const shortestWithin = 4;
/** A longer text is compared as a whole. */
const longestTokenisedText = 64 * 1024;

/** The canonical text of a value with every place that may differ replaced by its shape. */
export function erasedText(value: JsonValue, side: NoiseSide, at: Path = []): string {
  if (Array.isArray(value)) return `[${value.map((item, i) => erasedMember(item, side, [...at, i]) ?? '').join(',')}]`;
  if (!isJsonObject(value)) return erasedScalar(value, side, at);
  const members: string[] = [];
  for (const name of Object.keys(value).sort()) {
    const text = erasedMember(value[name] ?? null, side, [...at, name]);
    if (text !== null) members.push(`${JSON.stringify(name)}:${text}`);
  }
  return `{${members.join(',')}}`;
}

/** Null for a place that a rule declares: there, being absent is as good as any value. */
function erasedMember(value: JsonValue, side: NoiseSide, at: Path): string | null {
  return side.rules.some((rule) => coversPath(rule.path, at)) ? null : erasedText(value, side, at);
}

function erasedScalar(value: JsonValue, side: NoiseSide, at: Path): string {
  const key = keyOfPlace(at);
  const shape = mintedKind(value, key);
  if (shape !== null) return `<${shape}>`;
  const open = withoutPlaceholders(textOf(value), side, at);
  if (typeof value !== 'string') return open;
  return open.length > longestTokenisedText ? JSON.stringify(open) : JSON.stringify(erasedWords(open));
}

function erasedWords(text: string): string {
  if (text.length < shortestShape) return text;
  let erased = '';
  let at = 0;
  for (const token of tokensOf(text)) {
    const shape = mintedKind(token.text, anyName);
    if (shape === null) continue;
    erased += `${text.slice(at, token.start)}<${shape}>`;
    at = token.start + token.text.length;
  }
  return erased + text.slice(at);
}

/** The kind of a value that two runs mint anew; the one-sided form of `bothSidesReason`. */
export function mintedKind(value: JsonValue, key: string | null): string | null {
  if (typeof value === 'number') return timeShape(String(value), key);
  if (value instanceof JsonNumber) return timeShape(value.source, key);
  if (typeof value !== 'string' || value.length < shortestShape) return null;
  const version = uuidVersion(value);
  if (version !== null) return `uuid ${version}`;
  const time = timeText(value);
  if (time !== null) return time.format;
  if (jwtParts(value) !== null) return 'jwt';
  return timeShape(value, key) ?? (key !== null && isIdName(key) ? idShape(value) : null);
}

/** Coarse on purpose: whether two of them look alike is decided by the both-sides rule, pair by pair. */
function idShape(text: string): string | null {
  if (text.length < 11 || text.length > 4096 || !/^[\w.~+/=:%-]+$/.test(text)) return null;
  return /\d/.test(text) || (/[a-z]/.test(text) && /[A-Z]/.test(text)) ? `id ${text.length}` : null;
}

function timeShape(digits: string, key: string | null): string | null {
  return key !== null && isTimeName(key) ? (epochTime(digits)?.format ?? null) : null;
}

/** Why a difference may be there, or null. `recorded` and `live` are the two sides of the comparison. */
export function excuseFor(
  difference: ValueDifference,
  sides: { readonly recorded: NoiseSide; readonly live: NoiseSide },
): Excuse | null {
  const { path, expected, actual } = difference;
  const rule = declaredRule(path, sides.recorded.rules);
  if (rule !== null) return { path, rule, ids: [] };
  if (expected === undefined || actual === undefined) return null;
  return redactedAlike(difference, sides) ?? mintedAlike(difference);
}

/** A rule for a place speaks of everything under it. */
function declaredRule(path: Path, rules: readonly NoiseRule[]): string | null {
  for (let length = path.length; length > 0; length--) {
    const place = path.slice(0, length);
    const rule = rules.find((candidate) => coversPath(candidate.path, place));
    if (rule !== undefined) return rule.name;
  }
  return null;
}

function redactedAlike(
  { path, expected, actual }: ValueDifference,
  sides: { readonly recorded: NoiseSide; readonly live: NoiseSide },
): Excuse | null {
  const entry = sides.recorded.redacted.find((each) => isRelated(each.path, formatPath(path)));
  if (entry === undefined) return null;
  const recorded = withoutPlaceholders(textOf(expected), sides.recorded, path);
  if (recorded !== withoutPlaceholders(textOf(actual), sides.live, path)) return null;
  return { path, rule: `redacted:${entry.rule}`, ids: [] };
}

function mintedAlike({ path, expected, actual }: ValueDifference): Excuse | null {
  const whole = bothSidesReason(expected, actual, keyOfPlace(path));
  if (whole !== null) return { path, rule: whole, ids: isId(whole) ? [pairOf(expected, actual)] : [] };
  if (typeof expected !== 'string' || typeof actual !== 'string') return null;
  if (Math.max(expected.length, actual.length) > longestTokenisedText) return null;
  const rule = bothSidesTextReason(expected, actual);
  return rule === null ? null : { path, rule, ids: idsWithin(expected, actual) };
}

function idsWithin(expected: string, actual: string): IdPair[] {
  return (differingTokens(expected, actual) ?? [])
    .filter((pair) => isId(bothSidesReason(pair.expected, pair.actual, pair.key) ?? ''))
    .map((pair) => ({ recorded: pair.expected, live: pair.actual }));
}

function isId(rule: string): boolean {
  return rule === 'both-sides:uuid' || rule === 'both-sides:opaque-id';
}

function pairOf(expected: JsonValue | undefined, actual: JsonValue | undefined): IdPair {
  return { recorded: textOf(expected), live: textOf(actual) };
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : scalarText(value ?? null);
}

/** The text with the name of the rule wherever the ledger has a placeholder for this place. */
function withoutPlaceholders(text: string, { redacted }: NoiseSide, at: Path): string {
  if (redacted.length === 0) return text;
  const place = formatPath(at);
  return redacted
    .filter(({ path }) => isRelated(path, place))
    .reduce((open, { placeholder, rule }) => replaced(open, placeholder, `<redacted ${rule}>`), text);
}

/** Within a longer text a few characters may stand for anything. */
function replaced(text: string, placeholder: string, by: string): string {
  if (text === placeholder) return by;
  return placeholder.length < shortestWithin ? text : text.replaceAll(placeholder, by);
}

/** One lies within the other: a ledger may speak of a whole text, or of a place within a text that holds JSON. */
function isRelated(a: string, b: string): boolean {
  const [outer, inner] = a.length < b.length ? [a, b] : [b, a];
  return inner.startsWith(outer) && (inner.length === outer.length || /^[.[]/.test(inner.slice(outer.length)));
}

/** The name a value stands at. A path segment has none of its own; one that looks minted is an id. */
function keyOfPlace(path: Path): string | null {
  if (path[0] === 'path') return 'id';
  if (path.length < 2) return null;
  const name = path.findLast((step) => typeof step === 'string');
  return typeof name === 'string' ? name : null;
}
