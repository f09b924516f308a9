import type { Difference } from '../../../../replayer/judge/difference';
import { differenceSentence, valueTexts } from '../../../../replayer/report/values';

const difference = (over: Partial<Difference>): Difference => ({
  ...{ path: 'body.a', kind: 'changed', expected: 1, actual: 2 },
  ...over,
});

it.each([
  [{}, 'body.a: expected 1, got 2'],
  [{ translated: 3 }, 'body.a: expected 1 (in this run 3), got 2'],
  [{ kind: 'added', expected: null }, 'body.a: added: got 2, the recording has none'],
  [{ kind: 'removed', actual: null }, 'body.a: removed: expected 1'],
  [
    { expected: 'P', actual: 'Q', redacted: { expected: 'password', actual: 'secret-name' } },
    'body.a: expected "P" (redacted: password), got "Q" (redacted: secret-name)',
  ],
] as const)('tells %j in words', (over, text) => {
  expect(differenceSentence(difference(over))).toBe(text);
});

it.each([
  ['at the end', `${'x'.repeat(500)}1`, `${'x'.repeat(500)}2`],
  ['in the middle', `${'x'.repeat(500)}1${'y'.repeat(500)}`, `${'x'.repeat(500)}2${'y'.repeat(500)}`],
  ['in a value within', { a: 'x'.repeat(500), b: 1 }, { a: 'x'.repeat(500), b: 2 }],
  ['only in length', 'x'.repeat(500), 'x'.repeat(501)],
  ['behind what writing it down makes longer', `${'"'.repeat(150)}1`, `${'"'.repeat(150)}2`],
])('never shows two texts that read alike: they part %s', (_, expected, actual) => {
  const texts = valueTexts(difference({ expected, actual }));
  expect(texts.expected).not.toBe(texts.actual);
  expect(Math.max(texts.expected.length, texts.actual.length)).toBeLessThan(330);
});
