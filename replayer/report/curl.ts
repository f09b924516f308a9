/** A request as a curl command line a person can paste into a shell. */
import type { HeaderList } from '../../tape/model/body';

export interface CurlRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: HeaderList;
  readonly body: Uint8Array;
}

const longestBody = 2000;

/** Headers curl makes itself are left out; a body that is long or no text is named instead of printed. */
export function curlLine({ method, url, headers, body }: CurlRequest): string {
  const parts = ['curl'];
  if (method === 'HEAD') parts.push('--head');
  else if (method !== (body.length > 0 ? 'POST' : 'GET')) parts.push('-X', quoted(method));
  parts.push(quoted(url));
  for (const [name, value] of headers)
    if (!madeByCurl.has(name.toLowerCase())) parts.push('-H', quoted(`${name}: ${value}`));
  if (body.length > 0) parts.push('--data-binary', bodyText(body));
  return parts.join(' ');
}

const madeByCurl = new Set([
  'host',
  'content-length',
  'connection',
  'transfer-encoding',
  'accept-encoding',
  'user-agent',
  'expect',
  'keep-alive',
]);

function bodyText(body: Uint8Array): string {
  const text = Buffer.from(body).toString('utf8');
  const printable = body.length <= longestBody && !/[\u{fffd}\0]/u.test(text);
  return printable ? quoted(text) : `'@body.bin' # ${body.length} bytes, not shown`;
}

/** Shell quoting: single quotes, an inner one written as '\''. */
function quoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
