/** Two texts that differ, with the words of each that the other does not have between marks. */
import { escaped } from './escape';

/** More words than that are compared from both ends only. */
const mostWords = 150;

/** Both as HTML. Texts that are equal, or of which one is missing, have no marks. */
export function markedTexts(left: string | null, right: string | null): readonly [string, string] {
  if (left === null || right === null || left === right) return [escaped(left ?? ''), escaped(right ?? '')];
  const [ours, theirs] = [wordsOf(left), wordsOf(right)];
  const shared =
    ours.length > mostWords || theirs.length > mostWords ? sharedAtEnds(ours, theirs) : sharedWords(ours, theirs);
  return [marked(ours, new Set(shared.map(([i]) => i))), marked(theirs, new Set(shared.map(([, j]) => j)))];
}

function wordsOf(text: string): readonly string[] {
  return text.match(/[\p{L}\p{N}_]+|\s+|[^\p{L}\p{N}_\s]/gu) ?? [];
}

type Pairs = readonly (readonly [number, number])[];

function sharedAtEnds(left: readonly string[], right: readonly string[]): Pairs {
  const shorter = Math.min(left.length, right.length);
  let head = 0;
  while (head < shorter && left[head] === right[head]) head++;
  let tail = 0;
  while (tail < shorter - head && left[left.length - 1 - tail] === right[right.length - 1 - tail]) tail++;
  return Array.from({ length: head + tail }, (_, i) =>
    i < head ? [i, i] : [left.length - head - tail + i, right.length - head - tail + i],
  );
}

/** The longest common subsequence, by lengths of those of what follows. */
function sharedWords(left: readonly string[], right: readonly string[]): Pairs {
  const width = right.length + 1;
  const lengths = new Uint16Array((left.length + 1) * width);
  const at = (i: number, j: number): number => lengths[i * width + j] ?? 0;
  for (let i = left.length - 1; i >= 0; i--) {
    for (let j = right.length - 1; j >= 0; j--) {
      lengths[i * width + j] = left[i] === right[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
    }
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < left.length && j < right.length; ) {
    if (left[i] === right[j]) pairs.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i++;
    else j++;
  }
  return pairs;
}

function marked(words: readonly string[], shared: ReadonlySet<number>): string {
  let html = '';
  for (let i = 0; i < words.length; ) {
    let end = i;
    while (end < words.length && shared.has(end) === shared.has(i)) end++;
    const text = escaped(words.slice(i, end).join(''));
    html += shared.has(i) ? text : `<mark>${text}</mark>`;
    i = end;
  }
  return html;
}
