/**
 * One cheap look that says whether a text deserves a closer one. Nearly all traffic does not, and then that look is all
 * redaction costs (about 2 us a kilobyte). It may say yes for nothing; it must never say no where a rule would fire: what
 * it looks for is derived from the tables of names and formats, and a test makes keys of every format to prove it.
 * It skips through the text: what is eighteen long cannot hide between every eighteenth byte.
 */
import { isBetweenDigits, mayHoldCard } from './card';
import { mayHoldCompany } from './company';
import { holdsForeignName } from './foreign-look';
import { keyCharacters, keyPairs, keyStarts, shortestKey } from './known-formats';
import { isCredentialsName, mayHandOverPassword, mayLogIn } from './login';
import { endsSpacedName, kindOfName, longestName, type NameKind, nameTrigrams } from './names';
import { openingWords } from './patterns';
import { decodePercent } from './percent';
import { mayTellCode } from './prose';
import { mayHoldUrlSecret } from './url-in-text';

/** What one redactor looks with. It remembers names and words it has judged, and nothing of their values. */
export interface Detection {
  /** As `kindOfName` of names.ts. */
  kindOfName(name: string): NameKind | null;
  /** True where some built-in rule might fire in these bytes of text. */
  isSuspicious(bytes: Uint8Array): boolean;
  /** The same for a string of bytes read as latin1, percent-encoding seen through. */
  isSuspiciousText(text: string): boolean;
}

const rememberedNames = 10_000;

export function createDetection(): Detection {
  const kinds = new Map<string, NameKind | null>();
  const innocent = new InnocentWords();
  const scratch = Buffer.alloc(8192);

  function kindOf(name: string): NameKind | null {
    const known = kinds.get(name);
    if (known !== undefined) return known;
    if (name.length > longestName) return null;
    const kind = kindOfName(name);
    if (kinds.size >= rememberedNames) kinds.clear();
    kinds.set(name, kind);
    return kind;
  }

  const look: Look = {
    innocent,
    tells: (word) => kindOf(word) !== null || endsSpacedName(word) || isCredentialsName(word),
  };

  function isSuspicious(bytes: Uint8Array): boolean {
    return holdsSecret(bytes, bytes.length, look) || holdsLink(bytes, bytes.length);
  }

  function looksSuspicious(text: string): boolean {
    if (text.length > scratch.length) return isSuspicious(Buffer.from(text, 'latin1'));
    const length = scratch.write(text, 0, 'latin1');
    return holdsSecret(scratch, length, look) || mayHoldByContext(text);
  }

  return {
    kindOfName: kindOf,
    isSuspicious,
    isSuspiciousText: (text) => looksSuspicious(text) || (text.includes('%') && looksSuspicious(decodePercent(text))),
  };
}

const opening = openingWords.map((word) => Buffer.from(word, 'latin1'));

/** `Bearer x`, `-----BEGIN`: what follows is secret, whatever word these are the end of. */
function opensSecret(bytes: Uint8Array, position: number): boolean {
  const before = bytes[position - 1];
  if (before === hyphen && bytes[position - 2] === hyphen && bytes[position] === capitalB) return true;
  return (before === hyphen || !isWord(before)) && opening.some((word) => standsAt(bytes, position, word));
}

function standsAt(bytes: Uint8Array, position: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) if (((bytes[position + i] ?? 0) | 0x20) !== word[i]) return false;
  return true;
}

const hyphen = 0x2d;
const capitalB = 0x42;

/** What the look at words needs. */
interface Look {
  readonly innocent: InnocentWords;
  tells(word: string): boolean;
}

/**
 * Words that were looked at and found innocent: `company` comes up in every other answer. The words themselves are kept
 * and compared: a stranger could make a word that only has the hash of an innocent one.
 */
class InnocentWords {
  private readonly bytes = new Uint8Array(innocentSlots * slotBytes);
  private readonly lengths = new Uint8Array(innocentSlots);

