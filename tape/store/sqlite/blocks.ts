/**
 * What a packed tape holds of its exchanges: the cells of many rows one after another, in blocks of a zstd frame each. A row
 * says where its cells begin, counted over all blocks. Files come from anywhere, so a block unfolds to the size it says and
 * no further, and what does not lie in it as it must is damage.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { believed, boundedColumns, cellLimitBytes, type Kinds, UnbelievableCell } from './cells';
import type { TapeDatabase } from './open';

/** Unpacked bytes of a block: more pack a little better, and each exchange that is read alone unfolds a whole one. */
const blockBytes = 512 * 1024;

/** The most that one row may bring: what is larger stays as it is. */
export const packableBytes = cellLimitBytes;

/** Lengths of cells beside their bytes, at most. */
const lengthBytes = 64;

const params = {
  [constants.ZSTD_c_compressionLevel]: 12,
  [constants.ZSTD_c_checksumFlag]: 1, // a flipped bit would give other traffic otherwise
};

export type PackedCell = string | Uint8Array | null;

export interface BlockWriter {
  /** The place of the cells, for `cellsAt`. */
  add(cells: readonly PackedCell[]): number;
  /** Everything that was added is on the tape. */
  flush(): void;
}

/** Adds blocks behind those that are there. */
export function createBlockWriter(database: TapeDatabase): BlockWriter {
  const insert = database.prepare('INSERT INTO blocks (start, size, bytes) VALUES (?, ?, ?)');
  let start = endOfBlocks(database);
  let parts: Uint8Array[] = [];
  let size = 0;
  const flush = (): void => {
    if (size === 0) return;
    insert.run(start, size, zstdCompressSync(Buffer.concat(parts, size), { params }));
    start += size;
    parts = [];
    size = 0;
  };
  return {
    add(cells) {
      const own = cells.flatMap(written);
      const ownSize = own.reduce((sum, { length }) => sum + length, 0);
      if (size > 0 && size + ownSize > blockBytes) flush();
      const at = start + size;
      for (const part of own) parts.push(part);
      size += ownSize;
      return at;
    },
    flush,
  };
}

/** Where the next block begins. */
export function endOfBlocks(database: TapeDatabase): number {
  return database.prepare<[], number>('SELECT coalesce(max(start + size), 0) FROM blocks').pluck().get() ?? 0;
}

/** Its length and one more, in groups of seven bits, the lowest first; 0 where there is none. Then its bytes. */
function written(cell: PackedCell): Uint8Array[] {
  if (cell === null) return [Buffer.of(0)];
  const bytes = typeof cell === 'string' ? Buffer.from(cell) : cell;
  const length: number[] = [];
  for (let left = bytes.length + 1; left > 0; left = Math.floor(left / 128))
    length.push((left % 128) | (left < 128 ? 0 : 128));
  return [Buffer.from(length), bytes];
}

export interface BlockReader {
  /** As many cells as were added there. Throws UnbelievableCell. */
  cellsAt(place: number, count: number): (Buffer | null)[];
}

interface BlockRow {
  readonly start: number;
  readonly size: number;
  readonly bytes: Uint8Array;
}

interface Block {
  readonly start: number;
  readonly bytes: Buffer;
}

/** Blocks that stay unfolded: exchanges, large bodies and messages are each read from one after another. */
const blocksAtHand = 8;

export function createBlockReader(database: TapeDatabase, kinds: Kinds): BlockReader {
  const find = database.prepare<[number], BlockRow>(
    `SELECT ${boundedColumns(['start', 'size', 'bytes'], kinds)} FROM blocks WHERE start <= ? ORDER BY start DESC LIMIT 1`,
  );
  let atHand: Block[] = [];

  function blockAt(place: number): Block {
    const known = atHand.find(({ start, bytes }) => place >= start && place < start + bytes.length);
    if (known !== undefined) return known;
    const row = find.get(place);
    if (row === undefined) throw nothingThere(place);
    const { start, size, bytes } = believed(row, kinds);
    if (place >= start + size) throw nothingThere(place);
    const block = { start, bytes: unfolded(bytes, size) };
    if (size <= blockBytes) atHand = [block, ...atHand.slice(0, blocksAtHand - 1)];
    return block;
  }

  return {
    cellsAt(place, count) {
      const { start, bytes } = blockAt(place);
      if (bytes.length > blockBytes && place > start) throw nothingThere(place); // such a block is of one row
      const cells: (Buffer | null)[] = [];
      let at = place - start;
      for (let i = 0; i < count; i++) {
        const [length, from] = lengthAt(bytes, at);
        const end = from + Math.max(length, 0);
        if (end > bytes.length) throw new UnbelievableCell('a packed cell is longer than its block');
        cells.push(length < 0 ? null : apart(bytes, from, end));
        at = end;
      }
      return cells;
    },
  };
}

/** A copy, so that who keeps a small cell does not keep a block; of a block that is one row's alone its own bytes. */
function apart(block: Buffer, from: number, end: number): Buffer {
  const cell = block.subarray(from, end);
  return block.length > blockBytes ? cell : Buffer.from(cell);
}

/** The length of the cell there, -1 where there is none, and where its bytes begin. */
function lengthAt(bytes: Buffer, at: number): [length: number, from: number] {
  let length = 0;
  for (let i = at, unit = 1; i < bytes.length && i - at < 7; i++, unit *= 128) {
    const byte = bytes[i] ?? 0;
    length += (byte & 127) * unit;
    if (byte < 128) return [length - 1, i + 1];
  }
  throw new UnbelievableCell('a packed cell has no length');
}

function nothingThere(place: number): UnbelievableCell {
  return new UnbelievableCell(`no block holds what is packed at ${place}`);
}

function unfolded(bytes: Uint8Array, size: number): Buffer {
  if (size > packableBytes + lengthBytes) throw new UnbelievableCell(`a block says that it has ${size} bytes`);
  try {
    const block = zstdDecompressSync(bytes, { maxOutputLength: Math.max(size, 1) });
    if (block.length === size) return block;
    throw new UnbelievableCell(`a block says that it has ${size} bytes, and has ${block.length}`);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw cause;
    throw new UnbelievableCell(`a block says that it has ${size} bytes, and unfolds to more`);
  }
}
