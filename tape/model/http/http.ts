/** What an exchange of HTTP holds, whichever version carried it. */
import { type Body, type HeaderList, headerValue } from '../body';

/** Null is what was not seen. */
export interface HttpContent {
  readonly request: HttpRequest | null;
  readonly response: HttpResponse | null;
}

/** An exchange of which nothing was seen, or that is of another protocol. */
export const noHttp: HttpContent = { request: null, response: null };

/** Bytes of bodies that are kept. */
export function keptBytesOf({ request, response }: HttpContent): number {
  return (request?.body.bytes.length ?? 0) + (response?.body.bytes.length ?? 0);
}

export const httpVersions = ['1.0', '1.1', '2'] as const;
export type HttpVersion = (typeof httpVersions)[number];

interface MessageBase {
  readonly version: HttpVersion;
  readonly headers: HeaderList;
  readonly body: Body;
  readonly trailers: HeaderList;
  /** First byte and last byte of the message. */
  readonly startedAtUs: number;
  readonly endedAtUs: number;
}

export interface HttpRequest extends MessageBase {
  readonly method: string;
  /** The request target as it was on the wire: origin-form, absolute-form, authority-form or `*`. */
  readonly target: string;
  /** HTTP/2 only, where they were sent: `:authority`, which stands for a Host header, and `:scheme`. */
  readonly authority?: string;
  readonly scheme?: string;
  /** `:protocol` of an extended CONNECT (RFC 8441), such as `websocket`. */
  readonly protocol?: string;
}

export interface InformationalResponse {
  readonly status: number;
  readonly headers: HeaderList;
}

export interface HttpResponse extends MessageBase {
  readonly status: number;
  readonly reason: string;
  /** 1xx responses that came before the final one (101 is a final one: the connection is handed over). */
  readonly informational: readonly InformationalResponse[];
}

/**
 * Host and origin-form path of a request: absolute-form wins over the Host header (RFC 9112 3.2), and so does
 * `:authority` (RFC 9113 8.3.1).
 */
export function addressOf(request: HttpRequest): { host: string | null; path: string } {
  // Nearly all targets are paths, and the expression costs more than to look for that.
  const absolute = request.target.startsWith('/')
    ? null
    : /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)(.*)$/i.exec(request.target);
  if (absolute) {
    const rest = absolute[2] ?? '';
    return { host: absolute[1] ?? null, path: rest.startsWith('/') ? rest : `/${rest}` };
  }
  if (request.method === 'CONNECT' && request.authority === undefined) return { host: request.target, path: '' };
  return { host: request.authority ?? headerValue(request.headers, 'host') ?? null, path: request.target };
}

/** Its path alone: nothing is looked for among the header fields. */
export function originFormOf(request: HttpRequest): string {
  const isPath = request.target.startsWith('/') && request.method !== 'CONNECT';
  return isPath ? request.target : addressOf(request).path;
}
