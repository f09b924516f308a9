/** A live request in the shape recorded ones have. The Host becomes the upstream's own name. */
import { contentCodingsOf } from '../../tape/http/codings';
import type { HttpRequest } from '../../tape/model/http/http';
import { type Asked, pairsOf } from './front/asked';
import { baseUrl, upstreamNamed } from './upstream';

/**
 * All header fields, though few take part in matching: a secret that redaction finds in one is looked for in the target
 * and the body too.
 */
export function liveRequest(asked: Asked, body: Buffer): HttpRequest {
  const { upstream, arrival, version, method, target } = asked;
  const authority = baseUrl(upstreamNamed(upstream, arrival.tls)).replace(/^https?:\/\//, '');
  const headers = pairsOf(asked.headers());
  const atUs = Date.now() * 1000;
  return {
    version,
    method,
    target,
    headers: [['Host', authority], ...headers],
    body: { bytes: body, codings: contentCodingsOf(headers), wireSize: body.length },
    trailers: pairsOf(asked.trailers()),
    startedAtUs: atUs,
    endedAtUs: atUs,
  };
}
