/**
 * JSON Web Tokens in recorded answers, made to work again. On the tape stands what they say, without their signature
 * (tape/redact/jwt.ts); here they are signed anew with keys of the run, their times moved to now, and where a service fetches
 * the keys of its issuer (RFC 7517) it gets those of the run. What is signed with a shared secret nobody here can sign.
 */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { isJsonObject, type JsonObject, type JsonValue, parseJson, stringifyJson } from '../../../tape/json/json';
import { jwtParts } from '../../noise/shapes';

export interface TokenMint {
  /** A token that verifies with the keys of the run; null for what cannot be signed here. Equal for equal placeholders. */
  signed(placeholder: string, recordedAtUs: number): string | null;
  canSign(placeholder: string): boolean;
  /** The text of a key set with the keys of the run under the recorded names; null for what is none. */
  keySet(text: string): string | null;
}

type Family = 'RSA' | 'P-256' | 'P-384' | 'P-521' | 'Ed25519';

interface Pair {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** RFC 7518 3.1 and RFC 8037. */
const families: Readonly<Record<string, { readonly family: Family; readonly hash: string | null }>> = {
  RS256: { family: 'RSA', hash: 'sha256' },
  RS384: { family: 'RSA', hash: 'sha384' },
  RS512: { family: 'RSA', hash: 'sha512' },
  PS256: { family: 'RSA', hash: 'sha256' },
  PS384: { family: 'RSA', hash: 'sha384' },
  PS512: { family: 'RSA', hash: 'sha512' },
  ES256: { family: 'P-256', hash: 'sha256' },
  ES384: { family: 'P-384', hash: 'sha384' },
  ES512: { family: 'P-521', hash: 'sha512' },
  EdDSA: { family: 'Ed25519', hash: null },
};
const pssPadding = 6; // RSA_PKCS1_PSS_PADDING
const pkcs1Padding = 1;
const movingClaims = ['iat', 'nbf', 'exp', 'auth_time'];

export function createTokenMint(nowMs: () => number = Date.now): TokenMint {
  const pairs = new Map<Family, Pair>();
  const made = new Map<string, string>();
  const pairOf = (family: Family): Pair => {
    const pair = pairs.get(family) ?? generated(family);
    pairs.set(family, pair);
    return pair;
  };
  return {
    signed(placeholder, recordedAtUs) {
      const known = made.get(placeholder);
      if (known !== undefined) return known;
      const parts = jwtParts(placeholder);
      const algorithm = String(parts?.header.alg);
      if (parts === null || !Object.hasOwn(families, algorithm)) return null;
      const { family, hash } = families[algorithm] as (typeof families)[string];
      const claims = moved(parts.claims, Math.round((nowMs() - recordedAtUs / 1000) / 1000));
      const head = `${encoded(parts.header)}.${encoded(claims)}`;
      const token = `${head}.${signature(head, { key: pairOf(family).privateKey, hash, isPss: algorithm.startsWith('PS') })}`;
      made.set(placeholder, token);
      return token;
    },
    canSign(placeholder) {
      return Object.hasOwn(families, String(jwtParts(placeholder)?.header.alg));
    },
    keySet(text) {
      const set = text.includes('"kty"') ? parseJson(text) : undefined;
      if (!isJsonObject(set) || !Array.isArray(set.keys) || !set.keys.every(isKey)) return null;
      return stringifyJson({ ...set, keys: set.keys.map((key) => replaced(key, pairOf)) });
    },
  };
}

function generated(family: Family): Pair {
  if (family === 'RSA') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  if (family === 'Ed25519') return generateKeyPairSync('ed25519');
  return generateKeyPairSync('ec', { namedCurve: family });
}

function signature(
  text: string,
  { key, hash, isPss }: { key: KeyObject; hash: string | null; isPss: boolean },
): string {
  const padding = isPss ? { padding: pssPadding, saltLength: -1 } : { padding: pkcs1Padding };
  const options = key.asymmetricKeyType === 'rsa' ? { key, ...padding } : { key, dsaEncoding: 'ieee-p1363' as const };
  return sign(hash, Buffer.from(text), options).toString('base64url');
}

function encoded(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function moved(claims: Readonly<Record<string, unknown>>, seconds: number): Record<string, unknown> {
  const entries = Object.entries(claims).map(([name, value]) => {
    return [name, movingClaims.includes(name) && typeof value === 'number' ? value + seconds : value];
  });
  return Object.fromEntries(entries);
}

function isKey(value: JsonValue): value is JsonObject {
  return isJsonObject(value) && typeof value.kty === 'string';
}

/** What names a key, and what it is for, stays; certificates that were made for the recorded one go. */
function replaced(key: JsonValue, pairOf: (family: Family) => Pair): JsonValue {
  const family = isJsonObject(key) ? familyOf(key) : null;
  if (!isJsonObject(key) || family === null) return key;
  const { n: _n, e: _e, x: _x, y: _y, x5c: _c, x5t: _t, 'x5t#S256': _s, x5u: _u, ...kept } = key;
  const exported = pairOf(family).publicKey.export({ format: 'jwk' });
  return { ...kept, ...(exported as JsonObject) };
}

function familyOf({ kty, crv }: JsonObject): Family | null {
  if (kty === 'RSA') return 'RSA';
  if (kty === 'OKP') return crv === 'Ed25519' ? 'Ed25519' : null;
  return kty === 'EC' && (crv === 'P-256' || crv === 'P-384' || crv === 'P-521') ? crv : null;
}
