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
  /** Those of them whose kernel function or tracepoint only some kernels have. */
  readonly optional: readonly string[];
  /** Those of them that find nothing to do where the kernel runs programs on tracepoints with preemption off. */
  readonly ifPreempted: readonly string[];
  /** Programs that do the work of others where the kernel skipped those: theirs is missed where both were skipped. */
  readonly seconds: readonly SecondProgram[];
}

export interface SecondProgram {
  readonly program: string;
  readonly firsts: readonly string[];
}

const secondSend = 'wt_sock_send_again';
const secondReceive = 'wt_sock_recv_again';

/** State hangs on the kernel's own threads and sockets. */
const STORAGE_OBJECT = 'recorder.bpf.o';
/** State is kept in hashes: for kernels before 5.17, and for programs that get a socket as a mere address. */
const HASH_OBJECT = 'recorder_hash.bpf.o';

/** Requests of io_uring, where the kernel tells of their submission. */
const URING = ['wt_uring_submit', 'wt_uring_complete'];

const tracepoint: Tier = {
  name: 'tracepoint',
  how: 'the tracepoints at the end of every send and receive',
  objects: [STORAGE_OBJECT],
  required: ['wt_sock_send', 'wt_sock_recv'],
  further: [secondSend, secondReceive, 'wt_fx_page', 'wt_fx_page_un', ...URING],
  optional: ['wt_fx_page', 'wt_fx_page_un', ...URING],
  ifPreempted: [secondSend, secondReceive],
  seconds: [
    { program: secondSend, firsts: ['wt_sock_send'] },
    { program: secondReceive, firsts: ['wt_sock_recv'] },
  ],
};

const fexit: Tier = {
  name: 'fexit',
  how: 'the ends of the functions that send and receive',
  objects: [STORAGE_OBJECT, HASH_OBJECT],
  required: ['wt_fx_send4', 'wt_fx_recv4'],
  further: [
    ...['wt_fx_send6', 'wt_fx_recv6', 'wt_fx_send_un', 'wt_fx_recv_un', 'wt_fx_page', 'wt_fx_page_un'],
    ...[secondSend, secondReceive, ...URING],
  ],
  optional: ['wt_fx_page', 'wt_fx_page_un', secondSend, secondReceive, ...URING],
  ifPreempted: [],
  seconds: [
    { program: secondSend, firsts: ['wt_fx_send4', 'wt_fx_send6', 'wt_fx_send_un'] },
    { program: secondReceive, firsts: ['wt_fx_recv4', 'wt_fx_recv6', 'wt_fx_recv_un'] },
  ],
};

const kprobe: Tier = {
  name: 'kprobe',
  how: 'probes at the entry and the return of the same functions',
  objects: [HASH_OBJECT],
  required: ['wt_kp_send4', 'wt_kr_send4', 'wt_kp_recv4', 'wt_kr_recv4'],
  further: [
    ...['wt_kp_send6', 'wt_kr_send6', 'wt_kp_recv6', 'wt_kr_recv6'],
    ...['wt_kp_send_un', 'wt_kr_send_un', 'wt_kp_recv_un', 'wt_kr_recv_un'],
    ...['wt_kp_page', 'wt_kr_page', 'wt_kp_page_un', 'wt_kr_page_un'],
  ],
  optional: ['wt_kp_page', 'wt_kr_page', 'wt_kp_page_un', 'wt_kr_page_un'],
  ifPreempted: [],
  seconds: [],
};

const syscall: Tier = {
  name: 'syscall',
  how: 'the entry and the exit of every system call',
  objects: [HASH_OBJECT],
  required: ['wt_sys_in', 'wt_sys_out'],
  further: ['wt_sys_in_again', 'wt_sys_out_again'],
  optional: [],
  ifPreempted: [],
  seconds: [
    { program: 'wt_sys_in_again', firsts: ['wt_sys_in'] },
    { program: 'wt_sys_out_again', firsts: ['wt_sys_out'] },
  ],
};

export const tiers: readonly Tier[] = [tracepoint, fexit, kprobe, syscall];

/**
 * Events of the kernel that no program was run for, at most: the kernel counts what it skips, not whether it was about a
 * target, and of two programs for one event not whether it skipped them at the same time.
 */
export interface MissedEvents {
  /** Sends and receives. */
  readonly data: number;
  /** Connections that began or ended. */
  readonly connections: number;
  /** Processes that began, were replaced or ended. */
  readonly processes: number;
}

/** `skips`: how often the kernel did not run each of the programs that are loaded. */
export function missedEvents({ seconds }: Tier, skips: Readonly<Record<string, number>>): MissedEvents {
  const missed = { data: 0, connections: 0, processes: 0 };
  for (const [program, times] of Object.entries(skips)) {
    // Bytes of a request that went by untold are a gap of their own.
    if (!URING.includes(program)) missed[kindOf(program)] += times;
  }
  for (const { program, firsts } of seconds) {
    const second = skips[program];
    if (second === undefined) continue;
    const first = firsts.reduce((sum, name) => sum + (skips[name] ?? 0), 0);
    missed.data -= Math.max(first, second);
  }
  return missed;
}

function kindOf(program: string): keyof MissedEvents {
  if (program.startsWith('wt_task_')) return 'processes';
  return program === 'wt_sock_state' || program === 'wt_sock_destroy' ? 'connections' : 'data';
}

/** The programs of the other tiers: an object holds those of several, and only one is to run. */
export function programsOfOthers(tier: Tier): readonly string[] {
  const own = new Set([...tier.required, ...tier.further]);
  const all = tiers.flatMap(({ required, further }) => [...required, ...further]);
  return all.filter((program) => !own.has(program));
}
