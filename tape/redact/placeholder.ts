/**
 * What stands where a secret stood: the same for the same secret wherever it occurs, without a way back. Length,
 * character classes and shape (numbers, hexadecimal, UUIDs, separators) are kept, so that what parsed before parses now.
 * Secrets are bytes read as latin1; placeholders are ASCII.
 */
import { hash } from 'node:crypto';
import { ownText } from '../memo';
import { isCardNumber, passesLuhn } from './card';
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
/** A whole body can be a secret; what stands for it need not be as long. */
const longestPlaceholder = 4096;

/** Sixteen digits are small enough (see numeralMapper); what is longer was more than most readers can hold before. */
function safeInteger(placeholder: string): string {
  const sign = placeholder.startsWith('-') ? 1 : 0;
  return placeholder.length - sign <= safeDigits ? placeholder : placeholder.slice(0, sign + safeDigits - 1);
}

const safeDigits = 16;

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

/** sfc32 (PractRand): spreads one HMAC over any length; nothing it gives says more about the secret than the HMAC does. */
class Random {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  constructor(seed: Buffer) {
    this.a = seed.readInt32LE(0);
    this.b = seed.readInt32LE(4);
    this.c = seed.readInt32LE(8);
    this.counter = seed.readInt32LE(12);
    for (let i = 0; i < 12; i++) this.below(1);
  }

  below(limit: number): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = (((this.c << 21) | (this.c >>> 11)) + sum) | 0;
    return (sum >>> 0) % limit;
  }
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function disguise(secret: string, random: Random): string {
  const length = Math.min(secret.length, longestPlaceholder);
  const map = mapperFor(secret);
  const out = Buffer.allocUnsafe(length);
  for (;;) {
    for (let i = 0; i < length; i++) out[i] = map(secret.charCodeAt(i), i, random);
    const text = out.toString('latin1');
    // A short secret may come out as itself, and a card number as another one that is real.
    if (text !== secret) return isCardNumber(digitsOf(text)) ? withoutLuhn(text) : text;
  }
}

/** Character code to character code. */
type Mapper = (code: number, position: number, random: Random) => number;

function mapperFor(secret: string): Mapper {
  if (/^[-+]?\d[\d.eE+-]*$/.test(secret)) return numeralMapper(secret);
  if (uuid.test(secret)) return mapUuid;
  if (/^[0-9a-f]+$/i.test(secret)) return mapHex;
  return /(?:[0-9A-Za-z][^0-9A-Za-z]*){4}/.test(secret) ? mapText : mapEverything;
}

const [zero, lowerA, upperA] = [0x30, 0x61, 0x41];

/**
 * A number stays one: no leading zero appears; sign, point and exponent stay. Sixteen digits begin with 8 at most, so that
 * an integer of them is below 2^53, wherever it stands.
 */
function numeralMapper(secret: string): Mapper {
  const first = /^[-+]/.test(secret) ? 1 : 0;
  const exponent = secret.search(/e/i);
  const end = exponent < 0 ? secret.length : exponent;
  return (code, position, random) => {
    if (!isDigit(code) || position >= end) return code;
    return position === first ? zero + 1 + random.below(end - first === safeDigits ? 8 : 9) : zero + random.below(10);
  };
}

/** Dashes, version and variant stay, so that it passes for a UUID (RFC 9562 4). */
function mapUuid(code: number, position: number, random: Random): number {
  return code === 0x2d || position === 14 || position === 19 ? code : mapHex(code, position, random);
}

function mapHex(code: number, _position: number, random: Random): number {
  if (isDigit(code)) return zero + random.below(10);
  return (code >= lowerA ? lowerA : upperA) + random.below(6);
}

/** Signs that give a token its shape stay; what people put into passwords does not. */
function mapText(code: number, _position: number, random: Random): number {
  if (isDigit(code)) return zero + random.below(10);
  if (code >= 0x41 && code <= 0x5a) return upperA + random.below(26);
  return shapeSigns[code] === 1 ? code : lowerA + random.below(26);
}

const shapeSigns = new Uint8Array(256);
for (const sign of '-_.~=/+:|\r\n') shapeSigns[sign.charCodeAt(0)] = 1;

function mapEverything(code: number, _position: number, random: Random): number {
  return isDigit(code) ? zero + random.below(10) : lowerA + random.below(26);
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function digitsOf(text: string): string {
  return /^\d[\d -]{11,22}$/.test(text) ? text.replace(/[ -]/g, '') : '';
}

function withoutLuhn(text: string): string {
  const last = (Number(text.at(-1)) + 1) % 10;
  const changed = `${text.slice(0, -1)}${last}`;
  return passesLuhn(digitsOf(changed)) ? withoutLuhn(changed) : changed;
}
