/**
 * What can find secrets inside a text: patterns of the user, and whatever needs more than a prefix and an alphabet, such
 * as a check digit. Where there is one, every text is searched: no cheap look stands before it.
 */

/** A secret inside a text, as offsets. */
export interface Found {
  readonly start: number;
  readonly end: number;
  readonly rule: string;
}

export interface Finder {
  /** The rules it finds for, as they stand in ledgers. */
  readonly rules: readonly string[];
  /** All secrets in the text (bytes read as latin1), in order, none overlapping. In linear time. */
  find(text: string): readonly Found[];
}
