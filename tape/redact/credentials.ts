/**
 * Values of credential headers, taken apart: only the secret parts go, so that a token minted in a JSON answer and the
 * same token in an Authorization header get the same placeholder. Text is bytes read as latin1.
 */
import type { NameKind } from './names';

/** Takes a secret and gives what stands there now. */
export type Take = (secret: string, rule: string) => string;

/** The value without its secrets, by the kind of its name. */
export function redactCredential(kind: NameKind, value: string, take: Take): string {
  switch (kind) {
    case 'authorization':
      return redactAuthorization(value, take);
    case 'cookie':
      return redactCookie(value, take);
    case 'set-cookie':
      return redactSetCookie(value, take);
    case 'secret':
      return value === '' ? value : take(value, 'secret-name');
  }
}

/** Parameters of a challenge's answer that are no secret (RFC 7616 3.4, AWS Signature 4, OAuth 1.0). */
const openParameters =
  /^(?:realm|username|userhash|uri|algorithm|qop|nc|opaque|signedheaders|oauth_version|oauth_signature_method|oauth_timestamp|oauth_consumer_key|keyid|headers|created|expires)$/i;

/** `Bearer x`, `Basic x`, `Digest a="b", …`, `AWS4-HMAC-SHA256 Credential=…`, or a bare token (RFC 9110 11.4). */
function redactAuthorization(value: string, take: Take): string {
  const found = /^(\s*)([A-Za-z][\w.-]*)( +)(.+)$/s.exec(value);
  if (found === null) return value.trim() === '' ? value : take(value, 'authorization');
  const [, indent = '', scheme = '', gap = '', rest = ''] = found;
  const open = `${indent}${scheme}${gap}`;
  if (/^[\w-]+\s*=\s*(?:"|[^=\s,]+,)/.test(rest)) return open + redactParameters(rest, take);
  return open + take(rest, 'authorization');
}

function redactParameters(rest: string, take: Take): string {
  return rest.replace(
    /(?<![\w-])([\w-]+)(\s*=\s*)(?:"((?:[^"\\]|\\.)*)"?|([^,"\s]+))/gs,
    (all, name: string, equals: string, quoted?: string, bare?: string) => {
      const secret = quoted ?? bare ?? '';
      if (secret === '' || openParameters.test(name)) return all;
      const placeholder = take(secret, 'authorization');
      return `${name}${equals}${quoted === undefined ? placeholder : `"${placeholder}"`}`;
    },
  );
}

/** Every cookie's value goes: a session is seldom called one (RFC 6265 4.2). */
function redactCookie(value: string, take: Take): string {
  return value
    .split(';')
    .map((pair) => redactPair(pair, take, 'cookie'))
    .join(';');
}

/** The first pair is the cookie, the rest are its attributes, which stay (RFC 6265 4.1). What no attribute is called is another cookie. */
function redactSetCookie(value: string, take: Take): string {
  const pair = /^[^=;]*="[^"]*"|^[^;]*/.exec(value)?.[0] ?? '';
  const attributes = value.slice(pair.length).split(';');
  const safe = attributes.map((each) =>
    /=/.test(each) && !attribute.test(each) ? redactPair(each, take, 'set-cookie') : each,
  );
  return redactPair(pair, take, 'set-cookie') + safe.join(';');
}

const attribute = /^\s*(?:path|domain|expires|max-age|samesite|priority|version|comment|commenturl|port)\s*=/i;

/** `name=value`, `name="value"`, or a value alone. */
function redactPair(pair: string, take: Take, rule: string): string {
  const after = pair.slice(pair.indexOf('=') + 1);
  const unquoted = after.trimStart().replace(/^"/, '');
  const secret = unquoted.trimEnd().replace(/"$/, '');
  if (secret.trim() === '') return pair;
  const begin = pair.length - unquoted.length;
  return pair.slice(0, begin) + take(secret, rule) + pair.slice(begin + secret.length);
}
