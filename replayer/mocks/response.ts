/**
 * A recorded response as it is to be served again: hop-by-hop fields gone, framing made to fit the bytes that are
 * kept. Everything that can be worked out once is worked out here, so that an answer costs a lookup and a write.
 */
import { decodeBody } from '../../tape/body/coding';
import { connectionOptions, hopByHop } from '../../tape/http/hop-by-hop';
import { isToken } from '../../tape/http/lists';
import { type HeaderList, headerValue } from '../../tape/model/body';
import type { HttpResponse, InformationalResponse } from '../../tape/model/http/http';
import { digestField } from './digests/fields';
import type { FlatHeaders } from './front/asked';

export interface Served {
  readonly headers: FlatHeaders;
  /** What HTTP/1 needs besides, so that its connection can go on: the length of a body, or the names of its trailers. */
  readonly framing: FlatHeaders;
  readonly body: Buffer;
  /** A short body as latin1 text: Node writes head and text in one piece, which costs less than two. */
  readonly shortText: string | null;
}

const shortBody = 16 * 1024;

export interface PreparedResponse {
  readonly status: number;
  /** Null where HTTP/2 carried it, which has none. */
  readonly reason: string | null;
  /** Those that come before it; not those that every server makes by itself. */
  readonly early: readonly InformationalResponse[];
  readonly trailers: FlatHeaders;
  /** As recorded, content coding included. */
  readonly coded: Served;
  /** The codings of `coded`; [] where there is none. */
  readonly codings: readonly string[];
  /** Without content coding, for a client that is not to get it; as recorded where the coding cannot be undone. Made on first use. */
  identity(): Served;
  /** Whether a client with this `Accept-Encoding` gets it coded. */
  isCodedFor(accept: string | undefined): boolean;
}

export interface Preparing {
  readonly method: string;
  /** The `Accept-Encoding` it was recorded for. */
  readonly accepted?: string | undefined;
  /** True where the body is another than was sent when it was recorded: digests of it in header fields are made anew. */
  readonly isOther?: boolean;
}

/** Works out the answer to `method`; a response to HEAD, 204 and 304 carry no body (RFC 9110 6.4.1). */
export function prepareResponse(given: HttpResponse, preparing: Preparing): PreparedResponse {
  const { method, accepted, isOther = false } = preparing;
  const bodiless = method === 'HEAD' || given.status === 204 || given.status === 304;
  const response = isOther && !bodiless ? withDigestsOf(given, given.body.bytes) : given;
  const { codings } = response.body;
  const framing = { method, length: response.body.bytes.length, keepCoding: codings.length > 0 };
  const coded = served(response, framing, bodiless ? Buffer.alloc(0) : asBuffer(response.body.bytes));
  let identity: Served | null = codings.length === 0 || bodiless ? coded : null;
  return {
    status: response.status,
    reason: response.version === '2' ? null : fieldText(response.reason),
    early: response.informational.filter(({ status }) => status > 101 && status < 200),
    trailers: bodiless ? [] : cleanFields(response.trailers).flat(),
    coded,
    codings: bodiless ? [] : codings,
    identity() {
      identity ??= decoded(response, method) ?? coded;
      return identity;
    },
    isCodedFor: (accept) => bodiless || isSentCoded(codings, { accept, accepted }),
  };
}

/**
 * A client that takes the codings gets them. So does one that says of them what the recorded one said, and every one where the
 * server did not ask: what is kept compressed is often sent so to anybody.
 */
export function isSentCoded(
  codings: readonly string[],
  { accept, accepted }: { readonly accept: string | undefined; readonly accepted: string | undefined },
): boolean {
  if (accept === accepted || acceptsCodings(accept, codings)) return true;
  return accepted !== undefined && !acceptsCodings(accepted, codings);
}

/** True when an Accept-Encoding value names every coding; none at all means the client said nothing of codings. */
export function acceptsCodings(accept: string | undefined, codings: readonly string[]): boolean {
  if (codings.length === 0) return true;
  const offered = (accept ?? '').toLowerCase().split(',').map(offer);
  const said = (name: string): number | undefined => offered.find(([coding]) => coding === name)?.[1];
  return codings.every((coding) => (said(coding.toLowerCase()) ?? said('*') ?? 0) > 0);
}

