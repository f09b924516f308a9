/**
 * Decodes the x86-64 instructions that compilers put at the beginning of functions: how long, which general
 * registers they write, where they go, and whether the kernel emulates them under a probe. Everything else is
 * undefined, and a caller that meets it must stop. Not a disassembler.
 * Sources: Intel SDM vol. 2, appendix A (opcode maps); arch/x86/kernel/uprobes.c branch_setup_xol_ops and
 * push_setup_xol_ops for what is emulated (docs/discoveries/probe-places.md has the measured costs).
 */

export type Flow = 'next' | 'branch' | 'jump' | 'call' | 'end';

export interface Instruction {
  readonly length: number;
  /** `branch`: a conditional jump; `end`: nothing follows (return, indirect jump, trap). */
  readonly flow: Flow;
  /** General registers written, bit n for register n: rax 0, rcx 1, rdx 2, rbx 3, rsp 4, rbp 5, rsi 6, rdi 7, r8.. */
  readonly writes: number;
  /** For jumps, branches and calls with a fixed target: its distance from the first byte of this instruction. */
  readonly target: number | null;
  readonly what: 'endbr64' | 'nop' | 'push' | 'other';
  /**
   * `always`: push and branches, by every kernel that has BTF; `recent`: long nops, by 6.18 and perhaps some before;
   * `no`: single-stepped, which costs a debug trap.
   */
  readonly emulated: 'always' | 'recent' | 'no';
}

export const RSP = 4;
const RAX = 0;
const RDX = 2;

/** Where an opcode with a ModRM byte puts its result: nowhere we care for, the r/m operand, the reg operand, both. */
type Result = 'none' | 'rm' | 'reg' | 'both';

interface Shape {
  readonly result: Result;
  /** Immediate bytes; `z` is 4, or 2 under an operand-size prefix. */
  readonly immediate?: 1 | 'z';
  readonly byte?: true;
  /** Further registers written, whatever the operands. */
  readonly also?: number;
}

interface Prefixes {
  readonly length: number;
  readonly rex: number;
  readonly operandSize: boolean;
  readonly repeat: number;
}

interface ModRm {
  readonly length: number;
  /** Register numbers, REX included; `rm` is null for memory operands. */
  readonly reg: number;
  readonly rm: number | null;
  readonly extension: number;
}

/** The instruction at `at`, or undefined where it is cut off or none of those known here. */
export function decode(code: Uint8Array, at: number): Instruction | undefined {
  const prefixes = readPrefixes(code, at);
  const opcode = code[at + prefixes.length];
  if (opcode === undefined) return undefined;
  const instruction = opcode === 0x0f ? decodeTwoByte(code, at, prefixes) : decodeOneByte(code, at, prefixes, opcode);
  return instruction !== undefined && at + instruction.length <= code.length ? instruction : undefined;
}

function readPrefixes(code: Uint8Array, at: number): Prefixes {
  let [i, rex, operandSize, repeat] = [at, 0, false, 0];
  for (; i < at + 4; i++) {
    const byte = code[i];
    if (byte === 0x66) operandSize = true;
    else if (byte === 0xf2 || byte === 0xf3) repeat = byte;
    else if (byte !== 0x2e && byte !== 0x3e && byte !== 0x64 && byte !== 0x65 && byte !== 0xf0) break;
  }
  const byte = code[i] ?? 0;
  if ((byte & 0xf0) === 0x40) {
    rex = byte; // a REX prefix counts only directly before the opcode
    i++;
  }
  return { length: i - at, rex, operandSize, repeat };
}

function decodeOneByte(code: Uint8Array, at: number, p: Prefixes, opcode: number): Instruction | undefined {
  const end = p.length + 1;
  if (opcode >= 0x50 && opcode <= 0x57) return push(p, end);
  if (opcode >= 0x58 && opcode <= 0x5f) return plain(end, bit(register(opcode, p)) | bit(RSP));
  if (opcode === 0x90 && (p.rex & 1) === 0)
    return { ...plain(end, 0), what: 'nop', emulated: p.repeat ? 'no' : 'always' };
  if (opcode >= 0xb0 && opcode <= 0xb7) return plain(end + 1, bit(byteRegister(register(opcode, p), p)));
  if (opcode >= 0xb8 && opcode <= 0xbf) return plain(end + wideImmediate(p), bit(register(opcode, p)));
  if (opcode >= 0x70 && opcode <= 0x7f) return branch(code, at, p, { end, offsetBytes: 1, flow: 'branch' });
  if (opcode === 0xeb) return branch(code, at, p, { end, offsetBytes: 1, flow: 'jump' });
  if (opcode === 0xe9) return branch(code, at, p, { end, offsetBytes: 4, flow: 'jump' });
  if (opcode === 0xe8) return branch(code, at, p, { end, offsetBytes: 4, flow: 'call' });
  return fixedShape(opcode, p, end) ?? withModRm(code, at, p, { end, shape: oneByteShape(code, at + end, opcode) });
}

