/**
 * Builds small ELF files for tests: functions with the code they are given, in the tables they are given. Addresses and
 * file offsets differ, as they do in real files.
 */

export type Code = (at: Layout) => readonly number[];

/** Where things will be, for code that calls them. */
export interface Layout {
  /** The address of the function whose code is asked for. */
  readonly self: number;
  addressOf(name: string): number;
  /** The linkage stub of an imported function. */
  stubOf(name: string): number;
}

export interface BuiltFunction {
  readonly name: string;
  readonly code: Code;
  /** `exported`: in .dynsym; `local`: in .symtab only; `hidden`: in neither. */
  readonly visibility?: 'exported' | 'local' | 'hidden';
}

export interface ElfPlan {
  readonly functions: readonly BuiltFunction[];
  /** Functions of other files that stubs lead to. */
  readonly imports?: readonly string[];
  readonly hashed?: boolean;
  /** Libraries it is linked to. */
  readonly needed?: readonly string[];
  /** Where the loader looks for them. */
  readonly runpath?: string;
  readonly rodata?: string;
  /** Where it is mapped, in a segment of its own; nowhere without. */
  readonly rodataAddress?: number;
  readonly extraSections?: Readonly<Record<string, string | Uint8Array>>;
}

export const TEXT_ADDRESS = 0x401000;
export const TEXT_OFFSET = 0x1000;
const FUNCTION_SPACING = 0x200;
const STUBS_AT = 0x8000;
const SLOTS_ADDRESS = 0x480000;

interface Section {
  readonly name: string;
  readonly type: number;
  readonly content: Buffer;
  readonly address?: number;
  readonly link?: string;
}

export function buildElf(plan: ElfPlan): Buffer {
  const text = buildText(plan);
  const file = Buffer.alloc(TEXT_OFFSET + text.length);
  text.copy(file, TEXT_OFFSET);
  const sections = sectionsOf(plan, text);
  return withHeaders(file, sections, text.length);
}

export function addressOf(plan: ElfPlan, name: string): number {
  return TEXT_ADDRESS + plan.functions.findIndex((one) => one.name === name) * FUNCTION_SPACING;
}

/** Where in the file the byte at an address of the text stands. */
export function offsetOf(address: number): number {
  return address - TEXT_ADDRESS + TEXT_OFFSET;
}

export function readerOf(file: Uint8Array): (offset: number, length: number) => Uint8Array {
  return (offset, length) => file.subarray(Math.max(0, offset), Math.max(0, offset) + Math.max(0, length));
}

/** `call` or `jmp` with a 32-bit distance. */
export function rel32(opcode: 0xe8 | 0xe9, from: number, to: number): readonly number[] {
  const distance = Buffer.alloc(4);
  distance.writeInt32LE(to - (from + 5));
  return [opcode, ...distance];
}

function buildText(plan: ElfPlan): Buffer {
  const text = Buffer.alloc(STUBS_AT + (plan.imports?.length ?? 0) * 16, 0xcc);
  plan.functions.forEach(({ code }, i) => {
    const self = TEXT_ADDRESS + i * FUNCTION_SPACING;
    Buffer.from(code({ self, addressOf: (name) => addressOf(plan, name), stubOf: (name) => stubOf(plan, name) })).copy(
      text,
      i * FUNCTION_SPACING,
    );
  });
  plan.imports?.forEach((_, i) => {
    const stub = STUBS_AT + i * 16;
    text.set([0xf3, 0x0f, 0x1e, 0xfa, 0xff, 0x25], stub);
    text.writeInt32LE(SLOTS_ADDRESS + i * 8 - (TEXT_ADDRESS + stub + 10), stub + 6);
  });
  return text;
}

function stubOf(plan: ElfPlan, name: string): number {
  return TEXT_ADDRESS + STUBS_AT + (plan.imports?.indexOf(name) ?? 0) * 16;
}

