/**
 * Finds the unexported function in which two exported ones meet. In the distributions' libssl 3 `SSL_read_ex` is
 * `sub $8,%rsp; call T`, and `SSL_read` calls the same T: one pair of probes on T, which begins with a push, replaces
 * two pairs that would be single-stepped (docs/discoveries/openssl-inner-functions.md). Trusts nothing it has not
 * seen in both functions.
 */
import { int32 } from './instruction';
import { ARGUMENT_REGISTERS, returnPlace, straightLine } from './prologue';

export interface FunctionCode {
  readonly name: string;
  readonly address: number;
  /** The whole function, from its first byte. */
  readonly body: Uint8Array;
}

/** True where both probes at the function's entry would be cheap in every kernel. */
export function isCheapToWatch(code: Uint8Array): boolean {
  return returnPlace(code).emulated === 'always';
}

/**
 * The function that `wrapper` hands its own arguments to: the first call or tail jump, reached in a straight line with
 * the argument registers in `keep` untouched. Its signature, as far as they go, is then the wrapper's.
 */
export function handsOverTo(wrapper: FunctionCode, keep = ARGUMENT_REGISTERS): number | undefined {
  for (const step of straightLine(wrapper.body, keep)) {
    if (step.flow === 'branch') return undefined;
    if ((step.flow !== 'call' && step.flow !== 'jump') || step.target === null) continue;
    const offset = step.at + step.target;
    return offset < 0 || offset >= wrapper.body.length ? wrapper.address + offset : undefined;
  }
  return undefined;
}

/**
 * Addresses outside the function that bytes of it could call or jump to (e8 and e9, with a 32-bit distance). Read at
 * every byte position, so some are chance; a chance equality with an address from elsewhere is what nobody will see.
 */
export function callTargets(code: FunctionCode): readonly number[] {
  return callsOut(code).map(({ target }) => target);
}

interface CallOut {
  /** Bytes from the function's first one. */
  readonly at: number;
  readonly target: number;
}

function callsOut({ address, body }: FunctionCode): readonly CallOut[] {
  const calls: CallOut[] = [];
  for (let at = 0; at + 5 <= body.length; at++) {
    const opcode = body[at];
    if (opcode !== 0xe8 && opcode !== 0xe9) continue;
    const offset = at + 5 + int32(body, at + 1);
    if (offset < 0 || offset >= body.length) calls.push({ at, target: address + offset });
  }
  return calls;
}

/** Instructions with a constant stand no further before the call that they are for. */
const CONSTANTS_WITHIN_BYTES = 64;

/** What the function calls, or jumps to, behind all of these instructions, in whatever order they come. */
export function calledAfter(code: FunctionCode, instructions: readonly (readonly number[])[]): readonly number[] {
  const targets = callsOut(code).flatMap(({ at, target }) => {
    const before = Buffer.from(code.body.subarray(Math.max(0, at - CONSTANTS_WITHIN_BYTES), at));
    return instructions.every((bytes) => before.includes(Buffer.from(bytes))) ? [target] : [];
  });
  return [...new Set(targets)];
}
