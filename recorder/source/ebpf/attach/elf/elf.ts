/**
 * Reads the facts of an ELF file that placing probes needs: functions by name, file offsets, code bytes. Pure over a
 * reader of byte ranges, so that a 100 MB executable is never held in memory. Refuses (with a reason, never by
 * throwing) whatever is not ELF64 for x86-64. Knows no library and no probe.
 * Format: System V ABI, "Object Files"; x86-64 psABI for the relocations of procedure linkage tables.
 */
import { candidatesOf } from './gnu-hash';
import { occurrencesOf } from './strings';

/** The bytes at `offset`, fewer at the end of the file, none beyond it. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

export interface ElfSection {
  readonly name: string;
  readonly type: number;
  readonly address: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/** A part of the file that is mapped where it runs. */
export interface Segment {
  readonly executable: boolean;
  readonly address: number;
  readonly offset: number;
  readonly fileSize: number;
}

export interface ElfSymbol {
  readonly name: string;
  readonly address: number;
  /** Bytes of code; 0 where the file does not say. */
  readonly size: number;
  /** Where the name stands: the dynamic symbols, which survive stripping, or the full table, which does not. */
  readonly table: 'dynsym' | 'symtab';
}

export type ElfReading =
  | { readonly kind: 'elf'; readonly image: ElfImage }
  | { readonly kind: 'refused'; readonly reason: string };

const SHT_SYMTAB = 2;
const SHT_RELA = 4;
const SHT_DYNAMIC = 6;
const SHT_DYNSYM = 11;
const SHT_GNU_HASH = 0x6ffffff6;
const SYMBOL_BYTES = 24;
const RELA_BYTES = 24;
const DYNAMIC_BYTES = 16;
const DT_NEEDED = 1;
const DT_RPATH = 15;
const DT_RUNPATH = 29;
/** A path has at most so many bytes; RUNPATH may be several. */
const DYNAMIC_STRING_MOST = 4096;
const R_X86_64_GLOB_DAT = 6;
const R_X86_64_JUMP_SLOT = 7;
const STT_OBJECT = 1;
const STT_FUNC = 2;
/** Larger tables than any real file has are damage, or an attempt to make us allocate. */
const TABLE_LIMIT_BYTES = 512 * 1024 * 1024;
const WINDOW_BYTES = 24 * 65536;

/** Reads the headers. Costs four small reads; symbols and code are read when asked for. */
export function readElf(read: ReadAt): ElfReading {
  const header = view(read(0, 64));
  const refusal = refuseHeader(header);
  if (refusal !== null) return { kind: 'refused', reason: refusal };
  const segments = readSegments(read, header);
  if (segments === undefined) return { kind: 'refused', reason: 'its program headers are damaged' };
  return { kind: 'elf', image: new ElfImage(read, segments, readSections(read, header) ?? []) };
}

export class ElfImage {
  private relocated: ReadonlyMap<number, string> | undefined;

  constructor(
    private readonly read: ReadAt,
    readonly segments: readonly Segment[],
    readonly sections: readonly ElfSection[],
  ) {}

  section(name: string): ElfSection | undefined {
    return this.sections.find((section) => section.name === name);
  }

  /** The bytes of a section, at most `limitBytes` of them. */
  sectionBytes(section: ElfSection, limitBytes: number): Uint8Array {
    return this.read(section.offset, Math.min(section.size, limitBytes));
  }

  /** Reads the file itself, for callers that search sections too large to hold. */
  bytesAt(offset: number, length: number): Uint8Array {
    return this.read(offset, length);
  }

  /** The libraries it is linked to, by the names the loader looks for: `libssl.so.3`. */
  get needed(): readonly string[] {
    return this.dynamicStrings([DT_NEEDED]);
  }

  /** Folders where the loader looks first for them (RPATH, RUNPATH), as they are written: `$ORIGIN/../lib`. */
  get searchPaths(): readonly string[] {
    return this.dynamicStrings([DT_RPATH, DT_RUNPATH]).flatMap((paths) => paths.split(':').filter(Boolean));
  }

  private dynamicStrings(tags: readonly number[]): readonly string[] {
    const dynamic = this.sections.find((section) => section.type === SHT_DYNAMIC);
    const strings = dynamic === undefined ? undefined : this.sections[dynamic.link];
    if (dynamic === undefined || strings === undefined || dynamic.size > TABLE_LIMIT_BYTES) return [];
    const found: string[] = [];
    eachRecord(this.read, dynamic, DYNAMIC_BYTES, (entry, at) => {
      if (!tags.includes(number64(entry, at))) return;
      found.push(cString(this.read(strings.offset + number64(entry, at + 8), DYNAMIC_STRING_MOST), 0) ?? '');
    });
    return found;
  }

