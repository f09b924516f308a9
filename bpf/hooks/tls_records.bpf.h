/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Follows the record headers of TLS on a socket (RFC 8446 5.1) and adds up what passed in records of application data.
 * The ciphertext itself stays where it is. User space holds the sums against the plaintext it was given: what no
 * plaintext explains was moved by a call nobody saw.
 */
#pragma once

#define RECORD_CHANGE_CIPHER 20
#define RECORD_HANDSHAKE 22
#define RECORD_MOST (16384 + 2048)
#define HANDSHAKE_SERVER_HELLO 2
#define SERVER_HELLO_VERSION 4
/* handshake header, version and random: where the length of the session id stands, and the suite behind it */
#define SERVER_HELLO_SESSION 38
/* The first records are told one by one: handshake and tickets are told from data by their lengths. */
#define RECORDS_TOLD 12
#define WALK_MOST 4096

/* A function, as there is little room on the stack of who asks. */
static __noinline int begin_seal(u64 socket)
{
	struct seal fresh = {};
	return bpf_map_update_elem(&wt_seals, &socket, &fresh, BPF_NOEXIST);
}

static __always_inline struct seal *seal_of(u64 socket)
{
	struct seal *seal = bpf_map_lookup_elem(&wt_seals, &socket);
	if (seal)
		return seal;
	begin_seal(socket);
	seal = bpf_map_lookup_elem(&wt_seals, &socket);
	if (!seal)
		count(COUNT_STATE_FULL, 1);
	return seal;
}

/* thread->event holds what is said of the call; the sums before it are in its header already. */
static __always_inline void send_sealed(struct thread_state *thread)
{
	struct wire_sealed *event = reserve_small(sizeof(*event));
	if (!event)
		return;
	*event = thread->event;
	event->header.at_ns = bpf_ktime_get_ns();
	thread->event.header.flags &= ~WIRE_CALL_BEGINS;
	submit(event);
}

static __always_inline u32 record_length(const struct record_reader *reader)
{
	return (u32)reader->header[3] << 8 | reader->header[4];
}

/* `length` bytes of a handshake record's body, its first ones: what lies behind them is not this record. */
static __always_inline void read_suite(struct thread_state *thread, u64 length)
{
	u8 session = 0;
	u8 suite[2] = {};
	u8 version[2] = {};
	u8 type = 0;
	u64 from = thread->walk.from;
	if (thread->seal.cipher || length <= SERVER_HELLO_SESSION)
		return;
	if (bpf_probe_read_user(&type, 1, (void *)from) || type != HANDSHAKE_SERVER_HELLO)
		return;
	if (bpf_probe_read_user(&session, 1, (void *)(from + SERVER_HELLO_SESSION)) || session > 32)
		return;
	if (length < SERVER_HELLO_SESSION + 1 + session + sizeof(suite))
		return;
	if (!bpf_probe_read_user(suite, 2, (void *)(from + SERVER_HELLO_SESSION + 1 + session)))
		thread->seal.cipher = (u16)suite[0] << 8 | suite[1];
	if (!bpf_probe_read_user(version, 2, (void *)(from + SERVER_HELLO_VERSION)))
		thread->seal.version = (u16)version[0] << 8 | version[1];
}

static __always_inline void name_suite(struct thread_state *thread)
{
	thread->event.cipher = thread->seal.cipher;
	thread->event.version = thread->seal.version;
}

static __always_inline void begin_record(struct thread_state *thread)
{
	struct record_reader *reader = &thread->reader;
	u32 length = record_length(reader);
	u8 type = reader->header[0];
	reader->have = 0;
	if (type < RECORD_CHANGE_CIPHER || type > RECORD_APPLICATION + 1 || reader->header[1] != 3 || length > RECORD_MOST) {
		reader->lost = 1;
		return;
	}
	reader->left = length;
}

static __always_inline bool begins_handshake(struct record_reader *reader)
{
	return reader->header[0] == RECORD_HANDSHAKE && reader->left == record_length(reader);
}

static __always_inline void end_record(struct thread_state *thread)
{
	struct record_reader *reader = &thread->reader;
	struct wire_sealed *event = &thread->event;
	if (reader->header[0] != RECORD_APPLICATION)
		return;
	u32 length = record_length(reader);
	event->records++;
	event->bytes += length;
	event->header.size = length;
	if (reader->told >= RECORDS_TOLD)
		return;
	reader->told++;
	name_suite(thread);
	send_sealed(thread);
	event->header.sealed_records += event->records;
	event->header.sealed_bytes += event->bytes;
	event->records = 0;
	event->bytes = 0;
}

