/** The handshake of a WebSocket as it goes out, whichever version of HTTP carries it: which of the recorded fields, and how. */
import type { HeaderList } from '../../tape/model/body';
import type { RecordedHttp2 } from '../drive/way';

export interface Handshake {
  /** Origin-form; the target's base path is put before it. */
  readonly path: string;
  /** As recorded, with the values of this run; Host and the key are the socket's own. */
  readonly headers: HeaderList;
  /** How it came over HTTP/2 when it was recorded; null for HTTP/1. */
  readonly http2: RecordedHttp2 | null;
}

/**
 * Why a handshake that was recorded over HTTP/2 went out over HTTP/1.1 without being asked to: the target lacks what it needs,
 * or is taken for a build behind a proxy that ends TLS (way.ts).
 */
export type Http1Reason = Lacking | 'behind-proxy';
/** `extended-connect`: it speaks HTTP/2, and has not enabled that (RFC 8441 3). */
export type Lacking = 'http2' | 'extended-connect';

const deflate = 'permessage-deflate';
const extensions = 'sec-websocket-extensions';

/** What was offered of the one extension that can be undone; others would change what messages mean. */
export function offersIn(headers: HeaderList): readonly string[] {
  return headers
    .filter(isExtensions)
    .flatMap(([, value]) => value.split(','))
    .map((offer) => offer.trim())
    .filter((offer) => offer.split(';')[0]?.trim().toLowerCase() === deflate);
}

/** With those offers alone, where the first of them stood. */
export function withOffers(headers: HeaderList): HeaderList {
  const offers = offersIn(headers).join(', ');
  const first = headers.findIndex(isExtensions);
  return headers.flatMap((field, i) => {
    if (!isExtensions(field)) return [field];
    return i === first && offers !== '' ? [[field[0], offers] as const] : [];
  });
}

function isExtensions([name]: HeaderList[number]): boolean {
  return name.toLowerCase() === extensions;
}
