/** What a 101 changes over to (RFC 9110 7.8). */
import { type HeaderList, headerValue } from '../model/body';
import type { HttpContent } from '../model/http/http';

export const http2Name = 'HTTP/2';
export const webSocketName = 'WebSocket';

/** RFC 7540 3.2 and RFC 6455 4.2.2. */
const upgrades: Readonly<Record<string, string>> = { h2c: http2Name, websocket: webSocketName };

/** By the headers of the answer: the server repeats what it agrees to. What other upgrades lead to, their bytes tell. */
export function nameOfUpgrade(headers: HeaderList): string | null {
  return upgrades[headerValue(headers, 'upgrade')?.trim().toLowerCase() ?? ''] ?? null;
}

/**
 * True for the 101 to a request that asked for HTTP/2 (RFC 7540 3.2): the request is on the tape once more, with the answer that
 * came over HTTP/2, so whoever counts, sends or serves requests passes this one over. Null is what is not HTTP.
 */
export function changesToHttp2(http: HttpContent | null): boolean {
  const response = http?.response ?? null;
  return response?.status === 101 && nameOfUpgrade(response.headers) === http2Name;
}
