/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Programs can be preempted: uprobes always could, the ends of functions where the kernel is preemptible, tracepoints too
 * in the newest kernels (seen on 7.2). The kernel runs none but uprobes where the same program is running on that CPU
 * already, so whoever comes meanwhile goes unseen; and from 6.13 on a uprobe program that needs 64 bytes of stack gets
 * them from a per-CPU area, which two tasks would share: kernels have panicked of that. So each holds its CPU where the
 * kernel lets it (6.10 and newer).
 */
#pragma once

extern void bpf_preempt_disable(void) __ksym __weak;
extern void bpf_preempt_enable(void) __ksym __weak;

/* Some kernels let nobody call a function that is VERIFIED_ONCE while it holds its CPU: so only where there is a need. */
#ifdef STATE_IN_HASHES
#define CAN_MEET_ANOTHER bpf_core_field_exists(struct bpf_prog_aux, priv_stack_ptr)
#else
#define CAN_MEET_ANOTHER true
#endif

static __always_inline void hold_cpu(void)
{
	if (CAN_MEET_ANOTHER && bpf_preempt_disable)
		bpf_preempt_disable();
}

static __always_inline void release_cpu(void)
{
	if (CAN_MEET_ANOTHER && bpf_preempt_enable)
		bpf_preempt_enable();
}

/* What is done for targets only. Held before anything is asked: who is put aside meanwhile makes the kernel skip others. */
#define FOR_TARGETS(body)                                                                                              \
	do {                                                                                                           \
		hold_cpu();                                                                                            \
		if (is_target(current_tgid())) {                                                                       \
			body;                                                                                          \
		}                                                                                                      \
		release_cpu();                                                                                         \
	} while (0)

/*
 * Others leave at once: a probe by file is everybody's, and the kernel skips no uprobe. The body is inlined, so nothing of it
 * reaches the stack before the CPU is held.
 */
#define GUARDED_UPROBE(name, body)                                                                                     \
	SEC("uprobe")                                                                                                  \
	int name(struct pt_regs *ctx)                                                                                  \
	{                                                                                                              \
		if (!is_marked(current_tgid()))                                                                        \
			return 0;                                                                                      \
		hold_cpu();                                                                                            \
		body;                                                                                                  \
		release_cpu();                                                                                         \
		return 0;                                                                                              \
	}
