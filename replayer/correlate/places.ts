/**
 * Reads and replaces the text at a place of a message. The twin of leaves.ts: every path it visits can be read and
 * replaced here. Types are kept: a number stays a number where the new text is one.
 */

import { isUtf8 } from 'node:buffer';
import { parseForm } from '../../tape/body/form';
import { rewriteItems } from '../../tape/body/json-items';
import { type BodyView, jsonIn, type Part } from '../../tape/body/view';
import { isJsonObject, JsonNumber, type JsonValue, parseJson, stringifyJson } from '../../tape/json/json';
import type { HeaderList } from '../../tape/model/body';
import type { Path } from '../../tape/model/path';
import { formatCookies, parseCookies, parseSetCookie } from './cookies';
import { editJson, type JsonEdit } from './json-edits';
import { cutOnce, decodeSegment } from './leaves';

/** A new text for the leaf at a path. */
export interface Edit {
  readonly path: Path;
  readonly text: string;
}

/** The scalar at a path of an answer, as text; undefined where there is none. */
export function textAt(headers: HeaderList, body: BodyView, path: Path): string | undefined {
  if (path[0] === 'header') return headerTextAt(headers, path);
  return path[0] === 'body' ? bodyTextAt(body, path) : undefined;
}

function headerTextAt(headers: HeaderList, path: Path): string | undefined {
  const name = String(path[1]);
  const values = headers.filter(([key]) => key.toLowerCase() === name).map(([, value]) => value);
  if (name !== 'set-cookie') return values[nthOf(path, 2)];
  const cookies = values.map(parseSetCookie).filter((cookie) => cookie !== null);
  return cookies.findLast((cookie) => cookie.name === path[2])?.value;
}

function bodyTextAt(body: BodyView, path: Path): string | undefined {
  const json = jsonIn(body);
  if (json !== undefined) return scalarText(jsonAt(json, path.slice(1)));
  if (body.kind === 'form') return body.fields.filter(([name]) => name === path[1])[nthOf(path, 2)]?.[1];
  if (body.kind === 'multipart') return partText(body.parts.find((part, i) => (part.name ?? i) === path[1]));
  return body.kind === 'text' && path.length === 1 ? body.text : undefined;
}

/** The value at the steps; undefined where the document has no such place. */
export function jsonAt(value: JsonValue | undefined, steps: Path): JsonValue | undefined {
  let at = value;
  for (const step of steps) {
    if (Array.isArray(at) && typeof step === 'number') at = at[step];
    else if (isJsonObject(at) && Object.hasOwn(at, step)) at = at[step];
    else return undefined;
  }
  return at;
}

function scalarText(value: JsonValue | undefined): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number') return String(value);
  return value instanceof JsonNumber ? value.source : undefined;
}

function partText(part: Part | undefined): string | undefined {
  return part === undefined ? undefined : Buffer.from(part.bytes).toString('utf8');
}

function nthOf(path: Path, at: number): number {
  const step = path[at];
  return typeof step === 'number' ? step : 0;
}

/** The request target with new segments and query values; what is not edited keeps its exact bytes. */
export function editTarget(target: string, edits: readonly Edit[]): string {
  const [path = '', query] = cutOnce(target, '?');
  const segments = path.split('/').map((segment, i) => {
    const edit = edits.find((each) => each.path[0] === 'path' && each.path[1] === i - 1);
    return edit === undefined || edit.text === decodeSegment(segment) ? segment : encodeURIComponent(edit.text);
  });
  const ours = edits.filter((each) => each.path[0] === 'query');
  return segments.join('/') + (query === undefined ? '' : `?${editFields(query, ours)}`);
}

/** A form or query text with new values. */
function editFields(text: string, edits: readonly Edit[]): string {
  const seen = new Map<string, number>();
  const pieces = text.split('&').map((piece) => {
    const name = parseForm(piece)[0]?.[0];
    if (name === undefined) return piece;
    const nth = seen.get(name) ?? 0;
    seen.set(name, nth + 1);
    const edit = edits.find((each) => each.path[1] === name && nthOf(each.path, 2) === nth);
    return edit === undefined ? piece : `${piece.split('=')[0]}=${encodeURIComponent(edit.text)}`;
  });
  return pieces.join('&');
}

/** Header fields with new values, `cookie` and `set-cookie` by cookie name; a cookie of `dropped` names is left out. */
export function editHeaders(
  headers: HeaderList,
  edits: readonly Edit[],
  dropped: ReadonlySet<string> = none,
): HeaderList {
  const ours = edits.filter((edit) => edit.path[0] === 'header');
  if (ours.length === 0 && dropped.size === 0) return headers;
  const seen = new Map<string, number>();
  return headers
    .map(([name, value]): readonly [string, string] => {
      const lower = name.toLowerCase();
      const nth = seen.get(lower) ?? 0;
      seen.set(lower, nth + 1);
      return [name, editHeader({ name: lower, value, nth }, ours, dropped)];
    })
    .filter(([name, value]) => value !== '' || name.toLowerCase() !== 'cookie');
}

