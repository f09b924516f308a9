/**
 * What a stub of WireMock asks of a request: method, address and body, and what else tells requests to one place apart. A stub
 * asks for nothing that it does not name, so that what a request of another stub has is forbidden in those that lack it.
 */
import { isUtf8 } from 'node:buffer';
import { isJsonType, mediaTypeOf } from '../body/media-type';
import { joinedValue, listedIn } from '../http/lists';
import { preferenceFields, selectingFields } from '../http/selecting-fields';
import { JsonNumber, type JsonValue, parseJson, stringifyJson } from '../json/json';
import { mapScalars } from '../json/values';
import { addressOf } from '../model/http/http';
import { isUnlikeOthers } from '../redact/redacted';
import type { Call } from './calls';

export type Json = { readonly [name: string]: unknown };

/** Calls that one request is to match, in recorded order. */
export interface Asked {
  readonly request: Json;
  readonly calls: readonly Call[];
}

/** By places, in the order in which they were asked first. */
export function requestsIn(calls: readonly Call[]): readonly Asked[] {
  const places = Map.groupBy(calls, (call) => JSON.stringify(placeOf(call)));
  return [...places.values()].flatMap(requestsAt);
}

function requestsAt(calls: readonly Call[]): readonly Asked[] {
  const hasBodies = calls.some(({ body }) => body.length > 0);
  const hosts = new Set(calls.map(({ origin }) => origin)).size > 1 ? ['host'] : [];
  const bodies = Map.groupBy(calls, (call) => JSON.stringify(bodyPatternsOf(call, hasBodies)));
  return [...bodies.values()].flatMap((own) => {
    const names = [...hosts, ...fieldsThatTell(own)];
    const alike = Map.groupBy(own, (call) => JSON.stringify(headersOf(call, names)));
    return Array.from(alike.values(), (one) => ({
      request: requestOf(one[0] as Call, { names, hasBodies }),
      calls: one,
    }));
  });
}

function requestOf(
  call: Call,
  { names, hasBodies }: { readonly names: readonly string[]; readonly hasBodies: boolean },
): Json {
  const headers = headersOf(call, names);
  const bodyPatterns = bodyPatternsOf(call, hasBodies);
  return {
    ...placeOf(call),
    ...(headers === null ? {} : { headers }),
    ...(bodyPatterns.length === 0 ? {} : { bodyPatterns }),
  };
}

function placeOf({ request, path, stored }: Call): Json {
  const found = stored.redacted.filter((entry) => entry.in === 'request' && /^(?:path|query)\b/.test(entry.path));
  const placeholders = [...new Set(found.map(({ placeholder }) => placeholder))];
  const pattern = patternWithout(path, placeholders);
  return { method: request.method, ...(pattern === null ? { url: path } : { urlPattern: pattern }) };
}

/** Of calls that are otherwise alike, in lower case. What redaction took out of a field of any of them, none can be told by. */
function fieldsThatTell(calls: readonly Call[]): readonly string[] {
  const named = new Set([...selectingFields, ...calls.flatMap(({ response }) => listedIn(response.headers, 'vary'))]);
  const isRedacted = (name: string): boolean =>
    calls.some(({ stored }) =>
      stored.redacted.some((entry) => entry.in === 'request' && entry.path.includes(`"${name}"`)),
    );
  return [...named].filter((name) => {
    const values = calls.map((call) => joinedValue(call.headers, name));
    const differ = new Set(values).size > 1;
    const isAsked = selectingFields.has(name) && !preferenceFields.has(name) && values.some((value) => value !== null);
    return (differ || isAsked) && name !== 'accept-encoding' && name !== 'host' && !isRedacted(name);
  });
}

function headersOf(call: Call, names: readonly string[]): Json | null {
  const matchers = names
    .map((name) => [name, matcherOf(call, name)] as const)
    .filter(([, matcher]) => matcher !== null);
  return matchers.length === 0 ? null : Object.fromEntries(matchers);
}

/** Null where the request does not say whom it asked. */
function matcherOf(call: Call, name: string): Json | null {
  if (name !== 'host') {
    const value = joinedValue(call.headers, name);
    return value === null ? { absent: true } : { equalTo: value };
  }
  const { host } = addressOf(call.request);
  return host === null ? null : { equalTo: host };
}

/** The path as a regular expression of Java, with anything that ends no part of it where a placeholder stands; null where none does. */
function patternWithout(path: string, placeholders: readonly string[]): string | null {
  let pieces: readonly string[] = [path];
  for (const placeholder of placeholders.toSorted((a, b) => b.length - a.length))
    pieces = pieces.flatMap((piece) => interleaved(piece.split(placeholderIn(placeholder))));
  if (pieces.length === 1 && pieces[0] === path) return null;
  return pieces.map((piece) => (piece === hole ? '[^/?&]+' : escaped(piece))).join('');
}

/** One that is like others stands for something only where it is all that stands there. */
function placeholderIn(placeholder: string): RegExp {
  const text = escaped(placeholder);
  return isUnlikeOthers(placeholder) ? new RegExp(text) : new RegExp(`(?<=[/=])${text}(?=$|[/?&])`);
}

/** Stands where a placeholder stood; no path holds it. */
const hole = '\0';

function interleaved(texts: readonly string[]): string[] {
  return texts.flatMap((text, i) => (i === 0 ? [text] : [hole, text])).filter((text) => text !== '');
}

/** For Java and JavaScript alike. */
function escaped(text: string): string {
  return text.replace(/[\\^$.|?*+()[\]{}]/g, '\\$&');
}

function bodyPatternsOf({ headers, body, stored }: Call, hasBodies: boolean): readonly Json[] {
  if (body.length === 0) return hasBodies ? [{ absent: true }] : [];
  if (!isUtf8(body)) return [{ binaryEqualTo: body.toString('base64') }];
  const found = stored.redacted.filter((entry) => entry.in === 'request' && /^(?:body|message)\b/.test(entry.path));
  const placeholders = new Set(found.map(({ placeholder }) => placeholder));
  const text = body.toString('utf8');
  const value = isJsonType(mediaTypeOf(headers).essence) ? parseJson(text) : undefined;
  if (value !== undefined) {
    const equalToJson = stringifyJson(withAnything(value, placeholders));
    return [{ equalToJson, ignoreArrayOrder: false, ignoreExtraElements: false }];
  }
  // A placeholder in other text: the method and the address have to do.
  return [...placeholders].some((placeholder) => text.includes(placeholder)) ? [] : [{ equalTo: text }];
}

/** JsonUnit, which compares JSON there, takes this for any value. */
// biome-ignore lint/suspicious/noTemplateCurlyInString: it is JsonUnit's own notation
const anything = '${json-unit.ignore}';

function withAnything(value: JsonValue, placeholders: ReadonlySet<string>): JsonValue {
  if (placeholders.size === 0) return value;
  const long = [...placeholders].filter(isUnlikeOthers);
  return mapScalars(value, (scalar) => {
    const text = scalar instanceof JsonNumber ? scalar.source : String(scalar);
    return placeholders.has(text) || long.some((placeholder) => text.includes(placeholder)) ? anything : scalar;
  });
}
