/** Whether it is certain which request a 101 answers. */
import { hash } from 'node:crypto';
import { nameOfUpgrade, webSocketName } from '../../../tape/http/upgrade';
import { headerValue } from '../../../tape/model/body';
import type { HttpRequest, HttpResponse } from '../../../tape/model/http/http';

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
