/**
 * Which header fields go over the wire for a request, in each version of HTTP. From one version to the other, those that
 * belong to the recorded connection, or that the client makes itself, are left out. Knows nothing of values or secrets; the caller has put them in.
 */
import { connectionOptions, hopByHop } from '../../tape/http/hop-by-hop';
import { isToken } from '../../tape/http/lists';
import { type HeaderList, headerValue } from '../../tape/model/body';
import type { Target } from './target';
import type { RecordedHttp2 } from './way';

export type Http1Version = '1.0' | '1.1';

export interface OutgoingRequest {
  readonly method: string;
  /** Origin-form, as recorded; the target's base path is put before it. */
  readonly path: string;
  /** As recorded, with the values of this run. */
  readonly headers: HeaderList;
  /** The body as it goes out, content codings applied. */
  readonly body: Uint8Array;
  /** As recorded. They go out over HTTP/2, and over HTTP/1 behind chunks. */
  readonly trailers: HeaderList;
  /** The version of HTTP/1 it is sent in, where it is sent in one. */
  readonly version: Http1Version;
  /** How it came over HTTP/2 when it was recorded; null for HTTP/1. */
  readonly http2: RecordedHttp2 | null;
}

export interface OutgoingOptions {
  readonly target: Target;
  /** Sent as Host or `:authority`; null for the target's own. */
  readonly hostHeader: string | null;
}

/**
 * Fields of HTTP/1. What was recorded over HTTP/1 goes out as it was, the fields of its connection included, under the host
 * of this run. What was recorded over HTTP/2 had no such fields.
 */
export function http1Fields(request: OutgoingRequest, { target, hostHeader }: OutgoingOptions): HeaderList {
  const { headers, http2, version } = request;
  const host = hostHeader ?? target.authority;
  const kept = http2 === null ? headers : withOneCookie(headers).filter(([name]) => isKept(name, headers));
  if (kept.some(isHost)) return kept.map((field) => (isHost(field) ? [field[0], host] : field));
  return version === '1.0' && hostHeader === null ? kept : [['Host', host], ...kept];
}

function isHost([name]: HeaderList[number]): boolean {
  return name.length === 4 && name.toLowerCase() === 'host';
}

/** HTTP/2 may cut Cookie into crumbs, and HTTP/1 has one field of them (RFC 9113 8.2.3). */
function withOneCookie(headers: HeaderList): HeaderList {
  const crumbs = headers.filter(isCookie).map(([, value]) => value);
  if (crumbs.length < 2) return headers;
  const first = headers.findIndex(isCookie);
  return headers.flatMap((field, i) => {
    if (!isCookie(field)) return [field];
    return i === first ? [[field[0], crumbs.join('; ')] as const] : [];
  });
}

function isCookie([name]: HeaderList[number]): boolean {
  return name.length === 6 && name.toLowerCase() === 'cookie';
}

/**
 * The flat list of pseudo-header fields and fields (RFC 9113 8.3.1). The length of the body is said where the recorded
 * client said it. Throws a TypeError for what no header field can hold.
 */
export function http2Headers(request: OutgoingRequest, options: OutgoingOptions): string[] {
  const { method, headers, body } = request;
  if (!isToken(method)) throw new TypeError(`the method ${JSON.stringify(method)} is no token`);
  const flat = [':method', method, ...addressFields(request, options)];
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (lower === 'content-length') flat.push(lower, String(body.length));
    else if (isKept(name, headers) || saysTrailers(lower, value)) flat.push(lower, fieldValue(lower, value));
  }
  return flat;
}

/** The same for an extended CONNECT (RFC 8441 4), which asks for another protocol in its stream. */
export function extendedConnectHeaders(
  { asksFor, headers, ...at }: Pick<OutgoingRequest, 'path' | 'headers'> & { readonly asksFor: string },
  options: OutgoingOptions,
): string[] {
  const flat = [':method', 'CONNECT', ':protocol', asksFor, ...addressFields(at, options)];
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (isKept(name, headers)) flat.push(lower, fieldValue(lower, value));
  }
  return flat;
}

function addressFields({ path }: Pick<OutgoingRequest, 'path'>, { target, hostHeader }: OutgoingOptions): string[] {
  const whole = target.basePath + path;
  if (!/^[\x21-\xff]+$/.test(whole)) throw new TypeError('the path holds signs that no path may hold');
  const scheme = target.secure ? 'https' : 'http';
  return [':scheme', scheme, ':authority', hostHeader ?? target.authority, ':path', whole];
}

/** Trailers by name, as node:http2 takes them; those of one name stay in their order. Throws as `http2Headers` does. */
export function http2Trailers(trailers: HeaderList): Record<string, string[]> {
  const byName: Record<string, string[]> = {};
  for (const [name, value] of trailers) {
    const lower = name.toLowerCase();
    byName[lower] = [...(byName[lower] ?? []), fieldValue(lower, value)];
  }
  return byName;
}

/** The value, if a field of HTTP can hold it. Throws a TypeError where it cannot, or its name is none. */
export function fieldValue(name: string, value: string): string {
  if (!isToken(name)) throw new TypeError(`the field name ${JSON.stringify(name)} is no token`);
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  throw new TypeError(`the field ${name} holds control characters`);
}

/** The one thing TE may say in HTTP/2 (RFC 9113 8.2.2); gRPC asks for it. */
function saysTrailers(name: string, value: string): boolean {
  return name === 'te' && value.trim().toLowerCase() === 'trailers';
}

/** Of a request of HTTP/2: the host is a pseudo-header there, and Expect would have to be waited for. */
const madeAnew: ReadonlySet<string> = new Set(['host', 'content-length', 'expect', 'proxy-authorization']);

function isKept(name: string, headers: HeaderList): boolean {
  const lower = name.toLowerCase();
  return !hopByHop.has(lower) && !madeAnew.has(lower) && !connectionOptions(headers).has(lower);
}

/** True when the recorded client asked for the connection to be closed after this request. */
export function closesConnection({ headers, version }: Pick<OutgoingRequest, 'headers' | 'version'>): boolean {
  const options = connectionOptions(headers);
  return options.has('close') || (version === '1.0' && !options.has('keep-alive'));
}

/** True when the recorded body came in chunks: it is sent in chunks again. */
export function isChunked(headers: HeaderList): boolean {
  return /(^|,)\s*chunked\s*$/i.test(headerValue(headers, 'transfer-encoding') ?? '');
}
