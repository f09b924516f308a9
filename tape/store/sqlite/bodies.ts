/**
 * Where the bytes of a body go. Small ones stand in the exchange's own row: a second row would cost more than it
 * saves, and sqlite3 shows them at once. Large ones are kept once each, compressed where that pays.
 */
import { hash } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import type { TapeDatabase } from './open';

/** Below this, compressing costs more CPU than writing (measured: 40 us for zstd's set-up alone). */
export const inlineLimitBytes = 4096;

/** What is worth unpacking again: one byte in eight saved. */
const worthwhile = 0.875;

export type Packing = 'plain' | 'zstd';

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

export function unpackBody(packed: PackedBody): Uint8Array {
  return packed.packing === 'zstd' ? zstdDecompressSync(packed.bytes) : packed.bytes;
}

export interface BodyStore {
  /** The id in `bodies` of bytes that are stored from now on, or were already. */
  idOf(bytes: Uint8Array, coded: boolean): number;
}

export function createBodyStore(database: TapeDatabase): BodyStore {
  const find = database.prepare<[Uint8Array], number>('SELECT id FROM bodies WHERE sha256 = ?').pluck();
  const insert = database.prepare('INSERT INTO bodies (sha256, size, packing, bytes) VALUES (?, ?, ?, ?)');
  return {
    idOf(bytes, coded) {
      const sha256 = hash('sha256', bytes, 'buffer');
      const known = find.get(sha256);
      if (known !== undefined) return known;
      const packed = packBody(bytes, coded);
      return Number(insert.run(sha256, bytes.length, packed.packing, packed.bytes).lastInsertRowid);
    },
  };
}
