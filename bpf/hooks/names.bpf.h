/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What DNS servers tell by UDP: of all datagrams only those that a socket receives which is connected to their port, or
 * on which this thread has just sent to it (the resolver of musl connects none). User space reads names out of them.
 */
#pragma once

#define DNS_PORT 53
/* sockaddr_in and sockaddr_in6 have the port at the same place. */
#define SOCKADDR_PORT 2

static __always_inline bool is_udp(struct sock *sk)
{
	u16 family = READ(sk, __sk_common.skc_family);
	return READ(sk, sk_protocol) == IPPROTO_UDP && (family == AF_INET || family == AF_INET6);
}

static __always_inline u16 peer_port(struct sock *sk)
{
	return __builtin_bswap16(READ(sk, __sk_common.skc_dport));
}

/* Where the call under way says to whom; 0 where it does not. */
static __always_inline u64 address_of_call(struct pt_regs *regs)
{
	u64 call = CALL_NUMBER(regs);
	u64 address = CALL_FIFTH(regs);
	if (call == CALL_SENDMSG && bpf_probe_read_user(&address, sizeof(address), (void *)CALL_SECOND(regs)))
		return 0;
	return call == CALL_SENDTO || call == CALL_SENDMSG ? address : 0;
}

/* A socket that is connected to nobody: whether this went to a DNS server. */
static __always_inline void note_question(struct sock *sk)
{
	u16 port = 0;
	if (peer_port(sk))
		return;
	u64 address = address_of_call(call_registers(current_task()));
	if (!address || bpf_probe_read_user(&port, sizeof(port), (void *)(address + SOCKADDR_PORT)))
		return;
	if (__builtin_bswap16(port) != DNS_PORT)
		return;
	struct thread_state *thread = thread_of_current(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (thread)
		thread->asked = (u64)sk;
}

static __always_inline void take_answer(struct sock *sk, u32 length)
{
	u16 port = peer_port(sk);
	if (port && port != DNS_PORT)
		return;
	struct thread_state *thread = thread_of_current(port ? BPF_LOCAL_STORAGE_GET_F_CREATE : 0);
	if (!thread || (!port && thread->asked != (u64)sk))
		return;
	if (!locate(thread, call_registers(current_task()), length))
		return;
	struct copy_cursor *cursor = &thread->cursor;
	if (!cursor->segment_left && !next_segment(cursor))
		return;
	/* What lies in several pieces of memory is no answer that a resolver receives. */
	if (length > cursor->segment_left)
		return;
	fill_header(&cursor->header, WIRE_ANSWER, current_tgid());
	send_chunk(cursor, clamp(length, CHUNK_MOST));
}

#ifdef STATE_IN_HASHES
/* By themselves, as there is little room on the stack of who asks. */
VERIFIED_ONCE note_question_on(u64 sk)
{
	note_question((struct sock *)sk);
	return 0;
}

VERIFIED_ONCE take_answer_on(u64 sk, u32 length)
{
	take_answer((struct sock *)sk, length);
	return 0;
}
#define NOTE_QUESTION(sk) note_question_on((u64)(sk))
#define TAKE_ANSWER(sk, length) take_answer_on((u64)(sk), length)
#else
#define NOTE_QUESTION(sk) note_question(sk)
#define TAKE_ANSWER(sk, length) take_answer(sk, length)
#endif
