/**
 * One cheap look that says whether a text deserves a closer one. Nearly all traffic does not, and then that look is all
 * redaction costs (about 2 us a kilobyte). It may say yes for nothing; it must never say no where a rule would fire: what
 * it looks for is derived from the tables of names and formats, and a test makes keys of every format to prove it.
 * It skips through the text: what is eighteen long cannot hide between every eighteenth byte. A sieve may pass over long texts
 * in place of the loops here; what it finds is judged here all the same.
 */

import type { MediaType } from '../body/media-type';
import { ownText, Recent } from '../memo';
import { isBetweenDigits, mayHoldCard } from './card';
import { mayHoldCompany } from './company';
import { holdsForeignName } from './foreign-look';
import { keyCharacters, keyPairs, keyStarts, shortestKey } from './known-formats';
import { isCredentialsName, mayHandOverPassword, mayLogIn } from './login';
import { endsSpacedName, kindOfName, longestName, type NameKind, nameTrigrams } from './names';
import { openingWords } from './patterns';
import { decodePercent } from './percent';
import { mayTellCode } from './prose';
import {
  beyondAscii,
  digitRun,
  keyRun,
  type MakeSieve,
  nameBit,
  openingBit,
  placeSize,
  type Sieve,
  type SieveTables,
  signBit,
} from './sieve';
import { mayHoldUrlSecret } from './url-in-text';

/** A body that was looked at and found innocent: how it was looked at, and what had been seen then. */
export interface InnocentBody {
  readonly type: MediaType;
  readonly isCut: boolean;
  /** As `generationOf` of seen-secrets.ts. */
  readonly generation: number;
}

/** What one redactor looks with. It remembers names and words it has judged, bodies that came again and were innocent, and no secrets. */
export interface Detection {
  /** Bytes read as latin1. */
  textOf(bytes: Uint8Array): string;
  /** As `kindOfName` of names.ts. */
  kindOfName(name: string): NameKind | null;
  /** True where some built-in rule might fire in these bytes of text. */
  isSuspicious(bytes: Uint8Array): boolean;
  /** The same for a string of bytes read as latin1, percent-encoding seen through. */
  isSuspiciousText(text: string): boolean;
  readonly innocentBodies: Recent<Uint8Array, InnocentBody>;
}

const rememberedNames = 10_000;
/** Every name that promises a secret has one of these: ids and hashes, which stand where names might, mostly have none. */
const mayBeName = /[g-z\x80-\uffff]/i;
/** With so many digits it is an id or a time that stands where a name might: it does not come again. */
const passes = /(?:\d\D{0,40}){6}/;

/** A copy of them. */
export function copiedText({ buffer, byteOffset, length }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, length).toString('latin1');
}

/** What the addon may do in place of slower code. */
export interface DetectionTools {
  readonly textOf?: (bytes: Uint8Array) => string;
  readonly makeSieve?: MakeSieve;
}

