/**
 * What goes over the wire for a request: header fields that belong to the recorded connection, or that the client
 * makes itself, are left out. Knows nothing of values or secrets; the caller has put them in.
 */
import { type HeaderList, headerValue } from '../../tape/model/body';

export interface OutgoingRequest {
  readonly method: string;
  /** Origin-form, as recorded; the target's base path is put before it. */
  readonly path: string;
  /** As recorded, with the values of this run. */
  readonly headers: HeaderList;
  /** The body as it goes out, content codings applied. */
  readonly body: Uint8Array;
}

/** RFC 9110 section 7.6.1, and what undici computes itself: Host, Content-Length, and Expect, which it cannot wait for. */
const leftOut = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'host',
  'content-length',
  'expect',
]);

/** The flat name, value list undici takes; `host` is sent in place of the target's own authority when it is given. */
export function outgoingHeaders(headers: HeaderList, host: string | null): string[] {
  const named = connectionOptions(headers);
  const flat: string[] = host === null ? [] : ['Host', host];
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    if (!leftOut.has(lower) && !named.has(lower)) flat.push(name, value);
  }
  return flat;
}

/** True when the recorded client asked for the connection to be closed after this request. */
export function closesConnection(headers: HeaderList): boolean {
  return connectionOptions(headers).has('close');
}

/** True when the recorded body came in chunks: it is sent in chunks again. */
export function isChunked(headers: HeaderList): boolean {
  return /(^|,)\s*chunked\s*$/i.test(headerValue(headers, 'transfer-encoding') ?? '');
}

function connectionOptions(headers: HeaderList): ReadonlySet<string> {
  const value = headerValue(headers, 'connection');
  if (value === undefined) return none;
  return new Set(
    value
      .toLowerCase()
      .split(',')
      .map((option) => option.trim()),
  );
}

const none: ReadonlySet<string> = new Set();
