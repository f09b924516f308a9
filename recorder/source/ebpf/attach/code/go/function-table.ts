/**
 * Reads the table of functions that every Go program carries, also a stripped one: the runtime needs it to unwind stacks.
 * Gives functions by name, and how far the stack pointer has moved at a place in one. Pure over the image's readers, in
 * windows, as the tables of large programs have tens of megabytes. Refuses, with a reason, what does not add up.
 * Format: the Go sources, internal/abi and runtime/symtab.go, versions 1.18 to 1.26
 * (docs/discoveries/go-crypto-tls.md).
 */
import type { ElfImage, ElfSection, ReadAt } from '../../elf/elf';
import { occurrencesOf } from '../../elf/strings';
import { WindowReader } from './window-reader';

export interface GoFunction {
  readonly name: string;
  readonly address: number;
  /** Bytes up to the next function. */
  readonly size: number;
  /** Where its table of stack depths stands in the file. */
  readonly depthsAt: number;
}

export type GoTableReading =
  | { readonly kind: 'table'; readonly table: GoFunctionTable }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'none' };

/** pcHeader of Go 1.18 to 1.19, and since 1.20. Older ones pass arguments on the stack. */
const MAGICS = [0xfffffff1, 0xfffffff0];
const HEADER_BYTES = 72;
const ENTRY_BYTES = 8;
const FUNCTIONS_MOST = 4_000_000;
/** runtime.moduledata: pcHeader, funcnametab as first field behind it, and text. */
const MODULE_NAMES = 8;
const MODULE_TEXT = 176;
const NAME_MOST = 512;
const WINDOW_BYTES = 1 << 20;

interface Header {
  /** Of the table, in the file and in memory. */
  readonly offset: number;
  readonly address: number;
  readonly functions: number;
  readonly textStart: number;
  readonly quantum: number;
  /** From the header on. */
  readonly names: number;
  readonly namesEnd: number;
  readonly depths: number;
  readonly entries: number;
}

/** `none` where the file is no Go program, or one whose table cannot be found. */
export function readGoTable(image: ElfImage): GoTableReading {
  const header = findHeader(image);
  if (header === undefined) return { kind: 'none' };
  if (typeof header === 'string') return { kind: 'refused', reason: header };
  const text = header.textStart === 0 ? textFromModule(image, header) : header.textStart;
  if (text === undefined) return { kind: 'refused', reason: 'where its code begins is not told' };
  return { kind: 'table', table: new GoFunctionTable(image, header, text) };
}

export class GoFunctionTable {
  /** The entries and the records they lead to lie apart: each is read from front to back. */
  private readonly entries: WindowReader;
  private readonly records: WindowReader;

  constructor(
    private readonly image: ElfImage,
    private readonly header: Header,
    /** Address of the first function. */
    readonly text: number,
  ) {
    const read: ReadAt = (offset, length) => image.bytesAt(offset, length);
    this.entries = new WindowReader(read);
    this.records = new WindowReader(read);
  }

  /** The functions whose names end so, whatever stands before: the path of a package. One pass over the table. */
  endingIn(endings: readonly string[]): readonly GoFunction[] {
    const names = this.namesEndingIn(endings);
    if (names.size === 0) return [];
    const { offset, entries, functions } = this.header;
    const found: GoFunction[] = [];
    for (let i = 0; i < functions; i++) {
      const at = offset + entries + i * ENTRY_BYTES;
      const [start, record, next] = [at, at + 4, at + ENTRY_BYTES].map((place) => this.entries.u32(place));
      if (start === undefined || record === undefined || next === undefined) break;
      const nameAt = this.recordField(record, 4);
      const name = nameAt === undefined ? undefined : names.get(nameAt);
      if (name !== undefined) found.push(...this.functionOf(name, { start, record, next }));
    }
    return found;
  }

  /** By how many bytes the stack pointer lies below its value at the entry, at `offset` in the function. */
  depthAt(one: GoFunction, offset: number): number | undefined {
    let at = one.depthsAt;
    let depth = -1;
    let end = 0;
    for (;;) {
      const change = this.varint(at);
      if (change === undefined || (change.value === 0 && end > 0)) return undefined;
      const length = this.varint(change.next);
      if (length === undefined || length.value === 0) return undefined;
      depth += (change.value & 1) !== 0 ? ~(change.value >>> 1) : change.value >>> 1;
      end += length.value * this.header.quantum;
      at = length.next;
      if (offset < end) return depth;
      if (end >= one.size) return undefined;
    }
  }

  private functionOf(
    name: string,
    { start, record, next }: { start: number; record: number; next: number },
  ): readonly GoFunction[] {
    const depths = this.recordField(record, 16);
    if (depths === undefined || next <= start) return [];
    const { offset } = this.header;
    return [{ name, address: this.text + start, size: next - start, depthsAt: offset + this.header.depths + depths }];
  }

  private recordField(record: number, field: number): number | undefined {
    return this.records.u32(this.header.offset + this.header.entries + record + field);
  }

