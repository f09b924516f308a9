import { markedTexts } from '../../../../replayer/report/html/marked';

it.each([
  ['"GBP"', '"EUR"', '&quot;<mark>GBP</mark>&quot;', '&quot;<mark>EUR</mark>&quot;'],
  ['a b c d', 'a x c d', 'a <mark>b</mark> c d', 'a <mark>x</mark> c d'],
  ['one price 10 end', 'one price 12.5 end', 'one price <mark>10</mark> end', 'one price <mark>12.5</mark> end'],
  ['same', 'same', 'same', 'same'],
  ['<b>', '<i>', '&lt;<mark>b</mark>&gt;', '&lt;<mark>i</mark>&gt;'],
])('marks the words of %j and %j that the other does not have', (left, right, ours, theirs) => {
  expect(markedTexts(left, right)).toEqual([ours, theirs]);
});

it('has no marks where there is nothing beside it', () => {
  expect(markedTexts('a', null)).toEqual(['a', '']);
});

it('compares long texts from both ends', () => {
  const words = (middle: string) => `${'a '.repeat(400)}${middle}${' b'.repeat(400)}`;
  const [left, right] = markedTexts(words('x'), words('y'));
  expect(left).toContain('a <mark>x</mark> b');
  expect(right).toContain('a <mark>y</mark> b');
});
