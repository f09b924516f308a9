/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What the tiers call, of targets only: a send or a receive has ended with this result. */
#pragma once

#ifdef STATE_IN_HASHES
/* A socket is a mere address here. */
VERIFIED_ONCE take_bytes_at(u64 sk, u32 length, u32 direction, u32 readable)
{
	take_bytes((struct sock *)sk, length, direction, readable);
	return 0;
}
#define TAKE_BYTES(sk, length, direction, readable) take_bytes_at((u64)(sk), length, direction, readable)
#else
#define TAKE_BYTES(sk, length, direction, readable) take_bytes(sk, length, direction, readable)
#endif

static __always_inline void take_sent(struct sock *sk, int result)
{
	if (result <= 0)
		end_batch();
	else if (is_stream(sk))
		TAKE_BYTES(sk, result, WIRE_SENT, true);
	else if (is_udp(sk)) {
		NOTE_QUESTION(sk);
		NOTE_QUIC(sk, result);
	} else
		NOTE_OTHER(sk);
}

/* Pages of a file, sent without passing the process's memory. */
static __always_inline void take_pages(struct sock *sk, int result)
{
	if (result > 0 && is_stream(sk))
		TAKE_BYTES(sk, result, WIRE_SENT, false);
}

static __always_inline void take_received(struct sock *sk, int result, int flags)
{
	if (result <= 0) {
		end_batch();
		if (!result)
			NOTE_UNIX_END(sk);
	} else if (!(flags & MSG_ASIDE)) {
		if (is_stream(sk))
			TAKE_BYTES(sk, result, WIRE_RECEIVED, !(flags & MSG_TRUNC));
		else if (is_udp(sk)) {
			if (!(flags & MSG_TRUNC))
				TAKE_ANSWER(sk, result);
		} else
			NOTE_OTHER(sk);
	}
}