export function createDetection({ textOf = copiedText, makeSieve }: DetectionTools = {}): Detection {
  const kinds = new Map<string, NameKind | null>();
  const innocent = new InnocentWords();
  const scratch = Buffer.alloc(8192);

  function kindOf(name: string): NameKind | null {
    const known = kinds.get(name);
    if (known !== undefined) return known;
    if (name.length > longestName) return null;
    if (!mayBeName.test(name)) return null;
    const kind = kindOfName(name);
    if (passes.test(name)) return kind;
    if (kinds.size >= rememberedNames) kinds.clear();
    kinds.set(ownText(name), kind);
    return kind;
  }

  const look: Look = {
    innocent,
    textOf,
    sifted: makeSieve === undefined ? null : siftedBy(makeSieve),
    tells: (word) => kindOf(word) !== null || endsSpacedName(word) || isCredentialsName(word),
  };

  /** Of what is written over. */
  const passingLook = { ...look, textOf: copiedText };

  function isSuspicious(bytes: Uint8Array): boolean {
    return holdsSecret(bytes, bytes.length, look);
  }

  function looksSuspicious(text: string): boolean {
    if (text.length > scratch.length) return isSuspicious(Buffer.from(text, 'latin1'));
    return holdsSecret(scratch, scratch.write(text, 0, 'latin1'), passingLook);
  }

  return {
    textOf,
    kindOfName: kindOf,
    isSuspicious,
    innocentBodies: new Recent(),
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
  textOf(bytes: Uint8Array): string;
  tells(word: string): boolean;
  /** For long texts, where there is one. */
  readonly sifted: Sifted | null;
}

interface Sifted {
  readonly sieve: Sieve;
  readonly places: Uint32Array;
}

const mostPlaces = 4096;
/** For shorter texts the way into the addon and back costs more than it saves. */
const shortestSifted = 256;

function siftedBy(makeSieve: MakeSieve): Sifted {
  const places = new Uint32Array(mostPlaces * placeSize);
  return { sieve: makeSieve(sieveTables, places), places };
}

/**
 * Words that were looked at and found innocent: `company` comes up in every other answer. The words themselves are kept
 * and compared: a stranger could make a word that only has the hash of an innocent one.
 */
class InnocentWords {
  private readonly bytes = new Uint8Array(innocentSlots * slotBytes);
  private readonly lengths = new Uint8Array(innocentSlots);

  has(text: Uint8Array, start: number, end: number, hash: number): boolean {
    const slot = hash & (innocentSlots - 1);
    if (this.lengths[slot] !== end - start) return false;
    const begin = slot * slotBytes;
    for (let i = start; i < end; i++) if (this.bytes[begin + i - start] !== text[i]) return false;
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
  const seen = seenIn(bytes, length, look);
  return (
    (seen & tellingBit) !== 0 ||
    ((seen & letterNameBit) !== 0 && mayLogIn(look.textOf(bytes.subarray(0, length)))) ||
    ((seen & beyondAsciiBit) !== 0 && holdsForeignName(bytes, length, look.tells)) ||
    endsInKey(bytes, length) ||
    (((seen & contextBit) !== 0 || endsInVariable(bytes, length)) &&
      mayHoldByContext(look.textOf(bytes.subarray(0, length))))
  );
}

function seenIn(bytes: Uint8Array, length: number, look: Look): number {
  const { sifted } = look;
  const count = sifted === null || length < shortestSifted ? -1 : sifted.sieve(bytes, length);
  if (sifted !== null && count >= 0) return seenAt(sifted.places, count, bytes, look, length);
  const seen = passOver(bytes, length, look);
  if ((seen & tellingBit) !== 0) return seen;
  return holdsKey(bytes, length) || holdsCard(bytes, length) ? seen | tellingBit : seen;
}

/** The closer look at the places that a sieve has named. */
function seenAt(places: Uint32Array, count: number, bytes: Uint8Array, look: Look, length: number): number {
  let seen = 0;
  for (let i = 0; i < count * placeSize; i += placeSize) {
    seen |= seenAtPlace(places[i] as number, places[i + 1] as number, places[i + 2] as number, bytes, look, length);
    if ((seen & tellingBit) !== 0) return seen;
  }
  return seen;
}

function seenAtPlace(what: number, start: number, end: number, bytes: Uint8Array, look: Look, length: number): number {
  if (what === beyondAscii) return beyondAsciiBit;
  if (what === keyRun) return mayBeKey(bytes, start, end) ? tellingBit : 0;
  if (what === digitRun) return mayHoldCard(latin1(bytes, start, end)) ? tellingBit : 0;
  return lookCloser(bytes, start, what, look, length);
}

/** `"p"`, plain and within a string of JSON: a password's name where somebody logs in. */
const letterNames = ['"p"', '"p\\'];
const lowerLetterNames = letterNames.map((name) => Buffer.from(name, 'latin1').map((byte) => byte | 0x20));

/**
 * What URLs, members of JSON that are secrets in company, codes that somebody is told and variables of GraphQL named `$p`
 * have in them: a test holds them and what is searched for then together.
 */
const contextSigns = [
  '://',
  ':/\\',
  ':\\/',
  'cod',
  'kty',
  ...Array.from({ length: 32 }, (_, i) => `$p${String.fromCharCode(i)}`),
];

// Two and three letters, five bits each: case falls away, and any other sign takes the place of some letter.
const trigrams = new Uint8Array(1 << 15);
const pairs = new Uint8Array(1 << 10);
const opensTrigram = 1;
const closesTrigram = 2;
function mark(stem: string, bit: number): void {
  const [a, b, c] = [0, 1, 2].map((i) => stem.charCodeAt(i) & 31) as [number, number, number];
  const at = (a << 10) | (b << 5) | c;
  trigrams[at] = (trigrams[at] as number) | bit;
  pairs[(a << 5) | b] = (pairs[(a << 5) | b] as number) | opensTrigram;
  pairs[(b << 5) | c] = (pairs[(b << 5) | c] as number) | closesTrigram;
}

for (const stem of [...nameTrigrams, 'ede', ...letterNames]) mark(stem, nameBit);
for (const word of [...openingWords, 'begin']) mark(word, openingBit);
for (const sign of contextSigns) mark(sign, signBit);

/** What they begin with, in either case: five bits of a letter are those of a digit and of three signs as well. */
const beginsSign = new Uint8Array(256);
for (const [first = ''] of contextSigns) {
  for (const letter of [first.toLowerCase(), first.toUpperCase()]) beginsSign[letter.charCodeAt(0)] = 1;
}

const sieveTables: SieveTables = {
  trigrams,
  beginsSign,
  openings: [...opening, Buffer.from('begin', 'latin1')],
  keyCharacters,
  keyPairs,
  digits: bits.map((each) => ((each & digitBit) !== 0 ? 2 : 0) | ((each & groupingBit) !== 0 ? 1 : 0)),
  shortestKey,
  fewestDigits: fewestCardDigits,
};

// What a pass over a text has seen, as bits.
const tellingBit = 1;
const contextBit = 2;
const beyondAsciiBit = 4;
const letterNameBit = 8;

/** For words, and for all that begins with three signs: every second pair of bytes is one end of any trigram or the other. Ends where a word tells. */
function passOver(bytes: Uint8Array, length: number, look: Look): number {
  let seen = 0;
  let all = length > 0 ? (bytes[length - 1] as number) : 0;
  for (let i = 0; i + 1 < length; i += 2) {
    const first = bytes[i] as number;
    const second = bytes[i + 1] as number;
    all |= first | second;
    const a = first & 31;
    const b = second & 31;
    const pair = pairs[(a << 5) | b] as number;
    if (pair === 0) continue;
    if ((pair & opensTrigram) !== 0 && i + 2 < length) {
      const marks = trigrams[(a << 10) | (b << 5) | ((bytes[i + 2] as number) & 31)] as number;
      if (marks !== 0) seen |= lookCloser(bytes, i, marks, look, length);
    }
    if ((pair & closesTrigram) !== 0 && i > 0) {
      const marks = trigrams[(((bytes[i - 1] as number) & 31) << 10) | (a << 5) | b] as number;
      if (marks !== 0) seen |= lookCloser(bytes, i - 1, marks, look, length);
    }
    if ((seen & tellingBit) !== 0) return seen;
  }
  return all >= 0x80 ? seen | beyondAsciiBit : seen;
}

function lookCloser(bytes: Uint8Array, position: number, marks: number, look: Look, length: number): number {
  const seen = (marks & signBit) !== 0 && beginsSign[bytes[position] as number] === 1 ? contextBit : 0;
  if ((marks & openingBit) !== 0 && opensSecret(bytes, position)) return tellingBit;
  if ((marks & nameBit) === 0) return seen;
  if (beginsWithLetters(bytes, position) && isTellingWord(bytes, position, look, length)) return tellingBit;
  return isLetterName(bytes, position) ? seen | letterNameBit : seen;
}

/** As all of `nameTrigrams` do: mostly it is digits that passed for letters, five bits of which they have. */
function beginsWithLetters(bytes: Uint8Array, position: number): boolean {
  return isLetter(bytes[position] as number) && isLetter(bytes[position + 1] as number);
}

function isLetter(byte: number): boolean {
  const lower = byte | 0x20;
  return lower >= smallA && lower <= smallZ;
}

const smallA = 0x61;
const smallZ = 0x7a;

/** `$p`, behind which nothing stands that would make a trigram of it. */
function endsInVariable(bytes: Uint8Array, length: number): boolean {
  return length > 1 && bytes[length - 2] === dollar && ((bytes[length - 1] as number) | 0x20) === smallP;
}

const dollar = 0x24;
const smallP = 0x70;

function isLetterName(bytes: Uint8Array, position: number): boolean {
  return bytes[position] === quote && lowerLetterNames.some((name) => standsAt(bytes, position, name));
}

const quote = 0x22;

/** True where the word around a position names a secret. */
function isTellingWord(bytes: Uint8Array, position: number, look: Look, length: number): boolean {
  let start = position;
  while (start > 0 && isWord(bytes[start - 1])) if (position - start-- > longestName) return false;
  let hash = 0;
  let end = start;
  for (; end < length && isWord(bytes[end]); end++) {
    if (end - start > longestName) return false;
    hash = (Math.imul(hash, 31) + (bytes[end] as number)) | 0;
  }
  if (look.innocent.has(bytes, start, end, hash)) return false;
  if (look.tells(latin1(bytes, start, end))) return true;
  look.innocent.add(bytes.subarray(start, end), hash);
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
  return false;
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
