/**
 * The places of a message where a value can travel, each with its path: path segments, query values, header values and
 * cookies, JSON leaves, form fields, the text of parts or the places of a message of HTTP in one, whole texts. Decoded as far as HTTP and the body's kind go, no
 * further. Visits instead of building lists: a tape has millions of leaves.
 */

import { parseForm } from '../../tape/body/form';
import { contentOfPart, type PartMessage, stepOf } from '../../tape/body/parts';
import { type BodyView, jsonIn, type Part } from '../../tape/body/view';
import { isJsonObject, JsonNumber, type JsonValue } from '../../tape/json/json';
import { memoised } from '../../tape/memo';
import type { HeaderList } from '../../tape/model/body';
import { type HttpRequest, type HttpResponse, originFormOf } from '../../tape/model/http/http';
import type { Path } from '../../tape/model/path';
import { headerVolatility, type Volatility } from '../noise/volatile-headers';
import { parseCookies, parseSetCookie } from './cookies';

/** What stands at a place. `cookie` values are known by their name too, so even short ones are told apart. */
export interface Leaf {
  /** Valid during the visit only, as the leaf itself: copy it to keep it. */
  readonly path: Path;
  readonly text: string;
  readonly kind: 'text' | 'number' | 'cookie' | 'segment' | 'query';
}

export type Visit = (leaf: Leaf) => void;

/** Bodies of more text than this are not searched for values; one answer must not fill the index. */
const searchedTextLimit = 256 * 1024;
const leavesLimit = 20_000;

/** Every place of a request. */
export function visitRequest(request: HttpRequest, body: BodyView, visit: Visit): void {
  const [beforeQuery, query] = cutOnce(originFormOf(request), '?');
  segmentsOf(beforeQuery).forEach((text, i) => {
    if (text !== '') visit({ path: ['path', i], text, kind: 'segment' });
  });
  if (query !== undefined) visitFields(parseForm(query), { root: 'query', kind: 'query' }, visit);
  visitHeaders(request.headers, visit);
  visitBody(body, visit);
}

/** Every place of an answer; the body first, because the name there says best what a value is. */
export function visitResponse(response: HttpResponse, body: BodyView, visit: Visit): void {
  visitBody(body, visit);
  visitFieldsOf(response, visit);
}

/** Those of its header fields and trailers alone. */
export function visitFieldsOf(response: HttpResponse, visit: Visit): void {
  visitHeaders(response.headers, visit);
  for (const [name, text] of response.trailers) visit({ path: ['trailer', name.toLowerCase()], text, kind: 'text' });
}

/** Path segments, percent-decoded; position 0 is the first one after the leading slash. */
export function segmentsOf(path: string): readonly string[] {
  return path.length > longestRemembered ? cutIntoSegments(path) : segmentsAgain(path);
}

/** Of each request they are asked for several times, and many requests have one path. */
const longestRemembered = 200;
const segmentsAgain = memoised(1000, cutIntoSegments);

function cutIntoSegments(path: string): readonly string[] {
  return path.split('/').slice(1).map(decodeSegment);
}

export function decodeSegment(segment: string): string {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment; // not UTF-8: it is compared and sent as it was
  }
}

/** Headers that never carry a value an answer minted; Host is the target's own. */
const unsearched = new Set([
  'host',
  'connection',
  'content-length',
  'content-type',
  'content-encoding',
  'transfer-encoding',
  'accept',
  'accept-encoding',
  'accept-language',
  'user-agent',
  'expect',
  'server',
  'vary',
  'keep-alive',
  'cache-control',
]);

function visitHeaders(headers: HeaderList, visit: Visit): void {
  const seen = new Map<string, number>();
  for (const [name, value] of headers) {
    const { lower } = searchedName(name);
    if (lower === null) continue;
    const nth = seen.get(lower) ?? 0;
    seen.set(lower, nth + 1);
    if (lower === 'cookie') visitCookies(value, visit);
    else if (lower === 'set-cookie') visitSetCookie(value, visit);
    else visit({ path: repeated(['header', lower], nth), text: value, kind: 'text' });
  }
}

/** `lower` is null where nothing is looked for. The same few names come with every message. */
const searchedName = memoised(1000, (name: string): { readonly lower: string | null } => {
  const lower = name.toLowerCase();
  return { lower: unsearched.has(lower) || isUnsearched(headerVolatility(lower)) ? null : lower };
});

