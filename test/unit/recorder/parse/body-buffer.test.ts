import { Budget } from '../../../../recorder/follow/budget';
import { BodyBuffer, emptyBody } from '../../../../recorder/parse/body-buffer';

function filled(limit: number, budget: Budget, pieces: readonly string[], expected = 0): BodyBuffer {
  const buffer = new BodyBuffer(limit, budget);
  for (const piece of pieces) {
    const bytes = Buffer.from(piece);
    buffer.append(bytes, 0, bytes.length, expected);
  }
  return buffer;
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

it('joins what it is given, and is empty afterwards', () => {
  const buffer = filled(100, new Budget(1000), ['ab', 'cde', 'f']);
  expect(text(buffer.take([]).bytes)).toBe('abcdef');
  expect(buffer.take([])).toBe(emptyBody);
});

it('gives one body no bytes of another', () => {
  const budget = new Budget(1000);
  const bodies = Array.from({ length: 50 }, (_, i) => filled(100, budget, [`body ${i}`], 7 + i).take([]));
  expect(bodies.map((body) => text(body.bytes))).toEqual(bodies.map((_, i) => `body ${i}`));
});

it('keeps the memory of a body on the budget until it is given back', () => {
  const budget = new Budget(1000);
  const body = filled(100, budget, ['ab', 'cde'], 40).take(['gzip']);
  expect([budget.usedBytes, body.codings]).toEqual([5, ['gzip']]);
  budget.giveBack(body.bytes.length);
  expect(budget.usedBytes).toBe(0);
});

it('takes no more memory than a body has bytes, whatever length it claims', () => {
  const budget = new Budget(10_000_000);
  filled(16 << 20, budget, ['ab'], 16 << 20);
  expect(budget.usedBytes).toBeLessThanOrEqual(64 * 1024);
});

it('cuts at its limit, and where the budget ends', () => {
  const own = filled(4, new Budget(1000), ['abc', 'def', 'g']);
  expect([own.truncated, own.wireSize, text(own.take([]).bytes)]).toEqual([true, 7, 'abcd']);
  const shared = filled(100, new Budget(4), ['abc', 'def']);
  expect([shared.truncated, shared.wireSize, text(shared.take([]).bytes)]).toEqual([true, 6, 'abc']);
});

it('keeps nothing behind a hole', () => {
  const buffer = filled(100, new Budget(1000), ['abc']);
  buffer.skip(5);
  buffer.append(Buffer.from('def'), 0, 3, 0);
  expect([buffer.wireSize, text(buffer.take([]).bytes)]).toEqual([11, 'abc']);
});
