import { byteCount, isoTime, milliseconds, shortSize } from '../../../cli/when';

it.each([
  [0, '1970-01-01T00:00:00.000000Z'],
  [1, '1970-01-01T00:00:00.000001Z'],
  [-1, '1969-12-31T23:59:59.999999Z'],
  [Date.UTC(2026, 10, 20, 10, 0, 0, 123) * 1000 + 456, '2026-11-20T10:00:00.123456Z'],
])('writes %d us as %s', (us, text) => expect(isoTime(us)).toBe(text));

it.each([
  [0, '0.000'],
  [43, '0.043'],
  [3420, '3.42'],
  [99_990, '99.99'],
  [128_400, '128'],
])('writes a duration of %d us as %s ms', (us, text) => expect(milliseconds(us)).toBe(text));

it.each([
  [0, '0'],
  [9999, '9999'],
  [10_000, '9.8k'],
  [102_399, '100k'],
  [1_023_999, '1.0M'],
  [3_999_744, '3.8M'],
  [10_000_000_000, '9.3G'],
  [5e15, '4547T'],
])('writes %d bytes in short as %s', (bytes, text) => expect(shortSize(bytes)).toBe(text));

it('counts one byte as one', () => {
  expect([0, 1, 12_345].map(byteCount)).toEqual(['0 bytes', '1 byte', '12,345 bytes']);
});
