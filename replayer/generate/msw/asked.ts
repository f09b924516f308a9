/**
 * Which request a handler answers, as the words of `asks` in recorded.js: URL and method always, the body, and header fields
 * that choose an answer, only where recorded requests to one place differ in them. Secrets that redaction took out, and values that are made anew for every
 * request (times, identifiers that no earlier answer gave), decide nothing; they are listed as standing for anything.
 */
import { createHash } from 'node:crypto';
import { normalGraphql } from '../../../tape/body/graphql';
import { mediaTypeOf } from '../../../tape/body/media-type';
import { type BodyView, type Part, viewBody } from '../../../tape/body/view';
import { isToken, joinedValue } from '../../../tape/http/lists';
import { selectingFields } from '../../../tape/http/selecting-fields';
import { isJsonObject, JsonNumber, type JsonValue } from '../../../tape/json/json';
import { canonicalText, mapScalars } from '../../../tape/json/values';
import { addressOf, type HttpRequest } from '../../../tape/model/http/http';

import { mintedKind } from '../../mocks/match/erase';
import { variedBy } from '../../mocks/match/fields';
import { requestValue } from '../../mocks/match/request-value';
import type { Mock } from '../../mocks/mock';
import { baseUrl, type Upstream } from '../../mocks/upstream';
import { tokensOf } from '../../noise/tokens';
import type { Plain } from '../literal';

/** What the body has to be: one of the names that `asks` knows, and its value. */
export interface BodyCondition {
  readonly kind: 'json' | 'graphql' | 'form' | 'fields' | 'text' | 'sha256';
  readonly value: Plain;
}

export interface Asked {
  readonly method: string;
  readonly url: string;
  /** By lower-case name; null for a field that is not there. Null where none takes part. */
  readonly headers: { readonly [name: string]: string | null } | null;
  /** Null where the body takes no part. */
  readonly body: BodyCondition | null;
  readonly anything: readonly string[];
}

export interface AskedBy {
  readonly asked: Asked;
  /** In recorded order; they get the answers of their requests one after another. */
  readonly mocks: readonly Mock[];
}

/** Why no client could ask for it by a URL; null where one could. */
export function unaskable({ request }: Mock, upstream: Upstream): string | null {
  const url = urlOf(request, upstream);
  if (!URL.canParse(url)) return `${url} is no URL`;
  if (!isToken(request.method)) return `${request.method} is no method`;
  return /^(connect|trace|track)$/i.test(request.method) ? `fetch refuses ${request.method}` : null;
}

/** The mocks by the request they answer, in the order in which those were first seen. */
export function askedBy(mocks: readonly Mock[], upstreams: ReadonlyMap<string, Upstream>): readonly AskedBy[] {
  const answered = new Set<string>();
  const drafts = mocks.flatMap((mock) => {
    const upstream = upstreams.get(mock.upstream);
    const draft = upstream === undefined ? [] : [draftOf(mock, upstream, answered)];
    for (const word of answeredWords(mock)) answered.add(word);
    return draft;
  });
  const places = groupBy(drafts, ({ place }) => place);
  const asked = drafts.map((draft) => (decides(places.get(draft.place) ?? [], draft) ? draft : withoutBody(draft)));
  const alike = groupBy(asked, ({ place, body }) => `${place} ${body}`);
  return [...alike.values()].flatMap(byFields).map((group) => ({
    asked: joined(group),
    mocks: group.map(({ mock }) => mock),
  }));
}

/** Requests that are otherwise equal, by the fields that choose an answer, as far as they differ in those. */
function byFields(group: readonly Draft[]): readonly (readonly Draft[])[] {
  const names = fieldsThatTell(group.map(({ mock }) => mock));
  if (names.length === 0) return [group];
  const told = group.map((draft) => {
    const headers = Object.fromEntries(names.map((name) => [name, joinedValue(draft.mock.request.headers, name)]));
    return { ...draft, asked: { ...draft.asked, headers } };
  });
  return [...groupBy(told, ({ asked }) => JSON.stringify(asked.headers)).values()];
}

/** What redaction took out of a field of any of them, none can be told by. */
function fieldsThatTell(mocks: readonly Mock[]): readonly string[] {
  const varied = mocks.flatMap(({ answer }) =>
    'response' in answer && answer.response ? variedBy(answer.response) : [],
  );
  return [...new Set([...selectingFields, ...varied])].filter((name) => {
    const isRedacted = mocks.some(({ redacted }) => redacted.some(({ path }) => path.includes(`"${name}"`)));
    return !isRedacted && new Set(mocks.map(({ request }) => joinedValue(request.headers, name))).size > 1;
  });
}

interface Draft {
  readonly mock: Mock;
  readonly asked: Asked;
  /** Equal for requests that differ at most in their body; of GraphQL, in what the operation is given. */
  readonly place: string;
  /** Equal for equal bodies. */
  readonly body: string;
}

function draftOf(mock: Mock, upstream: Upstream, answered: ReadonlySet<string>): Draft {
  const { request, redacted } = mock;
  const view = viewBody(request.headers, request.body);
  const { body: _, header: __, ...target } = requestValue(request).value;
  const condition = conditionOf(view);
  const secrets = redacted
    .filter(({ path }) => !/^(header|trailer)\b/.test(path))
    .map(({ placeholder }) => placeholder);
  const fresh = mintedIn(condition.value as JsonValue, null).filter((text) => !isAnswered(text, answered));
  const anything = [...new Set([...secrets, ...fresh])].filter((text) => text !== '').sort(longestFirst);
  const operation = condition.kind === 'graphql' ? withoutVariables(condition.value) : null;
  return {
    mock,
    asked: { method: request.method, url: urlOf(request, upstream), headers: null, body: condition, anything },
    place: `${baseUrl(upstream)} ${erased(target, anything)} ${erased(operation as JsonValue, anything)}`,
    body: `${condition.kind} ${erased(condition.value as JsonValue, anything)}`,
  };
}

