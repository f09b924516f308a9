/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Getting an event into the ring. Reservations have a constant size (the verifier demands it), so data goes into the
 * smallest of a few size classes; only header.captured bytes of it mean anything. A reservation that fails is counted,
 * and its bytes keep their positions, so that the hole shows in the very stream it belongs to.
 */
#pragma once

#define CHUNK_MOST (32 << 10)
#define CHUNKS_MOST 4096

/*
 * The first event in an empty ring wakes the reader, which waits for more. While it does, so does whoever finds more than
 * the mark: not who passes it, for two that submit at once may both see what the other one reserved.
 */
static __always_inline u64 wake_flag(void)
{
	if (!reader.waits || bpf_ringbuf_query(&wt_events, BPF_RB_AVAIL_DATA) < settings.wake_bytes)
		return 0;
	reader.waits = 0;
	return BPF_RB_FORCE_WAKEUP;
}

static __always_inline void submit(void *event)
{
	count(COUNT_EVENTS, 1);
	bpf_ringbuf_submit(event, wake_flag());
}

static __always_inline void *reserve_small(u64 bytes)
{
	void *event = bpf_ringbuf_reserve(&wt_events, bytes, 0);
	if (!event)
		count(COUNT_RING_FULL_EVENTS, 1);
	return event;
}

static __always_inline void fill_header(struct wire_header *header, u8 type, u32 tgid)
{
	__builtin_memset(header, 0, sizeof(*header));
	header->version = WIRE_VERSION;
	header->type = type;
	header->tgid = tgid;
	header->tid = (u32)bpf_get_current_pid_tgid();
	header->at_ns = bpf_ktime_get_ns();
}

/* The last of the ring is kept for small events: a lost close or exit does more harm than a lost chunk, which shows. */
static __always_inline void *reserve_data(u64 bytes)
{
	if (bpf_ringbuf_query(&wt_events, BPF_RB_AVAIL_DATA) > settings.data_bytes)
		return 0;
	return bpf_ringbuf_reserve(&wt_events, bytes, 0);
}

/* One chunk into a slot of `room` bytes behind the header. */
#define SEND_CHUNK(cursor, room, length)                                                                               \
	do {                                                                                                           \
		struct wire_header *event = reserve_data(sizeof(struct wire_header) + (room));                        \
		if (!event) {                                                                                          \
			count(COUNT_RING_FULL_EVENTS, 1);                                                              \
			count(COUNT_RING_FULL_BYTES, length);                                                          \
			return 0;                                                                                      \
		}                                                                                                      \
		*event = (cursor)->header;                                                                             \
		(cursor)->header.flags &= ~WIRE_ACCOUNT;                                                               \
		u64 copied = clamp(length, room);                                                                      \
		if (bpf_probe_read_user(event + 1, copied, (void *)(cursor)->from)) {                                  \
			count(COUNT_FAULTS, 1);                                                                        \
			event->reason = WIRE_FAULT;                                                                    \
			copied = 0;                                                                                    \
		}                                                                                                      \
		event->size = length;                                                                                  \
		event->captured = copied;                                                                              \
		count(COUNT_BYTES, copied);                                                                            \
		submit(event);                                                                                         \
	} while (0)

static __noinline int put_chunk(struct copy_cursor *cursor, u32 length)
{
	if (!cursor)
		return 0;
	if (length <= 192)
		SEND_CHUNK(cursor, 192, length);
	else if (length <= 448)
		SEND_CHUNK(cursor, 448, length);
	else if (length <= 960)
		SEND_CHUNK(cursor, 960, length);
	else if (length <= 1472)
		SEND_CHUNK(cursor, 1472, length);
	else if (length <= 4032)
		SEND_CHUNK(cursor, 4032, length);
	else if (length <= 8192)
		SEND_CHUNK(cursor, 8192, length);
	else if (length <= 16384)
		SEND_CHUNK(cursor, 16384, length);
	else
		SEND_CHUNK(cursor, CHUNK_MOST, length);
	return 0;
}

