/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Calls of TLS libraries that read from or write to a socket while they are under way. Plaintext is read when the call
 * returns: only then is the count known, and its pages are resident. Entry and return meet in the thread's state, by their
 * place on the stack. Which functions these sit on is user space's choice.
 */
#pragma once

/* A place for a call that enters at `stack`. Calls at or below it on the same stack have ended unseen (longjmp). */
static __always_inline u32 place_for_call(struct thread_state *thread, u64 stack)
{
	u32 place = CALLS_MOST;
	u32 oldest = 0;
	u32 longest = 0;
#pragma unroll
	for (u32 i = 0; i < CALLS_MOST; i++) {
		u64 entered = thread->stacks[i];
		if (!entered || (entered <= stack && stack - entered < CALL_REACH)) {
			thread->stacks[i] = 0;
			place = i;
		}
	}
	if (place < CALLS_MOST)
		return place;
	count(COUNT_DEEP_CALLS, 1);
#pragma unroll
	for (u32 i = 0; i < CALLS_MOST; i++) {
		u32 since = thread->calls_begun - thread->calls[i].order;
		if (since > longest) {
			longest = since;
			oldest = i;
		}
	}
	return oldest;
}

static __always_inline struct tls_call *begin_call(struct pt_regs *ctx, u32 library, u32 operation, u64 ssl, u64 buffer,
						   u64 done)
{
	struct config_target target;
	if (!find_target(current_tgid(), &target))
		return 0;
	struct thread_state *thread = thread_of_current(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread)
		return 0;
	u64 stack = PT_REGS_SP(ctx);
	u64 place = clamp(as_unknown(thread, place_for_call(thread, stack)), CALLS_MOST - 1);
	struct tls_call *call = &thread->calls[place];
	thread->stacks[place] = stack;
	call->ssl = ssl;
	call->buffer = buffer;
	call->done = done;
	call->began_ns = operation == TLS_WRITE ? bpf_ktime_get_ns() : 0;
	call->socket = 0;
	call->most = 0;
	call->image = target.image;
	call->order = ++thread->calls_begun;
	call->operation = operation;
	call->conflict = 0;
	call->moved = 0;
	call->within = 0;
	call->library = library;
	call->inherits = target.parent != 0;
	call->padding = 0;
	return call;
}

/* Which call entered where this return leaves the stack; CALLS_MOST: none that is known. */
static __always_inline u32 place_of_ending(struct thread_state *thread, u64 stack)
{
	u32 ending = CALLS_MOST;
#pragma unroll
	for (u32 i = 0; i < CALLS_MOST; i++)
		if (thread->stacks[i] == stack - RETURN_ADDRESS)
			ending = i;
	return as_unknown(thread, ending);
}

/* The call that entered where this return leaves the stack. */
static __always_inline struct tls_call *call_ending(struct thread_state *thread, u64 stack, u32 operation)
{
	struct tls_call *call = call_at(thread, place_of_ending(thread, stack));
	return call && call->operation == operation ? call : 0;
}

/*
 * s2n: a read that filled its buffer may have left a part of a record behind, which the next one returns besides what it reads
 * from the socket: what had passed before is then not all plaintext of earlier calls.
 */
static __always_inline bool returns_left_over(struct tls_call *call, struct tls_state *tls, u32 length)
{
	if (call->library != WIRE_S2N || call->operation != TLS_READ)
		return false;
	bool may = tls->below;
	tls->below = length == call->done;
	return may;
}

/* What the caller asked to be added to the record is sealed, too, and no plaintext. */
static __always_inline void leave_out_padding(struct tls_call *call, struct tls_state *tls)
{
	struct seal *seal = bpf_map_lookup_elem(&wt_seals, &tls->socket);
	if (!seal)
		return;
	seal->bytes[WIRE_SENT] -= call->padding;
	call->sealed_bytes -= call->padding;
}

/*
 * What had been sealed on the socket before this call's own bytes. Written: the count now, less this call's plaintext.
 * Read: the count before the first socket call inside; without one the bytes were in the library's hands already.
 */
static __always_inline void account(struct wire_header *header, struct tls_call *call, struct tls_state *tls, u32 length)
{
	bool sent = call->operation == TLS_WRITE;
	if (returns_left_over(call, tls, length) || (!sent && !call->moved))
		return;
	if (call->padding)
		leave_out_padding(call, tls);
	if (!call->moved || call->conflict || call->socket != tls->socket) {
		struct seal *seal = bpf_map_lookup_elem(&wt_seals, &tls->socket);
		if (!seal)
			return;
		if (sent) {
			call->sealed_records = seal->records[WIRE_SENT];
			call->sealed_bytes = seal->bytes[WIRE_SENT];
		}
	}
	header->flags |= WIRE_ACCOUNT;
	header->sealed_records = call->sealed_records;
	header->sealed_bytes = call->sealed_bytes - (sent && call->moved ? length : 0);
}

