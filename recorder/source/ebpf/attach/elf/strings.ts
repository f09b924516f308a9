/** Finds text in parts of a file too large to hold: windows that overlap by the longest text. */
import type { ElfImage, ElfSection, ReadAt } from './elf';

const WINDOW_BYTES = 4 * 1024 * 1024;

/**
 * Offset within the table -> name, for every place where one of `names` is followed by its end. Linkers let names
 * share tails, so what stands before a name does not matter.
 */
export function occurrencesOf(
  names: readonly string[],
  read: ReadAt,
  tableOffset: number,
  tableSize: number,
): ReadonlyMap<number, string> {
  const found = new Map<number, string>();
  const overlap = Math.max(...names.map((name) => name.length)) + 1;
  for (let start = 0; start < tableSize; start += WINDOW_BYTES) {
    const wanted = Math.min(WINDOW_BYTES + overlap, tableSize - start);
    const window = asBuffer(read(tableOffset + start, wanted));
    for (const name of names) noteAll(window, name, start, found);
    if (window.length < wanted) break; // the file ends early
  }
  return found;
}

/** Longer matches are not looked for. */
const TEXT_BYTES = 64;

/** The first text in a section that begins with `opening` and fits `pattern`. */
export function firstText(
  image: ElfImage,
  section: ElfSection,
  { opening, pattern }: { readonly opening: string; readonly pattern: RegExp },
): string | undefined {
  for (let start = 0; start < section.size; start += WINDOW_BYTES) {
    const wanted = Math.min(WINDOW_BYTES + TEXT_BYTES, section.size - start);
    const window = asBuffer(image.bytesAt(section.offset + start, wanted));
    for (let at = window.indexOf(opening); at >= 0; at = window.indexOf(opening, at + 1)) {
      const match = pattern.exec(window.toString('latin1', at, at + TEXT_BYTES));
      if (match !== null) return match[0];
    }
    if (window.length < wanted) return undefined; // the file ends early
  }
  return undefined;
}

function noteAll(window: Buffer, name: string, start: number, found: Map<number, string>): void {
  const needle = Buffer.from(`${name}\0`, 'latin1');
  for (let at = window.indexOf(needle); at >= 0; at = window.indexOf(needle, at + 1)) found.set(start + at, name);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
