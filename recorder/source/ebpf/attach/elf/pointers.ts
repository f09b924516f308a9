/**
 * Words of data that point into the file, as they are once the loader has been over them: from the relocations where they
 * stand there, else from the file itself (packed relocations, RELR, leave them there; so do programs at a fixed address).
 * System V ABI, "Relocation"; bounded, and pure over the file's reader.
 */
import type { ElfImage, ElfSection } from './elf';

const SHT_RELA = 4;
const RELA_BYTES = 24;
const R_X86_64_RELATIVE = 8;
/** More than any real section of tables has is damage. */
const SECTION_MOST = 64 << 20;

/** The words of a section, in the order of their addresses; `words[0]` is at the section's own address. */
export function wordsOf(image: ElfImage, section: ElfSection): Float64Array {
  const bytes = image.sectionBytes(section, SECTION_MOST);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = new Float64Array(Math.floor(bytes.length / 8));
  // By halves: big integers take ten times as long.
  for (let i = 0; i < words.length; i++)
    words[i] = view.getUint32(i * 8, true) + view.getUint32(i * 8 + 4, true) * 2 ** 32;
  for (const table of image.sections) if (table.type === SHT_RELA) relocate(image, table, section.address, words);
  return words;
}

function relocate(image: ElfImage, table: ElfSection, base: number, words: Float64Array): void {
  const bytes = image.sectionBytes(table, SECTION_MOST);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + RELA_BYTES <= bytes.length; at += RELA_BYTES) {
    if (view.getUint32(at + 8, true) !== R_X86_64_RELATIVE) continue;
    const index = (Number(view.getBigUint64(at, true)) - base) / 8;
    if (Number.isInteger(index) && index >= 0 && index < words.length)
      words[index] = Number(view.getBigInt64(at + 16, true));
  }
}
