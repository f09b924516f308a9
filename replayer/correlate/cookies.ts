/** Cookie and Set-Cookie as names and values (RFC 6265 sections 4.1 and 4.2). Keeps quotes and codings: values are opaque. */

export interface Cookie {
  readonly name: string;
  readonly value: string;
}

export interface SetCookie extends Cookie {
  /** In order, names lower-case; '' for attributes without a value. */
  readonly attributes: readonly (readonly [name: string, value: string])[];
}

export function parseCookies(header: string): Cookie[] {
  return header
    .split(';')
    .map(pairOf)
    .filter((cookie) => cookie !== null);
}

export function formatCookies(cookies: readonly Cookie[]): string {
  return cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
}

/** Null for a field that names no cookie. */
export function parseSetCookie(header: string): SetCookie | null {
  const [first = '', ...rest] = header.split(';');
  const cookie = pairOf(first);
  if (cookie === null) return null;
  const attributes = rest.map((text): readonly [string, string] => {
    const equals = text.indexOf('=');
    return equals < 0
      ? [text.trim().toLowerCase(), '']
      : [text.slice(0, equals).trim().toLowerCase(), text.slice(equals + 1).trim()];
  });
  return { ...cookie, attributes: attributes.filter(([name]) => name !== '') };
}

/** True when the server took the cookie away: Max-Age of zero or less, or Expires before `nowMs` (section 5.3). */
export function isExpired(cookie: SetCookie, nowMs: number): boolean {
  const attribute = (wanted: string) => cookie.attributes.findLast(([name]) => name === wanted)?.[1];
  const maxAge = attribute('max-age');
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0;
  const expires = Date.parse(attribute('expires') ?? '');
  return !Number.isNaN(expires) && expires <= nowMs;
}

function pairOf(text: string): Cookie | null {
  const equals = text.indexOf('=');
  const name = text.slice(0, Math.max(equals, 0)).trim();
  return name === '' ? null : { name, value: text.slice(equals + 1).trim() };
}
