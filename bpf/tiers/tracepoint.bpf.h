/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Tier "tracepoint", 6.3 and newer: two tracepoints at the end of every send and receive, with the socket and the result. */
#pragma once

SEC("tp_btf/sock_send_length")
int BPF_PROG(wt_sock_send, struct sock *sk, int ret, int flags)
{
	hold_cpu();
	take_sent(sk, ret);
	release_cpu();
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(wt_sock_recv, struct sock *sk, int ret, int flags)
{
	hold_cpu();
	take_received(sk, ret, flags);
	release_cpu();
	return 0;
}