  /**
   * Functions the file defines, by name. `exported` looks at the dynamic symbols only, which is cheap; `all` looks in
   * the full table, where there is one, for what is not exported.
   */
  functions(names: readonly string[], depth: 'exported' | 'all'): ReadonlyMap<string, ElfSymbol> {
    const found = new Map<string, ElfSymbol>();
    this.findExported(names, found);
    const full = this.sections.find((section) => section.type === SHT_SYMTAB);
    const missing = names.filter((name) => !found.has(name));
    if (depth === 'all' && missing.length > 0 && full !== undefined) this.scan(full, 'symtab', missing, found);
    return found;
  }

  /** Where a variable that the file exports lies in memory. */
  exportedVariable(name: string): number | undefined {
    const found = new Map<string, ElfSymbol>();
    this.findExported([name], found, STT_OBJECT);
    return found.get(name)?.address;
  }

  private findExported(names: readonly string[], found: Map<string, ElfSymbol>, type = STT_FUNC): void {
    const symbols = this.sections.find((section) => section.type === SHT_DYNSYM);
    const hashes = this.sections.find((section) => section.type === SHT_GNU_HASH);
    if (symbols === undefined) return;
    if (hashes === undefined) this.scan(symbols, 'dynsym', names, found, type);
    else this.lookUp(symbols, hashes, names, found, type);
  }

  private lookUp(
    symbols: ElfSection,
    hashes: ElfSection,
    names: readonly string[],
    found: Map<string, ElfSymbol>,
    type: number,
  ): void {
    for (const name of names) {
      const index = candidatesOf(name, hashes, this.read).find((i) => this.symbolName(symbols, i) === name);
      if (index === undefined) continue;
      const entry = view(this.read(symbols.offset + index * SYMBOL_BYTES, SYMBOL_BYTES));
      const symbol = entry.byteLength === SYMBOL_BYTES ? definedSymbol(entry, 0, type) : undefined;
      if (symbol !== undefined) found.set(name, { name, table: 'dynsym', ...symbol });
    }
  }

  private scan(
    symbols: ElfSection,
    table: ElfSymbol['table'],
    names: readonly string[],
    found: Map<string, ElfSymbol>,
    type = STT_FUNC,
  ): void {
    const strings = this.sections[symbols.link];
    if (strings === undefined || symbols.size > TABLE_LIMIT_BYTES || strings.size > TABLE_LIMIT_BYTES) return;
    const nameAt = occurrencesOf(names, this.read, strings.offset, strings.size);
    if (nameAt.size === 0) return;
    eachRecord(this.read, symbols, SYMBOL_BYTES, (entry, at) => {
      const name = nameAt.get(entry.getUint32(at, true));
      if (name === undefined || found.has(name)) return;
      const symbol = definedSymbol(entry, at, type);
      if (symbol !== undefined) found.set(name, { name, table, ...symbol });
    });
  }

  /** Where in the file the byte at a virtual address stands; undefined outside executable segments. */
  fileOffsetOf(address: number): number | undefined {
    const segment = this.segments.find((s) => s.executable && holds(s, address));
    return segment === undefined ? undefined : address - segment.address + segment.offset;
  }

  /** The same for data. */
  dataOffsetOf(address: number): number | undefined {
    const segment = this.segments.find((s) => !s.executable && holds(s, address));
    return segment === undefined ? undefined : address - segment.address + segment.offset;
  }

  /** Up to `length` bytes of code at a virtual address; empty outside executable segments. */
  code(address: number, length: number): Uint8Array {
    return this.within((segment) => segment.executable && holds(segment, address), address, length);
  }

  /** Up to `length` bytes at a virtual address, code or data; empty where the file has none. */
  memory(address: number, length: number): Uint8Array {
    return this.within((segment) => holds(segment, address), address, length);
  }

  private within(isWanted: (segment: Segment) => boolean, address: number, length: number): Uint8Array {
    const segment = this.segments.find(isWanted);
    if (segment === undefined) return new Uint8Array(0);
    const within = address - segment.address;
    return this.read(segment.offset + within, Math.min(length, segment.fileSize - within));
  }

  /**
   * The function a procedure linkage stub leads to, where `address` is one: `jmp *slot(%rip)` (ff 25), behind an
   * endbr64 or a bnd prefix in builds that have them, with a relocation on the slot.
   */
  linkageTarget(address: number): string | undefined {
    const code = view(this.code(address, 16));
    let at = 0;
    if (code.byteLength >= 4 && code.getUint32(0, true) === 0xfa1e0ff3) at = 4;
    if (at < code.byteLength && code.getUint8(at) === 0xf2) at += 1;
    if (at + 6 > code.byteLength || code.getUint16(at, true) !== 0x25ff) return undefined;
    this.relocated ??= this.readRelocations();
    return this.relocated.get(address + at + 6 + code.getInt32(at + 2, true));
  }

