/**
 * A request with every place that may differ replaced by its kind, so that requests which differ there alone have one text,
 * and a mock is found by one lookup. Coarse on purpose: whether a difference may stand is decided pair by pair, by excuse.ts.
 */
import { isJsonObject, JsonNumber, type JsonValue } from '../../../tape/json/json';
import { coversPath, type Path } from '../../../tape/model/path';
import type { RedactionEntry } from '../../../tape/redact/redacted';
import type { NoiseRule } from '../../noise/rules';
import { dateText, epochTime, isIdName, isTimeName, jwtParts, timeText, uuidVersion } from '../../noise/shapes';
import { tokensOf } from '../../noise/tokens';
import { isSignatureName, mayBustCaches } from './names';
import { keyOfPlace, textOf } from './place';
import { withoutPlaceholders } from './redacted-places';

/** What one request brings: the rules that speak of it, and placeholders that are not comparable. */
export interface NoiseSide {
  readonly rules: readonly NoiseRule[];
  /** What redaction took out; [] where the key is known and placeholders compare by value. */
  readonly redacted: readonly RedactionEntry[];
}

/** A name under which both times and ids are believed: erasing may be coarser than the verdict, never finer. */
const anyName = 'id at';
/** A date in eight digits: nothing shorter has a shape. */
const shortestShape = 8;
/** A longer text is compared as a whole. */
export const longestTokenisedText = 64 * 1024;

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
  const text = textOf(value);
  const open = withoutPlaceholders(text, side, at);
  const shape = open === text ? kindAt(value, keyOfPlace(at), at) : null;
  if (shape !== null) return `<${shape}>`;
  if (typeof value !== 'string') return open;
  return open.length > longestTokenisedText ? JSON.stringify(open) : JSON.stringify(erasedWords(open));
}

function erasedWords(text: string): string {
  if (text.length < shortestShape) return text;
  let erased = '';
  let at = 0;
  for (const token of tokensOf(text)) {
    const shape = momentOrMinted(token.text);
    if (shape === null) continue;
    erased += `${text.slice(at, token.start)}<${shape}>`;
    at = token.start + token.text.length;
  }
  return erased + text.slice(at);
}

/** In a query, what only follows from the rest, or is there to be new, has no kind of its own. */
function kindAt(value: JsonValue, key: string | null, at: Path): string | null {
  if (key !== null && at[0] === 'query') {
    if (isSignatureName(key)) return 'signature';
    if (mayBustCaches(key, textOf(value))) return 'new';
  }
  if (typeof value === 'string') return momentOrMinted(value);
  return typeof value === 'number' || value instanceof JsonNumber ? momentKind(textOf(value)) : null;
}

function momentOrMinted(text: string): string | null {
  return momentKind(text) ?? mintedKind(text, anyName);
}

/** Times of all formats alike: which of them may differ from which is not decided here. */
function momentKind(text: string): string | null {
  if (text.length < shortestShape) return null;
  const isTime = timeText(text) !== null || dateText(text) !== null || epochTime(text) !== null;
  return isTime ? 'time' : null;
}

/** The kind of a value that two runs may mint anew; null for all others. `key` is the name it stands under. */
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

/** Coarse on purpose: whether one may stand for the other is decided pair by pair. */
function idShape(text: string): string | null {
  if (text.length < 11 || text.length > 4096 || !/^[\w.~+/=:%-]+$/.test(text)) return null;
  return /\d/.test(text) || (/[a-z]/.test(text) && /[A-Z]/.test(text)) ? `id ${text.length}` : null;
}

function timeShape(digits: string, key: string | null): string | null {
  return key !== null && isTimeName(key) ? (epochTime(digits)?.format ?? null) : null;
}
