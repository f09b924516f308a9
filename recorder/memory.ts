/** How the memory that a recorder may take is shared out between the places where bytes of a recording wait. */
import { captureDefaults } from '../native/binding';
import { defaultLimits } from './follow/limits';
import { HELD_MOST } from './source/ebpf/bind/bind';

export interface RecorderMemory {
  /** Of the kernel's ring, a power of two. */
  readonly ringBytes: number;
  /** For what was drained and is not parsed yet. */
  readonly queueBytes: number;
  /** For TLS plaintext whose socket is not known yet. */
  readonly unboundBytes: number;
  /** For messages that are not whole, of all connections. */
  readonly messageBytes: number;
  /** Kept of one body: while it is redacted and written there are several copies of it. */
  readonly bodyBytes: number;
}

const mebibyte = 1 << 20;
/** Node.js, the code, and V8's heap under full load. */
const programBytes = 208 * mebibyte;
/** What is beyond the program makes a ring of 4 MiB, and a quarter of that for a body. */
export const leastRssBytes = programBytes + 16 * mebibyte;

/** What each of these places takes by itself. */
const most: RecorderMemory = {
  ringBytes: captureDefaults.ringBytes,
  queueBytes: captureDefaults.queueBytes,
  unboundBytes: HELD_MOST,
  messageBytes: defaultLimits.totalBytes,
  bodyBytes: Number.POSITIVE_INFINITY,
};

/**
 * What fits into `rssBytes`, which is at least `leastRssBytes`; null: as much as is useful. An eighth is for what is made of
 * bytes on their way to the tape.
 */
export function memoryWithin(rssBytes: number | null): RecorderMemory {
  if (rssBytes === null) return most;
  const eighth = Math.floor((rssBytes - programBytes) / 8);
  return {
    ringBytes: Math.min(most.ringBytes, 2 ** Math.floor(Math.log2(2 * eighth))),
    queueBytes: Math.min(most.queueBytes, eighth),
    unboundBytes: Math.min(most.unboundBytes, eighth),
    messageBytes: Math.min(most.messageBytes, 3 * eighth),
    bodyBytes: Math.floor(eighth / 2),
  };
}
