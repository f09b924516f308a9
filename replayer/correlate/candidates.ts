/**
 * Which texts are distinctive enough to be followed from an answer to a later request, and which parts of a longer
 * text are looked at. Conservative: an ordinary word inside a sentence is never a value, a short number only where a
 * name says what it counts.
 */
import type { Path } from '../../tape/model/path';
import {
  dateText,
  epochTime,
  isHardlyWord,
  isTimeName,
  jwtParts,
  looksGenerated,
  namesThings,
  revisionCount,
  timeText,
  uuidPrefix,
  uuidVersion,
} from '../noise/shapes';
import { tokensOf } from '../noise/tokens';
import { headerVolatility } from '../noise/volatile-headers';
import { decodeSegment } from './leaves';

/** Of what is no number. */
export const leastLength = 8;
const mostLength = 4096;
const leastDigits = 6;

/** A whole value that stands alone at its place: 8 characters or more, or an integer of 6 digits or more. */
export function isFollowable(text: string): boolean {
  if (text.length < leastDigits || text.length > mostLength) return false;
  const first = text.charCodeAt(0);
  if (first >= 0x30 && first <= 0x39 && isDigits(text)) return true;
  return text.length >= leastLength;
}

/** A part of a longer text: it must hold a digit too, as everything generated does. */
function isFollowablePart(text: string): boolean {
  return isFollowable(text) && /\d/.test(text);
}

/** True for values a service makes up anew: by their looks, or by digits under a name that identifies. */
export function isMadeUp(
  text: string,
  place: { readonly path: Path; readonly length: number; readonly text: string },
): boolean {
  if (uuidVersion(text.slice(uuidPrefix(text).length)) !== null) return true;
  if (timeText(text) !== null || dateText(text) !== null) return true;
  if (jwtParts(text) !== null || looksGenerated(text) || revisionCount(text) !== null) return true;
  const [root, name] = place.path;
  if (root === 'header' && headerVolatility(String(name)) !== 'no') return true;
  if (!/\d|=$/.test(text) && !isHardlyWord(text)) return false; // no digit, and no padding of base64
  const key = String(place.path.findLast((step) => typeof step === 'string') ?? '');
  return place.length < place.text.length || namesThings(key) || (isTimeName(key) && epochTime(text) !== null);
}

/** True for texts some part of which may be followed on its own. */
export function hasParts(text: string): boolean {
  let some = text.includes('/');
  eachPart(text, (part) => {
    some ||= part.text !== text && isFollowablePart(part.text);
    return some;
  });
  return some;
}

/** Attributes of HTML that hold words for people: an example in a form is typed over, not sent back. */
const wordsForPeople = /\s(?:placeholder|title|alt|label|aria-label|pattern)\s*=\s*(?:"[^"]*"|'[^']*')/gi;

/** A page with blanks where it only speaks to people, so that every other part keeps its position. */
export function withoutWordsForPeople(text: string): string {
  return text.includes('<') ? text.replace(wordsForPeople, (words) => ' '.repeat(words.length)) : text;
}

export interface Part {
  readonly text: string;
  readonly start: number;
  /** As it stands in the text, where that is percent-encoded: `MjphYWIzNTk%3D`. */
  readonly encoded?: string;
}

const uuidInside = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;

/** The followable parts of a text, from large to small; a part for which `take` says true is not looked into further. */
export function eachPart(text: string, take: (part: Part) => boolean): void {
  if (text.length < leastDigits || timeText(text) !== null) return;
  for (const word of wordsOfText(text)) {
    if (word.text !== text && take(word)) continue;
    for (const token of tokensOf(word.text)) {
      if (timeText(token.text) !== null) continue; // a moment is no identifier, and its pieces even less
      const part = { text: token.text, start: word.start + token.start };
      if (takeDecoded(part, take)) continue;
      const taken = token.text !== word.text && isFollowable(token.text) && take(part);
      if (!taken) piecesOf(part, take);
    }
  }
}

/** What a link holds percent-encoded is another value's text only when decoded. */
function takeDecoded({ text: encoded, start }: Part, take: (part: Part) => boolean): boolean {
  const text = encoded.includes('%') ? decodeSegment(encoded) : encoded;
  return text !== encoded && isFollowable(text) && take({ text, start, encoded });
}

const betweenWords = /[\s"',;<>]/;

/** Words of any kind are offered: a credential after its scheme may be all letters. `find` decides. */
function wordsOfText(text: string): Part[] {
  if (!betweenWords.test(text)) return text === '' ? [] : [{ text, start: 0 }];
  const words: Part[] = [];
  for (const match of text.matchAll(/[^\s"',;<>]+/g)) words.push({ text: match[0], start: match.index });
  return words;
}

function piecesOf(part: Part, take: (part: Part) => boolean): void {
  if (part.text.length < 10) return;
  let inside = false;
  for (const match of part.text.matchAll(uuidInside)) {
    inside = true;
    if (match[0] !== part.text) take({ text: match[0], start: part.start + match.index });
  }
  if (inside || !part.text.includes('.')) return;
  for (const match of part.text.matchAll(/[^.]+/g)) {
    if (isFollowablePart(match[0])) take({ text: match[0], start: part.start + match.index });
  }
}

function isDigits(text: string): boolean {
  return /^\d+$/.test(text);
}