function decides(samePlace: readonly Draft[], { body }: Draft): boolean {
  return samePlace.some((other) => other.body !== body);
}

/** An operation of GraphQL is told by its name in any case: all of them go to one URL. */
function withoutBody(draft: Draft): Draft {
  const { body } = draft.asked;
  const kept = body?.kind === 'graphql' ? { kind: body.kind, value: withoutVariables(body.value) } : null;
  return { ...draft, body: '', asked: { ...draft.asked, body: kept } };
}

function withoutVariables(value: Plain): { readonly [name: string]: Plain } {
  const { variables: _, ...operation } = value as { readonly [name: string]: Plain };
  return operation;
}

/** The request of the first, with only those texts as anything that stand in what is compared. */
function joined(group: readonly Draft[]): Asked {
  const [first] = group;
  if (first === undefined) throw new RangeError('a group holds at least one draft');
  const { asked } = first;
  const compared = `${decodedUrl(asked.url)} ${JSON.stringify(asked.body?.value ?? null)}`;
  return { ...asked, anything: asked.anything.filter((text) => compared.includes(text)) };
}

function decodedUrl(url: string): string {
  const { pathname, searchParams } = new URL(url);
  return `${pathname} ${[...searchParams].flat().join(' ')}`;
}

function urlOf(request: HttpRequest, upstream: Upstream): string {
  return baseUrl(upstream) + addressOf(request).path;
}

function conditionOf(view: BodyView): BodyCondition {
  switch (view.kind) {
    case 'empty':
      return { kind: 'text', value: '' };
    case 'json':
      return graphqlOf(view.value) ?? { kind: 'json', value: plainOf(view.value) };
    case 'items':
      return { kind: 'text', value: Buffer.from(view.bytes).toString('utf8') };
    case 'form':
      return { kind: 'form', value: named(view.fields) };
    case 'multipart':
      return { kind: 'fields', value: named(view.parts.map(fieldOf)) };
    case 'text':
      return { kind: 'text', value: view.text };
    case 'messages':
    case 'binary':
      return { kind: 'sha256', value: sha256(view.bytes) };
  }
}

/** One operation of GraphQL over HTTP; null for any other JSON. */
function graphqlOf(body: JsonValue): BodyCondition | null {
  if (!isJsonObject(body)) return null;
  const { query, operationName, variables, extensions } = body;
  const document = typeof query === 'string' ? normalGraphql(query) : null;
  const persisted = query === undefined && isJsonObject(extensions) && isJsonObject(extensions.persistedQuery);
  if (document === null && !persisted) return null;
  const operation = typeof operationName === 'string' ? operationName : nameIn(document);
  if (operation === null && document === null) return null;
  const given = { variables: plainOf(variables ?? {}) };
  return { kind: 'graphql', value: operation === null ? { document, ...given } : { operation, ...given } };
}

function nameIn(document: string | null): string | null {
  return /\b(?:query|mutation|subscription)\s+([_A-Za-z]\w*)/.exec(document ?? '')?.[1] ?? null;
}

function fieldOf({ name, filename, headers, bytes }: Part): readonly [string, Plain] {
  if (filename === null) return [name ?? '', Buffer.from(bytes).toString('utf8')];
  return [name ?? '', { filename, type: mediaTypeOf(headers).essence, sha256: sha256(bytes) }];
}

function named(fields: readonly (readonly [string, Plain])[]): Plain {
  const values = groupBy(fields, ([name]) => name);
  return Object.fromEntries(
    [...values].map(([name, all]) => [name, all.length === 1 ? (all[0]?.[1] ?? '') : all.map(([, value]) => value)]),
  );
}

/** As JSON.parse would read it: that is how the live body is read, too. */
function plainOf(value: JsonValue): Plain {
  return mapScalars(value, (scalar) => (scalar instanceof JsonNumber ? Number(scalar.source) : scalar)) as Plain;
}

/** The scalars of a body that two runs make anew. */
function mintedIn(value: JsonValue, key: string | null): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item) => mintedIn(item, key));
  if (isJsonObject(value)) return Object.entries(value).flatMap(([name, member]) => mintedIn(member, name));
  return mintedKind(value, key) === null ? [] : [String(value)];
}

/**
 * The words of an answer. An identifier that an earlier answer gave means the very thing when it is sent; one that comes
 * back in its own answer was made by the client.
 */
function answeredWords({ answer }: Mock): readonly string[] {
  if (answer.kind !== 'response') return [];
  const { headers, body } = answer.response;
  const view = viewBody(headers, body);
  const text = view.kind === 'empty' || view.kind === 'binary' ? '' : Buffer.from(view.bytes).toString('utf8');
  return [text, ...headers.map(([, value]) => value)].flatMap((part) => tokensOf(part).map((token) => token.text));
}

function isAnswered(text: string, answered: ReadonlySet<string>): boolean {
  const tokens = tokensOf(text);
  return tokens.length > 0 && tokens.every((token) => answered.has(token.text));
}

/** Equal for values that differ only in what stands for anything. */
function erased(value: JsonValue, anything: readonly string[]): string {
  return anything.reduce((text, each) => {
    const quoted = JSON.stringify(each);
    return text.replaceAll(each.length < shortestWithin ? quoted : quoted.slice(1, -1), '\0');
  }, canonicalText(value));
}

/** A few characters may stand in any text; recorded.js knows the same limit. */
const shortestWithin = 4;

function longestFirst(a: string, b: string): number {
  return b.length - a.length;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group === undefined) groups.set(keyOf(item), [item]);
    else group.push(item);
  }
  return groups;
}
