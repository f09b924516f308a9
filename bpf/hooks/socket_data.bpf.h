/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Plain bytes: what is done with the end of a send or receive, whoever tells of it (tiers/). The registers of the running
 * system call, still at hand, say which call it was and where the user's buffer is.
 */
#pragma once

/* struct user_msghdr and struct mmsghdr of 64-bit programs */
#define MSGHDR_IOV 16
#define MSGHDR_IOVLEN 24
#define MMSGHDR_SIZE 64
#define MMSGHDR_LEN 56
/* batch_next where which message of the call comes next is not known */
#define BATCH_UNSURE 0xffffffff

/* Registers of the system call that the thread is in. */
static __always_inline struct pt_regs *call_registers(struct task_struct *task)
{
#ifdef STATE_IN_HASHES
	/* The helper is there from 5.15 on; before it they lie at the end of the thread's stack, which has 16 KiB. */
	if (bpf_core_enum_value_exists(enum bpf_func_id, BPF_FUNC_task_pt_regs))
		return (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());
	return READ(task, stack) + 16384 - bpf_core_type_size(struct pt_regs);
#else
	return (struct pt_regs *)bpf_task_pt_regs(task);
#endif
}

static __always_inline void take_message(struct copy_cursor *cursor, u64 message)
{
	u64 fields[2] = {};
	bpf_probe_read_user(fields, sizeof(fields), (void *)(message + MSGHDR_IOV));
	cursor->segments = fields[0];
	cursor->segment_count = clamp(fields[1], IOV_MOST);
}

/*
 * Where the next message of a batch lies; false where nobody can know which one it is. The kernel goes through the array
 * in order and stops where a message fails, which is told (end_batch), or was sent in part. A timeout it stops for is not
 * told: of such calls only the first message after another call is known.
 */
static __always_inline bool find_message(struct thread_state *thread, u64 batch, u32 messages, u64 *message)
{
	bool goes_on = thread->batch == batch && thread->batch_count == messages;
	u32 index = goes_on ? thread->batch_next : 0;
	if (index == BATCH_UNSURE)
		return false;
	*message = batch + clamp(index, IOV_MOST) * MMSGHDR_SIZE;
	thread->batch = index + 1 < messages ? batch : 0;
	thread->batch_count = messages;
	thread->batch_next = index + 1;
	return true;
}

/* Nothing is known of the messages that follow in this call. */
static __always_inline void lose_batch(struct thread_state *thread)
{
	thread->batch_next = BATCH_UNSURE;
}

/* The pieces of a message that are added up to see whether it was sent whole. */
#define PIECES_MOST 16

/* The message under the cursor was sent: where a part of it was not, the batch is over. */
static __always_inline void note_sent_message(struct thread_state *thread, struct copy_cursor *cursor, u64 length)
{
	u64 total = 0;
	if (cursor->segment_count > PIECES_MOST) {
		lose_batch(thread);
		return;
	}
	for (u32 i = 0; i < PIECES_MOST; i++) {
		u64 segment[2] = {};
		if (i >= cursor->segment_count)
			break;
		if (bpf_probe_read_user(segment, sizeof(segment), (void *)(cursor->segments + i * sizeof(segment))))
			break;
		total += segment[1];
	}
	if (total != length)
		thread->batch = 0;
}

#ifdef STATE_IN_HASHES
/* By itself, as there is little room on the stack of who asks. */
VERIFIED_ONCE note_message_of_thread(u32 length)
{
	struct thread_state *thread = thread_of_current(0);
	if (thread)
		note_sent_message(thread, &thread->cursor, length);
	return 0;
}

VERIFIED_ONCE is_call_about(u64 sk)
{
	struct task_struct *task = current_task();
	return socket_behind(task, CALL_FIRST(call_registers(task))) == sk;
}
#else
#define note_message_of_thread(length) note_sent_message(thread, cursor, length)
#define is_call_about(sk) (socket_behind(task, CALL_FIRST(regs)) == (sk))
#endif

