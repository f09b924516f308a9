/**
 * The flags of a HotSpot virtual machine, out of its own memory, by the tables it exports for debuggers (`gHotSpotVMStructs`): so
 * it does not matter whether they came by the command line, a variable, a file or a program that makes the machine. Pure over
 * a reader of its memory; a machine that has no such tables gives nothing.
 */
import type { ElfImage, ReadAt } from '../elf/elf';

export interface VmMemory {
  /** Of the process; fewer bytes, or none, where it has no memory. */
  readonly read: ReadAt;
  /** Where the file of the machine begins in it. */
  readonly base: number;
}

/** What `-XX:+NAME` sets, for these names; null where the machine does not say what its flags are. */
export function vmFlags(
  image: ElfImage,
  memory: VmMemory,
  names: readonly string[],
): ReadonlyMap<string, boolean> | null {
  const variable = (name: string) => {
    const address = image.exportedVariable(name);
    return address === undefined ? undefined : word(memory, memory.base + address);
  };
  const places = structPlaces(memory, variable);
  const size = typeSize(memory, variable);
  if (places === null || size === undefined) return null;
  return readFlags(memory, places, { size, names });
}

type Variable = (name: string) => number | undefined;

/** Where a JVMFlag holds what, and where the table of them is. */
interface Places {
  readonly name: number;
  readonly value: number;
  readonly table: number;
  readonly count: number;
}

const FLAG = 'JVMFlag';
/** Tables of real machines have some thousand entries, flags some fifteen hundred. */
const ENTRIES_MOST = 20_000;
const TEXT_BYTES = 48;

function structPlaces(memory: VmMemory, variable: Variable): Places | null {
  const at = (name: string) => variable(`gHotSpotVMStructEntry${name}Offset`) ?? Number.NaN;
  const [type, field, offset, address] = [at('TypeName'), at('FieldName'), at('Offset'), at('Address')];
  const table = { start: variable('gHotSpotVMStructs'), stride: variable('gHotSpotVMStructEntryArrayStride') };
  const found = new Map<string, number>();
  for (const entry of entriesOf(memory, table, type)) {
    if (textAt(memory, word(memory, entry + type)) !== FLAG) continue;
    const name = textAt(memory, word(memory, entry + field));
    const isStatic = name === 'flags' || name === 'numFlags';
    const value = word(memory, entry + (isStatic ? address : offset));
    if (value !== undefined) found.set(name, isStatic ? (word(memory, value) ?? Number.NaN) : value);
  }
  const [name, value, start, count] = ['_name', '_addr', 'flags', 'numFlags'].map((one) => found.get(one));
  if (name === undefined || value === undefined || start === undefined || count === undefined) return null;
  return { name, value, table: start, count };
}

function typeSize(memory: VmMemory, variable: Variable): number | undefined {
  const at = (name: string) => variable(`gHotSpotVMTypeEntry${name}Offset`) ?? Number.NaN;
  const table = { start: variable('gHotSpotVMTypes'), stride: variable('gHotSpotVMTypeEntryArrayStride') };
  for (const entry of entriesOf(memory, table, at('TypeName')))
    if (textAt(memory, word(memory, entry + at('TypeName'))) === FLAG) return word(memory, entry + at('Size'));
  return undefined;
}

/** Until one that has no name. */
function* entriesOf(
  memory: VmMemory,
  { start, stride }: { readonly start: number | undefined; readonly stride: number | undefined },
  name: number,
): Generator<number> {
  if (!start || !stride) return;
  for (let i = 0; i < ENTRIES_MOST; i++) {
    const entry = start + i * stride;
    if (!word(memory, entry + name)) return;
    yield entry;
  }
}

function readFlags(
  memory: VmMemory,
  { name, value, table, count }: Places,
  { size, names }: { readonly size: number; readonly names: readonly string[] },
): ReadonlyMap<string, boolean> | null {
  const flags = new Map<string, boolean>();
  for (let i = 0; i < Math.min(count, ENTRIES_MOST); i++) {
    const found = textAt(memory, word(memory, table + i * size + name));
    if (!names.includes(found)) continue;
    const [set] = memory.read(word(memory, table + i * size + value) ?? 0, 1);
    if (set !== undefined) flags.set(found, set !== 0);
  }
  return flags.size === 0 ? null : flags;
}

/** Addresses of user space are exact as doubles. */
function word({ read }: VmMemory, address: number): number | undefined {
  const bytes = Number.isSafeInteger(address) ? read(address, 8) : new Uint8Array(0);
  if (bytes.length < 8) return undefined;
  return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0, true));
}

function textAt({ read }: VmMemory, address: number | undefined): string {
  if (!address) return '';
  const bytes = Buffer.from(read(address, TEXT_BYTES));
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end < 0 ? bytes.length : end);
}