  /** Place in the table of names -> name. */
  private namesEndingIn(endings: readonly string[]): ReadonlyMap<number, string> {
    const { offset, names, namesEnd } = this.header;
    const table = offset + names;
    const ends = occurrencesOf(endings, (from, length) => this.image.bytesAt(from, length), table, namesEnd - names);
    const found = new Map<number, string>();
    for (const [at, ending] of ends) {
      const before = Buffer.from(this.image.bytesAt(table + Math.max(0, at - NAME_MOST), Math.min(at, NAME_MOST)));
      const start = before.lastIndexOf(0) + 1;
      found.set(at - (before.length - start), before.toString('utf8', start) + ending);
    }
    return found;
  }

  /** Seven bits a byte, the lowest first; the highest bit says that more follow. */
  private varint(at: number): { readonly value: number; readonly next: number } | undefined {
    const bytes = this.image.bytesAt(at, 5);
    let value = 0;
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] ?? 0;
      value |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) return { value: value >>> 0, next: at + i + 1 };
    }
    return undefined;
  }
}

export function tableSection(image: ElfImage): ElfSection | undefined {
  return image.sections.find(({ name }) => name.endsWith('.gopclntab')); // .data.rel.ro.gopclntab in some PIE
}

/** By the section that has it; where there is none of that name, by how it begins. A text says what is wrong with it. */
function findHeader(image: ElfImage): Header | string | undefined {
  const section = tableSection(image);
  if (section !== undefined) {
    return headerAt(image, section.offset, section.address) ?? 'its table of functions is not that of Go 1.18 to 1.26';
  }
  const isGo = image.sections.some(({ name }) => name.startsWith('.go.') || name.startsWith('.note.go.'));
  return isGo || image.sections.length === 0 ? searchHeader(image) : undefined;
}

function searchHeader(image: ElfImage): Header | undefined {
  for (const segment of image.segments) {
    for (let start = 0; start < segment.fileSize; start += WINDOW_BYTES) {
      const wanted = Math.min(WINDOW_BYTES + 8, segment.fileSize - start);
      const window = Buffer.from(image.bytesAt(segment.offset + start, wanted));
      for (const at of magicsIn(window)) {
        const header = headerAt(image, segment.offset + start + at, segment.address + start + at);
        if (header !== undefined) return header;
      }
      if (window.length < wanted) break; // the file ends early
    }
  }
  return undefined;
}

/** Places where a header may begin: the magic, and two zero bytes. */
function magicsIn(window: Buffer): readonly number[] {
  const found: number[] = [];
  for (const magic of MAGICS) {
    const needle = Buffer.alloc(6);
    needle.writeUInt32LE(magic);
    for (let at = window.indexOf(needle); at >= 0; at = window.indexOf(needle, at + 1)) {
      if (at % 8 === 0) found.push(at);
    }
  }
  return found.sort((a, b) => a - b);
}

function headerAt(image: ElfImage, offset: number, address: number): Header | undefined {
  const bytes = Buffer.from(image.bytesAt(offset, HEADER_BYTES));
  if (bytes.length < HEADER_BYTES || !MAGICS.includes(bytes.readUInt32LE(0)) || bytes.readUInt16LE(4) !== 0)
    return undefined;
  const [quantum, pointerBytes] = [bytes.readUInt8(6), bytes.readUInt8(7)];
  if (![1, 2, 4].includes(quantum) || pointerBytes !== 8) return undefined;
  const field = (i: number) => Number(bytes.readBigUInt64LE(8 + 8 * i));
  const [functions, textStart, names, namesEnd] = [field(0), field(2), field(3), field(4)];
  const [depths, entries] = [field(6), field(7)];
  const inOrder = HEADER_BYTES <= names && names < namesEnd && namesEnd <= depths && depths < entries;
  if (functions === 0 || functions > FUNCTIONS_MOST || !inOrder || entries > 2 ** 32) return undefined;
  return { offset, address, functions, textStart, quantum, names, namesEnd, depths, entries };
}

/** Since 1.26 the header does not tell. The module's data begin with the header's address, and the address of the names. */
function textFromModule(image: ElfImage, header: Header): number | undefined {
  const section = image.section('.go.module');
  if (section !== undefined) return textOfModule(image, section.offset, header);
  for (const segment of image.segments) {
    if (segment.executable) continue;
    for (let start = 0; start < segment.fileSize; start += WINDOW_BYTES) {
      const window = Buffer.from(image.bytesAt(segment.offset + start, WINDOW_BYTES));
      const needle = Buffer.alloc(8);
      needle.writeBigUInt64LE(BigInt(header.address));
      for (let at = window.indexOf(needle); at >= 0; at = window.indexOf(needle, at + 1)) {
        const text = at % 8 === 0 ? textOfModule(image, segment.offset + start + at, header) : undefined;
        if (text !== undefined) return text;
      }
    }
  }
  return undefined;
}

function textOfModule(image: ElfImage, offset: number, { address, names }: Header): number | undefined {
  const bytes = Buffer.from(image.bytesAt(offset, MODULE_TEXT + 8));
  if (bytes.length < MODULE_TEXT + 8) return undefined;
  const word = (at: number) => Number(bytes.readBigUInt64LE(at));
  return word(0) === address && word(MODULE_NAMES) === address + names ? word(MODULE_TEXT) : undefined;
}
