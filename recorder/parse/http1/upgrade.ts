/** What a 101 changes over to, and whether it is certain which request it answers. */
import { hash } from 'node:crypto';
import { type HeaderList, headerValue } from '../../../tape/model/body';
import type { HttpRequest, HttpResponse } from '../../../tape/model/http/http';

export const http2Name = 'HTTP/2';
const webSocketName = 'WebSocket';

/** RFC 7540 3.2 and RFC 6455 4.2.2. */
const upgrades: Readonly<Record<string, string>> = { h2c: http2Name, websocket: webSocketName };

/** The server repeats what it agrees to (RFC 9110 7.8). What other upgrades lead to, their bytes tell. */
export function nameOfUpgrade(headers: HeaderList): string | null {
  return upgrades[headerValue(headers, 'upgrade')?.trim().toLowerCase() ?? ''] ?? null;
}

const webSocketGuid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/**
 * RFC 6455 4.1: the answer to a handshake is made of the key in it, and clients go no further where it is not. So it also
 * says that the two belong together, whatever is missing before them.
 */
export function acceptsWebSocket(request: HttpRequest, response: HttpResponse): boolean {
  if (nameOfUpgrade(response.headers) !== webSocketName) return false;
  const key = headerValue(request.headers, 'sec-websocket-key')?.trim();
  const accepted = headerValue(response.headers, 'sec-websocket-accept')?.trim();
  return key !== undefined && accepted === hash('sha1', key + webSocketGuid, 'base64');
}
