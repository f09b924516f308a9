/**
 * Credentials in `Sec-WebSocket-Protocol`: a browser cannot send an Authorization header with a WebSocket, so the token
 * goes where the subprotocols stand (RFC 6455 11.3.4): `bearer.<token>`, `bearer, <token>`, or the token by itself.
 */

/** Subprotocols without their tokens; names such as `graphql-transport-ws` and `base64.channel.k8s.io` stay. */
export function redactSubprotocols(value: string, take: (secret: string) => string): string {
  const items = value.split(',');
  return items
    .map((item, i) => {
      const name = item.trim();
      const secret = announcer.test(items[i - 1] ?? '') ? name : tokenIn(name);
      return secret === '' ? item : item.replace(name, () => name.slice(0, name.length - secret.length) + take(secret));
    })
    .join(',');
}

const announcement = '(?:(?:access[-_.]?)?token|authorization|bearer|jwt|auth|api[-_]?key)';
const announcer = new RegExp(`^\\s*${announcement}\\s*$`, 'i');
/** Kubernetes writes `base64url.bearer.authorization.k8s.io.<token>`. */
const announced = new RegExp(
  `^(?:base64url\\.bearer\\.authorization\\.k8s\\.io|(?:x-)?${announcement})[.\\-_:=|~](?=.{6})`,
  'i',
);

function tokenIn(name: string): string {
  const open = announced.exec(name);
  if (open !== null) return name.slice(open[0].length);
  return looksRandom(name) ? name : '';
}

/** Names of subprotocols are words, versions and `k8s`; what is long and anything else is none. */
function looksRandom(name: string): boolean {
  if (name.length < 20 || !/\d/.test(name)) return false;
  return name.split(/[.\-_/:]/).some((part) => !/^(?:[a-z]*\d{0,4}|v?\d{1,4}|[a-z]\d{1,2}[a-z])$/i.test(part));
}