  private readRelocations(): ReadonlyMap<number, string> {
    const names = new Map<number, string>();
    for (const section of this.sections) {
      const symbols = this.sections[section.link];
      if (section.type !== SHT_RELA || symbols?.type !== SHT_DYNSYM || section.size > TABLE_LIMIT_BYTES) continue;
      eachRecord(this.read, section, RELA_BYTES, (entry, at) => {
        const type = entry.getUint32(at + 8, true);
        if (type !== R_X86_64_JUMP_SLOT && type !== R_X86_64_GLOB_DAT) return;
        const name = this.symbolName(symbols, entry.getUint32(at + 12, true));
        if (name !== undefined) names.set(number64(entry, at), name);
      });
    }
    return names;
  }

  private symbolName(symbols: ElfSection, index: number): string | undefined {
    const strings = this.sections[symbols.link];
    const entry = view(this.read(symbols.offset + index * SYMBOL_BYTES, 4));
    if (strings === undefined || entry.byteLength < 4) return undefined;
    return cString(this.read(strings.offset + entry.getUint32(0, true), 128), 0);
  }
}

function refuseHeader(header: DataView): string | null {
  if (header.byteLength < 64 || header.getUint32(0, false) !== 0x7f454c46) return 'it is no ELF file';
  if (header.getUint8(4) !== 2 || header.getUint8(5) !== 1) return 'it is not a 64-bit little-endian ELF file';
  if (header.getUint16(18, true) !== 62) return 'it is built for another processor than x86-64';
  return null;
}

function readSegments(read: ReadAt, header: DataView): readonly Segment[] | undefined {
  const [offset, size, count] = [number64(header, 32), header.getUint16(54, true), header.getUint16(56, true)];
  if (size < 56) return undefined;
  const bytes = view(read(offset, size * count));
  if (bytes.byteLength < size * count) return undefined;
  const segments: Segment[] = [];
  for (let at = 0; at < size * count; at += size) {
    if (bytes.getUint32(at, true) === 1) segments.push(segmentAt(bytes, at));
  }
  return segments;
}

function holds({ address: start, fileSize }: Segment, address: number): boolean {
  return address >= start && address < start + fileSize;
}

function segmentAt(bytes: DataView, at: number): Segment {
  return {
    executable: (bytes.getUint32(at + 4, true) & 1) !== 0,
    offset: number64(bytes, at + 8),
    address: number64(bytes, at + 16),
    fileSize: number64(bytes, at + 32),
  };
}

function readSections(read: ReadAt, header: DataView): readonly ElfSection[] | undefined {
  const [offset, size, count] = [number64(header, 40), header.getUint16(58, true), header.getUint16(60, true)];
  if (offset === 0 || size < 64 || count === 0) return undefined;
  const bytes = view(read(offset, size * count));
  if (bytes.byteLength < size * count) return undefined;
  const bare = Array.from({ length: count }, (_, i) => sectionAt(bytes, i * size));
  const names = bare[header.getUint16(62, true)];
  if (names === undefined) return undefined;
  const text = read(names.offset, Math.min(names.size, 1024 * 1024));
  return bare.map((section, i) => ({ ...section, name: cString(text, bytes.getUint32(i * size, true)) ?? '' }));
}

function sectionAt(bytes: DataView, at: number): ElfSection {
  return {
    name: '',
    type: bytes.getUint32(at + 4, true),
    address: number64(bytes, at + 16),
    offset: number64(bytes, at + 24),
    size: number64(bytes, at + 32),
    link: bytes.getUint32(at + 40, true),
  };
}

function definedSymbol(entry: DataView, at: number, wanted: number): { address: number; size: number } | undefined {
  const [type, section, address] = [
    entry.getUint8(at + 4) & 15,
    entry.getUint16(at + 6, true),
    number64(entry, at + 8),
  ];
  return type === wanted && section !== 0 && address !== 0 ? { address, size: number64(entry, at + 16) } : undefined;
}

/** Walks a table of fixed-size records in windows, so that a table of any size costs little memory. */
function eachRecord(
  read: ReadAt,
  table: ElfSection,
  recordBytes: number,
  visit: (window: DataView, at: number) => void,
): void {
  for (let done = 0; done < table.size; done += WINDOW_BYTES) {
    const window = view(read(table.offset + done, Math.min(WINDOW_BYTES, table.size - done)));
    for (let at = 0; at + recordBytes <= window.byteLength; at += recordBytes) visit(window, at);
    if (window.byteLength < Math.min(WINDOW_BYTES, table.size - done)) return; // the file ends early
  }
}

function view(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** 64-bit fields as doubles: exact below 2^53, and what lies above fails every later bounds check. */
function number64(bytes: DataView, at: number): number {
  return Number(bytes.getBigUint64(at, true));
}

function cString(bytes: Uint8Array, at: number): string | undefined {
  const end = bytes.indexOf(0, at);
  return at >= bytes.length || end < 0 ? undefined : Buffer.from(bytes.subarray(at, end)).toString('latin1');
}
