/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Tier "tracepoint", 6.3 and newer: two tracepoints at the end of every send and receive, with the socket and the result.
 * Each has two programs: the kernel runs them in the order in which they were attached, which is the order here. The
 * second ones serve tier "fexit" as well: functions end before these tracepoints tell of it. This tier needs them only
 * where programs on tracepoints can be preempted (native/src/capture.cc).
 */
#pragma once

SEC("tp_btf/sock_send_length")
int BPF_PROG(wt_sock_send, struct sock *sk, int ret, int flags)
{
	FOR_TARGETS(take_sent(sk, ret); note_told(WIRE_SENT));
	return 0;
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(wt_sock_send_again, struct sock *sk, int ret, int flags)
{
	FOR_TARGETS(if (!was_told(WIRE_SENT)) take_sent(sk, ret));
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(wt_sock_recv, struct sock *sk, int ret, int flags)
{
	FOR_TARGETS(take_received(sk, ret, flags); note_told(WIRE_RECEIVED));
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(wt_sock_recv_again, struct sock *sk, int ret, int flags)
{
	FOR_TARGETS(if (!was_told(WIRE_RECEIVED)) take_received(sk, ret, flags));
	return 0;
}
