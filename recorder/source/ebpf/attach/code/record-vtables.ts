/**
 * Finds the functions of rustls that seal and open records, in programs without any names: they are called through trait
 * objects, so tables of them exist, and the tables have a shape. Knows what a table looks like, and no version.
 *
 *   encrypter { drop, size, align, encrypt, encrypted_payload_len }      decrypter { drop, size, align, decrypt }
 *
 * encrypted_payload_len adds a number to its argument and returns: `lea N(%rsi),%rax; ret`, within a frame where the program keeps
 * frame pointers. The decrypter of a suite stands before its encrypter,
 * one place in the source between them: that is how the compiler lays them out, and nothing it promises, so what is found here is confirmed by each record.
 *
 * Before 0.22 there is no encrypted_payload_len. All of them hold a key of ring's there, which has a size, an alignment and no drop of its own;
 * which of the two a function is no table shows.
 */
import type { ElfImage } from '../elf/elf';
import { areFunctionStarts, beginsWith, OPENS_FRAME } from '../elf/function-starts';
import { wordsOf } from '../elf/pointers';

export interface RecordFunctions {
  /** Of each suite its two, where tables show which is which. */
  readonly pairs: readonly Pair[];
  /** Those with one of ring's keys in their object, each of which is either. None where there are too many to be that. */
  readonly keyed: readonly number[];
}

export interface Pair {
  readonly encrypt: number;
  readonly decrypt: number;
}

/** What records of TLS 1.2 with ChaCha20, of TLS 1.3, and of TLS 1.2 with GCM are longer than their plaintext. */
const ADDED = [0x10, 0x11, 0x18];
const POP_FRAME = 0x5d;
const RETURN = 0xc3;
const SIZE_MOST = 4096;
const ALIGN_MOST = 64;
/** From the decrypter's first word to the encrypter's. */
const APART_WORDS = 7;
/** ring's key and what makes it a nonce: bytes and alignment. */
const KEYED = { size: 0x230, align: 0x10 };
/** TLS 1.3 has two such functions, and the suites of TLS 1.2 have four. */
const KEYED_MOST = 8;

export function recordFunctions(image: ElfImage): RecordFunctions {
  const section = image.section('.data.rel.ro');
  if (section === undefined) return { pairs: [], keyed: [] };
  const words = wordsOf(image, section);
  return { pairs: pairsIn(image, words), keyed: keyedIn(image, words) };
}

function pairsIn(image: ElfImage, words: Float64Array): readonly Pair[] {
  const found: Pair[] = [];
  for (let i = 0; i + 5 <= words.length; i++) {
    const [encrypt = 0, lengthOf = 0] = words.subarray(i + 3, i + 5);
    if (!isHead(words, i) || !addsOverhead(image, lengthOf)) continue;
    const before = i - APART_WORDS;
    const decrypt = before >= 0 && isHead(words, before) ? (words[before + 3] ?? 0) : 0;
    if (areFunctionStarts(image, [encrypt, decrypt])) found.push({ encrypt, decrypt });
  }
  return found;
}

function keyedIn(image: ElfImage, words: Float64Array): readonly number[] {
  const found = new Set<number>();
  for (let i = 0; i + 4 <= words.length; i++) {
    const isKeyed = words[i] === 0 && words[i + 1] === KEYED.size && words[i + 2] === KEYED.align;
    if (isKeyed && isHead(words, i)) found.add(words[i + 3] ?? 0);
  }
  const functions = [...found].filter((address) => areFunctionStarts(image, [address]));
  return functions.length <= KEYED_MOST ? functions : [];
}

/** Where a table of a trait object may begin. */
function isHead(words: Float64Array, at: number): boolean {
  const [drop = -1, size = -1, align = -1, first = 0] = words.subarray(at, at + 4);
  const isPower = align > 0 && align <= ALIGN_MOST && (align & (align - 1)) === 0;
  return drop >= 0 && size > 0 && size < SIZE_MOST && isPower && first > SIZE_MOST;
}

function addsOverhead(image: ElfImage, address: number): boolean {
  if (address <= SIZE_MOST) return false;
  const code = image.code(address, OPENS_FRAME.length + 6);
  const isFramed = beginsWith(code, OPENS_FRAME);
  const [rex, lea, how, added = 0, next, last] = isFramed ? code.subarray(OPENS_FRAME.length) : code;
  const returns = isFramed ? next === POP_FRAME && last === RETURN : next === RETURN;
  return rex === 0x48 && lea === 0x8d && how === 0x46 && ADDED.includes(added) && returns;
}
