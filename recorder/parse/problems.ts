/** Problems as bits while an exchange is put together: marking costs nothing, and equal sets share one list. */
import { memoised } from '../../tape/memo';
import { type Problem, problemWords } from '../../tape/model/exchange';
import type { GapReason } from '../follow/byte-stream';

const words = (Object.keys(problemWords) as Problem[]).sort();

/** The bit of each problem; 0 means complete. */
export const problemBits = Object.fromEntries(words.map((word, i) => [word, 1 << i])) as Record<Problem, number>;

/** Far more combinations than recordings show. */
const rememberedLists = 1000;

/** Sorted, without repeats. */
export const problemsOf = memoised(rememberedLists, (bits: number): readonly Problem[] =>
  words.filter((word) => (bits & problemBits[word]) !== 0),
);

const gapBits: Readonly<Record<GapReason, number>> = {
  'ring-full': problemBits['lost-bytes'],
  'left-out': problemBits['lost-bytes'],
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
