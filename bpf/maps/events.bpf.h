/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The one way out: a ring shared by all CPUs, in order of reservation. native/ sets its size before load. */
#pragma once

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 << 20);
} wt_events SEC(".maps");

/* A page of its own, which the reader maps. */
volatile struct config_reader reader SEC(".data.reader");

/* How much went out and how much could not, a set a CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, COUNT_SIZE);
	__type(key, u32);
	__type(value, u64);
} wt_counters SEC(".maps");

static __always_inline void count(u32 which, u64 by)
{
	u64 *slot = bpf_map_lookup_elem(&wt_counters, &which);
	/* Atomic: a preemptible uprobe program may meet another on this CPU. */
	if (slot)
		__sync_fetch_and_add(slot, by);
}
