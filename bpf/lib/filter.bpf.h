/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Who is recorded. Asked first by every program, and so that other processes pay for hardly more than being asked. */
#pragma once

const volatile struct config_settings settings;

static __always_inline u32 current_tgid(void)
{
	return bpf_get_current_pid_tgid() >> 32;
}

/* False for nearly everybody who is no target. Needs no stack, so that it may be asked before the CPU is held. */
static __always_inline bool is_marked(u32 tgid)
{
	return settings.everybody || target_marks[tgid % TARGET_MARKS];
}

/* Whether a process is recorded, and what is known of it: nothing where everybody is, and nobody named it. */
static __always_inline bool find_target(u32 tgid, struct config_target *found)
{
	*found = (struct config_target){};
	if (!is_marked(tgid) || tgid == settings.self_tgid)
		return false;
	struct config_target *known = bpf_map_lookup_elem(&wt_targets, &tgid);
	if (known)
		*found = *known;
	return known || settings.everybody;
}

static __always_inline bool is_target(u32 tgid)
{
	struct config_target unread;
	return find_target(tgid, &unread);
}

/* Whether a connection is among those that are recorded: by its socket's generation alone, so always the same. */
static __always_inline bool is_sampled(u64 generation)
{
	return !settings.sampled || (u32)((generation * 0xd6e8feb86659fd93ull) >> 32) < settings.sampled;
}

/* Which program of the process is running: counts its execs. */
static __always_inline u32 image_of(u32 tgid)
{
	struct config_target *target = bpf_map_lookup_elem(&wt_targets, &tgid);
	return target ? target->image : 0;
}

static __always_inline struct task_struct *current_task(void)
{
#ifdef STATE_IN_HASHES
	return (struct task_struct *)bpf_get_current_task();
#else
	return bpf_get_current_task_btf();
#endif
}
