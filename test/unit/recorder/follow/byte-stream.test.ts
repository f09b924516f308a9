import { Budget } from '../../../../recorder/follow/budget';
import { ByteStream, type StreamReader } from '../../../../recorder/follow/byte-stream';
import { defaultLimits, type Limits } from '../../../../recorder/follow/limits';
import type { DataEvent } from '../../../../recorder/source/events';

interface Fixture {
  readonly stream: ByteStream;
  readonly read: string[];
  readonly budget: Budget;
}

/** A stream whose reader notes bytes as text and gaps as `<size reason>`. */
function open(limits: Partial<Limits> = {}, budget = new Budget(1 << 20)): Fixture {
  const read: string[] = [];
  const reader: StreamReader = {
    data: (_direction, bytes) => read.push(Buffer.from(bytes).toString()),
    gap: (_direction, size, reason) => read.push(`<${size} ${reason}>`),
  };
  return { stream: new ByteStream('sent', reader, { ...defaultLimits, ...limits }, budget), read, budget };
}

function data(position: number, text: string, extra: Partial<DataEvent> = {}): DataEvent {
  const bytes = Buffer.from(text);
  return {
    kind: 'data',
    connection: 1,
    atUs: 0,
    direction: 'sent',
    position,
    bytes,
    size: bytes.length,
    missing: null,
    ...extra,
  };
}

it('passes bytes on as they come', () => {
  const { stream, read } = open();
  for (const event of [data(0, 'ab'), data(2, 'c')]) stream.push(event);
  expect([read, stream.position]).toEqual([['ab', 'c'], 3]);
});

it('puts what comes early behind what comes late', () => {
  const { stream, read, budget } = open();
  for (const event of [data(4, 'ef'), data(2, 'cd'), data(6, 'g'), data(0, 'ab')]) stream.push(event);
  expect(read).toEqual(['ab', 'cd', 'ef', 'g']);
  expect([stream.hasHole, budget.usedBytes]).toEqual([false, 0]);
});

it('keeps no memory of what it held and has passed on, and never lets go of what events lend', () => {
  const seen: Uint8Array[] = [];
  const reader: StreamReader = { data: (_direction, bytes) => seen.push(bytes), gap: () => undefined };
  const stream = new ByteStream('sent', reader, defaultLimits, new Budget(1 << 20));
  const text = 'x'.repeat(10_000);
  for (const event of [data(2 + text.length, text), data(2, text), data(0, 'ab')]) stream.push(event);
  stream.push(data(2 + 2 * text.length, text));
  expect(seen.map(({ length }) => length)).toEqual([2, 0, 0, text.length]);
});

it('tells bytes that a call moved and nobody captured', () => {
  const { stream, read } = open();
  stream.push(data(0, 'ab', { size: 5, missing: 'over-limit' }));
  stream.push(data(5, '', { size: 3, missing: 'unreadable-call' }));
  stream.push(data(8, 'c'));
  expect(read).toEqual(['ab', '<3 over-limit>', '<3 unreadable-call>', 'c']);
});

it('drops what it had before, and keeps what is new of an overlap', () => {
  const { stream, read } = open();
  for (const event of [data(0, 'abcd'), data(0, 'abcd'), data(2, 'cdef'), data(5, '')]) stream.push(event);
  expect([read, stream.position]).toEqual([['abcd', 'ef'], 6]);
});

it('waits for a hole to be filled, and then gives it up', () => {
  const { stream, read, budget } = open();
  stream.push(data(0, 'a'));
  stream.push(data(3, 'd', { atUs: 1_000_000 }));
  stream.expire(1_249_999);
  expect(read).toEqual(['a']);
  stream.expire(1_250_000);
  expect([read, stream.hasHole, budget.usedBytes]).toEqual([['a', '<2 hole>', 'd'], false, 0]);
});

it('gives one hole up at a time, each at its own time', () => {
  const { stream, read } = open();
  stream.push(data(1, 'b', { atUs: 1_000_000 }));
  stream.push(data(3, 'd', { atUs: 1_100_000 }));
  stream.expire(1_250_000);
  expect(read).toEqual(['<1 hole>', 'b']);
  stream.expire(1_350_000);
  expect(read).toEqual(['<1 hole>', 'b', '<1 hole>', 'd']);
});

