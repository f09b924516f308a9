/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Tier "fexit": the ends of the functions that every send and receive goes through, by family of the socket. They sit just
 * below the places of the tracepoints, and have had the same arguments since 5.10. Where there are such tracepoints (6.3
 * and newer), their second programs do what the kernel skipped here.
 */
#pragma once

SEC("fexit/inet_sendmsg")
int BPF_PROG(wt_fx_send4, struct socket *socket, void *message, u64 size, int ret)
{
	FOR_TARGETS(take_sent(READ(socket, sk), ret); note_told(WIRE_SENT));
	return 0;
}

SEC("fexit/inet6_sendmsg")
int BPF_PROG(wt_fx_send6, struct socket *socket, void *message, u64 size, int ret)
{
	FOR_TARGETS(take_sent(READ(socket, sk), ret); note_told(WIRE_SENT));
	return 0;
}

SEC("fexit/inet_recvmsg")
int BPF_PROG(wt_fx_recv4, struct socket *socket, void *message, u64 size, int flags, int ret)
{
	FOR_TARGETS(take_received(READ(socket, sk), ret, flags); note_told(WIRE_RECEIVED));
	return 0;
}

SEC("fexit/inet6_recvmsg")
int BPF_PROG(wt_fx_recv6, struct socket *socket, void *message, u64 size, int flags, int ret)
{
	FOR_TARGETS(take_received(READ(socket, sk), ret, flags); note_told(WIRE_RECEIVED));
	return 0;
}

SEC("fexit/unix_stream_sendmsg")
int BPF_PROG(wt_fx_send_un, struct socket *socket, void *message, u64 size, int ret)
{
	FOR_TARGETS(take_sent(READ(socket, sk), ret); note_told(WIRE_SENT));
	return 0;
}

SEC("fexit/unix_stream_recvmsg")
int BPF_PROG(wt_fx_recv_un, struct socket *socket, void *message, u64 size, int flags, int ret)
{
	FOR_TARGETS(take_received(READ(socket, sk), ret, flags); note_told(WIRE_RECEIVED));
	return 0;
}

/* Before 6.5 sendfile and splice hand pages over here instead; 6.3 and 6.4 have it beside the tracepoints. */
SEC("fexit/inet_sendpage")
int BPF_PROG(wt_fx_page, struct socket *socket, void *page, int offset, u64 size, int flags, int ret)
{
	FOR_TARGETS(take_pages(READ(socket, sk), ret));
	return 0;
}

SEC("fexit/unix_stream_sendpage")
int BPF_PROG(wt_fx_page_un, struct socket *socket, void *page, int offset, u64 size, int flags, int ret)
{
	FOR_TARGETS(take_pages(READ(socket, sk), ret));
	return 0;
}
