/** What the name of a parameter or a field says of its value: that each request has one of its own, or that it proves the rest. */
import { wordsOf } from '../../noise/shapes';

const minting = new Set(
  `nonce state idempotency correlation trace span invocation dedup deduplication challenge verifier jti`.split(/\s+/),
);

/** True for `nonce`, `Idempotency-Key`, `client_request_id`: made for one request, and naming nothing that is there. */
export function isMintingName(name: string): boolean {
  const words = wordsOf(name);
  return words.some((word) => minting.has(word)) || (words.includes('request') && words.includes('id'));
}

/** True for `X-Amz-Signature`, `sig`, `oauth_signature`, `hmac`: it follows from the rest of the request and a key. */
export function isSignatureName(name: string): boolean {
  return wordsOf(name).some((word) => word === 'signature' || word === 'sig' || word === 'sign' || word === 'hmac');
}

const busting = new Set(`_ t ts r cb rnd rand random nocache cachebust cachebuster bust`.split(/\s+/));

/** True for a parameter that is there so that no cache has the answer: `_=1798329300123`, `r=0.8121`. */
export function mayBustCaches(name: string, value: string): boolean {
  return busting.has(name.toLowerCase().replaceAll('-', '')) && /^(?:0?\.\d+|\d{6,})$/.test(value);
}
