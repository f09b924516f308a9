/**
 * One cheap look that says whether a text deserves a closer one. Nearly all traffic does not, and then that look is all
 * redaction costs (about 2 us a kilobyte). It may say yes for nothing; it must never say no where a rule would fire.
 * It skips through the text: what is sixteen long cannot hide between every sixteenth byte.
 */

import { isBetweenDigits, mayHoldCard } from './card';
import { holdsForeignName } from './foreign-look';
import { longestName, mayNameSecret, nameTrigrams } from './names';
import { keyStart } from './patterns';
import { decodePercent } from './percent';

// What a byte is, as bits.
const wordBit = 1; // part of a key: letters, digits, _ and -
const beyondHexBit = 2; // a letter or sign that no UUID and no hexadecimal hash holds
const digitBit = 4;
const groupingBit = 8; // may stand between groups of digits

const bits = Uint8Array.from({ length: 256 }, (_, code) => {
  const c = String.fromCharCode(code);
  const isWord = /[0-9A-Za-z_-]/.test(c);
  return (
    (isWord ? wordBit : 0) |
    (isWord && !/[0-9a-fA-F-]/.test(c) ? beyondHexBit : 0) |
    (/[0-9]/.test(c) ? digitBit : 0) |
    (isBetweenDigits(c) ? groupingBit : 0)
  );
});

/** Shorter runs of letters and digits are no key. */
export const shortestKey = 16;
const fewestCardDigits = 12;
const at = 0x40;

/** True where some built-in rule might fire in these bytes of text. */
export function isSuspicious(bytes: Uint8Array): boolean {
  const { length } = bytes;
  if (holdsSecret(bytes, length) || endsInUserInfo(bytes, length)) return true;
  return bytes.includes(at) && holdsUserInfo(bytes, length);
}

const scratch = Buffer.alloc(8192);

/** The same for a string of bytes read as latin1, percent-encoding seen through. */
export function isSuspiciousText(text: string): boolean {
  return looksSuspicious(text) || (text.includes('%') && looksSuspicious(decodePercent(text)));
}

function looksSuspicious(text: string): boolean {
  if (text.length > scratch.length) return isSuspicious(Buffer.from(text, 'latin1'));
  const length = scratch.write(text, 0, 'latin1');
  return holdsSecret(scratch, length) || (text.includes('@') && holdsUserInfo(scratch, length));
}

function holdsSecret(bytes: Uint8Array, length: number): boolean {
  return (
    holdsTellingWord(bytes, length) ||
    holdsForeignName(bytes, length) ||
    keyStart.test(latin1(bytes, 0, length)) ||
    holdsCard(bytes, length)
  );
}

// Two and three letters, five bits each: case falls away, and any other sign takes the place of some letter.
const trigrams = new Uint8Array(1 << 15);
const pairs = new Uint8Array(1 << 10);
const opensTrigram = 1;
const closesTrigram = 2;
for (const stem of [...nameTrigrams, 'bea', 'sic', 'beg']) {
  const [a, b, c] = [0, 1, 2].map((i) => stem.charCodeAt(i) & 31) as [number, number, number];
  trigrams[(a << 10) | (b << 5) | c] = 1;
  pairs[(a << 5) | b] = (pairs[(a << 5) | b] as number) | opensTrigram;
  pairs[(b << 5) | c] = (pairs[(b << 5) | c] as number) | closesTrigram;
}

/** Every second pair of bytes is one end of any trigram or the other. */
function holdsTellingWord(bytes: Uint8Array, length: number): boolean {
  for (let i = 0; i + 1 < length; i += 2) {
    const a = (bytes[i] as number) & 31;
    const b = (bytes[i + 1] as number) & 31;
    const pair = pairs[(a << 5) | b] as number;
    if (pair === 0) continue;
    if ((pair & opensTrigram) !== 0 && i + 2 < length) {
      const isTrigram = trigrams[(a << 10) | (b << 5) | ((bytes[i + 2] as number) & 31)] === 1;
      if (isTrigram && isTellingWord(bytes, i, length)) return true;
    }
    if ((pair & closesTrigram) !== 0 && i > 0) {
      const isTrigram = trigrams[(((bytes[i - 1] as number) & 31) << 10) | (a << 5) | b] === 1;
      if (isTrigram && isTellingWord(bytes, i - 1, length)) return true;
    }
  }
  return false;
}

