/**
 * Where the recorded service was and where the target is, as both write it into the addresses they give out and expect
 * to be given: a service builds links, redirects and CSRF checks from the Host it is asked under.
 */
import type { HeaderList } from '../../tape/model/body';
import { addressOf } from '../../tape/model/http/http';
import type { Turn } from '../cases/cases';

export interface Address {
  /** `https://shop.example:8443` */
  readonly origin: string;
  /** `shop.example:8443` */
  readonly authority: string;
}

/** Under which address the recorded client asked; null for a request without Host. */
export function recordedAddress({ asked, stored }: Turn): Address | null {
  const { host } = addressOf(asked);
  if (host === null || host === '') return null;
  const scheme = stored.exchange.connection.tls === null ? 'http' : 'https';
  return { authority: host, origin: `${scheme}://${host}` };
}

/** The text with the one address put in place of the other. */
export function movedAddress(text: string, from: Address, to: Address): string {
  if (from.authority === to.authority) return text.replaceAll(from.origin, () => to.origin);
  return text.replaceAll(from.origin, () => to.origin).replaceAll(from.authority, () => to.authority);
}

/** Origin and Referer are checked against Host by services, so they move with it. */
export function movedHeaders(headers: HeaderList, from: Address | null, to: Address): HeaderList {
  if (from === null || from.origin === to.origin || !headers.some(([name]) => isMoved(name))) return headers;
  return headers.map(([name, value]) => {
    const moves = isMoved(name) && value.includes(from.authority);
    return moves ? [name, movedAddress(value, from, to)] : [name, value];
  });
}

function isMoved(name: string): boolean {
  return (name.length === 6 || name.length === 7) && /^(origin|referer)$/i.test(name);
}
