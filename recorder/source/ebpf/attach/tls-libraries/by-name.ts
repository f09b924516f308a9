/** What libraries that are found by the names of their functions have in common. */
import type { ElfImage } from '../elf/elf';
import type { ProbeGroup, TlsFlavour, UprobeHook } from './tls-library';

/** A file that defines all of these functions, and where their names stand. */
export function namedFlavour(image: ElfImage, names: readonly string[], label: string): TlsFlavour | undefined {
  const found = image.functions(names, 'all');
  if (found.size < names.length) return undefined;
  return { holds: 'tls', symbols: isNamedInFull([...found.values()]) ? 'all' : 'exported', label };
}

/** Some of the names would be gone from a stripped file. */
export function isNamedInFull(symbols: readonly { readonly table: 'dynsym' | 'symtab' }[]): boolean {
  return symbols.some(({ table }) => table === 'symtab');
}

export function hookBoth(
  symbol: string,
  [into, out]: readonly [string, string],
  need: UprobeHook['need'],
): readonly UprobeHook[] {
  return [
    { symbol, at: 'entry', program: into, need, group: 'base' },
    { symbol, at: 'return', program: out, need, group: 'base' },
  ];
}

export function entryHook(symbol: string, program: string, group: ProbeGroup = 'base'): UprobeHook {
  return { symbol, at: 'entry', program, need: 'optional', group };
}
