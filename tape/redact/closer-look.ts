/**
 * The closer look of redaction at single places that a pass over a text has stopped at: whether the word there names a secret,
 * whether the run there may be a key. May say yes for nothing, and never no where a rule would fire.
 */

import { mayHoldCard, mayStandAlone } from './card';
import { mayHoldCompany } from './company';
import type { InnocentWords } from './innocent-words';
import { holdsKey, keyCharacters, keyPairs, keyStarts, shortestKey } from './known-formats';
import { latin1 } from './latin1';
import { mayHandOverPassword } from './login';
import { beginsSign, isWord, lowerLetterNames, openings } from './look-tables';
import { longestName } from './names';
import { mayTellCode } from './prose';
import { nameBit, openingBit, signBit } from './sieve';
import { mayHoldUrlSecret } from './url-in-text';
import { escapeLettersAt, followsEscape } from './word-start';

/** What the look at words needs. */
export interface Look {
  readonly innocent: InnocentWords;
  textOf(bytes: Uint8Array): string;
  tells(word: string): boolean;
}

// What a pass over a text has seen, as bits.
export const tellingBit = 1;
export const contextBit = 2;
export const beyondAsciiBit = 4;
export const letterNameBit = 8;

export function lookCloser(bytes: Uint8Array, position: number, marks: number, look: Look, length: number): number {
  const seen = (marks & signBit) !== 0 && beginsSign[bytes[position] as number] === 1 ? contextBit : 0;
  if ((marks & openingBit) !== 0 && opensSecret(bytes, position)) return tellingBit;
  if ((marks & nameBit) === 0) return seen;
  if (beginsWithLetters(bytes, position) && isTellingWord(bytes, position, look, length)) return tellingBit;
  return isLetterName(bytes, position) ? seen | letterNameBit : seen;
}

/** `Bearer x`, `-----BEGIN`: what follows is secret, whatever word these are the end of. */
function opensSecret(bytes: Uint8Array, position: number): boolean {
  const before = bytes[position - 1];
  if (before === hyphen && bytes[position - 2] === hyphen && bytes[position] === capitalB) return true;
  const isBeginning = before === hyphen || !isWord(before) || followsEscape(position, (at) => bytes[at]);
  return isBeginning && openings.some((word) => standsAt(bytes, position, word));
}

function standsAt(bytes: Uint8Array, position: number, word: Uint8Array): boolean {
  for (let i = 0; i < word.length; i++) if (((bytes[position + i] ?? 0) | 0x20) !== word[i]) return false;
  return true;
}

const hyphen = 0x2d;
const capitalB = 0x42;

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
export function endsInVariable(bytes: Uint8Array, length: number): boolean {
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
  if (tellsFrom(start, bytes, look, length)) return true;
  const letters = escapeLettersAt(start, (at) => bytes[at]);
  return letters > 0 && tellsFrom(start + letters, bytes, look, length);
}

function tellsFrom(start: number, bytes: Uint8Array, look: Look, length: number): boolean {
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

/** A text may be cut in the middle of a key, however short what is left of it. */
export function endsInKey(bytes: Uint8Array, length: number): boolean {
  let start = length;
  while (start > 0 && length - start < shortestKey && keyCharacters[bytes[start - 1] as number] === 1) start--;
  return length - start > 3 && mayBeKey(bytes, start, length);
}

/** Each expression is tried once on a run, however often its pair comes up. */
export function mayBeKey(bytes: Uint8Array, start: number, end: number): boolean {
  let run: string | undefined;
  const tried: RegExp[] = [];
  for (let i = start + 1; i < end; i++) {
    const pair = ((bytes[i - 1] as number) << 8) | (bytes[i] as number);
    if (keyPairs[pair] === 0) continue;
    const startsHere = keyStarts.get(pair);
    if (startsHere === undefined || tried.includes(startsHere)) continue;
    run ??= latin1(bytes, start, end);
    if (startsHere.test(run)) return holdsKey(run);
    tried.push(startsHere);
  }
  return false;
}

/** What a card may stand behind and before that decides whether it is one. */
const cardNeighbours = 6;

/** A run of digits and what stands between groups of them; those of an escape may be among them. */
export function mayBeCard(bytes: Uint8Array, start: number, end: number, length: number): boolean {
  const around = latin1(bytes, Math.max(0, start - cardNeighbours), Math.min(length, end + cardNeighbours));
  return unicodeEscape.test(around) || (mayHoldCard(latin1(bytes, start, end)) && mayStandAlone(around));
}

const unicodeEscape = /\\u[0-9a-fA-F]{4}/;

export function mayHoldByContext(text: string): boolean {
  return mayHoldUrlSecret(text) || mayHoldCompany(text) || mayHandOverPassword(text) || mayTellCode(text);
}