  has(word: Uint8Array, hash: number): boolean {
    const slot = hash & (innocentSlots - 1);
    if (this.lengths[slot] !== word.length) return false;
    const begin = slot * slotBytes;
    for (let i = 0; i < word.length; i++) if (this.bytes[begin + i] !== word[i]) return false;
    return true;
  }

  add(word: Uint8Array, hash: number): void {
    const slot = hash & (innocentSlots - 1);
    if (word.length > slotBytes) return;
    this.bytes.set(word, slot * slotBytes);
    this.lengths[slot] = word.length;
  }
}

const slotBytes = 64;
const innocentSlots = 4096;

// What a byte is, as bits.
const wordBit = 1; // part of a name: letters, digits, _ and -
const digitBit = 4;
const groupingBit = 8; // may stand between groups of digits

const bits = Uint8Array.from({ length: 256 }, (_, code) => {
  const c = String.fromCharCode(code);
  const isWord = /[0-9A-Za-z_-]/.test(c);
  return (isWord ? wordBit : 0) | (/[0-9]/.test(c) ? digitBit : 0) | (isBetweenDigits(c) ? groupingBit : 0);
});

const fewestCardDigits = 12;

function holdsSecret(bytes: Uint8Array, length: number, look: Look): boolean {
  return (
    holdsTellingWord(bytes, length, look) ||
    holdsForeignName(bytes, length, look.tells) ||
    holdsKey(bytes, length) ||
    holdsCard(bytes, length)
  );
}

/** `"p"`, plain and within a string of JSON: a password's name where somebody logs in. */
const letterNames = ['"p"', '"p\\'];
const lowerLetterNames = letterNames.map((name) => Buffer.from(name, 'latin1').map((byte) => byte | 0x20));

// Two and three letters, five bits each: case falls away, and any other sign takes the place of some letter.
const trigrams = new Uint8Array(1 << 15);
const pairs = new Uint8Array(1 << 10);
const opensTrigram = 1;
const closesTrigram = 2;
for (const stem of [...nameTrigrams, ...openingWords.map((word) => word.slice(0, 3)), 'beg', 'ede', ...letterNames]) {
  const [a, b, c] = [0, 1, 2].map((i) => stem.charCodeAt(i) & 31) as [number, number, number];
  trigrams[(a << 10) | (b << 5) | c] = 1;
  pairs[(a << 5) | b] = (pairs[(a << 5) | b] as number) | opensTrigram;
  pairs[(b << 5) | c] = (pairs[(b << 5) | c] as number) | closesTrigram;
}

/** Every second pair of bytes is one end of any trigram or the other. */
function holdsTellingWord(bytes: Uint8Array, length: number, look: Look): boolean {
  let hasLetterName = false;
  for (let i = 0; i + 1 < length; i += 2) {
    const a = (bytes[i] as number) & 31;
    const b = (bytes[i + 1] as number) & 31;
    const pair = pairs[(a << 5) | b] as number;
    if (pair === 0) continue;
    if ((pair & opensTrigram) !== 0 && i + 2 < length) {
      const isTrigram = trigrams[(a << 10) | (b << 5) | ((bytes[i + 2] as number) & 31)] === 1;
      if (isTrigram && isTellingWord(bytes, i, look, length)) return true;
      hasLetterName ||= isTrigram && isLetterName(bytes, i);
    }
    if ((pair & closesTrigram) !== 0 && i > 0) {
      const isTrigram = trigrams[(((bytes[i - 1] as number) & 31) << 10) | (a << 5) | b] === 1;
      if (isTrigram && isTellingWord(bytes, i - 1, look, length)) return true;
      hasLetterName ||= isTrigram && isLetterName(bytes, i - 1);
    }
  }
  return hasLetterName && mayLogIn(latin1(bytes, 0, length));
}

function isLetterName(bytes: Uint8Array, position: number): boolean {
  return lowerLetterNames.some((name) => standsAt(bytes, position, name));
}

