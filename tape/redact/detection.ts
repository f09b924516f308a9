/**
 * One cheap look that says whether a text deserves a closer one. Nearly all traffic does not, and then that look is all
 * redaction costs (about 2 us a kilobyte). It may say yes for nothing; it must never say no where a rule would fire: what
 * it looks for is derived from the tables of names and formats, and a test makes keys of every format to prove it.
 */

import type { MediaType } from '../body/media-type';
import { ownText, Recent } from '../memo';
import { mayHoldInBase64 } from './base64-json';
import {
  beyondAsciiBit,
  contextBit,
  endsInKey,
  endsInVariable,
  type Look,
  letterNameBit,
  lookCloser,
  mayBeCard,
  mayBeKey,
  mayHoldByContext,
  tellingBit,
} from './closer-look';
import { hidesNames } from './escaped-names';
import { holdsForeignName } from './foreign-look';
import { InnocentWords } from './innocent-words';
import { latin1 } from './latin1';
import { isCredentialsName, mayLogIn } from './login';
import { sieveTables } from './look-tables';
import { endsSpacedName, kindOfName, longestName, type NameKind } from './names';
import { seenByPassing } from './pass-over';
import { decodePercent } from './percent';
import { beyondAscii, digitRun, keyRun, type MakeSieve, placeSize, type Sieve } from './sieve';

/** A body that was looked at and found innocent: how it was looked at, and what had been seen then. */
export interface InnocentBody {
  readonly type: MediaType;
  /** Content codings, as they are listed. */
  readonly codings: string;
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
  /** True where names may be written with escapes of JSON, which the others do not see through. */
  hidesNames(text: string): boolean;
  readonly innocentBodies: Recent<Uint8Array, InnocentBody>;
}

const rememberedNames = 10_000;
/** Every name that promises a secret has one of these: ids and hashes, which stand where names might, mostly have none. */
const mayBeName = /[g-z\x80-\uffff]/i;
const mayBeAccented = /[\x80-\uffff]/;
/** With so many digits it is an id or a time that stands where a name might: it does not come again. */
const passes = /(?:\d\D{0,40}){6}/;

/** What the addon may do in place of slower code. */
export interface DetectionTools {
  readonly textOf?: (bytes: Uint8Array) => string;
  readonly makeSieve?: MakeSieve;
}

export function createDetection({ textOf = latin1, makeSieve }: DetectionTools = {}): Detection {
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

  const ends = new Map<string, boolean>();

  /** Of words in letters with accents it takes long to tell, and no others remember them. */
  function endsName(word: string): boolean {
    if (!mayBeAccented.test(word)) return endsSpacedName(word);
    const before = ends.get(word);
    if (before !== undefined) return before;
    const does = endsSpacedName(word);
    if (ends.size >= rememberedNames) ends.clear();
    if (word.length <= longestName) ends.set(ownText(word), does);
    return does;
  }

  /** For long texts, where there is one. */
  const sifted = makeSieve === undefined ? null : siftedBy(makeSieve);
  const look: Look = {
    innocent,
    textOf,
    tells: (word) => kindOf(word) !== null || endsName(word) || isCredentialsName(word),
  };

  /** Of what is written over. */
  const passingLook = { ...look, textOf: latin1 };

  function isSuspicious(bytes: Uint8Array): boolean {
    return holdsSecret(bytes, bytes.length, look, sifted);
  }

  function looksSuspicious(text: string): boolean {
    if (text.length > scratch.length) return isSuspicious(Buffer.from(text, 'latin1'));
    return holdsSecret(scratch, scratch.write(text, 0, 'latin1'), passingLook, sifted);
  }

  return {
    textOf,
    kindOfName: kindOf,
    isSuspicious,
    hidesNames: (text) => hidesNames(text, look.tells),
    innocentBodies: new Recent(),
    isSuspiciousText: (text) => looksSuspicious(text) || (text.includes('%') && looksSuspicious(decodePercent(text))),
  };
}

interface Sifted {
  readonly sieve: Sieve;
  readonly places: Uint32Array;
}

/** More are looked for by passing over the text. */
const mostPlaces = 4096;
/** For shorter texts the way into the addon and back costs more than it saves. */
const shortestSifted = 256;

function siftedBy(makeSieve: MakeSieve): Sifted {
  const places = new Uint32Array(mostPlaces * placeSize);
  return { sieve: makeSieve(sieveTables, places), places };
}

function holdsSecret(bytes: Uint8Array, length: number, look: Look, sifted: Sifted | null): boolean {
  const seen = seenIn(bytes, length, look, sifted);
  return (
    (seen & tellingBit) !== 0 ||
    ((seen & letterNameBit) !== 0 && mayLogIn(look.textOf(bytes.subarray(0, length)))) ||
    ((seen & beyondAsciiBit) !== 0 && holdsForeignName(bytes, length, look.tells)) ||
    endsInKey(bytes, length) ||
    (((seen & contextBit) !== 0 || endsInVariable(bytes, length)) &&
      mayHoldInContext(look.textOf(bytes.subarray(0, length)), look, sifted))
  );
}

function mayHoldInContext(text: string, look: Look, sifted: Sifted | null): boolean {
  return mayHoldByContext(text) || mayHoldInBase64(text, (json) => holdsSecret(json, json.length, look, sifted));
}

function seenIn(bytes: Uint8Array, length: number, look: Look, sifted: Sifted | null): number {
  if (sifted !== null && length >= shortestSifted) {
    const count = sifted.sieve(bytes, length);
    if (count >= 0) return seenAt(sifted.places, count, bytes, look, length);
  }
  return seenByPassing(bytes, length, look);
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
  if (what === digitRun) return mayBeCard(bytes, start, end, length) ? tellingBit : 0;
  return lookCloser(bytes, start, what, look, length);
}
