/**
 * What may pass over many bytes in place of the loops of pass-over.ts, and name the places in them that deserve a closer look.
 * It decides nothing: a place too many costs a look, and none that the loops would stop at may be missing.
 */

/** What it goes by: all of it derived from the tables of names and formats. */
export interface SieveTables {
  /** By three letters, five bits each (`a << 10 | b << 5 | c`): what they may be part of, as bits. */
  readonly trigrams: Uint8Array;
  /** 1 for each byte that a sign begins with. */
  readonly beginsSign: Uint8Array;
  /** Words that open a secret, each letter with bit 5 set as in small ones. */
  readonly openings: readonly Uint8Array[];
  /** 1 for each byte that may stand in a key. */
  readonly keyCharacters: Uint8Array;
  /** 1 for each two bytes (`first << 8 | second`) that stand side by side in a key. */
  readonly keyPairs: Uint8Array;
  /** 2 for each digit, 1 for what may stand between groups of them. */
  readonly digits: Uint8Array;
  readonly shortestKey: number;
  readonly fewestDigits: number;
}

/**
 * Writes the places of the first `length` bytes down, three numbers each: what it is, where it begins and where it ends. Returns
 * how many there are, or -1 where they are more than there is room for.
 */
export type Sieve = (bytes: Uint8Array, length: number) => number;

/** A sieve that writes into these places. */
export type MakeSieve = (tables: SieveTables, places: Uint32Array) => Sieve;

// What a trigram may be part of, as bits.
export const nameBit = 1;
export const openingBit = 2;
export const signBit = 4;

// What else a place may be.
export const keyRun = 8;
export const digitRun = 16;
/** Some byte, nobody says which, is none of ASCII. */
export const beyondAscii = 32;

/** Numbers of a place. */
export const placeSize = 3;
