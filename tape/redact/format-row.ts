/** A row of the tables of key formats, and the classes of characters keys are made of. */

export interface Pattern {
  readonly rule: string;
  /** What the secret begins with; a regular expression without groups. */
  readonly prefix: string;
  /** What follows, for as long as it is there. */
  readonly rest: string;
  /** A text that ends in the middle of the secret: how the shortest rest looks that is still worth taking. */
  readonly cut: string;
}

export function known(rule: string, prefix: string, alphabet: string, atLeast: number): Pattern {
  return { rule, prefix, rest: `${alphabet}{${atLeast},}`, cut: `${alphabet}{1,${atLeast - 1}}` };
}

/** The same for a prefix that words and names begin with, too: the end of a text is worth taking only when it is long. */
export function knownLoose(rule: string, prefix: string, alphabet: string, atLeast: number): Pattern {
  return { ...known(rule, prefix, alphabet, atLeast), cut: `${alphabet}{12,${atLeast - 1}}` };
}

export const alnum = '[0-9A-Za-z]';
export const hex = '[0-9a-fA-F]';
export const lowerHex = '[0-9a-f]';
export const wordy = '[\\w-]';
