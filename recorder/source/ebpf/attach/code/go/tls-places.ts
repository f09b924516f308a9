/**
 * Finds in the code of crypto/tls the two instructions at which plaintext passes, both of which the kernel emulates. One
 * a direction, no return: a return probe would change the stack that Go moves and unwinds. Takes nothing for granted that the code
 * does not show (docs/decisions/0100-how-go-is-read.md).
 */
import { int32 } from '../instruction';

export type CodePlace =
  | { readonly kind: 'place'; readonly offset: number; readonly why: string }
  | { readonly kind: 'refused'; readonly reason: string };

export interface FunctionBytes {
  readonly address: number;
  readonly body: Uint8Array;
}

/** `cmp 0x10(%r14),%rsp`, or the same for a frame that is larger: `lea -N(%rsp),%r12; cmp 0x10(%r14),%r12`. */
const ANY = -1;
const STACK_CHECKS = [
  [0x49, 0x3b, 0x66, 0x10],
  [0x4c, 0x8d, 0x64, 0x24, ANY, 0x4d, 0x3b, 0x66, 0x10],
  [0x4c, 0x8d, 0xa4, 0x24, ANY, ANY, ANY, ANY, 0x4d, 0x3b, 0x66, 0x10],
];
const JBE_BYTES = 6;
const PUSH_RBP = 0x55;

/**
 * Behind the check of the stack, where the function begins once a call, its arguments in registers: the push of 1.21 and
 * newer. Before it there is none, but the jump of the check: there the program asks the flags whether it is taken, as the
 * function begins again once the stack has grown.
 */
export function placeOfEntry(code: Uint8Array): CodePlace {
  const jump = stackCheckJump(code);
  if (jump === undefined) return refused('it does not begin as functions of Go 1.18 to 1.26 do');
  if (code[jump + JBE_BYTES] === PUSH_RBP)
    return { kind: 'place', offset: jump + JBE_BYTES, why: `at +${jump + JBE_BYTES}, on an emulated push` };
  return { kind: 'place', offset: jump, why: `at +${jump}, on an emulated branch` };
}

/** Where the jump to the growing of the stack stands. */
function stackCheckJump(code: Uint8Array): number | undefined {
  const length = STACK_CHECKS.find((check) => check.every((byte, i) => byte === ANY || byte === code[i]))?.length;
  if (length === undefined || code[length] !== 0x0f || code[length + 1] !== 0x86) return undefined;
  const target = length + JBE_BYTES + int32(code, length + 2);
  return target > length && target < code.length ? length : undefined;
}

/**
 * The one call of memmove in Read, which copies what was decrypted to the caller: source and length are in registers,
 * and the connection, the first argument, is where the function put it at its beginning, two words above the frame pointer.
 * `depthAt` gives how far the stack pointer has moved at an offset of the function.
 */
export function placeOfCopy(
  read: FunctionBytes,
  memmove: number,
  depthAt: (offset: number) => number | undefined,
): CodePlace {
  const calls = callsOf(read, memmove);
  const [offset] = calls;
  if (offset === undefined || calls.length > 1) return refused(`it calls memmove ${calls.length} times, not once`);
  const depth = depthAt(offset);
  const frame = frameBytes(read.body);
  if (depth === undefined || frame === undefined || depth !== frame)
    return refused(
      `its frame is not that of Go 1.18 to 1.26 (${frame ?? 'none'}, the table says ${depth ?? 'nothing'})`,
    );
  if (!savesFirstArgument(read.body.subarray(0, offset), depth)) return refused('it does not keep its first argument');
  return { kind: 'place', offset, why: `at +${offset}, on an emulated call` };
}

function callsOf({ address, body }: FunctionBytes, target: number): readonly number[] {
  const calls: number[] = [];
  for (let at = 0; at + 5 <= body.length; at++) {
    if (body[at] === 0xe8 && address + at + 5 + int32(body, at + 1) === target) calls.push(at);
  }
  return calls;
}

/**
 * How far the stack pointer goes down, where the frame pointer is set to lie just below the return address: by `push %rbp;
 * mov %rsp,%rbp; sub $N,%rsp`, before 1.21 by `sub $N,%rsp; mov %rbp,M(%rsp); lea M(%rsp),%rbp`.
 */
function frameBytes(body: Uint8Array): number | undefined {
  const jump = stackCheckJump(body);
  if (jump === undefined) return undefined;
  const code = body.subarray(jump + JBE_BYTES, jump + JBE_BYTES + 32);
  const pushes = code[0] === PUSH_RBP;
  const sub = subtracted(pushes ? code.subarray(4) : code);
  if (sub === undefined) return undefined;
  if (pushes) return latin1(code.subarray(0, 4)) === '\x55\x48\x89\xe5' ? sub.bytes + 8 : undefined;
  const [store, lea] = [stackOperand(0x89, 0x6c, sub.bytes - 8), stackOperand(0x8d, 0x6c, sub.bytes - 8)];
  return latin1(code.subarray(sub.length)).startsWith(store + lea) ? sub.bytes : undefined;
}

/** `sub $N,%rsp` */
function subtracted(code: Uint8Array): { readonly bytes: number; readonly length: number } | undefined {
  if (code.length < 7 || code[0] !== 0x48 || code[2] !== 0xec) return undefined;
  if (code[1] === 0x83) return { bytes: code[3] ?? 0, length: 4 };
  return code[1] === 0x81 ? { bytes: int32(code, 3), length: 7 } : undefined;
}

/** `mov %rax,M(%rsp)`, where M is one word above the return address. */
function savesFirstArgument(code: Uint8Array, depth: number): boolean {
  return latin1(code).includes(stackOperand(0x89, 0x44, depth + 8));
}

/** An instruction with a register and a place above the stack pointer. `modrm` is that of a distance of one byte. */
function stackOperand(opcode: number, modrm: number, distance: number): string {
  const isShort = distance < 128;
  const place = Buffer.alloc(isShort ? 1 : 4);
  if (isShort) place.writeInt8(distance);
  else place.writeInt32LE(distance);
  return latin1(Uint8Array.of(0x48, opcode, isShort ? modrm : modrm + 0x40, 0x24, ...place));
}

function refused(reason: string): CodePlace {
  return { kind: 'refused', reason };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
}
