/** Where a value was seen first, and the places that hold it again. Made by plan.ts. */
import type { Path } from '../../tape/model/path';
import type { Part } from './candidates';
import type { Leaf } from './leaves';

/** A part of the text at a place of a message. */
export interface Spot {
  readonly path: Path;
  readonly start: number;
  readonly length: number;
  /** The whole recorded text at the path. */
  readonly text: string;
  readonly kind: Leaf['kind'];
  /** The part stands percent-encoded in the text, or would where it held anything to encode. */
  readonly encoded: boolean;
}

/** The spot of a part of a leaf. A leaf is valid during its visit only: this keeps it. */
export function spotOf(leaf: Leaf, { text, start, encoded }: Part): Spot {
  const own = encoded ?? text;
  const isEncoded = encoded !== undefined || (isInQuery(leaf.text, start) && encodeURIComponent(text) === text);
  return { path: [...leaf.path], text: leaf.text, kind: leaf.kind, start, length: own.length, encoded: isEncoded };
}

function isInQuery(text: string, start: number): boolean {
  return text[start - 1] === '=' && /[?&][^\s?&=]*=$/.test(text.slice(Math.max(0, start - longestName), start));
}

const longestName = 100;

/** The first appearance of a value. `client`: a request had it first. `supplied`: the user gives the secret for it. */
export interface Origin {
  readonly by: 'answer' | 'client' | 'supplied';
  readonly caseIndex: number;
  readonly spot: Spot;
  readonly recorded: string;
  /** What a counter counts, so that order 1 and user 1 are two things; '' for a value that is known by itself. */
  readonly scope: string;
  /** When the value was known: the end of the answer, or the start of the request. */
  readonly sinceUs: number;
  readonly order: number;
  /** A later request carries it. */
  usedLater: boolean;
  /** An answer gave it, and a request has it in its path: it names what is asked for. */
  readonly inPath: boolean;
  /** An answer of a later case holds it. */
  recurs: boolean;
  /** The link made last: the same value mostly comes back at the same place, and one object serves them all. */
  lastLink: Link | null;
}

/** A place that holds a value of known origin. */
export interface Link {
  readonly spot: Spot;
  readonly origin: Origin;
}

export function suppliedOrigin(placeholder: string): Origin {
  const spot: Spot = {
    path: [],
    start: 0,
    length: placeholder.length,
    text: placeholder,
    kind: 'text',
    encoded: false,
  };
  const known = {
    scope: '',
    usedLater: false,
    inPath: false,
    recurs: false,
    lastLink: null,
    sinceUs: Number.NEGATIVE_INFINITY,
    order: -1,
  };
  return { by: 'supplied', caseIndex: -1, spot, recorded: placeholder, ...known };
}

export function isSpot(spot: Spot, leaf: Leaf, part: Part): boolean {
  return (
    spot.start === part.start &&
    spot.length === (part.encoded ?? part.text).length &&
    spot.text === leaf.text &&
    spot.kind === leaf.kind &&
    samePath(spot.path, leaf.path)
  );
}

export function samePath(a: Path, b: Path): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
