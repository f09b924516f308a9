import { tokensOf } from '../../../../replayer/noise/tokens';
import { seededRandom } from '../../../support/seeded-random';

it.each<[string, readonly string[]]>([
  ['order_7f3a21', ['order_7f3a21']],
  ['/orders/17?at=2026-11-20T10:00:00.123Z', ['orders', '17', 'at', '2026-11-20T10:00:00.123Z']],
  ['a.b.c', ['a.b.c']],
  ['ends.', ['ends']],
  ['', []],
  ["script-src 'nonce-Ab3+/9xyzQ=='", ['script-src', 'nonce', 'Ab3+/9xyzQ==']],
  ['nonce-Ab39xyzQ', ['nonce', 'Ab39xyzQ']],
])('cuts %j', (text, words) => {
  expect(tokensOf(text).map((token) => token.text)).toEqual(words);
});

it('finds in a text that is one word what it finds where more stands before it', () => {
  const random = seededRandom('words');
  const pieces = ['a', 'Z', '7', '.', '-', '_', '%', '~', 'nonce', '2026-11-20', 'T10', '/', '=', 'sku', '3d'];
  for (let i = 0; i < 20_000; i++) {
    const text = Array.from(
      { length: 1 + Math.floor(random() * 8) },
      () => pieces[Math.floor(random() * pieces.length)],
    ).join('');
    const behind = tokensOf(`! ${text}`).map((token) => ({ ...token, start: token.start - 2 }));
    expect([text, tokensOf(text)]).toEqual([text, behind]);
  }
});
