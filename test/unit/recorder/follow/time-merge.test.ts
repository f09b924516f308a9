import { Budget } from '../../../../recorder/follow/budget';
import type { StreamReader } from '../../../../recorder/follow/byte-stream';
import { TimeMerge } from '../../../../recorder/follow/time-merge';

it('keeps no memory of what it held and has passed on, and never lets go of what it was lent', () => {
  const seen: Uint8Array[] = [];
  const reader: StreamReader = { data: (_direction, bytes) => seen.push(bytes), gap: () => undefined };
  const merge = new TimeMerge(reader, new Budget(1 << 20));
  const bytes = Buffer.alloc(10_000, 'x');
  merge.holding = true;
  merge.data('sent', bytes, 1);
  merge.release();
  merge.data('sent', bytes, 2);
  expect(seen.map(({ length }) => length)).toEqual([0, bytes.length]);
});
