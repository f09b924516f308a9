/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * While the reader is behind, some connections are left out, rather than a part of every one of them lost: from a moment
 * at which the client begins to speak until another such one. Of requests and answers that take turns none is damaged
 * so. What was left out is told as a gap, and counted as it passes.
 */
#pragma once

/* The further behind, the more of them; the same ones each time. */
static __always_inline bool must_leave(u64 generation)
{
	u64 unread = bpf_ringbuf_query(&wt_events, BPF_RB_AVAIL_DATA);
	u64 share = (generation * 0x9e3779b97f4a7c15ull) >> 56;
	if (unread <= settings.behind_bytes)
		return false;
	return (unread - settings.behind_bytes) * 512 >= share * settings.behind_bytes;
}

static __always_inline bool may_return(void)
{
	return bpf_ringbuf_query(&wt_events, BPF_RB_AVAIL_DATA) < settings.behind_bytes / 4;
}

static __always_inline bool begins_turn(struct turns *turns, u8 direction)
{
	bool begins = turns->client == direction + 1 && turns->last != direction + 1;
	turns->last = direction + 1;
	return begins;
}

/* What is missing up to `position`; the cursor's header says of which stream. */
static __always_inline void tell_left_out(struct copy_cursor *cursor, struct turns *turns, u8 direction, u64 position)
{
	struct wire_header *header = &cursor->header;
	u8 own_direction = header->direction;
	u64 own_position = header->position;
	u64 from = turns->left_from[direction & 1];
	if (position == from)
		return;
	header->direction = direction;
	header->position = from;
	send_gap(cursor, clamp(position - from, ~0u), WIRE_LEFT_OUT);
	header->direction = own_direction;
	header->position = own_position;
}

/*
 * True where these bytes are left out. The cursor's header has their direction and position; `other` is how far the other
 * direction of the stream is.
 */
static __always_inline bool leaves_out(struct copy_cursor *cursor, struct turns *turns, u64 generation, u64 other,
				       u64 length)
{
	u8 direction = cursor->header.direction & 1;
	u64 position = cursor->header.position;
	if (begins_turn(turns, direction)) {
		if (turns->left_out && may_return()) {
			turns->left_out = 0;
			tell_left_out(cursor, turns, !direction, other);
			tell_left_out(cursor, turns, direction, position);
		} else if (!turns->left_out && must_leave(generation)) {
			turns->left_out = 1;
			turns->left_from[direction] = position;
			turns->left_from[!direction] = other;
			count(COUNT_LEFT_OUT_TIMES, 1);
		}
	}
	if (turns->left_out)
		count(COUNT_LEFT_OUT_BYTES, length);
	return turns->left_out;
}
