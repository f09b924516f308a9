/** CONNECT (RFC 9110 9.3.6): a proxy's tunnel that ends here, so that whatever it carries is answered by mocks. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { parseAuthority, upstreamName } from '../upstream';
import { arrivalOf, ownUpstream } from './arrival';
import type { Front } from './front';

export interface Tunnel {
  readonly request: IncomingMessage;
  readonly stream: Duplex;
  readonly head: Buffer;
  readonly ownPorts: ReadonlyMap<number, string>;
  refuses(upstream: string): boolean;
}

/** A refused upstream resets the connection: a status would tell the client that a proxy stands between. */
export function openTunnel(front: Front, { request, stream, head, ownPorts, refuses }: Tunnel): void {
  const arrival = arrivalOf(stream);
  const upstream = upstreamOfTunnel(request.url ?? '', ownPorts);
  if (arrival === undefined || upstream === null) {
    stream.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    return;
  }
  if (refuses(upstream)) {
    arrival.socket.resetAndDestroy();
    return;
  }
  stream.write('HTTP/1.1 200 Connection Established\r\n\r\n');
  if (head.length > 0) stream.unshift(head);
  front.tunnel(stream, { ...arrival, upstream, tls: false });
}

function upstreamOfTunnel(authority: string, ownPorts: ReadonlyMap<number, string>): string | null {
  const parsed = parseAuthority(authority);
  return (parsed === null ? undefined : ownUpstream(parsed, ownPorts)) ?? upstreamName(authority, true);
}