static __always_inline void send_plaintext(struct thread_state *thread, struct tls_call *call, struct tls_state *tls,
					   u32 tgid, u32 length)
{
	bool sent = call->operation == TLS_WRITE;
	struct copy_cursor *cursor = begin_plaintext(thread, tls, tgid, sent ? WIRE_SENT : WIRE_RECEIVED, length);
	if (leaves_out_plaintext(cursor, tls, length))
		return;
	/* Written bytes exist from the beginning of the call; read bytes are there only at its end. */
	if (sent)
		cursor->header.at_ns = call->began_ns;
	account(&cursor->header, call, tls, length);
	copy_plaintext(cursor, call->buffer, length);
}

/* True where this call, at `stack`, only moved the ciphertext of another TLS object, whose call it is in (TLS in TLS). */
static __always_inline bool carries_another(struct thread_state *thread, struct tls_call *call, u64 stack,
					    struct tls_state *tls)
{
	struct tls_call *around = call_around(thread, stack);
	u8 opening[8] = {};
	if (!around || around->ssl == call->ssl)
		return false;
	if (!tls->carrier) {
		if (bpf_probe_read_user(opening, RECORD_HEADER_BYTES, (void *)call->buffer) || !opens_tls_record(opening))
			return false;
		tls->carrier = 1;
	}
	if (tls->socket && !around->socket)
		around->socket = tls->socket;
	around->within = 1;
	return true;
}

/* Where it used no socket and moved nothing, there is nothing to be known of its object that the next call does not tell. */
static __always_inline bool tells_nothing(struct tls_call *call, u64 length)
{
	return !length && !call->socket && !call->inherits;
}

/* Where nothing but its place told what the function is: it returns 1, and did no more than it was asked to. */
static __always_inline bool is_confirmed(struct tls_call *call, s32 result, u64 length)
{
	return !call->most || (result == 1 && length <= call->most);
}

static __always_inline void end_call(struct pt_regs *ctx, u32 operation, bool counts)
{
	struct thread_state *thread = thread_of_current(0);
	if (!thread)
		return;
	u64 stack = PT_REGS_SP(ctx);
	u32 place = place_of_ending(thread, stack);
	struct tls_call *call = call_at(thread, place);
	if (!call || call->operation != operation)
		return;
	free_call(thread, place);
	s32 result = PT_REGS_RC(ctx);
	u64 length = result > 0 ? result : 0;
	if (length && !counts && bpf_probe_read_user(&length, sizeof(length), (void *)call->done)) {
		count(COUNT_FAULTS, 1);
		length = 0;
	}
	if (!is_confirmed(call, result, length))
		length = 0;
	if (tells_nothing(call, length))
		return;
	u32 tgid = current_tgid();
	struct object_key key = { .address = call->ssl, .tgid = tgid, .image = call->image };
	u8 how = call->within ? WIRE_BOUND_WITHIN : WIRE_BOUND_NESTED;
	struct tls_state *tls = call->socket && !call->conflict ? bind_at(&key, call->socket, call->library, how)
								: tls_at(&key, call->library);
	if (tls && length && length < (1u << 31) && !carries_another(thread, call, stack - RETURN_ADDRESS, tls))
		send_plaintext(thread, call, tls, tgid, length);
}

/* An object that begins a new stream: an address says nothing about its past. */
static __always_inline void begin_anew(u64 ssl)
{
	u32 tgid = current_tgid();
	if (is_target(tgid))
		forget_tls(ssl, tgid);
}

/* The object is freed: its stream ends. */
static __always_inline void end_stream(u64 ssl)
{
	u32 tgid = current_tgid();
	struct object_key key = key_of(ssl, tgid);
	struct tls_state *tls = bpf_map_lookup_elem(&wt_tls, &key);
	if (!tls || tls->gone) {
		forget_object(&key);
		return;
	}
	struct wire_close *event = reserve_small(sizeof(*event));
	if (event) {
		fill_header(&event->header, WIRE_TLS_CLOSE, tgid);
		event->header.layer = WIRE_TLS;
		event->header.role = tls->library;
		event->header.tls = tls->generation;
		event->header.socket = tls->socket;
		event->sent = tls->sent;
		event->received = tls->received;
		event->error = 0;
		event->padding = 0;
		event->told = 0;
		submit(event);
	}
	forget_object(&key);
}
