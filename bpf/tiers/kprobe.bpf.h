/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Tier "kprobe": the same functions as tier "fexit", for kernels that cannot attach BPF to the end of a function. A probe
 * at the entry notes the socket, one at the return has the result. The kernel keeps a limited number of returns under way
 * (10, or two a CPU where that is more); a return beyond it is missed, and its bytes are a gap.
 */
#pragma once

struct open_call {
	u64 sk;
	u32 flags;
	u32 padding;
};

/* By thread: functions of sockets do not nest. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 32768);
	__type(key, u32);
	__type(value, struct open_call);
} wt_calls SEC(".maps");

static __always_inline void note_call(struct sock *sk, u32 flags)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct open_call call = { .sk = (u64)sk, .flags = flags };
	if (bpf_map_update_elem(&wt_calls, &tid, &call, BPF_ANY))
		count(COUNT_STATE_FULL, 1);
}

/* The call this thread is in; it is none any more. */
static __always_inline bool end_noted_call(struct open_call *ended)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct open_call *call = bpf_map_lookup_elem(&wt_calls, &tid);
	if (!call)
		return false;
	*ended = *call;
	bpf_map_delete_elem(&wt_calls, &tid);
	return true;
}

static __always_inline void enter_socket(struct socket *socket, u32 flags)
{
	if (is_target(current_tgid()))
		note_call(READ(socket, sk), flags);
}

static __always_inline void leave_send(int result)
{
	struct open_call call;
	if (end_noted_call(&call) && is_target(current_tgid()))
		take_sent((struct sock *)call.sk, result);
}

static __always_inline void leave_receive(int result)
{
	struct open_call call;
	if (end_noted_call(&call) && is_target(current_tgid()))
		take_received((struct sock *)call.sk, result, call.flags);
}

static __always_inline void leave_page(int result)
{
	struct open_call call;
	if (end_noted_call(&call) && is_target(current_tgid()))
		take_pages((struct sock *)call.sk, result);
}

SEC("kprobe/inet_sendmsg")
int BPF_KPROBE(wt_kp_send4, struct socket *socket)
{
	enter_socket(socket, 0);
	return 0;
}

SEC("kretprobe/inet_sendmsg")
int BPF_KRETPROBE(wt_kr_send4, int ret)
{
	leave_send(ret);
	return 0;
}

SEC("kprobe/inet6_sendmsg")
int BPF_KPROBE(wt_kp_send6, struct socket *socket)
{
	enter_socket(socket, 0);
	return 0;
}

SEC("kretprobe/inet6_sendmsg")
int BPF_KRETPROBE(wt_kr_send6, int ret)
{
	leave_send(ret);
	return 0;
}

SEC("kprobe/inet_recvmsg")
int BPF_KPROBE(wt_kp_recv4, struct socket *socket, void *message, u64 size, int flags)
{
	enter_socket(socket, flags);
	return 0;
}

SEC("kretprobe/inet_recvmsg")
int BPF_KRETPROBE(wt_kr_recv4, int ret)
{
	leave_receive(ret);
	return 0;
}

SEC("kprobe/inet6_recvmsg")
int BPF_KPROBE(wt_kp_recv6, struct socket *socket, void *message, u64 size, int flags)
{
	enter_socket(socket, flags);
	return 0;
}

SEC("kretprobe/inet6_recvmsg")
int BPF_KRETPROBE(wt_kr_recv6, int ret)
{
	leave_receive(ret);
	return 0;
}

SEC("kprobe/inet_sendpage")
int BPF_KPROBE(wt_kp_page, struct socket *socket)
{
	enter_socket(socket, 0);
	return 0;
}

SEC("kretprobe/inet_sendpage")
int BPF_KRETPROBE(wt_kr_page, int ret)
{
	leave_page(ret);
	return 0;
}

SEC("kprobe/unix_stream_sendmsg")
int BPF_KPROBE(wt_kp_send_un, struct socket *socket)
{
	enter_socket(socket, 0);
	return 0;
}

SEC("kretprobe/unix_stream_sendmsg")
int BPF_KRETPROBE(wt_kr_send_un, int ret)
{
	leave_send(ret);
	return 0;
}

SEC("kprobe/unix_stream_recvmsg")
int BPF_KPROBE(wt_kp_recv_un, struct socket *socket, void *message, u64 size, int flags)
{
	enter_socket(socket, flags);
	return 0;
}

SEC("kretprobe/unix_stream_recvmsg")
int BPF_KRETPROBE(wt_kr_recv_un, int ret)
{
	leave_receive(ret);
	return 0;
}

SEC("kprobe/unix_stream_sendpage")
int BPF_KPROBE(wt_kp_page_un, struct socket *socket)
{
	enter_socket(socket, 0);
	return 0;
}

SEC("kretprobe/unix_stream_sendpage")
int BPF_KRETPROBE(wt_kr_page_un, int ret)
{
	leave_page(ret);
	return 0;
}
