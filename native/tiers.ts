/**
 * The capture tiers: ways to learn of a socket's bytes that fill the same events, best first. Only data; which of them
 * a kernel takes is found by loading and attaching (binding.ts). A further tier is a further entry, and its programs
 * in bpf/tiers.
 */

export interface Tier {
  readonly name: string;
  /** In one phrase, for people. */
  readonly how: string;
  /** The BPF objects that hold it, best first: they differ in how state is kept, not in what is told. */
  readonly objects: readonly string[];
  /** Programs of its own without which it sees nothing. */
  readonly required: readonly string[];
  /** Further programs of its own. */
  readonly further: readonly string[];
  /** Those of them whose kernel function only some kernels have. */
  readonly optional: readonly string[];
}

/** State hangs on the kernel's own objects: 5.17 and newer. */
const STORAGE_OBJECT = 'recorder.bpf.o';

export const tiers: readonly Tier[] = [
  {
    name: 'tracepoint',
    how: 'the tracepoints at the end of every send and receive',
    objects: [STORAGE_OBJECT],
    required: ['wt_sock_send', 'wt_sock_recv'],
    further: [],
    optional: [],
  },
];

/** The programs of the other tiers: an object holds those of several, and only one is to run. */
export function programsOfOthers(tier: Tier): readonly string[] {
  return tiers.filter((other) => other !== tier).flatMap(({ required, further }) => [...required, ...further]);
}