function sectionsOf(plan: ElfPlan, text: Buffer): readonly Section[] {
  const exported = plan.functions.filter((one) => (one.visibility ?? 'exported') === 'exported');
  const named = plan.functions.filter((one) => one.visibility !== 'hidden');
  const dynamic = [...(plan.imports ?? []).map((name) => ({ name, address: 0 })), ...exported.map(defined(plan))];
  const [dynsym, dynstr] = symbolTable(dynamic);
  const [symtab, strtab] = symbolTable(named.map(defined(plan)));
  const hashes = gnuHashes(dynamic.map(({ name }) => name));
  return [
    { name: '.text', type: 1, content: text, address: TEXT_ADDRESS },
    { name: '.dynsym', type: 11, content: dynsym, link: '.dynstr' },
    { name: '.dynstr', type: 3, content: dynstr },
    ...(plan.hashed === false ? [] : [{ name: '.gnu.hash', type: 0x6ffffff6, content: hashes, link: '.dynsym' }]),
    { name: '.rela.plt', type: 4, content: relocations(plan.imports ?? []), link: '.dynsym' },
    { name: '.dynamic', type: 6, content: dynamicEntries(plan), link: '.libraries' },
    {
      name: '.libraries',
      type: 3,
      content: Buffer.from(`${[...(plan.needed ?? []), plan.runpath ?? ''].join('\0')}\0`),
    },
    { name: '.symtab', type: 2, content: symtab, link: '.strtab' },
    { name: '.strtab', type: 3, content: strtab },
    { name: '.note.gnu.build-id', type: 7, content: buildIdNote() },
    {
      ...{ name: '.rodata', type: 1, content: Buffer.from(plan.rodata ?? '', 'latin1') },
      ...(plan.rodataAddress === undefined ? {} : { address: plan.rodataAddress }),
    },
    ...Object.entries(plan.extraSections ?? {}).map(([name, content]) => ({
      name,
      type: 1,
      content: Buffer.from(content),
    })),
  ];
}

function defined(plan: ElfPlan): (one: BuiltFunction) => { name: string; address: number } {
  return ({ name }) => ({ name, address: addressOf(plan, name) });
}

function symbolTable(symbols: readonly { name: string; address: number }[]): readonly [Buffer, Buffer] {
  const strings = Buffer.from(`\0${symbols.map(({ name }) => name).join('\0')}\0`, 'latin1');
  const table = Buffer.alloc(24 * (symbols.length + 1));
  symbols.forEach(({ name, address }, i) => {
    const at = 24 * (i + 1);
    table.writeUInt32LE(strings.indexOf(`\0${name}\0`) + 1, at);
    table.writeUInt8(0x12, at + 4);
    table.writeUInt16LE(address === 0 ? 0 : 1, at + 6);
    table.writeBigUInt64LE(BigInt(address), at + 8);
    table.writeBigUInt64LE(address === 0 ? 0n : 0x100n, at + 16);
  });
  return [table, strings];
}

/** One bucket, one chain, a bloom filter that lets everything pass. */
function gnuHashes(names: readonly string[]): Buffer {
  const words = [1, 1, 1, 0, 0xffffffff, 0xffffffff, names.length === 0 ? 0 : 1];
  const chain = names.map((name, i) => ((gnuHash(name) & ~1) | (i === names.length - 1 ? 1 : 0)) >>> 0);
  const bytes = Buffer.alloc(4 * (words.length + chain.length));
  [...words, ...chain].forEach((word, i) => {
    bytes.writeUInt32LE(word, i * 4);
  });
  return bytes;
}

function gnuHash(name: string): number {
  return [...name].reduce((hash, c) => (hash * 33 + c.charCodeAt(0)) % 2 ** 32, 5381);
}

