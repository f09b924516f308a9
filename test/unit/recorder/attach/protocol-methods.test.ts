/** The table of BoringSSL in a program without names: what leads to it tells it from what merely looks like it. */
import { protocolFunctions } from '../../../../recorder/source/ebpf/attach/code/protocol-methods';
import { readElf } from '../../../../recorder/source/ebpf/attach/elf/elf';
import { functionAt, pointers, tableWords, withWords } from './boringssl-builder';
import { buildElf, type ElfPlan, readerOf } from './elf-builder';

function find(plan: ElfPlan) {
  const reading = readElf(readerOf(buildElf(plan)));
  if (reading.kind !== 'elf') throw new Error(reading.reason);
  return protocolFunctions(reading.image);
}

const expected = {
  ...{ begin: functionAt(1), free: functionAt(2), openHandshake: functionAt(6) },
  ...{ openData: functionAt(8), writeData: functionAt(9) },
};

it.each([18, 20])('is found by the method that leads to it, with %d functions', (functions) => {
  expect(find(withWords(tableWords({ functions })))).toEqual(expected);
});

it('is found among what is never written, at a fixed address', () => {
  const words = tableWords();
  // There the section has an address of its own, at which its words are.
  const rodata = Buffer.alloc(words.length * 8);
  const base = 0x300000;
  const moved = words.map((word, i) => (i === 2 || i === 3 ? word + base : word));
  for (const [i, word] of moved.entries()) rodata.writeBigUInt64LE(BigInt(word), i * 8);
  const plan = { ...withWords([1]), rodata: rodata.toString('latin1'), rodataAddress: base };
  expect(find(plan)).toEqual(expected);
});

it.each([
  ['of DTLS', tableWords({ isDtls: 1 })],
  ['of a method for one version', tableWords({ version: 0x303 })],
  ['that is older', tableWords({ functions: 17 })],
  ['without functions for certificates beside it', tableWords({ certificates: 13 })],
  ['that nothing leads to', tableWords().map((word, i) => (i === 2 ? 1 : word))],
  ['where no function begins', tableWords().map((word) => (word === functionAt(8) ? word + 1 : word))],
])('is none %s', (_, words) => {
  expect(find(withWords(words))).toBeUndefined();
});

it('is none where two differ', () => {
  const words = tableWords();
  const table = words.length + 3;
  const method = [0, table * 8, (table + 1 + 18 + 1) * 8];
  const second = [...method, 0, ...pointers(18).reverse(), 1, ...pointers(14), 1];
  expect(find(withWords([...words, ...second]))).toBeUndefined();
});

it('is not looked for among more than real files hold', () => {
  const words = tableWords();
  const table = words[2] ?? 0;
  const many = Array.from({ length: 65_537 }, () => [0, table, table]).flat();
  expect(find(withWords([...words, ...many]))).toBeUndefined();
});
