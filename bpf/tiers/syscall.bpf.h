/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Tier "syscall", for kernels that let BPF see no function of theirs: the entry and the exit of every system call. The
 * socket is found through the thread's table of descriptors, at the entry and again at the exit: where another thread
 * closed the descriptor meanwhile, the bytes are counted and not read. What no system call of the target moves itself
 * (io_uring) is not seen.
 */
#pragma once

#define BATCH_MOST 64

struct socket_call {
	s32 fd;
	u8 direction;
	u8 readable;
	u16 padding;
	u32 flags;
};

static __always_inline void as_send(struct socket_call *call, u64 fd)
{
	call->fd = fd;
	call->direction = WIRE_SENT;
	call->readable = true;
}

static __always_inline void as_receive(struct socket_call *call, u64 fd, u64 flags)
{
	call->fd = fd;
	call->flags = flags;
	call->direction = WIRE_RECEIVED;
	call->readable = !(flags & MSG_TRUNC);
}

/* What a system call does with a descriptor; false for those that move no bytes of sockets. */
static __always_inline bool describe_call(struct socket_call *call, struct pt_regs *regs, u64 number)
{
	u64 first = CALL_FIRST(regs);
	call->flags = 0;
	switch (number) {
	case CALL_WRITE:
	case CALL_WRITEV:
	case CALL_PWRITEV2:
	case CALL_SENDTO:
	case CALL_SENDMSG:
		as_send(call, first);
		return true;
	case CALL_SENDMMSG:
		as_send(call, first);
		return true;
	case CALL_SENDFILE:
		as_send(call, first);
		call->readable = false;
		return true;
	case CALL_SPLICE: /* into the socket; out of one, the next receive or the end tells */
		as_send(call, CALL_THIRD(regs));
		call->readable = false;
		return true;
	case CALL_READ:
	case CALL_READV:
	case CALL_PREADV2:
		as_receive(call, first, 0);
		return true;
	case CALL_RECVFROM:
		as_receive(call, first, CALL_FOURTH(regs));
		return true;
	case CALL_RECVMSG:
		as_receive(call, first, CALL_THIRD(regs));
		return true;
	case CALL_RECVMMSG:
		as_receive(call, first, CALL_FOURTH(regs));
		return true;
	}
	return false;
}

static __always_inline struct sock *socket_told_of(s32 fd)
{
	struct task_struct *task = current_task();
	struct files_struct *files = READ(task, files);
	struct fdtable *table = READ(files, fdt);
	struct file *file = 0;
	if ((u32)fd >= READ(table, max_fds))
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), READ(table, fd) + fd);
	struct sock *sk = file ? sock_of(file) : 0;
	return sk && (is_stream(sk) || is_udp(sk) || is_other(sk)) ? sk : 0;
}

/* Bytes that moved on a socket which may be gone: only their count is certain. The hole shows in their stream. */
static __always_inline void skip_bytes(u64 address, u32 length, u8 direction)
{
	struct keyed_socket *found = bpf_map_lookup_elem(&wt_sockets, &address);
	if (found)
		take_range(direction == WIRE_SENT ? &found->state.sent : &found->state.received, length);
}

static __always_inline void take_call(struct sock *sk, struct socket_call *call, u32 length)
{
	if (!length && call->direction == WIRE_RECEIVED)
		NOTE_UNIX_END(sk);
	if (!length || call->flags & MSG_ASIDE)
		return;
	if (is_stream(sk))
		TAKE_BYTES(sk, length, call->direction, call->readable);
	else if (!is_udp(sk))
		NOTE_OTHER(sk);
	else if (call->direction == WIRE_SENT) {
		NOTE_QUESTION(sk);
		NOTE_QUIC(sk, length);
	} else if (call->readable)
		TAKE_ANSWER(sk, length);
}

static __always_inline u32 length_of_message(u64 messages, u32 index)
{
	u32 length = 0;
	bpf_probe_read_user(&length, sizeof(length), (void *)(messages + index * MMSGHDR_SIZE + MMSGHDR_LEN));
	return length;
}

