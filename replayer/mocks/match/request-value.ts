/**
 * What a request asks for, as one JSON value: method, path segments, query, the header fields that select an answer,
 * decoded body. Two requests with the same value are the same request to a mock. Other header fields, the HTTP version and
 * how the bytes were framed or coded take no part; nor does the order of query parameters and form fields that have
 * different names.
 */
import { createHash } from 'node:crypto';
import { decodeFormText, type Field, parseForm } from '../../../tape/body/form';
import { graphqlOperations, normalGraphql } from '../../../tape/body/graphql';
import { withoutRpcIds } from '../../../tape/body/json-rpc';
import { mediaTypeOf } from '../../../tape/body/media-type';
import { contentOfPart, type PartMessage } from '../../../tape/body/parts';
import { type BodyView, type Part, viewBody, viewBytes } from '../../../tape/body/view';
import { isJsonObject, type JsonObject, type JsonValue, parseJson } from '../../../tape/json/json';
import { addressOf, type HttpRequest } from '../../../tape/model/http/http';
import { askedFields } from './fields';

export interface RequestValue {
  readonly bodyKind: BodyView['kind'];
  /** `{ method, path: [segment…], query: {…}, header: {…}, body? }`: a path of the one path dialect leads to each place in it. */
  readonly value: JsonObject;
}

/** The value of a request; never throws on input. `fields` are header fields that take part besides those of HTTP itself. */
export function requestValue(request: HttpRequest, fields: Iterable<string> = []): RequestValue {
  const view = viewBody(request.headers, request.body);
  const target = addressOf(request).path;
  const { query } = splitTarget(target);
  const value: JsonObject = {
    method: request.method,
    path: pathSegments(target),
    query: namedValues(parseForm(query).map(([name, text]) => [name, queryValue(text)])),
    header: askedFields(request, fields),
  };
  const body = bodyValue(view);
  return { bodyKind: view.kind, value: body === undefined ? value : { ...value, body } };
}

/** Path and query of an origin-form target; the query is without its `?`. */
export function splitTarget(target: string): { path: string; query: string } {
  const mark = target.indexOf('?');
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** The segments of the path of a target, decoded. */
export function pathSegments(target: string): readonly string[] {
  return segmentsOf(splitTarget(target).path);
}

/** Segments are cut before they are decoded, so that `%2F` within one stays apart from `/` between two. */
function segmentsOf(path: string): readonly string[] {
  return (path.startsWith('/') ? path.slice(1) : path).split('/').map(decodeSegment);
}

/** In a path a plus is a plus, and a semicolon parts parameters from a name (RFC 3986 3.3) unless it is escaped: that escape stays. */
function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  return decodeFormText(segment.replaceAll('+', '%2B').replace(/%(?:25)*3B/gi, (kept) => `%25${kept.slice(1)}`));
}

/** Some APIs take JSON in a parameter (GraphQL over GET): as JSON, the order of its members says nothing. */
function queryValue(text: string): JsonValue {
  const value = /^\s*[[{]/.test(text) ? parseJson(text) : undefined;
  return typeof value === 'object' && value !== null ? asNamed(value, text) : text;
}

/** JSON that stands under a name, or its text where that is what something else is as well: one text, or a name that comes again. */
function asNamed(value: JsonValue, text: string): JsonValue {
  const isText = typeof value === 'string';
  return isText || (Array.isArray(value) && value.every((item) => typeof item === 'string')) ? text : value;
}

/** One value under its name, repeats as a list in their order. */
function grouped(fields: readonly Field[]): JsonObject {
  return namedValues(fields);
}

function namedValues(fields: readonly (readonly [name: string, value: JsonValue])[]): JsonObject {
  const values = new Map<string, JsonValue[]>();
  for (const [name, value] of fields) {
    const known = values.get(name);
    if (known === undefined) values.set(name, [value]);
    else known.push(value);
  }
  return Object.fromEntries([...values].map(([name, all]) => [name, all.length === 1 ? (all[0] ?? null) : all]));
}

/** Multipart within multipart is read so deep; beyond it is compared by its bytes. */
const deepestPart = 3;

function bodyValue(view: BodyView, depth = 0): JsonValue | undefined {
  switch (view.kind) {
    case 'empty':
      return undefined;
    case 'messages':
      return view.value;
    case 'json':
      return withoutRpcIds(graphqlAware(view.value));
    case 'items':
      return view.value;
    case 'form':
      return grouped(view.fields);
    case 'multipart':
      if (depth >= deepestPart) return digestOf(view.bytes);
      return partsValue(view.parts, depth + 1);
    case 'text':
      return graphqlOperations(view.text).length === 0 ? view.text : (normalGraphql(view.text) ?? view.text);
    case 'binary':
      return digestOf(view.bytes);
  }
}

/** Parts without names are told by their position. */
function partsValue(parts: readonly Part[], depth: number): JsonValue {
  if (parts.every(({ name }) => name === null)) return parts.map((part) => partValue(part, depth));
  return namedValues(parts.map((part) => [part.name ?? '', partValue(part, depth)]));
}

/** The boundary is not part of it: clients make a new one for each request. */
function partValue(part: Part, depth: number): JsonValue {
  const content = contentOfPart(part, depth);
  if (content.kind === 'http') return messageValue(content, depth);
  return content.kind === 'parts' && depth < deepestPart
    ? partsValue(content.parts, depth + 1)
    : otherValue(part, depth);
}

/** As the request it is in; where it stands for an answer, that too. Fields take no part, as everywhere. */
function messageValue({ message: { start }, body }: PartMessage, depth: number): JsonValue {
  const said: JsonObject =
    start.kind === 'response' ? { status: start.status } : { method: start.method, ...targetValue(start.target) };
  const value = bodyValue(body, depth);
  return value === undefined ? said : { ...said, body: value };
}

function targetValue(target: string): JsonObject {
  const { path, query } = splitTarget(target);
  return query === '' ? { path } : { path, query: grouped(parseForm(query)) };
}

function otherValue(part: Part, depth: number): JsonValue {
  const type = mediaTypeOf(part.headers);
  const view = viewBytes(type, part.bytes);
  const content = view.kind === 'json' ? jsonOfPart(view) : (bodyValue(view, depth) ?? '');
  if (part.filename === null && type.essence === '') return content;
  return { ...(part.filename === null ? {} : { filename: part.filename }), type: type.essence, content };
}

function jsonOfPart({ value, bytes }: BodyView & { readonly kind: 'json' }): JsonValue {
  return asNamed(withoutRpcIds(graphqlAware(value)), Buffer.from(bytes).toString('utf8'));
}

function graphqlAware(value: JsonValue): JsonValue {
  if (!isJsonObject(value)) return value;
  const { query } = value;
  return typeof query === 'string' ? { ...value, query: normalGraphql(query) ?? query } : value;
}

function digestOf(bytes: Uint8Array): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')} (${bytes.length} bytes)`;
}