function offer(text: string): [coding: string, quality: number] {
  const [coding = '', ...parameters] = text.split(';').map((part) => part.trim());
  const quality = parameters.find((parameter) => parameter.startsWith('q='));
  return [coding, quality === undefined ? 1 : Number(quality.slice(2)) || 0];
}

/** Beside a part of a body they are of all of it. */
function withDigestsOf(response: HttpResponse, bytes: Uint8Array): HttpResponse {
  if (response.status === 206) return response;
  const fitting = (fields: HeaderList): HeaderList =>
    fields.flatMap(([name, value]) => {
      const made = digestField(name.toLowerCase(), value, bytes);
      if (made === undefined) return [[name, value] as const];
      return made === null ? [] : [[name, made] as const];
    });
  return { ...response, headers: fitting(response.headers), trailers: fitting(response.trailers) };
}

/** Undefined where the coding cannot be undone in full: a part of the body would pass for the whole. */
function decoded(response: HttpResponse, method: string): Served | undefined {
  const { bytes, problem } = decodeBody(response.body);
  if (problem !== null) return undefined;
  const body = asBuffer(bytes);
  return served(withDigestsOf(response, body), { method, length: body.length, keepCoding: false }, body);
}

function served(response: HttpResponse, framing: Framing, body: Buffer): Served {
  const shortText = body.length <= shortBody ? body.toString('latin1') : null;
  return { ...servedHeaders(response, framing), body, shortText };
}

interface Framing {
  readonly method: string;
  readonly length: number;
  readonly keepCoding: boolean;
}

function servedHeaders(response: HttpResponse, framing: Framing): Pick<Served, 'headers' | 'framing'> {
  const dropped = droppedNames(response);
  const flat: string[] = [];
  let lengthSaid = false;
  for (const [name, value] of cleanFields(response.headers)) {
    const lower = name.toLowerCase();
    if (dropped.has(lower)) continue;
    if (lower === 'content-encoding' && !framing.keepCoding && !describesOnly(response, framing)) continue;
    if (lower === 'content-length') {
      if (lengthSaid || response.status === 204) continue;
      lengthSaid = true;
      flat.push(name, describesOnly(response, framing) ? value : String(framing.length));
      continue;
    }
    flat.push(name, value);
  }
  return { headers: flat, framing: lengthSaid ? [] : framingOf(response, framing) };
}

function framingOf(response: HttpResponse, framing: Framing): FlatHeaders {
  if (response.trailers.length > 0) return ['Trailer', response.trailers.map(([name]) => name).join(', ')];
  return needsLength(response, framing) ? ['Content-Length', String(framing.length)] : [];
}

/** HEAD and 304 describe a body they do not carry, so their Content-Length and Content-Encoding stay as recorded. */
function describesOnly(response: HttpResponse, framing: Framing): boolean {
  return framing.method === 'HEAD' || response.status === 304;
}

/** A body that ended with its connection gets a length, so that the connection can go on. */
function needsLength(response: HttpResponse, framing: Framing): boolean {
  const chunked = headerValue(response.headers, 'transfer-encoding') !== undefined;
  return !chunked && response.status !== 204 && !describesOnly(response, framing);
}

/** Lower-case names of the fields that do not go out again. */
export function droppedNames({ headers, trailers }: HttpResponse): ReadonlySet<string> {
  const dropped = new Set([...hopByHop, ...connectionOptions(headers), 'proxy-authenticate']);
  if (trailers.length > 0) dropped.add('content-length');
  return dropped;
}

/** A recording may hold what Node refuses to write: names that are no token are dropped, control bytes become spaces. */
export function cleanFields(fields: HeaderList): [string, string][] {
  return fields.filter(([name]) => isToken(name)).map(([name, value]) => [name, fieldText(value)]);
}

function fieldText(text: string): string {
  return text.replace(/[^\t\x20-\x7e\x80-\xff]/g, ' ');
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