/** Opcodes without operands to decode. */
function fixedShape(opcode: number, p: Prefixes, end: number): Instruction | undefined {
  if (opcode === 0xc3 || opcode === 0xcc || opcode === 0xf4) return { ...plain(end, 0), flow: 'end' };
  if (opcode === 0x68) return plain(end + 4, bit(RSP));
  if (opcode === 0x6a) return plain(end + 1, bit(RSP));
  if (opcode === 0x98) return plain(end, bit(RAX));
  if (opcode === 0x99) return plain(end, bit(RDX));
  if (opcode === 0xa8) return plain(end + 1, 0);
  if (opcode === 0xa9) return plain(end + shortImmediate(p), 0);
  if (opcode < 0x40 && (opcode & 7) === 4) return plain(end + 1, bit(RAX));
  if (opcode < 0x40 && (opcode & 7) === 5) return plain(end + shortImmediate(p), bit(RAX));
  return undefined;
}

function oneByteShape(code: Uint8Array, modRmAt: number, opcode: number): Shape | undefined {
  if (opcode < 0x40 && (opcode & 7) < 4) return arithmeticShape(opcode);
  const extension = ((code[modRmAt] ?? 0) >> 3) & 7;
  switch (opcode) {
    case 0x63:
    case 0x8b:
    case 0x8d:
      return { result: 'reg' };
    case 0x69:
      return { result: 'reg', immediate: 'z' };
    case 0x6b:
      return { result: 'reg', immediate: 1 };
    case 0x80:
      return { result: extension === 7 ? 'none' : 'rm', immediate: 1, byte: true };
    case 0x81:
      return { result: extension === 7 ? 'none' : 'rm', immediate: 'z' };
    case 0x83:
      return { result: extension === 7 ? 'none' : 'rm', immediate: 1 };
    case 0x84:
    case 0x85:
      return { result: 'none' };
    case 0x88:
      return { result: 'rm', byte: true };
    case 0x89:
      return { result: 'rm' };
    case 0x8a:
      return { result: 'reg', byte: true };
    case 0xc0:
      return { result: 'rm', immediate: 1, byte: true };
    case 0xc1:
      return { result: 'rm', immediate: 1 };
    case 0xc6:
      return extension === 0 ? { result: 'rm', immediate: 1, byte: true } : undefined;
    case 0xc7:
      return extension === 0 ? { result: 'rm', immediate: 'z' } : undefined;
    case 0xd1:
    case 0xd3:
      return { result: 'rm' };
    case 0xf6:
      return extension <= 1 ? { result: 'none', immediate: 1 } : undefined;
    case 0xf7:
      return groupF7(extension);
    case 0xff:
      return groupFf(extension);
    default:
      return undefined;
  }
}

/** add, or, adc, sbb, and, sub, xor write; cmp does not. */
function arithmeticShape(opcode: number): Shape {
  const byte = (opcode & 1) === 0 ? { byte: true as const } : {};
  if (opcode >= 0x38) return { result: 'none', ...byte };
  return { result: (opcode & 2) === 0 ? 'rm' : 'reg', ...byte };
}

function groupF7(extension: number): Shape {
  if (extension <= 1) return { result: 'none', immediate: 'z' };
  return extension <= 3 ? { result: 'rm' } : { result: 'none', also: bit(RAX) | bit(RDX) };
}

/** inc, dec, push of a memory operand. The indirect jumps and calls of this group are not decoded. */
function groupFf(extension: number): Shape | undefined {
  if (extension <= 1) return { result: 'rm' };
  return extension === 6 ? { result: 'none', also: bit(RSP) } : undefined;
}

function decodeTwoByte(code: Uint8Array, at: number, p: Prefixes): Instruction | undefined {
  const end = p.length + 2;
  const opcode = code[at + end - 1];
  if (opcode === undefined) return undefined;
  if (opcode === 0x1e) return isEndbr64(code, at, p) ? { ...plain(4, 0), what: 'endbr64' } : undefined;
  if (opcode === 0x0b) return { ...plain(end, 0), flow: 'end' };
  if (opcode >= 0x80 && opcode <= 0x8f) return branch(code, at, p, { end, offsetBytes: 4, flow: 'branch' });
  if (opcode >= 0xc8 && opcode <= 0xcf) return plain(end, bit(register(opcode, p)));
  const instruction = withModRm(code, at, p, { end, shape: twoByteShape(opcode) });
  if (instruction === undefined || opcode !== 0x1f) return instruction;
  return { ...instruction, what: 'nop', emulated: 'recent' };
}

function isEndbr64(code: Uint8Array, at: number, p: Prefixes): boolean {
  return p.length === 1 && p.repeat === 0xf3 && code[at + 3] === 0xfa;
}

/** Vector moves write no general register, but for 7e, whose r/m operand may be one. */
const VECTOR_OPCODES = new Set([
  0x10, 0x11, 0x12, 0x13, 0x14, 0x16, 0x17, 0x28, 0x29, 0x57, 0x6c, 0x6e, 0x6f, 0x7f, 0xd6, 0xe7, 0xef,
]);