/** Words that were looked at and found innocent, by two hashes: `company` comes up in every other answer. */
const innocentSlots = 4096;
const innocentOnes = new Int32Array(innocentSlots);
const innocentTwos = new Int32Array(innocentSlots);

/** True where the word around a position names a secret, or opens one (`Bearer x`, `-----BEGIN`). */
function isTellingWord(bytes: Uint8Array, position: number, length: number): boolean {
  let start = position;
  while (start > 0 && isWord(bytes[start - 1])) if (position - start-- > longestName) return false;
  let one = 0;
  let two = 7;
  let end = start;
  for (; end < length && isWord(bytes[end]); end++) {
    if (end - start > longestName) return false;
    one = (Math.imul(one, 31) + (bytes[end] as number)) | 0;
    two = (Math.imul(two, 0x01000193) ^ (bytes[end] as number)) | 0;
  }
  const slot = one & (innocentSlots - 1);
  if (innocentOnes[slot] === one && innocentTwos[slot] === two) return false;
  if (tells(latin1(bytes, start, end))) return true;
  innocentOnes[slot] = one;
  innocentTwos[slot] = two;
  return false;
}

function tells(word: string): boolean {
  return mayNameSecret(word) || /^(?:bearer|basic)$|^-----BEGIN/i.test(word);
}

/** Thirteen digits or more, with nothing but single signs between their groups. */
function holdsCard(bytes: Uint8Array, length: number): boolean {
  for (let i = fewestCardDigits - 1; i < length; i += fewestCardDigits) {
    if (!isDigitOrGap(bytes[i])) continue;
    let start = i;
    while (start > 0 && isDigitOrGap(bytes[start - 1])) start--;
    let digits = 0;
    let end = start;
    for (; end < length && isDigitOrGap(bytes[end]); end++)
      digits += ((bits[bytes[end] as number] as number) & digitBit) >> 2;
    if (digits >= fewestCardDigits && mayHoldCard(latin1(bytes, start, end))) return true;
    i = Math.max(i, end - 1);
  }
  return false;
}

/** `//user:password@host`: an e-mail address has no `//` before it. */
function holdsUserInfo(bytes: Uint8Array, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[i] === at && endsUserInfo(bytes, i)) return true;
  return false;
}

function endsUserInfo(bytes: Uint8Array, position: number): boolean {
  for (let i = position - 1; i > 0 && position - i < 600; i--) {
    const byte = bytes[i] as number;
    if (byte === 0x2f) return bytes[i - 1] === 0x2f;
    if (byte <= 0x20 || byte === 0x22) return false;
  }
  return false;
}

/** The same where the text ends before the `@`; `//host:8080` is no password. */
function endsInUserInfo(bytes: Uint8Array, length: number): boolean {
  let isNumber = true;
  let hasColon = false;
  for (let i = length - 1; i > 0 && length - i < 600; i--) {
    const byte = bytes[i] as number;
    if (byte === 0x2f) return hasColon && bytes[i - 1] === 0x2f;
    if (byte === 0x3a) hasColon = !isNumber;
    else if (endsWord[byte] === 1) return false;
    else if (((bits[byte] as number) & digitBit) === 0) isNumber = false;
  }
  return false;
}

const endsWord = Uint8Array.from({ length: 256 }, (_, code) =>
  /[\s"'<>{}()[\]@?#]/.test(String.fromCharCode(code)) ? 1 : 0,
);

function isWord(byte: number | undefined): boolean {
  return ((bits[byte ?? 0] as number) & wordBit) !== 0;
}

function isDigitOrGap(byte: number | undefined): boolean {
  return ((bits[byte ?? 0] as number) & (digitBit | groupingBit)) !== 0;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
