/**
 * Credentials before the host of a URL (RFC 3986 3.2.1): `user:password@`, also where the password holds an `@`, a `/`
 * or a `?` that should have been escaped; and a token in place of the user, as for git over HTTPS.
 */

import type { Edit } from './ledger';

export interface UserInfo {
  readonly start: number;
  readonly end: number;
}

/** Where the secrets stand in what follows the `//` of a URL, up to its first blank or quote. */
export function secretsInUserInfo(rest: string, isCut: boolean): readonly UserInfo[] {
  const end = endOfUserInfo(rest, isCut);
  if (end === undefined) return [];
  const colon = rest.slice(0, end).indexOf(':');
  const user = { start: 0, end: colon < 0 ? end : colon };
  const password = { start: colon + 1, end };
  const isToken = looksLikeToken(rest.slice(user.start, user.end));
  return [...(isToken ? [user] : []), ...(colon >= 0 && end > colon + 1 ? [password] : [])];
}

/** The position of the `@` that ends it, or the end of a text that is cut before it. */
function endOfUserInfo(rest: string, isCut: boolean): number | undefined {
  const authority = rest.search(/[/?#]/);
  const end = authority < 0 ? rest.length : authority;
  const at = rest.lastIndexOf('@', end - 1);
  if (at >= 0 && at < end) return at === 0 ? undefined : at;
  const colon = rest.startsWith('[') ? -1 : rest.indexOf(':');
  if (colon < 0 || colon > end || /^\d*$/.test(rest.slice(colon + 1, end))) return undefined; // a port, or nothing
  const later = rest.indexOf('@', end);
  if (later >= 0 && later - colon < longestPassword) return later;
  return isCut && authority < 0 ? rest.length : undefined;
}

/** What becomes of an authority that names more than a host, as in a `Host` header that somebody cut out of a URL. */
export function userInfoEdits(authority: string, take: (secret: string) => string): Edit[] {
  if (!authority.includes('@')) return [];
  return secretsInUserInfo(authority, false).map(({ start, end }) => {
    return { start, end, text: take(authority.slice(start, end)) };
  });
}

const longestPassword = 400;

/** Users are called by words; what is long and mixes letters with digits is no name. */
function looksLikeToken(user: string): boolean {
  return user.length >= 16 && /^[\w-]+$/.test(user) && /\d/.test(user) && /[A-Za-z]/.test(user);
}
