/**
 * Finds the table of functions by which BoringSSL speaks TLS, in programs without any names. Every SSL object is made of an SSL_METHOD, which
 * leads to it, so nobody can leave either out. Knows their shapes, which no other data was found to have, and no version.
 *
 *   method { version, table, certificates }     table { is DTLS, functions… }     certificates { functions… }
 *
 * TLS_method() returns one whose version is 0. What is found here is confirmed by each call all the same.
 */
import type { ElfImage, ElfSection } from '../elf/elf';
import { areFunctionStarts } from '../elf/function-starts';
import { wordsOf } from '../elf/pointers';

export interface ProtocolFunctions {
  readonly begin: number;
  readonly free: number;
  readonly openHandshake: number;
  readonly openData: number;
  readonly writeData: number;
}

/** In the order of the source: 18, or 20 in newer ones. Whatever has fewer is older, and has others in these places. */
const FUNCTIONS_LEAST = 18;
const PLACES: ProtocolFunctions = { begin: 1, free: 2, openHandshake: 6, openData: 8, writeData: 9 };
/** 18 in all that were seen: with some room for those that were not. */
const CERTIFICATE_FUNCTIONS_LEAST = 14;

/** Undefined where there is none, and where several look like it. */
export function protocolFunctions(image: ElfImage): ProtocolFunctions | undefined {
  const found = [...amongRelocated(image), ...amongConstants(image)];
  const [functions] = found;
  if (functions === undefined || found.some(({ openData }) => openData !== functions.openData)) return undefined;
  return areFunctionStarts(image, Object.values(functions)) ? functions : undefined;
}

/** Addresses of what a method leads to. */
interface Method {
  readonly table: number;
  readonly certificates: number;
}
type WordAt = (address: number) => number | undefined;

function amongRelocated(image: ElfImage): readonly ProtocolFunctions[] {
  const section = image.section('.data.rel.ro');
  if (section === undefined) return [];
  const words = wordsOf(image, section);
  const found: Method[] = [];
  for (let i = 0; i + 3 <= words.length; i++) {
    const [table = 0, certificates = 0] = [words[i + 1], words[i + 2]];
    if (words[i] === 0 && isWithin(section, table) && isWithin(section, certificates))
      found.push({ table, certificates });
  }
  const wordAt = (address: number) => words[(address - section.address) / 8];
  return functionsOfAll(image, wordAt, found);
}

const WINDOW_BYTES = 1 << 20;
const METHOD_BYTES = 24;
/** So many are looked at: 35 MB of a program of Go hold two thousand that might be one, and a file that is all of them would take long. */
const METHODS_MOST = 65_536;

/**
 * At a fixed address pointers need no loader, and may stand among data that is never written. That may be tens of MB, in which next to
 * nothing looks like a method: it is gone over by halves of words, which is quick.
 */
function amongConstants(image: ElfImage): readonly ProtocolFunctions[] {
  const section = image.section('.rodata');
  if (section === undefined || image.segments.some(({ address }) => address === 0)) return [];
  const found: Method[] = [];
  for (let start = 0; start < section.size; start += WINDOW_BYTES) {
    const bytes = image.bytesAt(
      section.offset + start,
      Math.min(WINDOW_BYTES + METHOD_BYTES - 8, section.size - start),
    );
    const halves = new Uint32Array(new Uint8Array(bytes).buffer, 0, bytes.length >> 2);
    for (let i = 0; i + 6 <= halves.length; i += 2) {
      if (halves[i] !== 0 || halves[i + 1] !== 0 || halves[i + 3] !== 0 || halves[i + 5] !== 0) continue;
      const [table = 0, certificates = 0] = [halves[i + 2], halves[i + 4]];
      if (isWithin(section, table) && isWithin(section, certificates)) found.push({ table, certificates });
    }
  }
  const wordAt = (address: number) => constantAt(image, address);
  return functionsOfAll(image, wordAt, found);
}

function constantAt(image: ElfImage, address: number): number | undefined {
  const bytes = image.memory(address, 8);
  if (bytes.length < 8) return undefined;
  return Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
}

function isWithin({ address, size }: ElfSection, pointer: number): boolean {
  return pointer >= address && pointer < address + size && pointer % 8 === 0;
}

function functionsOfAll(image: ElfImage, wordAt: WordAt, methods: readonly Method[]): readonly ProtocolFunctions[] {
  if (methods.length > METHODS_MOST) return [];
  return methods.flatMap((method) => functionsOf(image, wordAt, method) ?? []);
}

/** Undefined where one of the two is something else. */
function functionsOf(image: ElfImage, wordAt: WordAt, { table, certificates }: Method): ProtocolFunctions | undefined {
  const at = (place: number) => wordAt(table + place * 8) ?? 0;
  const isFunction = (address: number) => image.fileOffsetOf(wordAt(address) ?? 0) !== undefined;
  const areFunctions = (from: number, count: number) => range(count).every((i) => isFunction(from + i * 8));
  if (at(0) !== 0 || !areFunctions(table + 8, FUNCTIONS_LEAST)) return undefined;
  if (!areFunctions(certificates, CERTIFICATE_FUNCTIONS_LEAST)) return undefined;
  const { begin, free, openHandshake, openData, writeData } = PLACES;
  return {
    ...{ begin: at(begin), free: at(free) },
    ...{ openHandshake: at(openHandshake), openData: at(openData), writeData: at(writeData) },
  };
}

function range(count: number): readonly number[] {
  return Array.from({ length: count }, (_, i) => i);
}