/* A send or a receive moved nothing: no message follows it in its call. */
static __always_inline void end_batch(void)
{
	struct thread_state *thread = thread_of_current(0);
	if (thread)
		thread->batch = 0;
}

/* Points the cursor at the user's buffers; false where this call's bytes cannot be read. */
static __always_inline bool locate(struct thread_state *thread, struct pt_regs *regs, u64 length)
{
	struct copy_cursor *cursor = &thread->cursor;
	u64 call = CALL_NUMBER(regs);
	u64 second = CALL_SECOND(regs);
	u64 third = CALL_THIRD(regs);
	u64 message = 0;
	cursor->segment_count = 0;
	cursor->segment_left = 0;
	cursor->kernel_segments = 0;
	if (call != CALL_SENDMMSG && call != CALL_RECVMMSG)
		thread->batch = 0;
	switch (call) {
	case CALL_READ:
	case CALL_WRITE:
	case CALL_SENDTO:
	case CALL_RECVFROM:
		cursor->from = second;
		cursor->segment_left = length;
		return true;
	case CALL_READV:
	case CALL_WRITEV:
	case CALL_PREADV2:
	case CALL_PWRITEV2:
		cursor->segments = second;
		cursor->segment_count = clamp(third, IOV_MOST);
		return true;
	case CALL_SENDMSG:
	case CALL_RECVMSG:
		take_message(cursor, second);
		return true;
	case CALL_SENDMMSG:
		if (!find_message(thread, second, third, &message))
			return false;
		take_message(cursor, message);
		note_message_of_thread(length);
		return true;
	case CALL_RECVMMSG:
		if (!find_message(thread, second, third, &message))
			return false;
		take_message(cursor, message);
		if (CALL_FIFTH(regs))
			lose_batch(thread);
		return true;
	}
	return false;
}

/*
 * Points the cursor at the user's buffers, as the call says, or the request that moved the bytes; `by_request` tells which.
 * A call says it only where it is about this very socket: in a thread that uses io_uring it may be about anything.
 */
static __always_inline bool find_buffers(struct thread_state *thread, struct task_struct *task, struct pt_regs *regs,
					 struct sock *sk, u32 length, u8 direction, bool *by_request)
{
	bool is_worker = READ(task, flags) & PF_IO_WORKER;
	if (!is_worker && !uses_uring(task))
		return locate(thread, regs, length);
#ifndef STATE_IN_HASHES
	*by_request = locate_request(thread, (u64)sk, length, direction == WIRE_SENT);
	if (*by_request)
		return true;
#endif
	if (is_worker || !is_call_about((u64)sk))
		return false;
	return locate(thread, regs, length);
}

static __always_inline void begin_cursor(struct copy_cursor *cursor, struct socket_state *state, u8 direction)
{
	fill_header(&cursor->header, WIRE_DATA, state->tgid);
	cursor->header.direction = direction;
	cursor->header.socket = state->generation;
}

static __always_inline void begin_tls(struct socket_state *state, u8 client)
{
	state->flags |= SOCKET_TLS;
	state->flags &= ~(SOCKET_MAYBE_SENT | SOCKET_MAYBE_RECEIVED);
	struct wire_header *event = reserve_small(sizeof(*event));
	if (!event)
		return;
	fill_header(event, WIRE_TLS_SEEN, state->tgid);
	event->socket = state->generation;
	event->direction = client;
	/* At once: its library may have to be looked for, before the handshake is over. */
	count(COUNT_EVENTS, 1);
	bpf_ringbuf_submit(event, BPF_RB_FORCE_WAKEUP);
}

static __always_inline u32 maybe_flag(u8 direction)
{
	return direction == WIRE_SENT ? SOCKET_MAYBE_SENT : SOCKET_MAYBE_RECEIVED;
}

enum socket_bytes { BYTES_PLAIN = 0, BYTES_MAYBE_TLS = 1, BYTES_TLS = 2 };