function isUnsearched(volatility: Volatility): boolean {
  return volatility === 'ambient' || volatility === 'clock';
}

function visitCookies(value: string, visit: Visit): void {
  for (const cookie of parseCookies(value)) {
    visit({ path: ['header', 'cookie', cookie.name], text: cookie.value, kind: 'cookie' });
  }
}

function visitSetCookie(value: string, visit: Visit): void {
  const cookie = parseSetCookie(value);
  if (cookie !== null) visit({ path: ['header', 'set-cookie', cookie.name], text: cookie.value, kind: 'cookie' });
}

export function visitBody(body: BodyView, visit: Visit): void {
  const json = jsonIn(body);
  if (json !== undefined) visitJson(json, visit);
  else if (body.kind === 'form') visitFields(body.fields, { root: 'body', kind: 'text' }, visit);
  else if (body.kind === 'multipart') visitParts(body.parts, visit);
  else if (body.kind === 'text' && body.text.length <= searchedTextLimit) {
    visit({ path: ['body'], text: body.text, kind: 'text' });
  }
}

function visitParts(parts: readonly Part[], visit: Visit, at: Path = ['body'], depth = 0): void {
  for (const [i, part] of parts.entries()) {
    const path = [...at, stepOf(part, i)];
    const content = contentOfPart(part, depth);
    if (content.kind === 'parts') visitParts(content.parts, visit, path, depth + 1);
    else if (content.kind === 'http') visitMessage(content, (leaf) => visit(leafWithin(path, leaf)));
    else {
      const text = shortText(part.bytes);
      if (text !== null) visit({ path, text, kind: 'text' });
    }
  }
}

/** A target is one text: in a batch it may begin anywhere, or refer to another part. */
function visitMessage({ message, body }: PartMessage, visit: Visit): void {
  const { start, headers } = message;
  if (start.kind === 'request') visit({ path: ['path'], text: start.target, kind: 'text' });
  visitBody(body, visit);
  visitHeaders(headers, visit);
}

/** Cookies in a part are none of the connection's. */
function leafWithin(at: Path, { path, text, kind }: Leaf): Leaf {
  return { path: [...at, ...path], text, kind: kind === 'cookie' ? 'text' : kind };
}

function visitFields(
  fields: readonly (readonly [string, string])[],
  { root, kind }: { readonly root: string; readonly kind: Leaf['kind'] },
  visit: Visit,
): void {
  const seen = new Map<string, number>();
  for (const [name, text] of fields) {
    const nth = seen.get(name) ?? 0;
    seen.set(name, nth + 1);
    visit({ path: repeated([root, name], nth), text, kind });
  }
}

/** One walk over a document; its leaf is one object, filled anew for each visit. */
interface Walk {
  readonly visit: Visit;
  readonly path: (string | number)[];
  readonly leaf: { readonly path: Path; text: string; kind: Leaf['kind'] };
  left: number;
}

function visitJson(value: JsonValue, visit: Visit): void {
  const path = ['body'];
  walkJson(value, { visit, path, leaf: { path, text: '', kind: 'text' }, left: leavesLimit });
}

function walkJson(value: JsonValue, walk: Walk): void {
  if (--walk.left < 0 || value === null) return;
  if (typeof value === 'string') visitScalar(value, 'text', walk);
  else if (typeof value === 'number') visitScalar(String(value), 'number', walk);
  else if (value instanceof JsonNumber) visitScalar(value.source, 'number', walk);
  else if (isJsonObject(value)) {
    for (const name in value) walkMember(value[name] ?? null, name, walk);
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) walkMember(value[i] ?? null, i, walk);
  }
}

function visitScalar(text: string, kind: Leaf['kind'], walk: Walk): void {
  walk.leaf.text = text;
  walk.leaf.kind = kind;
  walk.visit(walk.leaf);
}

function walkMember(member: JsonValue, step: string | number, walk: Walk): void {
  walk.path.push(step);
  walkJson(member, walk);
  walk.path.pop();
}

/** The first of a name has no number; the second is [1]. */
function repeated(path: (string | number)[], nth: number): (string | number)[] {
  return nth === 0 ? path : [...path, nth];
}

function shortText(bytes: Uint8Array): string | null {
  if (bytes.length > 4096) return null;
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  return text.includes('\u{fffd}') ? null : text;
}

export function cutOnce(text: string, at: string): readonly [string, string?] {
  const found = text.indexOf(at);
  return found < 0 ? [text] : [text.slice(0, found), text.slice(found + at.length)];
}
