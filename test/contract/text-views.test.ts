/** Long texts that lie where their bytes are: the same text, for as long as somebody has a part of it. */
import { garbageCollector } from '../../cli/tight-heap';
import { letGoOfTexts, textOf } from '../../native/binding';
import { copiedText } from '../../tape/redact/detection';

const collect = garbageCollector();
const long = 4 << 20;

/** Each byte in turn, so that no two places nearby are alike. */
function bytesOf(size: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 7 + (i >> 8)) & 0xff;
  return bytes;
}

/** What lies outside of V8's heap in arrays, once all that can be collected was. */
function arrayBytes(): number {
  collect();
  if (letGoOfTexts()) collect();
  return process.memoryUsage().arrayBuffers;
}

it.each([0, 1, 1000, long - 1, long])('is the text of %d bytes', (size) => {
  const bytes = bytesOf(size);
  expect(textOf(bytes) === copiedText(bytes)).toBe(true);
});

it('begins and ends where its array does, within a larger one', () => {
  const part = bytesOf(long + 20).subarray(10, long + 10);
  expect(textOf(part) === copiedText(part)).toBe(true);
});

it('makes no copy, and lets go of the bytes once the text is gone', () => {
  const before = arrayBytes();
  (() => {
    const text = textOf(bytesOf(8 * long));
    collect(); // the array itself is held by nobody
    expect(text.charCodeAt(8 * long - 1)).toBe(bytesOf(8 * long)[8 * long - 1]);
    expect(process.memoryUsage().arrayBuffers - before).toBeGreaterThanOrEqual(8 * long);
  })();
  expect(arrayBytes() - before).toBeLessThan(long);
});

it('keeps the bytes for as long as a part of the text is there', () => {
  const expected = copiedText(bytesOf(long).subarray(1000, 2000));
  const part = (() => textOf(bytesOf(long)).slice(1000, 2000))();
  for (let round = 0; round < 3; round++) {
    arrayBytes();
    bytesOf(long); // would lie where the bytes were
  }
  expect(part === expected).toBe(true);
});