function relocations(imports: readonly string[]): Buffer {
  const bytes = Buffer.alloc(24 * imports.length);
  imports.forEach((_, i) => {
    bytes.writeBigUInt64LE(BigInt(SLOTS_ADDRESS + i * 8), i * 24);
    bytes.writeUInt32LE(7, i * 24 + 8);
    bytes.writeUInt32LE(i + 1, i * 24 + 12);
  });
  return bytes;
}

function dynamicEntries({ needed = [], runpath }: ElfPlan): Buffer {
  const entries = [
    ...needed.map((name) => [1n, name] as const),
    ...(runpath === undefined ? [] : [[29n, runpath] as const]),
  ];
  const bytes = Buffer.alloc(16 * (entries.length + 1));
  let at = 0;
  entries.forEach(([tag, text], i) => {
    bytes.writeBigUInt64LE(tag, i * 16);
    bytes.writeBigUInt64LE(BigInt(at), i * 16 + 8);
    at += text.length + 1;
  });
  return bytes;
}

/** Name size, content size, type NT_GNU_BUILD_ID, `GNU`, the id. */
function buildIdNote(): Buffer {
  return Buffer.from('040000000400000003000000474e5500cafebabe', 'hex');
}

function withHeaders(file: Buffer, sections: readonly Section[], textLength: number): Buffer {
  const strings = Buffer.from(`\0${[...sections.map(({ name }) => name), '.shstrtab'].join('\0')}\0`, 'latin1');
  const all: readonly Section[] = [...sections, { name: '.shstrtab', type: 3, content: strings }];
  const table = Buffer.alloc(64 * (all.length + 1));
  const parts: Buffer[] = [];
  let end = file.length;
  let segmentCount = 2;
  all.forEach(({ name, type, content, address, link }, i) => {
    const at = 64 * (i + 1);
    const offset = name === '.text' ? TEXT_OFFSET : end;
    table.writeUInt32LE(strings.indexOf(`\0${name}\0`) + 1, at);
    table.writeUInt32LE(type, at + 4);
    table.writeBigUInt64LE(BigInt(address ?? 0), at + 16);
    table.writeBigUInt64LE(BigInt(offset), at + 24);
    table.writeBigUInt64LE(BigInt(content.length), at + 32);
    table.writeUInt32LE(link === undefined ? 0 : all.findIndex((other) => other.name === link) + 1, at + 40);
    if (name === '.text') return;
    if (name === '.rodata' && address !== undefined) {
      writeSegment(file, 176, { flags: 4, offset, address, size: content.length });
      segmentCount = 3;
    }
    parts.push(content);
    end += content.length;
  });
  writeHeader(file, { sectionsAt: end, sectionCount: all.length + 1, segmentCount });
  writeSegment(file, 64, { flags: 4, offset: 0, address: 0x400000, size: 0x200 });
  writeSegment(file, 120, { flags: 5, offset: TEXT_OFFSET, address: TEXT_ADDRESS, size: textLength });
  return Buffer.concat([file, ...parts, table]);
}

function writeHeader(
  file: Buffer,
  { sectionsAt, sectionCount, segmentCount }: { sectionsAt: number; sectionCount: number; segmentCount: number },
): void {
  file.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  file.writeUInt16LE(3, 16);
  file.writeUInt16LE(62, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeBigUInt64LE(BigInt(sectionsAt), 40);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(segmentCount, 56);
  file.writeUInt16LE(64, 58);
  file.writeUInt16LE(sectionCount, 60);
  file.writeUInt16LE(sectionCount - 1, 62);
}

function writeSegment(
  file: Buffer,
  at: number,
  { flags, offset, address, size }: { flags: number; offset: number; address: number; size: number },
): void {
  file.writeUInt32LE(1, at);
  file.writeUInt32LE(flags, at + 4);
  file.writeBigUInt64LE(BigInt(offset), at + 8);
  file.writeBigUInt64LE(BigInt(address), at + 16);
  file.writeBigUInt64LE(BigInt(size), at + 32);
}
