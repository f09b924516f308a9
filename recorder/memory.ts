/** How the memory that a recorder may take is shared out between the places where bytes of a recording wait. */
import { captureDefaults } from '../native/binding';
import { defaultLimits } from './follow/limits';
import { HELD_MOST } from './source/ebpf/bind/bind';

export interface RecorderMemory {
  /** Of the kernel's ring, a power of two. */
  readonly ringBytes: number;
  /** TLS connections that the kernel's part knows at a time. */
  readonly tlsObjects: number;
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
/** Of the kernel's tables and programs, beside the ring, where memory is scarce: counted to the recorder's cgroup, and to no process. */
const kernelBytes = 32 * mebibyte;
/** What is called scarce: the kernel's tables are then smaller. */
const scarceBytes = 512 * mebibyte;
/** A cgroup that allows less may end the recorder under full load. */
export const leastCgroupBytes = leastRssBytes + kernelBytes;

/** In eighths of what is beyond the program; the one that is left is for what is made of bytes on their way to the tape. */
const shares = { ringBytes: 2, queueBytes: 1, unboundBytes: 1, messageBytes: 3, bodyBytes: 1 / 2 } as const;

/** What each of these places takes by itself. */
const most: Omit<RecorderMemory, 'bodyBytes'> = {
  ringBytes: captureDefaults.ringBytes,
  tlsObjects: captureDefaults.tlsObjects,
  queueBytes: captureDefaults.queueBytes,
  unboundBytes: HELD_MOST,
  messageBytes: defaultLimits.totalBytes,
};

/** With more than this a recorder keeps what it would keep without a bound. */
export const plentyRssBytes =
  programBytes +
  8 *
    Math.max(
      most.ringBytes / shares.ringBytes,
      most.queueBytes / shares.queueBytes,
      most.unboundBytes / shares.unboundBytes,
      most.messageBytes / shares.messageBytes,
      defaultLimits.bodyBytes / shares.bodyBytes,
    );

/**
 * The RSS that a recorder in this cgroup may have, at least `leastRssBytes`. `limitBytes` is what `process.constrainedMemory()`
 * says: 0 where it could not be read, and more than any machine has where nothing is limited.
 */
export function rssWithin(limitBytes: number): number {
  return limitBytes === 0 ? Number.POSITIVE_INFINITY : Math.max(leastRssBytes, limitBytes - kernelBytes);
}

/** What the limit of a cgroup means for a recorder: as much as it makes use of, less of it, or so little that full load may end it. */
export function roomWithin(limitBytes: number): 'plenty' | 'enough' | 'too-little' {
  if (rssWithin(limitBytes) >= plentyRssBytes) return 'plenty';
  return limitBytes >= leastCgroupBytes ? 'enough' : 'too-little';
}

/** What fits into `rssBytes`, which is at least `leastRssBytes`; Infinity: as much as is useful. */
export function memoryWithin(rssBytes: number): RecorderMemory {
  const eighth = Math.floor((rssBytes - programBytes) / 8);
  return {
    ringBytes: Math.min(most.ringBytes, 2 ** Math.floor(Math.log2(shares.ringBytes * eighth))),
    tlsObjects: rssBytes < scarceBytes ? most.tlsObjects / 4 : most.tlsObjects,
    queueBytes: Math.min(most.queueBytes, shares.queueBytes * eighth),
    unboundBytes: Math.min(most.unboundBytes, shares.unboundBytes * eighth),
    messageBytes: Math.min(most.messageBytes, shares.messageBytes * eighth),
    bodyBytes: Math.floor(shares.bodyBytes * eighth),
  };
}
