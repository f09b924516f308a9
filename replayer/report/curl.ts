/** A request as a curl command line a person can paste into a shell. */
import { hopByHop } from '../../tape/http/hop-by-hop';
import type { HeaderList } from '../../tape/model/body';

export interface CurlRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderList;
  /** The Host, where it is not that of the address. */
  readonly host?: string | null;
  readonly body: Uint8Array;
  /** The option that asks for the version it went over; null for HTTP/1.1 and what curl does by itself. */
  readonly version: '--http2' | '--http2-prior-knowledge' | null;
}

/** By the way a request goes (drive/way.ts). */
export const curlVersions = {
  http1: null,
  alpn: '--http2',
  'prior-knowledge': '--http2-prior-knowledge',
} as const;

const longestBody = 2000;

/** Headers curl makes itself are left out; a body that is long or no text is named instead of printed. */
export function curlLine({ method, url, headers, host = null, body, version }: CurlRequest): string {
  const parts = version === null ? ['curl'] : ['curl', version];
  if (method === 'HEAD') parts.push('--head');
  else if (method !== (body.length > 0 ? 'POST' : 'GET')) parts.push('-X', shellWord(method));
  parts.push(shellWord(url));
  if (host !== null) parts.push('-H', shellWord(`Host: ${host}`));
  for (const [name, value] of headers)
    if (!madeByCurl.has(name.toLowerCase())) parts.push('-H', shellWord(`${name}: ${value}`));
  if (body.length > 0) parts.push('--data-binary', bodyText(body));
  return parts.join(' ');
}

const madeByCurl: ReadonlySet<string> = new Set([
  ...hopByHop,
  'host',
  'content-length',
  'accept-encoding',
  'user-agent',
  'expect',
]);

function bodyText(body: Uint8Array): string {
  return isPrintable(body) ? shellWord(textOf(body)) : `'@body.bin' # ${body.length} bytes, not shown`;
}

/** False for a body that a command line has no room for, or no characters. */
export function isPrintable(body: Uint8Array): boolean {
  return body.length <= longestBody && !/[\u{fffd}\0]/u.test(textOf(body));
}

function textOf(body: Uint8Array): string {
  return Buffer.from(body).toString('utf8');
}

/** Shell quoting: single quotes, an inner one written as '\''. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