/* Bytes that are known to have moved and cannot be read: an event of their size, with none of them. */
static __noinline int put_gap(struct copy_cursor *cursor, u32 size, u32 reason)
{
	if (!cursor)
		return 0;
	struct wire_header *event = reserve_small(sizeof(*event));
	if (!event) {
		count(COUNT_RING_FULL_BYTES, size);
		return 0;
	}
	*event = cursor->header;
	event->size = size;
	event->captured = 0;
	event->reason = reason;
	submit(event);
	return 0;
}

#ifdef STATE_IN_HASHES
VERIFIED_ONCE put_chunk_of_thread(u32 length)
{
	struct thread_state *thread = thread_of_current(0);
	return thread ? put_chunk(&thread->cursor, length) : 0;
}

VERIFIED_ONCE put_gap_of_thread(u32 size, u32 reason)
{
	struct thread_state *thread = thread_of_current(0);
	return thread ? put_gap(&thread->cursor, size, reason) : 0;
}

#define send_chunk(cursor, length) put_chunk_of_thread(length)
#define send_gap(cursor, size, reason) put_gap_of_thread(size, reason)
#else
#define send_chunk put_chunk
#define send_gap put_gap
#endif

static __always_inline bool next_segment(struct copy_cursor *cursor)
{
	u64 segment[2] = {};
	if (!cursor->segment_count)
		return false;
	if (cursor->kernel_segments ? bpf_probe_read_kernel(segment, sizeof(segment), (void *)cursor->segments) :
				      bpf_probe_read_user(segment, sizeof(segment), (void *)cursor->segments))
		return false;
	cursor->segments += sizeof(segment);
	cursor->segment_count--;
	cursor->from = segment[0];
	cursor->segment_left = segment[1];
	return true;
}

/* One step of the copy: a chunk of the current segment, or the move to the next one. 1 ends the loop. */
static __always_inline long copy_once(struct copy_cursor *cursor)
{
	if (!cursor->left || !cursor->budget)
		return 1;
	if (!cursor->segment_left)
		return next_segment(cursor) ? 0 : 1;
	u64 length = cursor->segment_left;
	if (length > cursor->left)
		length = cursor->left;
	if (length > cursor->budget)
		length = cursor->budget;
	if (length > CHUNK_MOST)
		length = CHUNK_MOST;
	send_chunk(cursor, length);
	cursor->from += length;
	cursor->segment_left -= length;
	cursor->left -= length;
	cursor->budget -= length;
	cursor->header.position += length;
	return 0;
}

#ifdef STATE_IN_HASHES
#define STEPS_AT_ONCE 32

/* The verifier follows no more than 8192 jumps in a row: so a loop in a loop. 1 ends the outer one. */
VERIFIED_ONCE copy_some_of_thread(void)
{
	struct thread_state *thread = thread_of_current(0);
	if (!thread)
		return 1;
	for (int step = 0; step < STEPS_AT_ONCE; step++)
		if (copy_once(&thread->cursor))
			return 1;
	return 0;
}

static __always_inline void copy_all(struct copy_cursor *cursor)
{
	for (int round = 0; round < CHUNKS_MOST / STEPS_AT_ONCE; round++)
		if (copy_some_of_thread())
			break;
}
#else
static long copy_step(u64 step, void *context)
{
	return copy_once(*(struct copy_cursor **)context);
}

static __always_inline void copy_all(struct copy_cursor *cursor)
{
	/* bpf_loop takes a context on the stack only. */
	bpf_loop(CHUNKS_MOST, copy_step, &cursor, 0);
}
#endif

/* Sends out the call the cursor describes; what the limit or unreadable memory leaves over becomes a gap. */
static __always_inline void copy_call(struct copy_cursor *cursor)
{
	cursor->budget = settings.limit_bytes;
	if (cursor->left <= CHUNK_MOST && cursor->segment_left >= cursor->left && cursor->left <= cursor->budget) {
		send_chunk(cursor, cursor->left);
		return;
	}
	copy_all(cursor);
	if (cursor->left)
		send_gap(cursor, cursor->left, cursor->budget ? WIRE_FAULT : WIRE_OVER_LIMIT);
}
