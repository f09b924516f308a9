/**
 * The pass over a text that stops where something may be secret. It skips: of three letters one pair stands at an even place,
 * and what is as long as the shortest key cannot hide between every so many bytes. `sieve.ts` names what may do it in its place.
 */
import { beyondAsciiBit, type Look, lookCloser, mayBeCard, mayBeKey, tellingBit } from './closer-look';
import { keyCharacters, shortestKey } from './known-formats';
import * as tables from './look-tables';

// Names of this module: in a loop over bytes what another one exports is a tenth dearer.
const { closesTrigram, digitsIn, fewestCardDigits, isDigitOrGap, opensTrigram, pairs, trigrams } = tables;

/** What it has seen, as bits of closer-look.ts. */
export function seenByPassing(bytes: Uint8Array, length: number, look: Look): number {
  const seen = passOver(bytes, length, look);
  if ((seen & tellingBit) !== 0) return seen;
  return holdsKeyRun(bytes, length) || holdsCardRun(bytes, length) ? seen | tellingBit : seen;
}

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

/** Runs of key characters that are long enough for a key and hold the beginning of one. */
function holdsKeyRun(bytes: Uint8Array, length: number): boolean {
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

/** Thirteen digits or more, with nothing but single signs between their groups. */
function holdsCardRun(bytes: Uint8Array, length: number): boolean {
  for (let i = fewestCardDigits - 1; i < length; i += fewestCardDigits) {
    if (!isDigitOrGap(bytes[i])) continue;
    let start = i;
    while (start > 0 && isDigitOrGap(bytes[start - 1])) start--;
    let digits = 0;
    let end = start;
    for (; end < length && isDigitOrGap(bytes[end]); end++) digits += digitsIn(bytes[end] as number);
    if (digits >= fewestCardDigits && mayBeCard(bytes, start, end, length)) return true;
    i = Math.max(i, end - 1);
  }
  return false;
}
