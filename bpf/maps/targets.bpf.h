/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The processes that are recorded (by tgid), seeded from user space and inherited at fork. */
#pragma once

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
#ifndef STATE_IN_HASHES
	__uint(map_flags, BPF_F_NO_PREALLOC); /* there are few; before 6.1 see wt_seals */
#endif
	__uint(max_entries, 65536);
	__type(key, u32);
	__type(value, struct config_target);
} wt_targets SEC(".maps");

/* Who is asked about most is no target, and costs less to know by this than by a look-up. native/ maps it. */
u8 target_marks[TARGET_MARKS] SEC(".data.marks");

/* Spreads socket and TLS generations; never 0. */
static u64 last_generation;

#ifdef STATE_IN_HASHES
/*
 * Before 5.12 an atomic addition does not return what was there. Two threads may read the same number after theirs, so
 * the thread's own (22 bits at most, as the kernel limits it) makes the difference.
 */
static __always_inline u64 next_generation(void)
{
	__sync_fetch_and_add(&last_generation, 1);
	return (*(volatile u64 *)&last_generation << 22) | (u32)bpf_get_current_pid_tgid();
}

/* No later one is lower. */
static __always_inline u64 generations_so_far(void)
{
	return *(volatile u64 *)&last_generation << 22 | 0x3fffff;
}
#else
static __always_inline u64 next_generation(void)
{
	return __sync_fetch_and_add(&last_generation, 1) + 1;
}

/* No later one is lower. */
static __always_inline u64 generations_so_far(void)
{
	return *(volatile u64 *)&last_generation;
}
#endif
