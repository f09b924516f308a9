/** Problems as bits while an exchange is put together: marking costs nothing, and equal sets share one list. */
import { type Problem, problemWords } from '../../tape/model/exchange';
import type { GapReason } from '../follow/byte-stream';

const words = (Object.keys(problemWords) as Problem[]).sort();

/** The bit of each problem; 0 means complete. */
export const problemBits = Object.fromEntries(words.map((word, i) => [word, 1 << i])) as Record<Problem, number>;

const lists = new Map<number, readonly Problem[]>();

/** Sorted, without repeats. */
export function problemsOf(bits: number): readonly Problem[] {
  const known = lists.get(bits);
  if (known !== undefined) return known;
  const list = words.filter((word) => (bits & problemBits[word]) !== 0);
  lists.set(bits, list);
  return list;
}

const gapBits: Readonly<Record<GapReason, number>> = {
  'ring-full': problemBits['lost-bytes'],
  hole: problemBits['lost-bytes'],
  'over-limit': problemBits.truncated,
  'not-captured': problemBits['lost-bytes'],
  'unreadable-call': problemBits['unread-bytes'],
  fault: problemBits['unread-bytes'],
  unaccounted: problemBits['unread-bytes'],
  'program-skipped': problemBits['unread-bytes'],
};

/** The word for what a gap of that reason means. */
export function problemWordOfGap(reason: GapReason): Problem {
  return problemsOf(gapBits[reason])[0] ?? 'lost-bytes';
}

/** What a gap of that reason means for the exchange it touches. */
export function problemOfGap(reason: GapReason): number {
  return gapBits[reason];
}
