/**
 * What a packed tape holds of its exchanges: the cells of many rows one after another, in blocks of a zstd frame each. A row
 * says where its cells begin, counted over all blocks. Files come from anywhere, so a block unfolds to the size it says and
 * no further, and what does not lie in it as it must is damage.
 */
import { hash } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { believed, boundedColumns, cellLimitBytes, type Kinds, UnbelievableCell } from './cells';
import type { TapeDatabase } from './open';

/** Unpacked bytes of a block: more pack a little better, and each exchange that is read alone unfolds a whole one. */
const blockBytes = 512 * 1024;

/** The most that one row may bring: what is larger stays as it is. */
export const packableBytes = cellLimitBytes;

/** Lengths of cells beside their bytes, at most. */
const lengthBytes = 64;

/** What a cell begins with: that there is none, that it lies elsewhere (its place follows), or its length and two. */
const nothing = 0;
const elsewhere = 1;
const firstLength = 2;

/** Cells of this length and more are kept once where they are repeated; shorter ones zstd finds itself. */
const repeatedBytes = 256;

/** What is repeated lies in blocks of its own, behind all that a tape can hold: few of them, which stay at hand. */
const repeatedFrom = 2 ** 48;

/** Cells that are remembered while a tape is packed: some 20 MiB. */
const rememberedCells = 200_000;

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
  /** Takes away the blocks that were there before. */
  dropOlder(): void;
}

/** Adds blocks behind those that are there. */
export function createBlockWriter(database: TapeDatabase): BlockWriter {
  const insert = database.prepare('INSERT INTO blocks (start, size, bytes) VALUES (?, ?, ?)');
  const pack = (start: number, size: number, parts: readonly Uint8Array[]): void =>
    void insert.run(start, size, zstdCompressSync(Buffer.concat(parts, size), { params }));
  const firstOwn = endOfBlocks(database, { from: 0, below: repeatedFrom });
  const firstRepeated = endOfBlocks(database, { from: repeatedFrom, below: Number.MAX_SAFE_INTEGER });
  const own = createSeries(firstOwn, pack);
  const repeated = createSeries(firstRepeated, pack);
  const before = createMemory();

  function written(cell: PackedCell): Uint8Array[] {
    if (cell === null) return [numberBytes(nothing)];
    const bytes = typeof cell === 'string' ? Buffer.from(cell) : cell;
    const place = bytes.length < repeatedBytes ? null : placeOfRepeated(bytes);
    if (place !== null) return [numberBytes(elsewhere), numberBytes(place)];
    return [numberBytes(firstLength + bytes.length), bytes];
  }

  /** The second time it is seen it goes where what is repeated lies together; the first time nobody knows. */
  function placeOfRepeated(bytes: Uint8Array): number | null {
    const key = hash('sha256', bytes, 'base64');
    const known = before.get(key);
    if (known === undefined) before.set(key, null);
    if (known !== null) return known ?? null;
    const place = repeated.add([numberBytes(firstLength + bytes.length), bytes]);
    before.set(key, place);
    return place;
  }

  return {
    add: (cells) => own.add(cells.flatMap(written)),
    flush() {
      own.flush();
      repeated.flush();
    },
    dropOlder() {
      const drop = database.prepare('DELETE FROM blocks WHERE start >= ? AND start < ?');
      drop.run(0, firstOwn);
      drop.run(repeatedFrom, firstRepeated);
    },
  };
}

interface Series {
  /** The place of the first part. */
  add(parts: readonly Uint8Array[]): number;
  flush(): void;
}

/** Parts one after another, in a block as soon as there are enough. */
function createSeries(from: number, pack: (start: number, size: number, parts: readonly Uint8Array[]) => void): Series {
  let start = from;
  let parts: Uint8Array[] = [];
  let size = 0;
  const flush = (): void => {
    if (size > 0) pack(start, size, parts);
    start += size;
    parts = [];
    size = 0;
  };
  return {
    add(own) {
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

/** What was seen, and where it lies if it is among what is repeated; forgets all of it where that is too much. */
function createMemory() {
  const known = new Map<string, number | null>();
  return {
    get: (key: string) => known.get(key),
    set(key: string, place: number | null): void {
      if (known.size >= rememberedCells) known.clear();
      known.set(key, place);
    },
  };
}

/** Where the next block begins, among those from one place to another. */
function endOfBlocks(
  database: TapeDatabase,
  { from, below }: { readonly from: number; readonly below: number },
): number {
  const sql = 'SELECT max(start + size) FROM blocks WHERE start >= ? AND start < ?';
  return database.prepare<[number, number], number | null>(sql).pluck().get(from, below) ?? from;
}

/** In groups of seven bits, the lowest first. */
function numberBytes(value: number): Uint8Array {
  const groups: number[] = [];
  for (let left = value; left >= 128; left = Math.floor(left / 128)) groups.push((left % 128) | 128);
  groups.push(Math.floor(value / 128 ** groups.length));
  return Buffer.from(groups);
}

export interface BlockReader {
  /** As many cells as were added there. Throws UnbelievableCell. */
  cellsAt(place: number, count: number): (Buffer | null)[];
  /** Whether the tape was packed. */
  hasBlocks(): boolean;
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

  function cellsIn({ start, bytes }: Block, place: number, count: number): (Buffer | null)[] {
    if (bytes.length > blockBytes && place > start) throw nothingThere(place); // such a block is of one row
    const cells: (Buffer | null)[] = [];
    let at = place - start;
    for (let i = 0; i < count; i++) {
      const [mark, from] = numberAt(bytes, at);
      const [other, end] = mark === elsewhere ? numberAt(bytes, from) : [null, from + Math.max(mark - firstLength, 0)];
      if (end > bytes.length) throw new UnbelievableCell('a packed cell is longer than its block');
      if (other !== null) cells.push(repeatedAt(other));
      else cells.push(mark === nothing ? null : apart(bytes, from, end));
      at = end;
    }
    return cells;
  }

  /** Never one that lies elsewhere in turn. */
  function repeatedAt(place: number): Buffer {
    const block = blockAt(place);
    const [mark, from] = numberAt(block.bytes, place - block.start);
    const end = from + mark - firstLength;
    if (mark < firstLength || end > block.bytes.length) throw nothingThere(place);
    return apart(block.bytes, from, end);
  }

  const any = database.prepare<[], number>('SELECT EXISTS (SELECT 1 FROM blocks)').pluck();
  return { cellsAt: (place, count) => cellsIn(blockAt(place), place, count), hasBlocks: () => any.get() === 1 };
}

/** A copy, so that who keeps a small cell does not keep a block; of a block that is one row's alone its own bytes. */
function apart(block: Buffer, from: number, end: number): Buffer {
  const cell = block.subarray(from, end);
  return block.length > blockBytes ? cell : Buffer.from(cell);
}

/** The number there, and where what follows it begins. */
function numberAt(bytes: Buffer, at: number): [value: number, end: number] {
  let value = 0;
  for (let i = at, unit = 1; i < bytes.length && i - at < 8; i++, unit *= 128) {
    const byte = bytes[i] ?? 0;
    value += (byte & 127) * unit;
    if (byte < 128 && Number.isSafeInteger(value)) return [value, i + 1];
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
