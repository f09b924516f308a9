import { Budget } from '../../../../recorder/follow/budget';
import { BodyBuffer, emptyBody } from '../../../../recorder/parse/body-buffer';
import type { OpenSpill } from '../../../../recorder/parse/spill';

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

it('gives one that comes again as it was given before, and counts its memory as ever', () => {
  const budget = new Budget(1_000_000);
  const told = 'the same as ever, '.repeat(20);
  const bodies = Array.from({ length: 5 }, () => filled(10_000, budget, [told], told.length).take([]));
  expect(bodies.map(({ bytes }) => text(bytes))).toEqual(bodies.map(() => told));
  expect(new Set(bodies.slice(1).map(({ bytes }) => bytes)).size).toBe(1);
  expect(budget.usedBytes).toBe(5 * told.length);
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

describe('a long body', () => {
  const MiB = 1024 * 1024;

  /** A spill in memory that counts, and has room for so many bytes. */
  function spillOf(room: number): { open: OpenSpill; kept: () => number; reads: () => number; closed: () => number } {
    const pieces: Uint8Array[] = [];
    let reads = 0;
    let closed = 0;
    const kept = () => pieces.reduce((sum, piece) => sum + piece.length, 0);
    const open = () => ({
      append: (bytes: Uint8Array) => kept() + bytes.length <= room && pieces.push(bytes.slice()) > 0,
      read: (roomBehind: number) => {
        reads++;
        return Buffer.concat([...pieces, Buffer.alloc(roomBehind)]);
      },
      close: () => {
        closed++;
      },
    });
    return { open, kept, reads: () => reads, closed: () => closed };
  }

  function pour(buffer: BodyBuffer, size: number, filling = 'line\n of text '): Buffer {
    const all = Buffer.alloc(size, filling);
    for (let at = 0; at < size; at += 100_001) buffer.append(all, at, Math.min(size, at + 100_001), size);
    return all;
  }

  it('waits outside of memory, and is whole when it is taken', () => {
    const budget = new Budget(64 * MiB);
    const spill = spillOf(64 * MiB);
    const buffer = new BodyBuffer(64 * MiB, budget, spill.open);
    const all = pour(buffer, 10 * MiB);
    expect(budget.usedBytes).toBeLessThanOrEqual(2 * MiB);
    expect(spill.kept()).toBeGreaterThan(8 * MiB);
    expect(Buffer.compare(buffer.soFar([]).bytes, all.subarray(0, all.lastIndexOf('\n') + 1))).toBe(0);
    const body = buffer.take([]);
    expect([Buffer.compare(body.bytes, all), body.wireSize, buffer.truncated]).toEqual([0, all.length, false]);
    expect([budget.usedBytes, spill.closed()]).toEqual([all.length, 1]);
  });

  it('is not read back while no line of it is whole', () => {
    const spill = spillOf(64 * MiB);
    const buffer = new BodyBuffer(64 * MiB, new Budget(64 * MiB), spill.open);
    const all = pour(buffer, 5 * MiB, 'no break ');
    expect([buffer.soFar([]).bytes.length, spill.reads()]).toEqual([0, 0]);
    const body = buffer.take([]);
    expect([Buffer.compare(body.bytes, all), spill.reads()]).toEqual([0, 1]);
  });

  it('shows its last whole line, although all behind it waits elsewhere', () => {
    const spill = spillOf(64 * MiB);
    const buffer = new BodyBuffer(64 * MiB, new Budget(64 * MiB), spill.open);
    buffer.append(Buffer.from('one line\nand '), 0, 13, 0);
    pour(buffer, 5 * MiB, 'no break ');
    expect(text(buffer.soFar([]).bytes)).toBe('one line\n');
    buffer.clear();
    pour(buffer, 5 * MiB, 'no break ');
    expect(buffer.soFar([]).bytes).toHaveLength(0);
  });

  it('is cut at its limit, wherever it waits', () => {
    const buffer = new BodyBuffer(3 * MiB, new Budget(64 * MiB), spillOf(64 * MiB).open);
    const all = pour(buffer, 5 * MiB);
    expect(buffer.truncated).toBe(true);
    const body = buffer.take([]);
    expect(body.wireSize).toBe(all.length);
    expect(Buffer.compare(body.bytes, all.subarray(0, 3 * MiB))).toBe(0);
  });

  it('is cut where there is no room for it, and says so', () => {
    const buffer = new BodyBuffer(64 * MiB, new Budget(64 * MiB), spillOf(2 * MiB).open);
    const all = pour(buffer, 5 * MiB);
    expect(buffer.truncated).toBe(true);
    const { bytes, wireSize } = buffer.take([]);
    expect(wireSize).toBe(all.length);
    expect(Buffer.compare(bytes, all.subarray(0, bytes.length))).toBe(0);
  });
});