/* One step: a byte of a header, or what there is of the record's body in this piece of memory. 1 ends the walk. */
static __always_inline long walk_once(struct thread_state *thread)
{
	struct copy_cursor *walk = &thread->walk;
	struct record_reader *reader = &thread->reader;
	if (!walk->left || reader->lost)
		return 1;
	if (!walk->segment_left)
		return next_segment(walk) ? 0 : 1;
	u64 length = walk->segment_left < walk->left ? walk->segment_left : walk->left;
	if (reader->left) {
		if (length > reader->left)
			length = reader->left;
		/* Here, not at the header: OpenSSL receives a header by itself, and the body by another call. */
		if (begins_handshake(reader))
			read_suite(thread, length);
		reader->left -= length;
		if (!reader->left)
			end_record(thread);
	} else {
		u32 have = reader->have;
		if (have > 4)
			have = 0;
		length = clamp(length, 5);
		if (length > 5 - have)
			length = 5 - have;
		/* Whole headers are the rule; the pieces of a cut one come byte by byte. */
		if (length != 5)
			length = 1;
		if (length == 5 ? bpf_probe_read_user(reader->header, 5, (void *)walk->from)
				: bpf_probe_read_user(&reader->header[have], 1, (void *)walk->from)) {
			reader->lost = 1;
			return 1;
		}
		reader->have = have + length;
	}
	walk->from += length;
	walk->segment_left -= length;
	walk->left -= length;
	if (!reader->left && reader->have == 5) {
		begin_record(thread);
		/* A record without a body ends at once. */
		if (!reader->lost && !reader->left)
			end_record(thread);
	}
	return 0;
}

#ifdef STATE_IN_HASHES
#define WALK_AT_ONCE 32

/* As copy_some_of_thread. */
VERIFIED_ONCE walk_some_of_thread(void)
{
	struct thread_state *thread = thread_of_current(0);
	if (!thread)
		return 1;
	for (int step = 0; step < WALK_AT_ONCE; step++)
		if (walk_once(thread))
			return 1;
	return 0;
}

static __always_inline void walk_all(struct thread_state *thread)
{
	for (int round = 0; round < WALK_MOST / WALK_AT_ONCE; round++)
		if (walk_some_of_thread())
			break;
}
#else
static long walk_step(u64 step, void *context)
{
	return walk_once(*(struct thread_state **)context);
}

static __always_inline void walk_all(struct thread_state *thread)
{
	bpf_loop(WALK_MOST, walk_step, &thread, 0);
}
#endif

static __always_inline void begin_walk(struct thread_state *thread, u64 length)
{
	struct copy_cursor *cursor = &thread->cursor;
	struct copy_cursor *walk = &thread->walk;
	walk->from = cursor->from;
	walk->segment_left = cursor->segment_left;
	walk->segments = cursor->segments;
	walk->segment_count = cursor->segment_count;
	walk->kernel_segments = cursor->kernel_segments;
	walk->left = length;
}

static __always_inline void note_sealed(struct tls_call *around, struct seal *seal, u32 direction)
{
	around->moved = 1;
	around->sealed_records = seal->records[direction];
	around->sealed_bytes = seal->bytes[direction];
}

/* A TLS call that reads learns what had passed before its own first socket call, */
static __always_inline void note_sealed_before(struct tls_call *around, struct seal *seal, u32 direction)
{
	if (direction == WIRE_RECEIVED && around->operation == TLS_READ && !around->moved)
		note_sealed(around, seal, direction);
}

/* and one that writes what has passed with each of them. */
static __always_inline void note_sealed_since(struct tls_call *around, struct seal *seal, u32 direction)
{
	if (direction == WIRE_SENT && around->operation == TLS_WRITE)
		note_sealed(around, seal, direction);
}

/*
 * What most socket calls of a connection are once its first records were told one by one: one record of application data,
 * its header or a part of its body, in one piece of memory. False where it is not as simple as that: nothing has happened
 * then. `completed`: the length of the record that ended; 0 where none did.
 */
