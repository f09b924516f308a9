/**
 * A value on its way to a file goes through the rules of redaction at its own place, as everything that is written does:
 * the report it comes from may have been made, or edited, by anybody. Pure.
 */

import { jsonIn, viewBody } from '../../tape/body/view';
import type { JsonValue } from '../../tape/json/json';
import { stringifyJson } from '../../tape/json/json';
import type { HeaderList } from '../../tape/model/body';
import type { HttpResponse } from '../../tape/model/http/http';
import { type Path, parsePath } from '../../tape/model/path';
import { jsonAt } from '../correlate/places';
import type { ResponseRedactor } from '../judge/context';
import { callsRoot, type Difference } from '../judge/difference';
import type { Side } from './accepted';

export interface Cleaner {
  readonly redactor: ResponseRedactor;
  /** True with the key of the tape: equal secrets, and no others, have equal placeholders. */
  readonly keyed: boolean;
}

/** Null for a secret that nothing would tell from another. */
export function cleaned(side: Side, { path, redacted }: Difference, { redactor, keyed }: Cleaner): Side | null {
  if (redacted?.actual !== undefined) return keyed ? side : null; // a placeholder by now
  if (side.kind === 'nothing') return side;
  const value = side.kind === 'hash' ? side.excerpt : side.value;
  const clean = withoutSecrets(value, path, redactor);
  if (clean === value) return side;
  if (side.kind === 'hash') return { ...side, excerpt: String(clean) };
  return keyed ? { kind: 'value', value: clean } : null;
}

function withoutSecrets(value: JsonValue, text: string, redactor: ResponseRedactor): JsonValue {
  const steps = text.startsWith(callsRoot) ? ['body'] : inMessage(parsePath(text));
  const [root, ...rest] = steps;
  if (root === 'header' || root === 'trailer') return cleanField(value, String(rest[0]), redactor);
  return cleanBody(value, rest, redactor);
}

function inMessage(path: Path): Path {
  return path[0] === 'message' && path.length > 2 ? path.slice(2) : path;
}

function cleanField(value: JsonValue, name: string, redactor: ResponseRedactor): JsonValue {
  if (typeof value !== 'string') return value;
  if (name === 'set-cookie' && isBesideCookie(value)) return value;
  const isCookie = name === 'set-cookie' && !/^[^;]*=/.test(value);
  const given = isCookie ? `accepted=${value}` : value;
  const { response } = redactor.redactResponse(answerWith([[name, given]], ''));
  const shown = response.headers[0]?.[1] ?? given;
  return isCookie ? shown.slice('accepted='.length) : shown;
}

/** Cookies are compared part by part: of these the attributes, as `sid; httponly; path=/`, and the moment in Expires hold no value. */
function isBesideCookie(text: string): boolean {
  return /^[^=;]+; /.test(text) || /^[A-Z][a-z]{2}, \d{2}[ -][A-Z][a-z]{2}[ -]\d{4} [\d:]{8} GMT$/.test(text);
}

/** In a document that has nothing but the value at its place; elements of lists are the first. */
function cleanBody(value: JsonValue, steps: Path, redactor: ResponseRedactor): JsonValue {
  if (steps.length === 0 && typeof value === 'string') {
    const { response } = redactor.redactResponse(answerWith([['content-type', 'text/plain; charset=utf-8']], value));
    return Buffer.from(response.body.bytes).toString('utf8');
  }
  const places = steps.map((step) => (typeof step === 'number' ? 0 : step));
  const document = places.reduceRight<JsonValue>(
    (inner, step) => (typeof step === 'number' ? [inner] : Object.fromEntries([[step, inner]])),
    value,
  );
  const given = answerWith([['content-type', 'application/json']], stringifyJson(document));
  const { response, entries } = redactor.redactResponse(given);
  if (entries.length === 0) return value;
  return jsonAt(jsonIn(viewBody(response.headers, response.body)), places) ?? null;
}

function answerWith(headers: HeaderList, text: string): HttpResponse {
  const bytes = Buffer.from(text);
  return {
    version: '1.1',
    status: 200,
    reason: '',
    informational: [],
    headers,
    body: { bytes, codings: [], wireSize: bytes.length },
    trailers: [],
    startedAtUs: 0,
    endedAtUs: 0,
  };
}
