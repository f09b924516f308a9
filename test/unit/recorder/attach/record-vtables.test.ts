/** Tables of rustls in a program that has no table for unwinding and keeps frame pointers, as Deno is built. */
import { recordFunctions } from '../../../../recorder/source/ebpf/attach/code/record-vtables';
import { readElf } from '../../../../recorder/source/ebpf/attach/elf/elf';
import { addressOf, buildElf, type ElfPlan, readerOf } from './elf-builder';

const OPENS_FRAME = [0x55, 0x48, 0x89, 0xe5];
const framed = (...code: number[]) => [...OPENS_FRAME, ...code, 0x5d, 0xc3];
/** `lea N(%rsi),%rax` */
const adds = (bytes: number) => [0x48, 0x8d, 0x46, bytes];

function found(code: { readonly decrypt: readonly number[]; readonly lengthOf: readonly number[] }) {
  const functions = [
    { name: 'encrypt', code: () => framed(0x90) },
    { name: 'decrypt', code: () => code.decrypt },
    { name: 'length', code: () => code.lengthOf },
  ].map((one) => ({ ...one, visibility: 'hidden' as const }));
  const plan: ElfPlan = { functions };
  const at = (name: string) => addressOf(plan, name);
  const head = [at('encrypt'), 0x28, 8];
  const place = [0x4000, 0x6e, 0x12000000a3];
  const words = [...head, at('decrypt'), ...place, ...head, at('encrypt'), at('length')];
  const table = Buffer.alloc(words.length * 8);
  for (const [i, word] of words.entries()) table.writeBigUInt64LE(BigInt(word), i * 8);
  const reading = readElf(readerOf(buildElf({ ...plan, extraSections: { '.data.rel.ro': table } })));
  if (reading.kind !== 'elf') throw new Error(reading.reason);
  return { pairs: recordFunctions(reading.image).pairs, expected: { encrypt: at('encrypt'), decrypt: at('decrypt') } };
}

it.each([
  ['within a frame', framed(...adds(0x11))],
  ['without one', [...adds(0x11), 0xc3]],
])('are found, whether what adds a length stands %s', (_, lengthOf) => {
  const { pairs, expected } = found({ decrypt: framed(0x90), lengthOf });
  expect(pairs).toEqual([expected]);
});

it.each([
  ['does not begin as functions there do', { decrypt: [0x90, ...framed()], lengthOf: framed(...adds(0x11)) }],
  ['adds what no suite adds', { decrypt: framed(0x90), lengthOf: framed(...adds(0x12)) }],
  ['goes on behind its frame', { decrypt: framed(0x90), lengthOf: [...OPENS_FRAME, ...adds(0x11), 0xc3, 0x5d] }],
])('are none where one of the functions %s', (_, code) => {
  expect(found(code).pairs).toEqual([]);
});