/*
 * TLS begins with a ClientHello and is TLS once the other side answers in records: an upload may look like the one, but
 * then its answer does not look like the other. Older connections may be joined between any two records.
 */
static __always_inline enum socket_bytes classify(struct socket_state *state, struct copy_cursor *cursor, u8 direction,
						  u32 length, bool in_tls_call)
{
	u8 opening[8] = {};
	u8 other = !direction;
	u32 own = maybe_flag(direction);
	if (!cursor->segment_left && !next_segment(cursor))
		return BYTES_PLAIN;
	if (length < RECORD_HEADER_BYTES)
		return BYTES_PLAIN;
	if (length == RECORD_HEADER_BYTES || bpf_probe_read_user(opening, RECORD_HEADER_BYTES + 1, (void *)cursor->from)) {
		/* The byte behind the header may lie on a page that is not there. */
		length = RECORD_HEADER_BYTES;
		if (bpf_probe_read_user(opening, RECORD_HEADER_BYTES, (void *)cursor->from))
			return BYTES_PLAIN;
	}
	bool record = opens_tls_record(opening);
	if (record && in_tls_call) {
		begin_tls(state, opens_client_hello(opening, length) || state->flags & own ? direction : other);
		return BYTES_TLS;
	}
	if (state->flags & maybe_flag(other)) {
		if (record) {
			begin_tls(state, other);
			return BYTES_TLS;
		}
		state->flags &= ~maybe_flag(other);
	}
	if (state->flags & own)
		return BYTES_MAYBE_TLS;
	if (!(state->flags & SOCKET_EARLIER ? record : opens_client_hello(opening, length)))
		return BYTES_PLAIN;
	state->flags |= own;
	state->readers[direction & 1] = (struct record_reader){};
	return BYTES_MAYBE_TLS;
}

/* A socket call inside a TLS call ties the two together. */
static __always_inline void note_nested(struct tls_call *call, struct socket_state *state)
{
	if (call->socket && call->socket != state->generation)
		call->conflict = 1;
	call->socket = state->generation;
	state->flags |= SOCKET_BOUND;
}

/* Somebody who does not know the socket's own state may have bound it. */
static __always_inline bool is_socket_bound(struct socket_state *state)
{
	u64 generation = state->generation;
	if (state->flags & SOCKET_BOUND)
		return true;
	struct seal *seal = bpf_map_lookup_elem(&wt_seals, &generation);
	if (seal && seal->bound)
		state->flags |= SOCKET_BOUND;
	return state->flags & SOCKET_BOUND;
}

/* What a system call in Go runs for: the register of the goroutine. */
static __always_inline u64 goroutine_of(struct pt_regs *regs)
{
	return CALL_GOROUTINE(regs);
}

/* Records of one call that are looked at: what ends a handshake, and what is said at once, as a rule. */
#define OPENINGS_MOST 6

/* To where the next record begins, `skip` bytes on; false where that is not in this piece of memory, or nothing is left. */
static __always_inline bool move_on(struct copy_cursor *walk, u64 skip)
{
	if ((!walk->segment_left && !next_segment(walk)) || skip > walk->segment_left)
		return false;
	walk->from += skip;
	walk->segment_left -= skip;
	return walk->segment_left || next_segment(walk);
}

/* Looks at one record; thread->walk stands before it, `left` bytes. 0 ends the search. A function, as 5.10 takes no loop here. */
static __noinline int match_record(struct thread_state *thread, struct socket_state *state, u32 direction)
{
	u8 header[8] = {};
	if (!thread || !state)
		return 0;
	struct copy_cursor *walk = &thread->walk;
	if (!move_on(walk, walk->left) || walk->segment_left < RECORD_HEADER_BYTES)
		return 0;
	if (bpf_probe_read_user(header, RECORD_HEADER_BYTES, (void *)walk->from) || !opens_tls_record(header))
		return 0;
	if (direction == WIRE_SENT)
		match_sent(state, walk->from, walk->segment_left);
	else
		remember_received(state, walk->from, walk->segment_left);
	walk->left = RECORD_HEADER_BYTES + ((u32)header[3] << 8 | header[4]);
	return 1;
}

