/** Addresses as text: the one way in which they are written, whatever told of them. */

/** Four bytes or sixteen, in network order. An IPv4 address mapped into IPv6 is written as IPv4. */
export function addressText(view: DataView): string {
  if (view.byteLength === 4) return ipv4(view, 0);
  return isMapped(view, 0) ? ipv4(view, 12) : ipv6(view, 0);
}

/** `address:port`, IPv6 in brackets. */
export function withPort(address: string, port: number): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** The address of `address:port`; null where it is of no such form, as that of a unix socket. */
export function addressOf(endpoint: string): string | null {
  return /^(?:\[([0-9a-f:]+)\]|([\d.]+)):\d+$/.exec(endpoint)?.slice(1).find(Boolean) ?? null;
}

/** ::ffff:a.b.c.d, what a dual-stack listener's IPv4 peers look like (RFC 4291 2.5.5.2). */
function isMapped(view: DataView, at: number): boolean {
  return view.getUint32(at) === 0 && view.getUint32(at + 4) === 0 && view.getUint32(at + 8) === 0xffff;
}

function ipv4(view: DataView, at: number): string {
  return `${view.getUint8(at)}.${view.getUint8(at + 1)}.${view.getUint8(at + 2)}.${view.getUint8(at + 3)}`;
}

/** The shortest form (RFC 5952): the longest run of zero groups becomes `::`. */
function ipv6(view: DataView, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => view.getUint16(at + 2 * i).toString(16));
  const runs = groups.join(':').match(/\b0(:0\b)+/g) ?? [];
  const longest = runs.reduce((a, b) => (b.length > a.length ? b : a), '');
  if (longest === '') return groups.join(':');
  const text = groups.join(':').replace(new RegExp(`(^|:)${longest}(:|$)`), '::');
  return text;
}
