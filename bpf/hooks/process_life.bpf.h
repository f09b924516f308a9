/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Targets beget targets: a child is one from its first instruction. User space hears of it, to place its probes. */
#pragma once

static __always_inline void send_process(u8 type, struct task_struct *task, u32 other)
{
	struct wire_process *event = reserve_small(sizeof(*event));
	if (!event)
		return;
	fill_header(&event->header, type, READ(task, tgid));
	event->other = other;
	event->padding = 0;
	bpf_probe_read_kernel_str(event->name, sizeof(event->name), task->comm);
	bpf_ringbuf_submit(event, BPF_RB_FORCE_WAKEUP);
}

static __always_inline void begin_task(struct task_struct *task, u64 clone_flags)
{
	u32 parent = current_tgid();
	if (clone_flags & CLONE_THREAD || !is_target(parent))
		return;
	u32 child = task->tgid;
	struct config_target target = {
		.parent = parent,
		.image = image_of(parent),
		.generations = generations_so_far(),
	};
	target_marks[child % TARGET_MARKS] = 1;
	if (bpf_map_update_elem(&wt_targets, &child, &target, BPF_ANY))
		count(COUNT_STATE_FULL, 1);
	if (!settings.everybody)
		send_process(WIRE_FORK, current_task(), child);
}

SEC("tp_btf/task_newtask")
int BPF_PROG(wt_task_new, struct task_struct *task, u64 clone_flags)
{
	hold_cpu();
	begin_task(task, clone_flags);
	release_cpu();
	return 0;
}

/* What the old program held at some address is gone: the TLS objects of the new one are others. */
static __always_inline void begin_image(u32 tgid)
{
	struct config_target *known = bpf_map_lookup_elem(&wt_targets, &tgid);
	struct config_target target = { .parent = 0, .image = known ? known->image + 1 : 1 };
	bpf_map_update_elem(&wt_targets, &tgid, &target, BPF_ANY);
}

static __always_inline void begin_program(struct task_struct *task)
{
	u32 tgid = task->tgid;
	bool target = is_target(tgid);
	if (target)
		begin_image(tgid);
	if (target || (settings.watch_processes && tgid != settings.self_tgid))
		send_process(WIRE_EXEC, task, 0);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(wt_task_exec, struct task_struct *task)
{
	hold_cpu();
	begin_program(task);
	release_cpu();
	return 0;
}

static __always_inline void end_task(struct task_struct *task)
{
	u32 tgid = task->tgid;
	forget_thread(task->pid);
	if (task->signal->live.counter != 0 || !is_target(tgid))
		return;
	bpf_map_delete_elem(&wt_targets, &tgid);
	send_process(WIRE_EXIT, task, 0);
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(wt_task_exit, struct task_struct *task)
{
	hold_cpu();
	end_task(task);
	release_cpu();
	return 0;
}
