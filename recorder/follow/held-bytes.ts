/**
 * Bytes that are kept for a while: events lend theirs. What was kept is let go of when it has been passed on, not when it is
 * collected as garbage: large arrays are outside of V8's heap, and little on it makes V8 look for them.
 */

/** From this size on an array that waits to be collected costs more than letting go of it. */
const largeBytes = 4096;

export function hold(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

/** Nobody may look at them afterwards: they are empty. Only what has its memory to itself is let go of. */
export function letGo({ buffer, byteLength }: Uint8Array): void {
  if (byteLength >= largeBytes && byteLength === buffer.byteLength && 'transfer' in buffer) buffer.transfer(0);
}
