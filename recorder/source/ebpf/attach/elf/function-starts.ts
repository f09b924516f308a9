/**
 * Where functions begin, as the search table for unwinding says (`.eh_frame_hdr`), which stripped programs keep too. LSB
 * core, "The .eh_frame_hdr section"; only the one encoding that linkers write is known. A program that cannot be unwound has none,
 * and keeps frame pointers instead: there a function says so itself, by its first instructions.
 */
import type { ElfImage } from './elf';

/** Version 1; the table as 32-bit distances from the section (DW_EH_PE_datarel | sdata4), its count as 32 bits (udata4). */
const VERSION = 1;
const COUNT_UDATA4 = 0x03;
const TABLE_DATAREL_SDATA4 = 0x3b;
const HEADER_BYTES = 12;
const ENTRY_BYTES = 8;
const TABLE_MOST = 64 << 20;

/** `push %rbp; mov %rsp,%rbp` */
export const OPENS_FRAME: readonly number[] = [0x55, 0x48, 0x89, 0xe5];

export function beginsWith(code: Uint8Array, bytes: readonly number[]): boolean {
  return bytes.every((byte, i) => code[i] === byte);
}

/**
 * True where a function begins at each of these addresses, which are pointers to functions, if what leads to them is understood. False
 * also where nothing shows it.
 */
export function areFunctionStarts(image: ElfImage, addresses: readonly number[]): boolean {
  const section = image.section('.eh_frame_hdr');
  if (section === undefined) return addresses.every((address) => beginsWith(image.code(address, 4), OPENS_FRAME));
  const bytes = image.sectionBytes(section, TABLE_MOST);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER_BYTES || bytes[0] !== VERSION || bytes[2] !== COUNT_UDATA4) return false;
  if (bytes[3] !== TABLE_DATAREL_SDATA4) return false;
  const count = Math.min(view.getUint32(8, true), Math.floor((bytes.length - HEADER_BYTES) / ENTRY_BYTES));
  const startAt = (i: number) => section.address + view.getInt32(HEADER_BYTES + i * ENTRY_BYTES, true);
  return addresses.every((address) => isAmong(address, count, startAt));
}

/** By halves: the table is in order. */
function isAmong(address: number, count: number, at: (index: number) => number): boolean {
  let [low, high] = [0, count];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (at(middle) < address) low = middle + 1;
    else high = middle;
  }
  return low < count && at(low) === address;
}