/*
 * The body of a record whose header came by a call of its own: whoever opens it in no call around this one is known by it.
 */
static __always_inline void remember_body(struct socket_state *state, struct record_reader *reader, u64 from, u64 length)
{
	struct prefix_key key = { .tgid = state->tgid, .direction = WIRE_RECEIVED };
	if (!reader->left || reader->left != record_length(reader) || length < PREFIX_BYTES)
		return;
	if (!bpf_probe_read_user(key.bytes, PREFIX_BYTES, (void *)from))
		bpf_map_update_elem(&wt_prefixes, &key, &state->generation, BPF_ANY);
}

/* Matches the records that begin in this call, the first few of them. */
static __always_inline void match_records(struct thread_state *thread, struct socket_state *state, u32 direction,
					  u64 length)
{
	struct record_reader *reader = &state->readers[direction & 1];
	begin_walk(thread, length);
	thread->walk.left = reader->left;
	/* Where the header of the first one came by a call of its own, this is its body. */
	if (reader->have)
		return;
	if (direction == WIRE_RECEIVED)
		remember_body(state, reader, thread->walk.from, thread->walk.segment_left);
#pragma unroll
	for (int i = 0; i < OPENINGS_MOST; i++)
		if (!match_record(thread, state, direction))
			return;
}

/* Ciphertext: only its amount matters, and, while its plaintext has no socket yet, how it begins. */
static __always_inline void take_ciphertext(struct thread_state *thread, struct socket_state *state, u8 direction,
					    u32 length, bool readable, struct tls_call *around, u64 goroutine)
{
	struct copy_cursor *cursor = &thread->cursor;
	bool unbound = !around && readable && !is_socket_bound(state);
	/* Before the sums are told: what is bound by these very records explains them. */
	if (unbound)
		match_records(thread, state, direction, length);
	walk_records(thread, state, direction, length, readable, around);
	if (around)
		note_nested(around, state);
	else if (unbound && direction == WIRE_SENT && (cursor->segment_left || next_segment(cursor)))
		match_go_write(state, goroutine, cursor->from, length);
}

/* The socket's open is in the ring, or was put there now. */
static __always_inline bool is_open(struct socket_state *state, struct sock *sk, u32 received, u32 sent)
{
	if (state->flags & SOCKET_OPENED)
		return true;
	if (!state->tgid) {
		state->tgid = current_tgid();
		begin_counting(state, sk, received, sent);
		begin_midway(state, sk, received, sent);
	} else if (!state->sent && !state->received) {
		/* The end of its connect, from which bytes count, may have been skipped. */
		begin_counting(state, sk, received, sent);
	}
	send_open(state, sk);
	return state->flags & SOCKET_OPENED;
}

/* Who listens is asked, and who connects asks; on older sockets, whose role is not known, the former is far likelier. */
static __always_inline bool leaves_out_plain(struct copy_cursor *cursor, struct socket_state *state, u64 length)
{
	u64 other = cursor->header.direction == WIRE_SENT ? state->received : state->sent;
	state->turns.client = 1 + (state->role == WIRE_ROLE_OUTBOUND ? WIRE_SENT : WIRE_RECEIVED);
	return leaves_out(cursor, &state->turns, state->generation, other, length);
}

/*
 * Bytes that nobody can read where they came from: whether they are taken from the packets they leave in. Where that was
 * not known as the call began they may have left already.
 */
static __always_inline bool await_packets(struct socket_state *state, struct sock *sk, struct copy_cursor *cursor)
{
	u32 maybe = SOCKET_MAYBE_SENT | SOCKET_MAYBE_RECEIVED;
	if (cursor->header.direction != WIRE_SENT || state->flags & maybe || !is_tcp(sk) || !takes_packets())
		return false;
	bool in_time = state->packets || sends_pages((u64)sk);
	state->packets = 1;
	if (in_time)
		state->packets_end = cursor->header.position + cursor->left;
	return in_time;
}