function twoByteShape(opcode: number): Shape | undefined {
  if (VECTOR_OPCODES.has(opcode)) return { result: 'none' };
  if (opcode === 0x0d || opcode === 0x18 || opcode === 0x1f || opcode === 0xa3) return { result: 'none' };
  if (opcode >= 0x40 && opcode <= 0x4f) return { result: 'reg' };
  if (opcode >= 0x90 && opcode <= 0x9f) return { result: 'rm', byte: true };
  if (opcode === 0xaf || opcode === 0xb6 || opcode === 0xb7 || opcode === 0xbe || opcode === 0xbf)
    return { result: 'reg' };
  if (opcode === 0x7e) return { result: 'rm' };
  if (opcode === 0x70) return { result: 'none', immediate: 1 };
  if (opcode === 0xba) return { result: 'rm', immediate: 1 };
  if (opcode === 0xb1) return { result: 'rm', also: bit(RAX) };
  if (opcode === 0xc1) return { result: 'both' };
  return undefined;
}

function withModRm(
  code: Uint8Array,
  at: number,
  p: Prefixes,
  { end, shape }: { end: number; shape: Shape | undefined },
): Instruction | undefined {
  const operands = shape === undefined ? undefined : readModRm(code, at + end, p);
  if (shape === undefined || operands === undefined) return undefined;
  const immediate = shape.immediate === 'z' ? shortImmediate(p) : (shape.immediate ?? 0);
  return plain(end + operands.length + immediate, writtenBy(shape, operands, p) | (shape.also ?? 0));
}

function writtenBy(shape: Shape, operands: ModRm, p: Prefixes): number {
  const named = (number: number) => bit(shape.byte ? byteRegister(number, p) : number);
  const rm = shape.result === 'rm' || shape.result === 'both' ? operands.rm : null;
  const reg = shape.result === 'reg' || shape.result === 'both' ? operands.reg : null;
  return (rm === null ? 0 : named(rm)) | (reg === null ? 0 : named(reg));
}

/** Length of ModRM, SIB and displacement (SDM vol. 2, tables 2-2 and 2-3), and the registers they name. */
function readModRm(code: Uint8Array, at: number, p: Prefixes): ModRm | undefined {
  const modRm = code[at];
  if (modRm === undefined) return undefined;
  const [mod, extension, low] = [modRm >> 6, (modRm >> 3) & 7, modRm & 7];
  const reg = extension | ((p.rex & 4) << 1);
  if (mod === 3) return { length: 1, reg, rm: low | ((p.rex & 1) << 3), extension };
  const indexed = low === 4;
  const sib = indexed ? code[at + 1] : 0;
  if (sib === undefined) return undefined;
  const bare = mod === 0 && (low === 5 || (indexed && (sib & 7) === 5));
  const displacement = mod === 1 ? 1 : mod === 2 || bare ? 4 : 0;
  return { length: 1 + (indexed ? 1 : 0) + displacement, reg, rm: null, extension };
}

function branch(
  code: Uint8Array,
  at: number,
  p: Prefixes,
  { end, offsetBytes, flow }: { end: number; offsetBytes: 1 | 4; flow: Flow },
): Instruction | undefined {
  const length = end + offsetBytes;
  if (at + length > code.length || p.operandSize) return undefined; // 16-bit branches: the kernel refuses the probe
  const offset = offsetBytes === 1 ? ((code[at + end] ?? 0) << 24) >> 24 : int32(code, at + end);
  return {
    length,
    flow,
    writes: flow === 'call' ? bit(RSP) : 0,
    target: length + offset,
    what: 'other',
    emulated: 'always',
  };
}

function push(p: Prefixes, end: number): Instruction {
  const emulated = p.length === 0 || (p.length === 1 && p.rex === 0x41) ? 'always' : 'no';
  return { ...plain(end, bit(RSP)), what: 'push', emulated };
}

function plain(length: number, writes: number): Instruction {
  return { length, flow: 'next', writes, target: null, what: 'other', emulated: 'no' };
}

function register(opcode: number, p: Prefixes): number {
  return (opcode & 7) | ((p.rex & 1) << 3);
}

/** Without REX the byte registers 4 to 7 are ah, ch, dh, bh: parts of rax to rbx. */
function byteRegister(number: number, p: Prefixes): number {
  return p.rex === 0 && number >= 4 ? number - 4 : number;
}

function shortImmediate(p: Prefixes): number {
  return p.operandSize && (p.rex & 8) === 0 ? 2 : 4; // REX.W outranks the operand-size prefix
}

function wideImmediate(p: Prefixes): number {
  return (p.rex & 8) !== 0 ? 8 : shortImmediate(p);
}

export function int32(code: Uint8Array, at: number): number {
  return (code[at] ?? 0) | ((code[at + 1] ?? 0) << 8) | ((code[at + 2] ?? 0) << 16) | ((code[at + 3] ?? 0) << 24);
}

function bit(register: number): number {
  return 1 << register;
}
