/**
 * Reads and replaces the text at a place of a message. The twin of leaves.ts: every path it visits can be read and
 * replaced here. Types are kept: a number stays a number where the new text is one.
 */

import { isUtf8 } from 'node:buffer';
import { parseForm } from '../../tape/body/form';
import { type HttpPart, writeHttpPart } from '../../tape/body/http-part';
import { rewriteItems } from '../../tape/body/json-items';
import { contentOfPart, messageAt, type PartMessage, stepOf } from '../../tape/body/parts';
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
  if (body.kind === 'multipart') return textInParts(body, path);
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

function textInParts(body: BodyView & { readonly kind: 'multipart' }, path: Path): string | undefined {
  const found = messageAt(body, path);
  if (found === null) return partText(partAt(body.parts, path.slice(1), 0));
  const { within, rest } = found;
  const { start, headers } = within.message;
  if (rest[0] === 'status') return start.kind === 'response' ? String(start.status) : undefined;
  if (rest[0] === 'path') return start.kind === 'request' ? start.target : undefined;
  return textAt(headers, within.body, rest);
}

function partAt(parts: readonly Part[], [step, ...rest]: Path, depth: number): Part | undefined {
  const part = parts.find((each, i) => stepOf(each, i) === step);
  if (part === undefined || rest.length === 0) return part;
  const content = contentOfPart(part, depth);
  return content.kind === 'parts' ? partAt(content.parts, rest, depth + 1) : undefined;
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
      return { ...body, value, bytes: editedJson(body, ours, value) };
    }
    case 'items':
      return editItems(body, ours);
    case 'form': {
      const text = editFields(Buffer.from(body.bytes).toString('utf8'), ours);
      return { ...body, fields: parseForm(text), bytes: Buffer.from(text) };
    }
    case 'multipart':
      return { ...body, ...editParts(body, stepIn(ours), 0) };
    case 'text': {
      const text = ours[0]?.text ?? body.text;
      return { ...body, text, bytes: Buffer.concat([markOf(body.bytes), Buffer.from(text)]) };
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

interface Parts {
  readonly parts: readonly Part[];
  readonly bytes: Uint8Array;
}

/** Paths of edits begin with the step of a part. Offsets are moved by what is spliced in before them. */
function editParts({ parts, bytes }: Parts, edits: readonly Edit[], depth: number): Parts {
  const edited: Part[] = [];
  const pieces: Uint8Array[] = [];
  let [read, written] = [0, 0];
  for (const [i, part] of parts.entries()) {
    const own = edits.filter(({ path }) => path[0] === stepOf(part, i));
    const after = own.length === 0 ? part.bytes : editPart(part, stepIn(own), depth);
    pieces.push(bytes.subarray(read, part.offset), after);
    edited.push({ ...part, bytes: after, offset: written + part.offset - read });
    written += part.offset - read + after.length;
    read = part.offset + part.bytes.length;
  }
  return { parts: edited, bytes: Buffer.concat([...pieces, bytes.subarray(read)]) };
}

function editPart(part: Part, edits: readonly Edit[], depth: number): Uint8Array {
  const whole = edits.find(({ path }) => path.length === 0);
  if (whole !== undefined) return Buffer.from(whole.text);
  const content = contentOfPart(part, depth);
  if (content.kind === 'parts') return editParts({ parts: content.parts, bytes: part.bytes }, edits, depth + 1).bytes;
  return content.kind === 'http' ? writeHttpPart(editMessage(content, edits)) : part.bytes;
}

/** A body that changed is written without its coding, as its headers then say. */
function editMessage({ message, body }: PartMessage, edits: readonly Edit[]): HttpPart {
  const { start } = message;
  const target = edits.find(({ path }) => path[0] === 'path');
  const headers = editHeaders(message.headers, edits);
  const begun = target === undefined || start.kind !== 'request' ? start : { ...start, target: target.text };
  const edited = editBody(body, edits);
  if (edited === body || edited.kind === 'empty') return { ...message, start: begun, headers };
  const bytes = { bytes: edited.bytes, codings: [], wireSize: edited.bytes.length };
  return { ...message, start: begun, headers: withoutCoding(headers), body: bytes };
}

function withoutCoding(headers: HeaderList): HeaderList {
  return headers.filter(([name]) => name.toLowerCase() !== 'content-encoding');
}

/** The same edits, a step further in. */
function stepIn(edits: readonly Edit[]): readonly Edit[] {
  return edits.map(({ path, text }) => ({ path: path.slice(1), text }));
}