static __always_inline void take_bytes(struct sock *sk, u32 length, u8 direction, bool readable)
{
	struct task_struct *task = current_task();
	struct pt_regs *regs = call_registers(task);
	struct thread_state *thread = thread_of_current(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread)
		return;
	/* First of all: the messages of a batch are counted here. */
	bool by_request = false;
	readable = readable && find_buffers(thread, task, regs, sk, length, direction, &by_request);
	u32 found = as_unknown(thread, readable | (u32)by_request << 1);
	readable = found & 1;
	by_request = found >> 1 & 1;
	struct socket_state *state = state_of(sk);
	if (!state || state->flags & SOCKET_IGNORED)
		return;
	bool received = direction == WIRE_RECEIVED;
	u32 moved = length + thread->batch_ahead;
	bool opened = is_open(state, sk, received ? moved : 0, received ? 0 : moved);
	u32 unseen = received ? unseen_since(state, sk, moved) : unheard_since(state, sk, moved);
	u64 *total = received ? &state->received : &state->sent;
	u64 position = take_range(total, (u64)length + unseen);
	/* Nobody could place the bytes of a connection that was not told of. */
	if (!opened) {
		count(COUNT_RING_FULL_BYTES, length);
		return;
	}
	struct copy_cursor *cursor = &thread->cursor;
	struct tls_call *around = call_around(thread, CALL_STACK(regs));
	u64 goroutine = goroutine_of(regs);
	/* A message of the batch may have gone by untold: this would be another one than it seems. */
	if (unseen && thread->batch) {
		lose_batch(thread);
		readable = false;
	}
	if (state->flags & SOCKET_TLS) {
		take_ciphertext(thread, state, direction, length, readable, around, goroutine);
		return;
	}
	begin_cursor(cursor, state, direction);
	cursor->header.position = position;
	cursor->header.flags = by_request ? WIRE_BY_REQUEST : 0;
	enum socket_bytes bytes = readable ? classify(state, cursor, direction, length, around != 0) : BYTES_PLAIN;
	if (bytes != BYTES_PLAIN) {
		if (bytes == BYTES_TLS) {
			take_ciphertext(thread, state, direction, length, readable, around, goroutine);
			return;
		}
		walk_records(thread, state, direction, length, readable, 0);
		cursor->header.flags |= WIRE_MAYBE_TLS;
	}
	if (state->flags & SOCKET_NOT_SAMPLED)
		return;
	if (bytes == BYTES_PLAIN && leaves_out_plain(cursor, state, (u64)length + unseen))
		return;
	if (unseen) {
		send_gap(cursor, unseen, WIRE_UNREADABLE_CALL);
		cursor->header.position += unseen;
	}
	cursor->left = length;
	if (readable && length > CHUNK_MOST && direction == WIRE_SENT)
		state->packets = 0;
	if (readable)
		copy_call(cursor);
	else
		send_gap(cursor, length, await_packets(state, sk, cursor) ? WIRE_IN_PACKETS : WIRE_UNREADABLE_CALL);
}

/*
 * The kernel runs no program where the same one is under way on that CPU (lib/guard.bpf.h). So a tier may have a second
 * one that runs after the first, and does its work where the first did not run. Where nothing was taken there may be no
 * state to note it in, and to be asked again does no harm.
 */
static __always_inline void note_told(u32 direction)
{
	struct thread_state *thread = thread_of_current(0);
	if (thread)
		thread->told[direction & 1] = true;
}

static __always_inline bool was_told(u32 direction)
{
	struct thread_state *thread = thread_of_current(0);
	bool told = thread && thread->told[direction & 1];
	if (told)
		thread->told[direction & 1] = false;
	return told;
}
