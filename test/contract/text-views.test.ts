/** Long texts that lie where their bytes are: the same text, for as long as somebody has a part of it. */
import { garbageCollector } from '../../cli/tight-heap';
import { letGoOfTexts, textOf } from '../../native/binding';
import { latin1 } from '../../tape/redact/latin1';

const collect = garbageCollector();
const long = 4 << 20;

/** Each byte in turn, so that no two places nearby are alike. */
function bytesOf(size: number): Buffer {
  const bytes = Buffer.allocUnsafeSlow(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 7 + (i >> 8)) & 0xff;
  return bytes;
}

/** Everything that can be collected is; a weak reference holds what it was made of until others have had their turn. */
async function collectAll(): Promise<void> {
  await new Promise(setImmediate);
  collect();
  if (letGoOfTexts()) collect();
}

it.each([0, 1, 1000, long - 1, long])('is the text of %d bytes', (size) => {
  const bytes = bytesOf(size);
  expect(textOf(bytes) === latin1(bytes)).toBe(true);
});

it('begins and ends where its array does, within a larger one', () => {
  const part = bytesOf(long + 20).subarray(10, long + 10);
  expect(textOf(part) === latin1(part)).toBe(true);
});

it('makes no copy: what becomes of the bytes shows in the text', () => {
  const bytes = bytesOf(long);
  const text = textOf(bytes);
  bytes[long - 1] = 0x41;
  expect(text.charCodeAt(long - 1)).toBe(0x41);
});

it('holds the bytes while the text is there, and lets go of them once it is gone', async () => {
  const made = () => {
    const bytes = bytesOf(long);
    return { text: textOf(bytes), bytes: new WeakRef(bytes) };
  };
  const kept: { text?: string; bytes: WeakRef<Buffer> } = made();
  await collectAll();
  expect(kept.bytes.deref()).toBeDefined();
  delete kept.text;
  await collectAll();
  expect(kept.bytes.deref()).toBeUndefined();
});

it('keeps the bytes for as long as a part of the text is there', async () => {
  const expected = latin1(bytesOf(long).subarray(1000, 2000));
  const part = (() => textOf(bytesOf(long)).slice(1000, 2000))();
  for (let round = 0; round < 3; round++) {
    await collectAll();
    bytesOf(long); // would lie where the bytes were
  }
  expect(part === expected).toBe(true);
});
