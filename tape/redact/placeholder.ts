/**
 * What stands where a secret stood: the same for the same secret wherever it occurs, without a way back. Length,
 * character classes and shape are kept (disguise.ts), so that what parsed before parses now.
 */
import { hash } from 'node:crypto';
import { ownText } from '../memo';
import { disguise, Random, safeDigits } from './disguise';
import { disguisedToken } from './jwt';

export interface Placeholders {
  /** The placeholder of a secret; a placeholder given in is given back. */
  of(secret: string): string;
  /** The same for an integer of JSON: no more than every reader of JSON can hold (2^53 - 1). */
  integer(secret: string): string;
}

/** Secrets whose placeholders are remembered: a bearer token comes with every request of its session. */
const rememberedSecrets = 5000;

/**
 * Without a key all secrets of one shape share a placeholder: nothing about them can be told. `known` are placeholders
 * of a tape: they pass unchanged when replayed traffic is redacted again.
 */
export function createPlaceholders(key: Uint8Array | null, known: ReadonlySet<string>): Placeholders {
  const seed = key === null ? keyless : hmac(key);
  const made = new Map<string, string>();
  const disguised = (secret: string): string => disguise(secret, new Random(seed(secret)));

  function of(secret: string): string {
    const before = made.get(secret);
    if (before !== undefined) return before;
    if (known.has(secret)) return secret;
    const placeholder = disguisedToken(secret, disguised) ?? disguised(secret);
    if (made.size >= rememberedSecrets) made.clear();
    if (secret.length <= longestRemembered) made.set(ownText(secret), placeholder);
    return placeholder;
  }

  return { of, integer: (secret) => (known.has(secret) ? secret : safeInteger(of(secret))) };
}

const longestRemembered = 16 * 1024;

/** Sixteen digits are small enough (see `numeralMapper` of disguise.ts); what is longer was more than most readers can hold before. */
function safeInteger(placeholder: string): string {
  const sign = placeholder.startsWith('-') ? 1 : 0;
  return placeholder.length - sign <= safeDigits ? placeholder : placeholder.slice(0, sign + safeDigits - 1);
}

type Seed = (secret: string) => Buffer;

/** HMAC-SHA-256 (RFC 2104), spelled out: createHmac makes a key object each time, which takes ten times as long. */
function hmac(key: Uint8Array): Seed {
  const block = Buffer.alloc(64);
  block.set(key.length > 64 ? hash('sha256', key, 'buffer') : key);
  const inner = block.map((byte) => byte ^ 0x36);
  const outer = Buffer.concat([block.map((byte) => byte ^ 0x5c), Buffer.alloc(32)]);
  return (secret) => {
    const message = Buffer.allocUnsafe(64 + secret.length);
    message.set(inner);
    message.write(secret, 64, 'latin1');
    outer.set(hash('sha256', message, 'buffer'), 64);
    return hash('sha256', outer, 'buffer');
  };
}

const keyless: Seed = () => Buffer.alloc(32, 0x5a);
