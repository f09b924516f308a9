/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* The processes that are recorded (by tgid), seeded from user space and inherited at fork. */
#pragma once

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, u32);
	__type(value, struct config_target);
} wt_targets SEC(".maps");

/* Spreads socket and TLS generations; never 0. */
static u64 last_generation;

static __always_inline u64 next_generation(void)
{
	return __sync_fetch_and_add(&last_generation, 1) + 1;
}
