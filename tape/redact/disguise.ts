/**
 * Another text of the same shape: as long, with the signs that make it a number, a UUID, an address or a date. A random
 * sequence in, a text out: the same for the same sequence. Secrets are bytes read as latin1; what stands for them is ASCII.
 */
import { isCardNumber, passesLuhn } from './card';

/** A whole body can be a secret; what stands for it need not be as long. */
const longestPlaceholder = 4096;
/** Of an integer that every reader can hold (2^53 - 1). */
export const safeDigits = 16;

/** sfc32 (PractRand): spreads one HMAC over any length; nothing it gives says more about the secret than the HMAC does. */
export class Random {
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

export function disguise(secret: string, random: Random): string {
  const another = disguiserOf(secret.slice(0, longestPlaceholder));
  for (;;) {
    const text = another(random);
    // A short secret may come out as itself, and a card number as another one that is real.
    if (text !== secret) return isCardNumber(digitsOf(text)) ? withoutLuhn(text) : text;
  }
}

type Disguiser = (random: Random) => string;

const isoDate = /^\d{4}-\d\d-\d\d(?:[T ][\d:.,]+(?:Z|[+-]\d\d:?\d\d)?)?$/;
const localDate = /^\d{1,2}([./-])\d{1,2}\1\d{4}$/;
const numeral = /^[-+]?\d[\d.eE+-]*$/;
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const mailAddress = /^[\w.+'\x80-\xff-]{1,64}@(?:[\w\x80-\xff-]+\.)+[A-Za-z\x80-\xff]{2,24}$/;
/** Telephone numbers, cards and account numbers as people write them. */
const groupedDigits = /^[+(]{0,2}\d(?:[ ()./-]*\d){5,}$/;
const fourCharacters = /(?:[0-9A-Za-z][^0-9A-Za-z]*){4}/;

function disguiserOf(secret: string): Disguiser {
  if (isoDate.test(secret)) return (random) => anotherIsoDate(secret, random);
  if (localDate.test(secret)) return (random) => anotherLocalDate(secret, random);
  return (random) => mapped(secret, mapperOf(secret), random);
}

function mapperOf(secret: string): Mapper {
  if (numeral.test(secret)) return numeralMapper(secret);
  if (uuid.test(secret)) return mapUuid;
  if (/^[0-9a-f]+$/i.test(secret)) return mapHex;
  if (groupedDigits.test(secret)) return groupMapper(secret);
  if (mailAddress.test(secret)) return mailMapper(secret);
  return fourCharacters.test(secret) ? mapText : mapEverything;
}

/** A day that exists, of somebody who is grown up; no time of the day. */
function anotherIsoDate(secret: string, random: Random): string {
  const date = `${anotherYear(random)}-0${1 + random.below(9)}-${1 + random.below(2)}${random.below(9)}`;
  return date + secret.slice(date.length).replace(/\d/g, '0');
}

/** The same whichever of the first two is the month. */
function anotherLocalDate(secret: string, random: Random): string {
  return secret.replace(/\d+/g, ({ length }) =>
    length === 4 ? anotherYear(random) : `${1 + random.below(9)}`.padStart(length, '0'),
  );
}

function anotherYear(random: Random): string {
  return `19${4 + random.below(6)}${random.below(10)}`;
}

/** Character code to character code. */
type Mapper = (code: number, position: number, random: Random) => number;

function mapped(secret: string, map: Mapper, random: Random): string {
  const out = Buffer.allocUnsafe(secret.length);
  for (let i = 0; i < out.length; i++) out[i] = map(secret.charCodeAt(i), i, random);
  return out.toString('latin1');
}

const [zero, lowerA, upperA, lowerX, lowerZ] = [0x30, 0x61, 0x41, 0x78, 0x7a];

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

/** What stands between the groups stays, and zeros that a number begins with: `+49 (0)30 1234567`, `00`, `030`. */
function groupMapper(secret: string): Mapper {
  const zeros = /^[+(]*0*/.exec(secret)?.[0].length ?? 0;
  return (code, position, random) => {
    if (!isDigit(code) || position < zeros) return code;
    return position === zeros ? zero + 1 + random.below(9) : zero + random.below(10);
  };
}

/** Stays an address, and becomes nobody's: no top-level domain begins with `xz`. */
function mailMapper(secret: string): Mapper {
  const at = secret.indexOf('@');
  const top = secret.lastIndexOf('.') + 1;
  return (code, position, random) => {
    if (position === at) return code;
    if (position >= top) return position === top ? lowerX : lowerZ;
    return mapText(code, position, random);
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

/** Its last digit is another one. */
function withoutLuhn(text: string): string {
  const changed = text.replace(/\d(?=\D*$)/, (last) => `${(Number(last) + 1) % 10}`);
  return passesLuhn(digitsOf(changed)) ? withoutLuhn(changed) : changed;
}