it('needs no clock but the events that come', () => {
  const { stream, read } = open();
  stream.push(data(1, 'b', { atUs: 1_000_000 }));
  stream.push(data(2, 'c', { atUs: 1_300_000 }));
  expect(read).toEqual(['<1 hole>', 'b', 'c']);
});

it('drops bytes that come after their hole was given up', () => {
  const { stream, read } = open();
  stream.push(data(2, 'c'));
  stream.expire(defaultLimits.holeUs);
  stream.push(data(0, 'ab'));
  expect(read).toEqual(['<2 hole>', 'c']);
});

it('holds no more than its limit', () => {
  const { stream, read } = open({ heldBytes: 200 });
  for (let i = 1; i < 4; i++) stream.push(data(i * 2, 'xy'));
  expect(read).toEqual([]);
  stream.push(data(10, 'x'.repeat(20)));
  expect(read[0]).toBe('<2 hole>');
});

it('holds nothing where all together may hold no more', () => {
  const { stream, read } = open({}, new Budget(100));
  stream.push(data(1, 'b'));
  stream.push(data(3, 'd'.repeat(60)));
  expect(read).toEqual(['<1 hole>', 'b', '<1 hole>', 'd'.repeat(60)]);
});

it('tells at the end what never came', () => {
  const { stream, read } = open();
  stream.push(data(0, 'a'));
  stream.push(data(2, 'c'));
  stream.finish(10, 5);
  expect(read).toEqual(['a', '<1 hole>', 'c', '<7 hole>']);
});

it('believes no capture that is longer than the call', () => {
  const { stream, read } = open();
  stream.push(data(0, 'abcdef', { size: 2 }));
  stream.push(data(2, 'c'));
  expect(read).toEqual(['ab', 'c']);
});

describe('what is taken from packets', () => {
  const later = (position: number, size: number) =>
    data(position, '', { size, missing: 'unreadable-call', way: 'packets' });
  const packet = (position: number, text: string, atUs = 0) => data(position, text, { way: 'packets', atUs });

  it('is waited for, however long it takes to leave', () => {
    const { stream, read } = open();
    for (const event of [data(0, 'ab'), later(2, 3), data(5, 'f', { atUs: 1 })]) stream.push(event);
    stream.expire(10 * defaultLimits.holeUs);
    expect(read).toEqual(['ab']);
    for (const event of [packet(2, 'cd', 2), packet(4, 'e', 3)]) stream.push(event);
    expect(read).toEqual(['ab', 'cd', 'e', 'f']);
  });

  it('may come before its call is told of, and twice', () => {
    const { stream, read } = open();
    for (const event of [packet(0, 'abc'), data(0, 'ab'), later(2, 3), packet(3, 'de')]) stream.push(event);
    expect([read, stream.position]).toEqual([['abc', 'de'], 5]);
  });

  it('is a hole where a later packet has come', () => {
    const { stream, read } = open();
    for (const event of [data(0, 'ab'), later(2, 4), packet(5, 'f', 1)]) stream.push(event);
    stream.expire(1 + defaultLimits.holeUs);
    expect(read).toEqual(['ab', '<3 hole>', 'f']);
  });

  it('was not read where it never left', () => {
    const { stream, read } = open();
    for (const event of [data(0, 'ab'), later(2, 4), packet(2, 'cd'), data(6, 'g')]) stream.push(event);
    stream.finish(8, 1);
    expect(read).toEqual(['ab', 'cd', '<2 unreadable-call>', 'g', '<1 hole>']);
  });

  it('was not read where it had not left when the recording ended', () => {
    const { stream, read } = open();
    for (const event of [data(0, 'ab'), later(2, 4), packet(2, 'c')]) stream.push(event);
    stream.finish(null, 1);
    expect(read).toEqual(['ab', 'c', '<3 unreadable-call>']);
  });
});
