/**
 * Looks names up in a `.gnu.hash` section with a few small reads each, where scanning the dynamic symbols of a Node.js
 * executable would read 7 MB. Layout: header (buckets, first symbol, bloom words, bloom shift), bloom filter of 64-bit
 * words, buckets, then one hash a symbol whose low bit ends its chain (binutils, bfd/elflink.c).
 */
import type { ElfSection, ReadAt } from './elf';

/** Longer chains than any linker makes are damage. */
const CHAIN_LIMIT = 65536;

/** Indexes of the symbols that may carry the name, for the caller to compare: hashes can agree by chance. */
export function candidatesOf(name: string, table: ElfSection, read: ReadAt): readonly number[] {
  const header = words(read(table.offset, 16));
  const [buckets, firstSymbol, bloomWords] = header;
  if (header.length < 4 || !buckets || firstSymbol === undefined || bloomWords === undefined) return [];
  const bucketsAt = table.offset + 16 + bloomWords * 8;
  const hash = gnuHash(name);
  const first = words(read(bucketsAt + (hash % buckets) * 4, 4))[0] ?? 0;
  if (first < firstSymbol) return [];
  const chainAt = bucketsAt + buckets * 4 + (first - firstSymbol) * 4;
  return followChain(hash, first, (i, count) => words(read(chainAt + i * 4, count * 4)));
}

function followChain(
  hash: number,
  first: number,
  hashes: (from: number, count: number) => readonly number[],
): readonly number[] {
  const candidates: number[] = [];
  for (let i = 0; i < CHAIN_LIMIT; ) {
    const block = hashes(i, 16);
    for (const found of block) {
      if ((found | 1) === (hash | 1)) candidates.push(first + i);
      if ((found & 1) === 1) return candidates;
      i++;
    }
    if (block.length === 0) return candidates;
  }
  return candidates;
}

function gnuHash(name: string): number {
  let hash = 5381;
  for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 33) + name.charCodeAt(i)) >>> 0;
  return hash;
}

function words(bytes: Uint8Array): readonly number[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Array.from({ length: bytes.byteLength >> 2 }, (_, i) => view.getUint32(i * 4, true));
}
