/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Plaintext on its way out, whichever library it came from: its place in the stream, then its bytes. */
#pragma once

static __always_inline struct copy_cursor *begin_plaintext(struct thread_state *thread, struct tls_state *tls, u32 tgid,
							   u8 direction, u64 length)
{
	struct copy_cursor *cursor = &thread->cursor;
	fill_header(&cursor->header, WIRE_DATA, tgid);
	cursor->header.direction = direction;
	cursor->header.layer = WIRE_TLS;
	cursor->header.role = tls->library;
	cursor->header.tls = tls->generation;
	cursor->header.socket = tls->socket;
	cursor->header.position = take_range(direction == WIRE_SENT ? &tls->sent : &tls->received, length);
	return cursor;
}

static __always_inline bool is_unsampled_stream(struct tls_state *tls)
{
	return tls->socket && !is_sampled(tls->socket);
}

/* Also that of connections that are not recorded, once their socket is known. Who speaks first is the client, as far as it was seen. */
static __always_inline bool leaves_out_plaintext(struct copy_cursor *cursor, struct tls_state *tls, u64 length)
{
	u8 direction = cursor->header.direction;
	if (is_unsampled_stream(tls))
		return true;
	if (!tls->turns.client)
		tls->turns.client = 1 + direction;
	return leaves_out(cursor, &tls->turns, tls->generation, direction == WIRE_SENT ? tls->received : tls->sent, length);
}

static __always_inline void copy_plaintext(struct copy_cursor *cursor, u64 from, u64 length)
{
	cursor->from = from;
	cursor->segment_left = length;
	cursor->segment_count = 0;
	cursor->left = length;
	copy_call(cursor);
}
