/** Over which version of HTTP a request goes: as it was recorded, as far as the target can be asked so. Opens nothing. */
import { type HeaderList, headerValue } from '../../tape/model/body';
import type { Target } from './target';

/** How a request came over HTTP/2 when it was recorded: within TLS, or in plaintext (prior knowledge, or an upgrade). */
export type RecordedHttp2 = 'tls' | 'plaintext';

/** What a user may ask for in place of the recorded version, for what was recorded over HTTP/2. */
export const httpVersionChoices = ['1.1', '2'] as const;
export type HttpVersionChoice = (typeof httpVersionChoices)[number];

/** `alpn`: the target chooses between HTTP/2 and HTTP/1.1 while TLS begins. `prior-knowledge`: HTTP/2, unasked. */
export type Way = 'http1' | 'alpn' | 'prior-knowledge';

export interface WayOptions {
  readonly target: Pick<Target, 'secure'>;
  /** Null for the recorded version. */
  readonly httpVersion: HttpVersionChoice | null;
}

interface Asked {
  /** Null for what was recorded over HTTP/1. */
  readonly http2: RecordedHttp2 | null;
  readonly headers: HeaderList;
}

/**
 * What was recorded over HTTP/1 stays there. A plaintext target of what was recorded in TLS is taken for the build
 * behind a proxy that ended TLS, and those speak HTTP/1.1; gRPC has nothing but HTTP/2.
 */
export function wayOf({ http2, headers }: Asked, { target, httpVersion }: WayOptions): Way {
  if (http2 === null) return 'http1';
  const http2Way = target.secure ? 'alpn' : 'prior-knowledge';
  if (isGrpc(headers)) return http2Way;
  if (httpVersion !== null) return httpVersion === '1.1' ? 'http1' : http2Way;
  return target.secure || http2 === 'plaintext' ? http2Way : 'http1';
}

/** gRPC-Web is another media type: it goes over any version. */
function isGrpc(headers: HeaderList): boolean {
  return /^application\/grpc(?:$|[+;\s])/i.test(headerValue(headers, 'content-type') ?? '');
}
