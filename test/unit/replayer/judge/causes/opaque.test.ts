/** How long the next token of a kind may be: what varies by its nature does, and what was cut short or lengthened is another. */

import { type LengthOf, lengthOf } from '../../../../../replayer/judge/causes/opaque';
import type { ExchangeSketch } from '../../../../support/exchanges';
import { judgeRedacted, told } from '../../../../support/judging';

const hex = '4f6a8b2c1d9e0f3a4f6a8b2c1d9e0f3a';
const proof = 'qZ3xV7bT5wK8m2N4p6R1';

it.each<[string, string, string, LengthOf]>([
  ['random bytes in hexadecimal', hex, `${hex.slice(1)}b`, 'same'],
  ['the same with a character more', hex, `${hex}0`, 'other'],
  ['the same cut short', hex, hex.slice(0, -1), 'other'],
  ['another sign at its end', 'k3J9xQ2mV7bT5wZ8', 'k3J9xQ2mV7bT5wZ8x', 'other'],
  ['a number of one digit more before its secret', `9|${proof}`, `10|${proof}`, 'varies'],
  ['the same with its secret cut short', `9|${proof}`, `10|${proof.slice(1)}`, 'other'],
  ['the same without its secret', `9|${proof}`, '10', 'other'],
  ['the same with an empty secret', `9|${proof}`, '10|', 'other'],
  ['a user and a time before a signature', `ann.1795729887.${proof}`, `bernard.1795729999.${proof}`, 'varies'],
  ['the same with a signature that is longer', `ann.1795729887.${proof}`, `ann.1795729887.${proof}x`, 'other'],
  ['two parts of another length', `ann.kQ.${proof}`, `bernard.kQx.${proof}`, 'other'],
  [
    'a payload, its vector and its tag',
    `kQ3xV7bT5wJ=--Qm2N4p6R==--${proof}`,
    `kQ3xV7bT5wJ9aa=--Qm2N4p6R==--${proof}`,
    'varies',
  ],
  ['a counter behind a name', `sess_9_${proof}`, `sess_10_${proof}`, 'varies'],
  ['another name', `sess_9_${proof}`, `session_9_${proof}`, 'other'],
  ['digits alone', '012345', '12345', 'other'],
])('%s: %#', (_, recorded, live, expected) => {
  expect(lengthOf({ recorded, live, secret: live }, new Set([recorded.length]))).toBe(expected);
});

it('lets an escaped token have other escapes, and no other length', () => {
  const recorded = 's?3Akq3x?2Bvb';
  const of = (secret: string) => lengthOf({ recorded, live: secret.replaceAll('%', '?'), secret }, new Set());
  expect(of('s%3Akq3x%2Fv%2F')).toBe('varies');
  expect(of('s%3Akq3xbvb')).toBe('varies');
  expect(of('s%3Akq3xbvbx')).toBe('other');
  expect(of('skq3xbvb')).toBe('other');
});

it('takes the base64 of a JSON object for as long as it comes, where it is whole', () => {
  const text = (value: string) => Buffer.from(JSON.stringify({ iv: 'x', value })).toString('base64');
  const recorded = text('abc/d').replace('eyJ', 'kqW');
  const of = (secret: string) => lengthOf({ recorded, live: secret, secret }, new Set());
  expect(of(text('abc\\d, and more'))).toBe('varies');
  expect(of(text('abc\\d, and more').slice(0, -5))).toBe('other');
  expect(of(`${text('abc\\d, and more')}x`)).toBe('other');
});

it('believes a recording that has tokens of several lengths at a place', () => {
  const of = (length: number) =>
    lengthOf({ recorded: 'a'.repeat(40), live: 'b'.repeat(length), secret: 'b'.repeat(length) }, new Set([40, 42]));
  expect([37, 38, 41, 44, 45].map(of)).toEqual(['other', 'varies', 'varies', 'varies', 'other']);
});

describe('in answers', () => {
  const token = (length: number, seed: string) => seed.repeat(10).slice(0, length);
  const [a, b, c] = [token(24, 'k3J9xQ2mV7bT5wZ8'), token(24, 'p6R1nH4cY0dL9gS2'), token(24, 'r8F3aX9kM2qB7tW5')];
  const login = (value: string): ExchangeSketch => ({
    method: 'POST',
    target: '/login',
    responseBody: { token: value },
  });
  const use = (value: string): ExchangeSketch => ({
    target: '/me',
    requestHeaders: [['Authorization', `Bearer ${value}`]],
    responseBody: { name: 'ann' },
  });

  it.each([
    ['with the key', Buffer.alloc(32, 1)],
    ['without it', null],
  ])('holds a token to its length %s', (_, key) => {
    const judged = (live: string) => judgeRedacted([login(a), use(a)], [login(live), use(live)], { key }).map(told);
    expect(judged(b)).toEqual([[], []]);
    for (const wrong of [`${b}x`, b.slice(0, -1)]) {
      expect(judged(wrong)).toEqual([[expect.stringMatching(/^body\.token changed /)], []]);
    }
  });

  it('lets it have another where the recording shows that it may', () => {
    const recorded = [login(a), login(`${b}xY`)];
    const judged = (live: string) => judgeRedacted(recorded, [login(live), login(c)]).map(told);
    expect(judged(`${c}z`)).toEqual([[], expect.anything()]);
    expect(judged(c.slice(0, 12))[0]).toHaveLength(1);
  });

  it('lets the number before a secret have another digit', () => {
    const judged = (live: string) =>
      judgeRedacted([login(`9|${a}`), use(`9|${a}`)], [login(live), use(live)]).map(told);
    expect(judged(`10|${b}`)).toEqual([[], []]);
    expect(judged(`10|${b.slice(1)}`)).toEqual([[expect.any(String)], []]);
  });
});
