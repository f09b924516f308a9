/** A program without names that holds the table of BoringSSL, and what leads to it: as plans for the builder. */
import { addressOf, type ElfPlan } from './elf-builder';

const FUNCTIONS_MOST = 20;
const framed = [0x55, 0x48, 0x89, 0xe5, 0x90, 0x5d, 0xc3];
const names = Array.from({ length: FUNCTIONS_MOST }, (_, i) => `f${i + 1}`);
const plan: ElfPlan = { functions: names.map((name) => ({ name, code: () => framed, visibility: 'hidden' })) };

/** The function that the table names in this place. */
export const functionAt = (place: number) => addressOf(plan, `f${place}`);

export const pointers = (count: number) => names.slice(0, count).map((_, i) => functionAt(i + 1));

export interface Table {
  readonly version?: number;
  readonly isDtls?: number;
  readonly functions?: number;
  readonly certificates?: number;
}

/** A method, its table and its certificates, one behind the other. The builder puts a section at address 0. */
export function tableWords({
  version = 0,
  isDtls = 0,
  functions = 18,
  certificates = 14,
}: Table = {}): readonly number[] {
  const table = 4;
  const behind = table + 1 + functions + 1;
  const method = [version, table * 8, behind * 8];
  return [1, ...method, isDtls, ...pointers(functions), 1, ...pointers(certificates), 1];
}

export function withWords(words: readonly number[], more: Partial<ElfPlan> = {}): ElfPlan {
  const bytes = Buffer.alloc(words.length * 8);
  for (const [i, word] of words.entries()) bytes.writeBigUInt64LE(BigInt(word), i * 8);
  return { ...plan, ...more, extraSections: { '.data.rel.ro': bytes } };
}