static __always_inline bool follow_simply(struct socket_state *state, u32 direction, u64 from, u64 length, u32 *completed)
{
	struct record_reader *reader = &state->readers[direction & 1];
	u8 header[8] = {};
	u32 left = reader->left;
	if (reader->lost || reader->told < RECORDS_TOLD)
		return false;
	if (left) {
		if (length > left || reader->header[0] != RECORD_APPLICATION)
			return false;
		left -= length;
	} else {
		if (reader->have || length < RECORD_HEADER_BYTES || bpf_probe_read_user(header, RECORD_HEADER_BYTES, (void *)from))
			return false;
		u32 whole = (u32)header[3] << 8 | header[4];
		if (header[0] != RECORD_APPLICATION || header[1] != 3 || !whole || whole > RECORD_MOST ||
		    length - RECORD_HEADER_BYTES > whole)
			return false;
		__builtin_memcpy(reader->header, header, RECORD_HEADER_BYTES);
		left = whole - (u32)(length - RECORD_HEADER_BYTES);
	}
	reader->left = left;
	*completed = left ? 0 : record_length(reader);
	return true;
}

/* An event that tells of records on a socket, behind what had passed before them. */
static __always_inline void begin_sealed(struct wire_sealed *event, struct socket_state *state, struct seal *seal,
					 u32 direction, u32 flags)
{
	__builtin_memset(event, 0, sizeof(*event));
	fill_header(&event->header, WIRE_SEALED, state->tgid);
	event->header.socket = state->generation;
	event->header.direction = direction;
	event->header.flags = flags;
	event->header.sealed_records = seal->records[direction & 1];
	event->header.sealed_bytes = seal->bytes[direction & 1];
}

/* One record outside of any TLS call, behind what had passed before it. */
static __always_inline void tell_record(struct socket_state *state, struct seal *seal, u32 direction, u32 length)
{
	struct wire_sealed *event = reserve_small(sizeof(*event));
	if (!event)
		return;
	begin_sealed(event, state, seal, direction, WIRE_CALL_BEGINS);
	event->header.size = length;
	event->records = 1;
	event->bytes = length;
	event->cipher = seal->cipher;
	event->version = seal->version;
	submit(event);
}

/*
 * Walks over the records of a socket call, whose bytes thread->cursor points at, unless they are not readable. `around`
 * is the TLS call this is part of, if any. Where the next record begins is lost for good once bytes are not readable, or
 * are no record: what passes from then on counts as it is, which is right where the kernel does the TLS (kTLS).
 */
static __always_inline void walk_at_length(struct thread_state *thread, struct socket_state *state, struct seal *seal,
					   u32 direction, u64 length, bool readable, struct tls_call *around)
{
	struct wire_sealed *event = &thread->event;
	struct record_reader *reader = &thread->reader;
	*reader = state->readers[direction];
	thread->seal = *seal;
	begin_sealed(event, state, seal, direction, WIRE_CALL_BEGINS | (around ? WIRE_NESTED : 0));
	begin_walk(thread, length);
	if (readable && !reader->lost)
		walk_all(thread);
	if (thread->walk.left) {
		reader->lost = 1;
		event->bytes += thread->walk.left;
	}
	name_suite(thread);
	if (!around && (event->records || event->bytes) && !(state->flags & SOCKET_NOT_SAMPLED))
		send_sealed(thread);
	seal->records[direction] = event->header.sealed_records + event->records;
	seal->bytes[direction] = event->header.sealed_bytes + event->bytes;
	seal->cipher = thread->seal.cipher;
	seal->version = thread->seal.version;
	state->readers[direction] = *reader;
}

static __always_inline void walk_records(struct thread_state *thread, struct socket_state *state, u32 direction,
					 u64 length, bool readable, struct tls_call *around)
{
	struct copy_cursor *cursor = &thread->cursor;
	struct seal *seal = seal_of(state->generation);
	u32 completed = 0;
	if (!seal)
		return;
	direction &= 1;
	if (around)
		note_sealed_before(around, seal, direction);
	if (readable && cursor->segment_left >= length &&
	    follow_simply(state, direction, cursor->from, length, &completed)) {
		if (completed) {
			if (!around && !(state->flags & SOCKET_NOT_SAMPLED))
				tell_record(state, seal, direction, completed);
			seal->records[direction]++;
			seal->bytes[direction] += completed;
		}
	} else {
		walk_at_length(thread, state, seal, direction, length, readable, around);
	}
	if (around)
		note_sealed_since(around, seal, direction);
}
