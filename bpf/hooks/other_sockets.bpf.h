/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Kinds of sockets whose bytes nobody reads. That bytes moved on one is told, once a socket, so that a recording does not look
 * whole which has seen the half. Asked only of sockets that are none of those that are read.
 */
#pragma once

#define AF_UNSPEC 0
#define AF_KEY 15
#define AF_NETLINK 16
#define AF_PACKET 17
#define AF_ALG 38
#define AF_VSOCK 40
/* VMADDR_CID_ANY */
#define VSOCK_NOBODY 0xffffffff
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_SEQPACKET 5

/* Datagrams of the usual families, packets that are looked at, and what talks to the kernel itself are none. */
static __always_inline bool is_other(struct sock *sk)
{
	u16 family = READ(sk, __sk_common.skc_family);
	u16 type = READ(sk, sk_type);
	if (family == AF_INET || family == AF_INET6)
		return type != SOCK_DGRAM && type != SOCK_RAW && READ(sk, sk_protocol) != IPPROTO_TCP;
	if (family == AF_UNIX)
		return type == SOCK_SEQPACKET;
	return family != AF_UNSPEC && family != AF_KEY && family != AF_NETLINK && family != AF_PACKET && family != AF_ALG;
}

static __always_inline bool send_other(struct sock *sk)
{
	struct vsock_sock *vsock = (struct vsock_sock *)sk;
	struct wire_other *event = reserve_small(sizeof(*event));
	if (!event)
		return false;
	fill_header(&event->header, WIRE_OTHER_SOCKET, current_tgid());
	event->family = READ(sk, __sk_common.skc_family);
	event->protocol = READ(sk, sk_protocol);
	event->cid = VSOCK_NOBODY;
	event->port = 0;
	event->padding = 0;
	if (event->family == AF_VSOCK && bpf_core_field_exists(vsock->remote_addr)) {
		event->cid = BPF_CORE_READ(vsock, remote_addr.svm_cid);
		event->port = BPF_CORE_READ(vsock, remote_addr.svm_port);
	}
	submit(event);
	return true;
}

static __always_inline void note_other(struct sock *sk)
{
	struct socket_state *state = is_other(sk) ? socket_storage(sk, true) : 0;
	if (state && !(state->flags & SOCKET_OTHER) && send_other(sk))
		state->flags |= SOCKET_OTHER;
}

#ifdef STATE_IN_HASHES
/* By itself, as there is little room on the stack of who asks. */
VERIFIED_ONCE note_other_on(u64 sk)
{
	note_other((struct sock *)sk);
	return 0;
}
#define NOTE_OTHER(sk) note_other_on((u64)(sk))
#else
#define NOTE_OTHER(sk) note_other(sk)
#endif