/** True where the word around a position names a secret, or one begins there that opens a secret. */
function isTellingWord(bytes: Uint8Array, position: number, look: Look, length: number): boolean {
  if (opensSecret(bytes, position)) return true;
  let start = position;
  while (start > 0 && isWord(bytes[start - 1])) if (position - start-- > longestName) return false;
  let hash = 0;
  let end = start;
  for (; end < length && isWord(bytes[end]); end++) {
    if (end - start > longestName) return false;
    hash = (Math.imul(hash, 31) + (bytes[end] as number)) | 0;
  }
  const word = bytes.subarray(start, end);
  if (look.innocent.has(word, hash)) return false;
  if (look.tells(latin1(bytes, start, end))) return true;
  look.innocent.add(word, hash);
  return false;
}

/** Runs of key characters that are long enough for a key and hold the beginning of one. */
function holdsKey(bytes: Uint8Array, length: number): boolean {
  for (let i = shortestKey - 1; i < length; i += shortestKey) {
    if (keyCharacters[bytes[i] as number] === 0) continue;
    let start = i;
    while (start > 0 && keyCharacters[bytes[start - 1] as number] === 1) start--;
    let end = i + 1;
    while (end < length && keyCharacters[bytes[end] as number] === 1) end++;
    if (end - start >= shortestKey && mayBeKey(bytes, start, end)) return true;
    i = end - 1;
  }
  return endsInKey(bytes, length);
}

/** A text may be cut in the middle of a key, however short what is left of it. */
function endsInKey(bytes: Uint8Array, length: number): boolean {
  let start = length;
  while (start > 0 && length - start < shortestKey && keyCharacters[bytes[start - 1] as number] === 1) start--;
  return length - start > 3 && mayBeKey(bytes, start, length);
}

/** Each expression is tried once on a run, however often its pair comes up. */
function mayBeKey(bytes: Uint8Array, start: number, end: number): boolean {
  let run: string | undefined;
  const tried: RegExp[] = [];
  for (let i = start + 1; i < end; i++) {
    const pair = ((bytes[i - 1] as number) << 8) | (bytes[i] as number);
    if (keyPairs[pair] === 0) continue;
    const startsHere = keyStarts.get(pair);
    if (startsHere === undefined || tried.includes(startsHere)) continue;
    run ??= latin1(bytes, start, end);
    if (startsHere.test(run)) return true;
    tried.push(startsHere);
  }
  return false;
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

const linkSigns = [':/', ':\\/', 'code', 'kty'];
/** The same where one more character says more: a code that is told, a variable of GraphQL. */
const longerSigns: readonly (readonly [sign: string, then: string])[] = [
  ['Code', ': +'],
  ['CODE', ': +'],
  ['$', 'pP'],
];

/** URLs, members of JSON that are secrets in company, codes that somebody is told. */
function holdsLink(bytes: Uint8Array, length: number): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, length);
  const isWorthIt =
    linkSigns.some((sign) => buffer.includes(sign)) ||
    longerSigns.some(([sign, then]) => isFollowed(buffer, sign, then));
  if (!isWorthIt) return false;
  const text = buffer.toString('latin1');
  return mayHoldByContext(text);
}

function isFollowed(buffer: Buffer, sign: string, then: string): boolean {
  for (let at = buffer.indexOf(sign); at >= 0; at = buffer.indexOf(sign, at + 1)) {
    if (then.includes(String.fromCharCode(buffer[at + sign.length] ?? 0))) return true;
  }
  return false;
}

function mayHoldByContext(text: string): boolean {
  return mayHoldUrlSecret(text) || mayHoldCompany(text) || mayHandOverPassword(text) || mayTellCode(text);
}

function isWord(byte: number | undefined): boolean {
  return ((bits[byte ?? 0] as number) & wordBit) !== 0;
}

function isDigitOrGap(byte: number | undefined): boolean {
  return ((bits[byte ?? 0] as number) & (digitBit | groupingBit)) !== 0;
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
