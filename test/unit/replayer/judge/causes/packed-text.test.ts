/** Texts in few bytes come back as they were, and no two of them have the same bytes. */
import { endOfPacked, packed, unpacked } from '../../../../../replayer/judge/causes/packed-text';
import { seededRandom } from '../../../../support/seeded-random';

const uuid = 'f47ac10b-58cc-4372-a567-0e02b2c3d471';
const hex = '507f1f77bcf86cd799439011';

const odd = [
  ...['', '0', '00', '42', '-', 'a', 'abc', 'ab', 'abcd', 'abcde', 'deadbeef', 'DEADBEEF', '0x12'],
  ...[uuid, uuid.toUpperCase(), `${uuid}0`, `x${uuid}`, uuid.replaceAll('-', ''), uuid.replaceAll('-', '_')],
  ...[uuid.slice(1), uuid.replace('f', 'g'), uuid.replace('f', 'F'), `${uuid.slice(0, -1)}é`, `${uuid.slice(0, -1)}-`],
  ...[
    hex,
    `${hex}0`,
    hex.toUpperCase(),
    `${hex.slice(0, -1)}ł`,
    `ord_${hex}`,
    '01ARZ3NDEKTSV4RRFFQ69G5FAV',
    'café',
    'ćma',
  ],
  ...['\u0000', '\u0001', '\ud800', '\udc00\ud800', '😀', '\u00ff', '\u0100', `${'a'.repeat(127)}`, 'b'.repeat(128)],
  ...['ab'.repeat(64), 'ab'.repeat(16_384), 'xy'.repeat(70_000), 'ł'.repeat(70_000)],
];

/** Cuts and changes of what looks like an id, so that most of them look nearly like one. */
function nearIds(count: number): readonly string[] {
  const random = seededRandom('packed');
  const below = (limit: number): number => Math.floor(random() * limit);
  const letters = '0123456789abcdefABCDEFgz-_é\u0100\ud83d';
  const near = (): string => {
    const whole = [uuid, hex, uuid.replaceAll('-', ''), 'ord_8Kd03', '4711'][below(5)] as string;
    const at = below(whole.length);
    const changed = `${whole.slice(0, at)}${letters[below(letters.length)]}${whole.slice(at + below(3))}`;
    return below(4) === 0 ? changed.slice(0, below(changed.length)) : changed;
  };
  return Array.from({ length: count }, near);
}

const texts = [...new Set([...odd, ...nearIds(5000)])];

it('gives every text back', () => {
  expect(texts.filter((text) => unpacked(packed(text), 0) !== text)).toEqual([]);
});

it('says where each of them ends, wherever it lies', () => {
  const row = Buffer.concat(texts.map(packed));
  const seen: string[] = [];
  for (let at = 0; at < row.length; at = endOfPacked(row, at)) seen.push(unpacked(row, at));
  expect(seen).toEqual(texts);
});

it('never makes the same bytes of two', () => {
  expect(new Set(texts.map((text) => Buffer.from(packed(text)).toString('latin1'))).size).toBe(texts.length);
});

it('takes half of the digits of ids', () => {
  expect([uuid, hex, 'ord_8Kd03', 'ćma'].map((text) => packed(text).length)).toEqual([17, 14, 11, 8]);
});