/*
 * sendmmsg and recvmmsg return how many messages; the length of each is in the array. Without a function of its own, as
 * take_bytes_at and what it calls leave no room on the stack for one.
 */
static __always_inline void take_messages(u64 sk, struct pt_regs *regs, u32 moved, u8 direction)
{
	u64 messages = CALL_SECOND(regs);
	struct thread_state *thread = thread_of_current(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread)
		return;
	thread->batch_ahead = 0;
	for (u32 i = 0; i < BATCH_MOST && i < moved; i++)
		thread->batch_ahead += length_of_message(messages, i);
	for (u32 i = 0; i < BATCH_MOST && i < moved; i++) {
		u32 length = length_of_message(messages, i);
		thread->batch = messages;
		thread->batch_next = i;
		thread->batch_count = CALL_THIRD(regs);
		thread->batch_ahead -= length;
		if (length)
			take_bytes_at(sk, length, direction, true);
	}
	thread->batch_ahead = 0;
}

static __always_inline void leave_batch(struct pt_regs *regs, u32 moved, u8 direction)
{
	struct open_call noted;
	if (!end_noted_call(&noted))
		return;
	/* Where another thread closed the descriptor meanwhile, the next call or the end shows that bytes are missing. */
	struct sock *sk = socket_told_of(CALL_FIRST(regs));
	if ((u64)sk == noted.sk && is_stream(sk))
		take_messages(noted.sk, regs, moved, direction);
}

static __always_inline void enter_call(struct pt_regs *regs, u64 number)
{
	struct socket_call call;
	if (!IS_CALL_OF_64_BITS(regs) || !describe_call(&call, regs, number))
		return;
	struct sock *sk = socket_told_of(call.fd);
	if (sk)
		note_call(sk, 0);
}

/*
 * Each of the two runs for every system call of everybody, so it happens that a thread is put aside in the first
 * instructions of one, and the kernel skips it for all others on that CPU until the thread goes on (lib/guard.bpf.h). So
 * each is there twice: noting a call a second time changes nothing, and the first exit that finds the note takes it.
 */
SEC("tp_btf/sys_enter")
int BPF_PROG(wt_sys_in, struct pt_regs *regs, long number)
{
	FOR_TARGETS(enter_call(regs, number));
	return 0;
}

SEC("tp_btf/sys_enter")
int BPF_PROG(wt_sys_in_again, struct pt_regs *regs, long number)
{
	FOR_TARGETS(enter_call(regs, number));
	return 0;
}

static __always_inline void leave_other_call(struct pt_regs *regs, long result)
{
	struct open_call noted;
	struct socket_call call;
	if (!end_noted_call(&noted) || result < 0 || !describe_call(&call, regs, CALL_NUMBER(regs)))
		return;
	struct sock *sk = socket_told_of(call.fd);
	if ((u64)sk == noted.sk)
		take_call(sk, &call, result);
	else if (!(call.flags & MSG_ASIDE))
		skip_bytes(noted.sk, result, call.direction);
}

static __always_inline void leave_call(struct pt_regs *regs, long result)
{
	u64 number = CALL_NUMBER(regs);
	u64 flags = CALL_FOURTH(regs);
	if (number == CALL_SENDMMSG)
		leave_batch(regs, result < 0 ? 0 : result, WIRE_SENT);
	else if (number == CALL_RECVMMSG)
		leave_batch(regs, result < 0 || flags & (MSG_ASIDE | MSG_TRUNC) ? 0 : result, WIRE_RECEIVED);
	else
		leave_other_call(regs, result);
}

SEC("tp_btf/sys_exit")
int BPF_PROG(wt_sys_out, struct pt_regs *regs, long ret)
{
	FOR_TARGETS(leave_call(regs, ret));
	return 0;
}

SEC("tp_btf/sys_exit")
int BPF_PROG(wt_sys_out_again, struct pt_regs *regs, long ret)
{
	FOR_TARGETS(leave_call(regs, ret));
	return 0;
}
