/** A live request in the shape recorded ones have. The Host becomes the upstream's own name. */
import { contentCodingsOf } from '../../tape/http/codings';
import type { HttpRequest } from '../../tape/model/http/http';
import type { Asked, FlatHeaders } from './front/asked';
import { baseUrl, upstreamNamed } from './upstream';

/**
 * All header fields, though few take part in matching: a secret that redaction finds in one is looked for in the target
 * and the body too.
 */
export function liveRequest(asked: Asked, body: Buffer): HttpRequest {
  const { upstream, arrival, version, method, target } = asked;
  const authority = baseUrl(upstreamNamed(upstream, arrival.tls)).replace(/^https?:\/\//, '');
  const headers = pairsOf(asked.headers());
  return {
    version,
    method,
    target,
    headers: [['Host', authority], ...headers],
    body: { bytes: body, codings: contentCodingsOf(headers), wireSize: body.length },
    trailers: pairsOf(asked.trailers()),
    startedAtUs: 0,
    endedAtUs: 0,
  };
}

function pairsOf(flat: FlatHeaders): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) pairs.push([flat[i] ?? '', flat[i + 1] ?? '']);
  return pairs;
}
