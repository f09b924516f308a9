/**
 * Chooses where in a function's first instructions a probe sits: at one the kernel emulates, as one that it must
 * single-step costs 13 to 35 times as much (docs/discoveries/probe-places.md). Knows no library and no file.
 *
 * Two kinds of place, told apart by their types. An entry probe may move down the straight line as long as the
 * argument registers still hold what the caller put there. A return probe may not: the kernel swaps the word at the
 * top of the stack, which is the return address only until the first push or sub; moved behind a push it killed its
 * target. `ReturnPlace` can therefore be made only here, by `returnPlace`, which goes past nothing but endbr64 and nops.
 */
import { decode, type Instruction, int32 } from './instruction';

export interface Place {
  /** Bytes from the function's first one. */
  readonly offset: number;
  /** What a hit costs: emulated in every kernel, in recent ones, or single-stepped. */
  readonly emulated: Instruction['emulated'];
  readonly why: string;
}

declare const returnable: unique symbol;
/** A place where the return address is at the top of the stack. Good for entry probes too. */
export interface ReturnPlace extends Place {
  readonly [returnable]: true;
}

/** rdi, rsi, rdx: the first three integer arguments (System V x86-64 ABI, 3.2.3). */
export const THREE_ARGUMENT_REGISTERS = (1 << 7) | (1 << 6) | (1 << 2);
/** The first five: rcx and r8 too. */
export const ARGUMENT_REGISTERS = THREE_ARGUMENT_REGISTERS | (1 << 1) | (1 << 8);
/** Prologues are short; what lies further down is the function's work. */
const STRAIGHT_LINE_BYTES = 96;

export interface Step extends Instruction {
  readonly at: number;
}

/**
 * The instructions that run on every call, in order, as long as the registers in `keep` hold what the caller put
 * there: the one that first writes such a register is the last, as is any that does not simply go on to the next.
 */
export function* straightLine(code: Uint8Array, keep: number): Generator<Step> {
  for (let at = 0; at < STRAIGHT_LINE_BYTES; ) {
    const instruction = decode(code, at);
    if (instruction === undefined) return;
    yield { ...instruction, at };
    if (instruction.flow !== 'next' || (instruction.writes & keep) !== 0) return;
    at += instruction.length;
  }
}

/**
 * Where a return probe sits, and an entry probe that comes with one: the two share one trap there, so moving the
 * entry probe alone would cost more, not less.
 */
export function returnPlace(code: Uint8Array): ReturnPlace {
  let recent: Step | undefined;
  for (const step of straightLine(code, ARGUMENT_REGISTERS)) {
    if (step.emulated === 'always' && step.flow !== 'call') return asReturnable(placeAt(step));
    if (step.emulated === 'recent') recent ??= step;
    if (step.what !== 'endbr64' && step.what !== 'nop') break;
  }
  return asReturnable(recent === undefined ? ENTRY : placeAt(recent));
}

/**
 * Where an entry probe without a return probe sits: the first emulated instruction of the straight line, else the
 * true entry. Calls are passed by although the kernel emulates them: an emulated call pushes no address on a shadow
 * stack, so in a process that has one the return would kill it. `body` is the whole function, as far as it is known.
 */
export function entryPlace(body: Uint8Array): Place {
  let recent: Step | undefined;
  let moved = false;
  for (const step of straightLine(body, ARGUMENT_REGISTERS)) {
    if (step.flow === 'call') break;
    if (step.emulated === 'always') return jumpsInto(body, step.at) ? ENTRY : placeAt(step);
    // A probe on a long nop may become a call that writes below the stack pointer, where leaf code keeps its variables.
    if (step.emulated === 'recent' && !moved) recent ??= step;
    moved ||= step.what === 'other';
  }
  return recent === undefined || jumpsInto(body, recent.at) ? ENTRY : placeAt(recent);
}

const ENTRY: Place = { offset: 0, emulated: 'no', why: 'at the entry, single-stepped' };

function placeAt(step: Step): Place {
  const where = step.at === 0 ? 'at the entry' : `at +${step.at}`;
  const what = step.what === 'other' ? step.flow : step.what;
  return { offset: step.at, emulated: step.emulated, why: `${where}, on an emulated ${what}` };
}

function asReturnable(place: Place): ReturnPlace {
  return place as ReturnPlace; // the brand exists for the type checker only
}

/**
 * True where some byte of the function could begin a jump to a place behind its entry, at or before `offset`: then the
 * place might run more than once a call, with other registers. Bytes are taken at every position, so the answer may
 * be a needless yes; never a wrong no.
 */
function jumpsInto(body: Uint8Array, offset: number): boolean {
  if (offset === 0) return false;
  const inside = (target: number) => target > 0 && target <= offset;
  for (let at = 0; at < body.length; at++) {
    const opcode = body[at] ?? 0;
    if ((opcode === 0xeb || (opcode & 0xf0) === 0x70) && inside(at + 2 + (((body[at + 1] ?? 0) << 24) >> 24)))
      return true;
    const near = opcode === 0xe9 ? 1 : opcode === 0x0f && ((body[at + 1] ?? 0) & 0xf0) === 0x80 ? 2 : 0;
    if (near > 0 && inside(at + near + 4 + int32(body, at + near))) return true;
  }
  return false;
}