function editHeader(
  field: { readonly name: string; readonly value: string; readonly nth: number },
  edits: readonly Edit[],
  dropped: ReadonlySet<string>,
): string {
  const own = edits.filter((edit) => edit.path[1] === field.name);
  if (field.name === 'cookie') {
    const cookies = parseCookies(field.value).filter(({ name }) => !dropped.has(name));
    return formatCookies(cookies.map(({ name, value }) => ({ name, value: textFor(own, name) ?? value })));
  }
  if (field.name === 'set-cookie') return editSetCookie(field.value, own);
  return own.find((edit) => nthOf(edit.path, 2) === field.nth)?.text ?? field.value;
}

function editSetCookie(value: string, edits: readonly Edit[]): string {
  const [pair = '', rest] = cutOnce(value, ';');
  const name = cutOnce(pair, '=')[0].trim();
  const text = textFor(edits, name);
  return text === undefined ? value : `${name}=${text}${rest === undefined ? '' : `;${rest}`}`;
}

function textFor(edits: readonly Edit[], cookie: string): string | undefined {
  return edits.find((edit) => edit.path[2] === cookie)?.text;
}

const none: ReadonlySet<string> = new Set();

/** The body with new texts in the place of the recorded ones; `bytes` are without content codings. */
export function editBody(body: BodyView, edits: readonly Edit[]): BodyView {
  const ours = edits.filter((edit) => edit.path[0] === 'body');
  if (ours.length === 0) return body;
  switch (body.kind) {
    case 'messages': {
      const value = valueWith(body.value, ours);
      return { ...body, value, bytes: body.rewrite(value) };
    }
    case 'json': {
      const value = valueWith(body.value, ours);
      return { kind: 'json', value, bytes: editedJson(body, ours, value) };
    }
    case 'items':
      return editItems(body, ours);
    case 'form': {
      const text = editFields(Buffer.from(body.bytes).toString('utf8'), ours);
      return { kind: 'form', fields: parseForm(text), bytes: Buffer.from(text) };
    }
    case 'multipart':
      return { ...body, bytes: editParts(body, ours) };
    case 'text': {
      const text = ours[0]?.text ?? body.text;
      return { kind: 'text', text, bytes: Buffer.concat([markOf(body.bytes), Buffer.from(text)]) };
    }
    default:
      return body;
  }
}

function valueWith(value: JsonValue, edits: readonly Edit[]): JsonValue {
  return edits.reduce((at, edit) => setJson(at, edit.path.slice(1), edit.text), value);
}

/** In another charset than UTF-8 the text is written anew. */
function editedJson(
  { value, bytes }: { readonly value: JsonValue; readonly bytes: Uint8Array },
  edits: readonly Edit[],
  edited: JsonValue,
): Uint8Array {
  if (!isUtf8(bytes)) return Buffer.from(stringifyJson(edited));
  return editJson(
    bytes,
    edits.map(({ path, text }) => jsonEdit(value, path.slice(1), text)),
  );
}

function jsonEdit(value: JsonValue, steps: Path, text: string): JsonEdit {
  return { steps, recorded: jsonAt(value, steps) ?? null, text };
}

function editItems(body: Extract<BodyView, { kind: 'items' }>, edits: readonly Edit[]): BodyView {
  const editsOf = (i: number) => edits.filter(({ path }) => path[1] === i);
  const value = body.value.map((item, i) =>
    editsOf(i).reduce((at, { path, text }) => setJson(at, path.slice(2), text), item),
  );
  const text = rewriteItems(Buffer.from(body.bytes).toString('utf8'), body.layout, (item, i) => {
    const inPlace = editsOf(i).map(({ path, text }) => jsonEdit(body.value[i] ?? null, path.slice(2), text));
    return Buffer.from(editJson(Buffer.from(item), inPlace)).toString('utf8');
  });
  return { ...body, value, bytes: Buffer.from(text) };
}

/** The byte order mark, where there is one: a text is read without it. */
function markOf(bytes: Uint8Array): Uint8Array {
  const mark = bytes.subarray(0, 3);
  return Buffer.compare(mark, Buffer.from('\u{feff}')) === 0 ? mark : new Uint8Array();
}

function setJson(value: JsonValue, steps: Path, text: string): JsonValue {
  const [step, ...rest] = steps;
  if (step === undefined) return sameType(value, text);
  if (Array.isArray(value) && typeof step === 'number') {
    return value.map((each: JsonValue, i) => (i === step ? setJson(each, rest, text) : each));
  }
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).map(([name, member]) => [
    name,
    name === step ? setJson(member, rest, text) : member,
  ]);
  return Object.fromEntries(members) as JsonValue; // fromEntries, unlike assignment, keeps a member named __proto__
}

function sameType(recorded: JsonValue, text: string): JsonValue {
  if (typeof recorded !== 'number' && !(recorded instanceof JsonNumber)) return text;
  const value = /^-?\d/.test(text) ? parseJson(text) : undefined;
  return typeof value === 'number' || value instanceof JsonNumber ? value : text;
}

/** Parts are spliced from the last to the first, so that offsets before stay true. */
function editParts(
  body: { readonly parts: readonly Part[]; readonly bytes: Uint8Array },
  edits: readonly Edit[],
): Uint8Array {
  return body.parts.reduceRight<Uint8Array>((bytes, part, i) => {
    const edit = edits.find((each) => each.path[1] === (part.name ?? i));
    if (edit === undefined) return bytes;
    const after = bytes.subarray(part.offset + part.bytes.length);
    return Buffer.concat([bytes.subarray(0, part.offset), Buffer.from(edit.text), after]);
  }, body.bytes);
}
