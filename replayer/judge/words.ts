/** Two texts of the same build, word by word: the words in which they differ, and where they begin to differ otherwise. */
import { glueOf, keyBefore, longestTokenisedText, tokensOf } from '../noise/tokens';

export interface WordPair {
  readonly expected: string;
  readonly actual: string;
  /** The live word as it may be printed. */
  readonly shown: string;
  /** The word before it where an `=` or `:` stands between, as in `token=abc`. */
  readonly key: string | null;
}

/** The words in which two texts differ; null when anything else differs too. `redacted` is the live text for printing. */
export function wordPairs(expected: string, actual: string, redacted = actual): readonly WordPair[] | null {
  if (expected.length > longestTokenisedText || actual.length > longestTokenisedText) return null;
  return pairsOf(expected, actual, redacted) ?? (redacted === actual ? null : pairsOf(expected, redacted, redacted));
}

function pairsOf(expected: string, actual: string, redacted: string): readonly WordPair[] | null {
  const [left, right] = [tokensOf(expected), tokensOf(actual)];
  if (left.length !== right.length || glueOf(expected, left) !== glueOf(actual, right)) return null;
  const printed = redacted === actual ? right : tokensOf(redacted);
  if (printed.length !== right.length) return null;
  return left.flatMap((token, i) => {
    const [other, shown] = [right[i]?.text ?? '', printed[i]?.text ?? ''];
    if (token.text === other) return [];
    return [{ expected: token.text, actual: other, shown, key: keyBefore(expected, left, i) }];
  });
}

export interface LiveText {
  readonly actual: string;
  /** The same as it may be printed. */
  readonly shown: string;
}

/**
 * Where two texts differ in what nothing excuses: positions in the recorded one and in the one that is shown. Words that
 * `mayDiffer` are passed over.
 */
export function firstStanding(
  expected: string,
  { actual, shown }: LiveText,
  mayDiffer: (word: WordPair) => boolean,
): { readonly expected: number; readonly actual: number } {
  const [left, right] = [tokensOf(expected), tokensOf(shown)];
  const said = tokensOf(actual);
  const isAligned = said.length === right.length;
  let [leftEnd, rightEnd] = [0, 0];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [ours, theirs] = [left[i], right[i]];
    if (ours === undefined || theirs === undefined) break;
    const glue = [expected.slice(leftEnd, ours.start), shown.slice(rightEnd, theirs.start)] as const;
    if (glue[0] !== glue[1]) return within({ expected: leftEnd, actual: rightEnd }, ...glue);
    const live = isAligned ? (said[i]?.text ?? theirs.text) : theirs.text;
    const word = { expected: ours.text, actual: live, shown: theirs.text, key: keyBefore(expected, left, i) };
    if (ours.text !== theirs.text && !mayDiffer(word)) {
      return within({ expected: ours.start, actual: theirs.start }, ours.text, theirs.text);
    }
    [leftEnd, rightEnd] = [ours.start + ours.text.length, theirs.start + theirs.text.length];
  }
  return within({ expected: leftEnd, actual: rightEnd }, expected.slice(leftEnd), shown.slice(rightEnd));
}

function within(at: { readonly expected: number; readonly actual: number }, left: string, right: string) {
  let same = 0;
  while (same < left.length && same < right.length && left[same] === right[same]) same++;
  return { expected: at.expected + same, actual: at.actual + same };
}
