import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { decode } from '../../../../recorder/source/ebpf/attach/code/instruction';

const [RAX, RCX, RDX, RBX, RSP, RSI, RDI, R8] = [0, 1, 2, 3, 4, 6, 7, 8];

function bytes(hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

function writes(hex: string): readonly number[] {
  const { writes: mask } = decode(bytes(hex), 0) ?? { writes: 0 };
  return Array.from({ length: 16 }, (_, i) => i).filter((i) => (mask >> i) & 1);
}

it.each([
  ['f3 0f 1e fa', 'endbr64', 4, 'no'],
  ['90', 'nop', 1, 'always'],
  ['66 90', 'nop', 2, 'always'],
  ['0f 1f 44 00 00', 'nop', 5, 'recent'],
  ['66 2e 0f 1f 84 00 00 00 00 00', 'nop', 10, 'recent'],
  ['55', 'push', 1, 'always'],
  ['41 55', 'push', 2, 'always'],
  ['48 55', 'push', 2, 'no'],
  ['48 83 ec 18', 'other', 4, 'no'],
  ['48 81 ec 18 01 00 00', 'other', 7, 'no'],
  ['64 48 8b 04 25 28 00 00 00', 'other', 9, 'no'],
  ['48 89 44 24 08', 'other', 5, 'no'],
  ['f0 0f c1 87 e0 09 00 00', 'other', 8, 'no'],
  ['48 c7 87 e8 04 00 00 00 00 00 00', 'other', 11, 'no'],
  ['49 b8 08 07 06 05 04 03 02 01', 'other', 10, 'no'],
  ['66 c7 44 24 0e 00 00', 'other', 7, 'no'],
  ['66 48 81 ec 18 01 00 00', 'other', 8, 'no'],
])('reads %s as %s of %i bytes, emulated: %s', (hex, what, length, emulated) => {
  expect(decode(bytes(hex), 0)).toMatchObject({ what, length, emulated, flow: 'next' });
});

it.each([
  ['e8 c3 fd ff ff', 'call', 5 - 0x23d],
  ['e9 10 00 00 00', 'jump', 0x15],
  ['eb fe', 'jump', 0],
  ['78 2f', 'branch', 0x31],
  ['0f 84 97 03 00 00', 'branch', 0x39d],
])('follows %s, a %s', (hex, flow, target) => {
  expect(decode(bytes(hex), 0)).toMatchObject({ flow, target, emulated: 'always' });
});

it.each([
  ['c3', 'ret'],
  ['cc', 'int3'],
  ['0f 0b', 'ud2'],
])('ends at %s (%s)', (hex) => {
  expect(decode(bytes(hex), 0)?.flow).toBe('end');
});

it.each([
  ['48 89 fd', 'mov %rdi,%rbp', [5]],
  ['48 8b 3f', 'mov (%rdi),%rdi', [RDI]],
  ['48 63 d2', 'movslq %edx,%rdx', [RDX]],
  ['48 89 e1', 'mov %rsp,%rcx', [RCX]],
  ['31 f6', 'xor %esi,%esi', [RSI]],
  ['45 31 c0', 'xor %r8d,%r8d', [R8]],
  ['85 d2', 'test %edx,%edx', []],
  ['48 39 f7', 'cmp %rsi,%rdi', []],
  ['48 83 ff 01', 'cmp $1,%rdi', []],
  ['83 c7 01', 'add $1,%edi', [RDI]],
  ['b9 01 00 00 00', 'mov $1,%ecx', [RCX]],
  ['b5 01', 'mov $1,%ch', [RCX]],
  ['40 b5 01', 'mov $1,%bpl', [5]],
  ['41 b0 01', 'mov $1,%r8b', [R8]],
  ['88 f3', 'mov %dh,%bl', [RBX]],
  ['88 06', 'mov %al,(%rsi)', []],
  ['48 0f 44 f8', 'cmove %rax,%rdi', [RDI]],
  ['0f 94 c1', 'sete %cl', [RCX]],
  ['48 99', 'cqto', [RDX]],
  ['48 f7 f1', 'div %rcx', [RAX, RDX]],
  ['66 48 0f 7e c7', 'movq %xmm0,%rdi', [RDI]],
  ['66 0f ef c0', 'pxor %xmm0,%xmm0', []],
  ['0f c1 c7', 'xadd %eax,%edi', [RAX, RDI]],
  ['5f', 'pop %rdi', [RSP, RDI]],
])('knows what %s (%s) writes', (hex, _, registers) => {
  expect(writes(hex)).toEqual(registers);
});

it.each([
  ['66 e8 00 00', 'a 16-bit call, on which the kernel refuses probes'],
  ['c5 f8 77', 'a vector instruction with a VEX prefix'],
  ['ff e0', 'an indirect jump'],
  ['0f 05', 'a system call'],
  ['48 83 ec', 'an instruction that is cut off'],
  ['48 81 ec 18 01', 'one whose constant is cut off'],
  ['', 'nothing'],
  ['66 66 66 66 66 66', 'prefixes without end'],
])('does not decode %s: %s', (hex) => {
  expect(decode(bytes(hex), 0)).toBeUndefined();
});

const libssl = '/usr/lib/x86_64-linux-gnu/libssl.so.3';
const disassembler = '/usr/bin/objdump';
const real = existsSync(libssl) && existsSync(disassembler) ? it : it.skip;

real('agrees with objdump about every instruction of libssl that it decodes', () => {
  const lines = disassembly(libssl);
  const decoded = lines.filter((line) => decode(line.code, 0) !== undefined);
  expect(decoded.length / lines.length).toBeGreaterThan(0.95);
  expect(lines.flatMap(disagreement)).toEqual([]);
});

/** What is decoded otherwise than objdump has it; nothing where it is not decoded at all. */
function disagreement(line: Line): readonly string[] {
  const instruction = decode(line.code, 0);
  if (instruction === undefined) return [];
  const target = instruction.target === null ? null : line.address + instruction.target;
  const argument = writtenArgument(line.text);
  return [
    ...(instruction.length === line.code.length ? [] : [`length ${instruction.length}: ${line.text}`]),
    ...(target === line.target || line.target === null ? [] : [`target ${target}: ${line.text}`]),
    ...(argument === null || (instruction.writes >> argument) & 1 ? [] : [`does not write ${argument}: ${line.text}`]),
  ];
}

interface Line {
  readonly address: number;
  readonly code: Uint8Array;
  readonly text: string;
  readonly target: number | null;
}

function disassembly(path: string): readonly Line[] {
  const listing = execFileSync(disassembler, ['-d', '-w', '--section=.text', path], {
    maxBuffer: 1 << 28,
    encoding: 'latin1',
  });
  return listing.split('\n').flatMap((row) => {
    const [, address, hex, text] = /^\s+([0-9a-f]+):\t((?:[0-9a-f]{2} )+)\s*\t(.*)$/.exec(row) ?? [];
    if (address === undefined || hex === undefined || text === undefined || text === '(bad)') return [];
    const target = /^(?:call|j\w+) +([0-9a-f]+) </.exec(text)?.[1];
    const found = { address: Number.parseInt(address, 16), code: bytes(hex), text };
    return [{ ...found, target: target === undefined ? null : Number.parseInt(target, 16) }];
  });
}

const ARGUMENTS: readonly (readonly [RegExp, number])[] = [
  [/%(?:rdi|edi|di|dil)$/, RDI],
  [/%(?:rsi|esi|si|sil)$/, RSI],
  [/%(?:rdx|edx|dx|dl|dh)$/, RDX],
  [/%(?:rcx|ecx|cx|cl|ch)$/, RCX],
  [/%r8[dwb]?$/, R8],
];

/** The argument register an instruction writes, going by objdump's text: the last operand, but of those that only read. */
function writtenArgument(text: string): number | null {
  if (/^(?:cmp|test|push|nop|call|j|bt |bt[lqw] |ucomis|comis|endbr|notrack|\S*mul %|i?mul\w* |i?div\w* )/.test(text))
    return null;
  return ARGUMENTS.find(([name]) => name.test(text.trim()))?.[1] ?? null;
}
