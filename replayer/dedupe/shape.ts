/** What a message is made of, whatever values stand in it: two of one shape go through the same code, as far as a message shows. Pure. */
import { createHash } from 'node:crypto';
import { type BodyView, jsonIn, viewBody } from '../../tape/body/view';
import { isJsonObject, type JsonValue } from '../../tape/json/json';
import { canonicalText, typeName } from '../../tape/json/values';
import type { Body, HeaderList } from '../../tape/model/body';
import type { HttpRequest, HttpResponse } from '../../tape/model/http/http';
import { headerVolatility } from '../noise/volatile-headers';

/** Of the query the names, of fields the names, of the body its shape. */
export function requestShape({ target, headers, body }: HttpRequest): string {
  const query = new URLSearchParams(target.split('?')[1] ?? '');
  const names = [...new Set(query.keys())].sort();
  return canonicalText([names, fieldShape(headers), bodyShape(headers, body)]);
}

export function responseShape({ status, headers, body, trailers }: HttpResponse): string {
  return canonicalText([status, fieldShape(headers), bodyShape(headers, body), fieldShape(trailers)]);
}

/** Fields whose value decides what is answered, or says what the answer is. */
const telling: ReadonlySet<string> = new Set(['accept', 'content-type', 'content-encoding', 'range', 'cache-control']);

function fieldShape(headers: HeaderList): JsonValue {
  const texts = headers.flatMap(([name, value]) => {
    const lower = name.toLowerCase();
    if (headerVolatility(lower) !== 'no') return [];
    return [telling.has(lower) ? `${lower}: ${value.replace(/boundary=.*/i, '')}` : lower];
  });
  return [...new Set(texts)].sort();
}

function bodyShape(headers: HeaderList, body: Body): JsonValue {
  const view = viewBody(headers, body);
  const json = jsonIn(view);
  return json === undefined ? [view.kind, otherShape(view)] : ['json', jsonShape(json)];
}

/** What has no shape is like nothing but itself. */
function otherShape(view: BodyView): JsonValue {
  if (view.kind === 'empty') return null;
  if (view.kind === 'form') return [...new Set(view.fields.map(([name]) => name))].sort();
  return createHash('sha256').update(view.bytes).digest('hex');
}

/** Types in the place of values. Of lists the shapes that are in them; true and false are two. */
function jsonShape(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return [...new Set(value.map((each: JsonValue) => canonicalText(jsonShape(each))))].sort();
  if (isJsonObject(value)) {
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, jsonShape(each)]));
  }
  return typeof value === 'boolean' ? String(value) : typeName(value);
}
