/**
 * What the cheap look of redaction goes by, as tables: what a byte is, and which three letters may be part of a name, open a
 * secret, or stand for something that needs its surroundings to be told. All derived from the tables of names and formats.
 */
import { base64Beginnings } from './base64-json';
import { isBetweenDigits } from './card';
import { keyCharacters, keyPairs, shortestKey } from './known-formats';
import { nameTrigrams } from './names';
import { openingWords } from './patterns';
import { nameBit, openingBit, type SieveTables, signBit } from './sieve';

// What a byte is, as bits.
const wordBit = 1; // part of a name: letters, digits, _ and -
const digitBit = 4;
const groupingBit = 8; // may stand between groups of digits

const bits = Uint8Array.from({ length: 256 }, (_, code) => {
  const c = String.fromCharCode(code);
  const isWord = /[0-9A-Za-z_-]/.test(c);
  return (isWord ? wordBit : 0) | (/[0-9]/.test(c) ? digitBit : 0) | (isBetweenDigits(c) ? groupingBit : 0);
});

export function isWord(byte: number | undefined): boolean {
  return ((bits[byte ?? 0] as number) & wordBit) !== 0;
}

export function isDigitOrGap(byte: number | undefined): boolean {
  return ((bits[byte ?? 0] as number) & (digitBit | groupingBit)) !== 0;
}

/** 1 for a digit. */
export function digitsIn(byte: number): number {
  return ((bits[byte] as number) & digitBit) >> 2;
}

export const fewestCardDigits = 12;

export const openings = openingWords.map((word) => Buffer.from(word, 'latin1'));

/** `"p"`, plain and within a string of JSON: a password's name where somebody logs in. */
const letterNames = ['"p"', '"p\\'];
export const lowerLetterNames = letterNames.map((name) => Buffer.from(name, 'latin1').map((byte) => byte | 0x20));

/**
 * What URLs, members of JSON that are secrets in company, JSON in base64, codes that somebody is told and variables of GraphQL named `$p`
 * have in them: a test holds them and what is searched for then together.
 */
const contextSigns = [
  '://',
  ':/\\',
  ':\\/',
  'cod',
  'kty',
  ...base64Beginnings.map((beginning) => beginning.toLowerCase()),
  ...Array.from({ length: 32 }, (_, i) => `$p${String.fromCharCode(i)}`),
];

// Two and three letters, five bits each: case falls away, and any other sign takes the place of some letter.
export const trigrams = new Uint8Array(1 << 15);
export const pairs = new Uint8Array(1 << 10);
export const opensTrigram = 1;
export const closesTrigram = 2;
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
export const beginsSign = new Uint8Array(256);
for (const [first = ''] of contextSigns) {
  for (const letter of [first.toLowerCase(), first.toUpperCase()]) beginsSign[letter.charCodeAt(0)] = 1;
}

export const sieveTables: SieveTables = {
  trigrams,
  beginsSign,
  openings: [...openings, Buffer.from('begin', 'latin1')],
  keyCharacters,
  keyPairs,
  digits: bits.map((each) => ((each & digitBit) !== 0 ? 2 : 0) | ((each & groupingBit) !== 0 ? 1 : 0)),
  shortestKey,
  fewestDigits: fewestCardDigits,
};
