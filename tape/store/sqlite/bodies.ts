/**
 * Where the bytes of a body go. Small ones stand in the exchange's own row: a second row would cost more than it
 * saves, and sqlite3 shows them at once. Large ones are kept once each, compressed where that pays.
 */
import { hash } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { hasReturned, Recent } from '../../memo';
import { cellLimitBytes, UnbelievableCell } from './cells';
import type { TapeDatabase } from './open';

/** Below this, compressing costs more CPU than writing (measured: 40 us for zstd's set-up alone). */
export const inlineLimitBytes = 4096;

/** What is worth unpacking again: one byte in eight saved. */
const worthwhile = 0.875;

/** `block`: among others in a row of `blocks`. */
export type Packing = 'plain' | 'zstd' | 'block';

export interface PackedBody {
  readonly packing: Packing;
  readonly bytes: Uint8Array;
}

/** `coded` says that a content coding is still applied: such bytes do not shrink any more. */
export function packBody(bytes: Uint8Array, coded: boolean): PackedBody {
  if (coded) return { packing: 'plain', bytes };
  const packed = zstdCompressSync(bytes, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  return packed.length <= bytes.length * worthwhile ? { packing: 'zstd', bytes: packed } : { packing: 'plain', bytes };
}

/** Of a body in a block its bytes there. `size` is what the tape says it unpacks to: one that unfolds to more is not what was packed. Throws UnbelievableCell. */
export function unpackBody({ packing, bytes }: PackedBody, size: number): Uint8Array {
  if (size > cellLimitBytes) throw new UnbelievableCell(`a body says that it has ${size} bytes`);
  if (!packings.includes(packing)) throw new UnbelievableCell('a body is packed in an unknown way');
  const unpacked = packing === 'zstd' ? unfolded(bytes, size) : bytes;
  if (unpacked.length === size) return unpacked;
  throw new UnbelievableCell(`a body says that it has ${size} bytes, and has ${unpacked.length}`);
}

function unfolded(bytes: Uint8Array, size: number): Uint8Array {
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: Math.max(size, 1) });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ERR_BUFFER_TOO_LARGE') throw cause;
    throw new UnbelievableCell(`a body says that it has ${size} bytes, and unfolds to more`);
  }
}

const packings: readonly Packing[] = ['plain', 'zstd', 'block'];

/** A shorter body costs no more in its row than the number of another row does. */
const shortestRecurring = 256;

export interface BodyStore {
  /** The id in `bodies` of bytes that are stored from now on, or were already. */
  idOf(bytes: Uint8Array, coded: boolean): number;
  /**
   * The same for small ones, if they come again and again; null for others, which stand in the rows they belong to. They are
   * stored as they are, so that SQL shows them as it shows those.
   */
  idOfRecurring(bytes: Uint8Array): number | null;
  /** What was written last was rolled back. */
  forget(): void;
}

export function createBodyStore(database: TapeDatabase): BodyStore {
  const find = database.prepare<[Uint8Array], number>('SELECT id FROM bodies WHERE sha256 = ?').pluck();
  const insert = database.prepare('INSERT INTO bodies (sha256, size, packing, bytes) VALUES (?, ?, ?, ?)');
  const recurring = new Recent<Uint8Array, number>();

  function idOf(bytes: Uint8Array, coded: boolean): number {
    const before = recurring.get(bytes);
    if (before !== undefined) return before;
    const id = idByHash(bytes, coded);
    recurring.set(bytes, id);
    return id;
  }

  function idByHash(bytes: Uint8Array, coded: boolean): number {
    const sha256 = hash('sha256', bytes, 'buffer');
    const known = find.get(sha256);
    if (known !== undefined) return known;
    const packed = packBody(bytes, coded);
    return Number(insert.run(sha256, bytes.length, packed.packing, packed.bytes).lastInsertRowid);
  }

  return {
    idOf,
    idOfRecurring(bytes) {
      return bytes.length < shortestRecurring || !hasReturned(bytes) ? null : idOf(bytes, true);
    },
    forget: () => recurring.clear(),
  };
}
