/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * OpenSSL and its relatives. Plaintext is read when the call returns: only then is the count known, and its pages are
 * resident. Entry and return meet in the thread's state, by their place on the stack. Which functions these sit on is user space's choice.
 */
#pragma once

/* A return probe sees the stack with the return address popped. */
#define RETURN_ADDRESS 8

/* A slot for a call that enters at `stack`. Calls at or below it on the same stack have ended unseen (longjmp). */
static __always_inline struct tls_call *free_call(struct thread_state *thread, u64 stack)
{
	struct tls_call *slot = 0;
	struct tls_call *oldest = &thread->calls[0];
#pragma unroll
	for (int i = 0; i < CALLS_MOST; i++) {
		struct tls_call *call = &thread->calls[i];
		if (call->stack <= stack && stack - call->stack < CALL_REACH)
			call->operation = TLS_IDLE;
		if (call->operation == TLS_IDLE)
			slot = call;
		if (call->began_ns < oldest->began_ns)
			oldest = call;
	}
	if (slot)
		return slot;
	count(COUNT_DEEP_CALLS, 1);
	return oldest;
}

static __always_inline void begin_call(struct pt_regs *ctx, u32 operation, u64 ssl, u64 buffer, u64 done)
{
	if (!is_target(current_tgid()))
		return;
	struct thread_state *thread = thread_of_current(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread)
		return;
	u64 stack = PT_REGS_SP(ctx);
	struct tls_call *call = free_call(thread, stack);
	call->ssl = ssl;
	call->buffer = buffer;
	call->done = done;
	call->began_ns = bpf_ktime_get_ns();
	call->stack = stack;
	call->socket = 0;
	call->conflict = 0;
	call->moved = 0;
	call->within = 0;
	call->operation = operation;
}

/* The call that entered where this return leaves the stack. */
static __always_inline struct tls_call *call_ending(struct thread_state *thread, u64 stack, u32 operation)
{
	struct tls_call *ending = 0;
#pragma unroll
	for (int i = 0; i < CALLS_MOST; i++) {
		struct tls_call *call = &thread->calls[i];
		if (call->operation == operation && call->stack == stack - RETURN_ADDRESS)
			ending = call;
	}
	return ending;
}

/*
 * What had been sealed on the socket before this call's own bytes. Written: the count now, less this call's plaintext.
 * Read: the count before the first socket call inside; without one the bytes were in the library's hands already.
 */
static __always_inline void account(struct wire_header *header, struct tls_call *call, struct tls_state *tls, u32 length)
{
	struct seal *seal = bpf_map_lookup_elem(&wt_seals, &tls->socket);
	if (!seal || (call->operation == TLS_READ && !call->moved))
		return;
	header->flags |= WIRE_ACCOUNT;
	if (call->operation == TLS_READ) {
		header->sealed_records = call->sealed_records;
		header->sealed_bytes = call->sealed_bytes;
		return;
	}
	header->sealed_records = seal->records[WIRE_SENT];
	header->sealed_bytes = seal->bytes[WIRE_SENT] - (call->moved ? length : 0);
}

static __always_inline void send_plaintext(struct thread_state *thread, struct tls_call *call, struct tls_state *tls,
					   u32 tgid, u32 length)
{
	bool sent = call->operation == TLS_WRITE;
	struct copy_cursor *cursor = begin_plaintext(thread, tls, tgid, sent ? WIRE_SENT : WIRE_RECEIVED, length);
	/* Written bytes exist from the beginning of the call; read bytes are there only at its end. */
	if (sent)
		cursor->header.at_ns = call->began_ns;
	account(&cursor->header, call, tls, length);
	copy_plaintext(cursor, call->buffer, length);
}

/* True where this call only moved the ciphertext of another TLS object, whose call it is in (TLS in TLS). */
static __always_inline bool carries_another(struct thread_state *thread, struct tls_call *call, struct tls_state *tls)
{
	struct tls_call *around = call_around(thread, call->stack);
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

static __always_inline void end_call(struct pt_regs *ctx, u32 operation, bool counts)
{
	struct thread_state *thread = thread_of_current(0);
	if (!thread)
		return;
	struct tls_call *call = call_ending(thread, PT_REGS_SP(ctx), operation);
	if (!call)
		return;
	u32 tgid = current_tgid();
	s32 result = PT_REGS_RC(ctx);
	u64 length = result > 0 ? result : 0;
	if (length && !counts && bpf_probe_read_user(&length, sizeof(length), (void *)call->done)) {
		count(COUNT_FAULTS, 1);
		length = 0;
	}
	u8 how = call->within ? WIRE_BOUND_WITHIN : WIRE_BOUND_NESTED;
	struct tls_state *tls = call->socket && !call->conflict ? bind_tls(call->ssl, tgid, call->socket, how)
								: tls_of(call->ssl, tgid, WIRE_OPENSSL);
	if (tls && length && length < (1u << 31) && !carries_another(thread, call, tls))
		send_plaintext(thread, call, tls, tgid, length);
	call->operation = TLS_IDLE;
}

/* int SSL_read(SSL *, void *, int) */
GUARDED_UPROBE(wt_ssl_rd_in, begin_call(ctx, TLS_READ, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), 0))

GUARDED_UPROBE(wt_ssl_rd_out, end_call(ctx, TLS_READ, true))

/* int SSL_read_ex(SSL *, void *, size_t, size_t *), and the unexported function both forms call */
GUARDED_UPROBE(wt_ssl_rdx_in, begin_call(ctx, TLS_READ, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM4(ctx)))

GUARDED_UPROBE(wt_ssl_rdx_out, end_call(ctx, TLS_READ, false))

/* int SSL_write(SSL *, const void *, int) */
GUARDED_UPROBE(wt_ssl_wr_in, begin_call(ctx, TLS_WRITE, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), 0))

GUARDED_UPROBE(wt_ssl_wr_out, end_call(ctx, TLS_WRITE, true))

/* int SSL_write_ex(SSL *, const void *, size_t, size_t *), and the unexported function both forms call */
GUARDED_UPROBE(wt_ssl_wrx_in, begin_call(ctx, TLS_WRITE, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM4(ctx)))

/* int SSL_write_ex2(SSL *, const void *, size_t, uint64_t, size_t *), and the function behind it: OpenSSL 3.3 */
GUARDED_UPROBE(wt_ssl_wrx2_in, begin_call(ctx, TLS_WRITE, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM5(ctx)))

GUARDED_UPROBE(wt_ssl_wrx_out, end_call(ctx, TLS_WRITE, false))

/* A TLS object that is given its descriptor or its BIOs begins a new stream: an address says nothing about its past. */
static __always_inline void wt_ssl_set_fd_body(struct pt_regs *ctx)
{
	u32 tgid = current_tgid();
	if (is_target(tgid))
		forget_tls(PT_REGS_PARM1(ctx), tgid);
}

GUARDED_UPROBE(wt_ssl_set_fd, wt_ssl_set_fd_body(ctx))

static __always_inline void learn_bio(u64 bio, u64 ssl, u32 tgid)
{
	struct object_key key = key_of(bio, tgid);
	if (bio)
		bpf_map_update_elem(&wt_bios, &key, &ssl, BPF_ANY);
}

static __always_inline void wt_ssl_set_bio_body(struct pt_regs *ctx)
{
	u32 tgid = current_tgid();
	if (!is_target(tgid))
		return;
	u64 ssl = PT_REGS_PARM1(ctx);
	forget_tls(ssl, tgid);
	learn_bio(PT_REGS_PARM2(ctx), ssl, tgid);
	learn_bio(PT_REGS_PARM3(ctx), ssl, tgid);
}

GUARDED_UPROBE(wt_ssl_set_bio, wt_ssl_set_bio_body(ctx))

/* SSL_set0_rbio and SSL_set0_wbio: one BIO at a time, so the stream may be under way */
static __always_inline void wt_ssl_set_rbio_body(struct pt_regs *ctx)
{
	u32 tgid = current_tgid();
	if (is_target(tgid))
		learn_bio(PT_REGS_PARM2(ctx), PT_REGS_PARM1(ctx), tgid);
}

GUARDED_UPROBE(wt_ssl_set_rbio, wt_ssl_set_rbio_body(ctx))

static __always_inline void wt_ssl_set_wbio_body(struct pt_regs *ctx)
{
	u32 tgid = current_tgid();
	if (is_target(tgid))
		learn_bio(PT_REGS_PARM2(ctx), PT_REGS_PARM1(ctx), tgid);
}

GUARDED_UPROBE(wt_ssl_set_wbio, wt_ssl_set_wbio_body(ctx))

static __always_inline u64 ssl_behind(u64 bio, u64 stack, u32 tgid)
{
	struct thread_state *thread = thread_of_current(0);
	struct tls_call *around = thread ? call_around(thread, stack) : 0;
	if (around)
		return around->ssl;
	struct object_key key = key_of(bio, tgid);
	u64 *ssl = bpf_map_lookup_elem(&wt_bios, &key);
	return ssl ? *ssl : 0;
}

static __always_inline bool is_bound(u64 ssl, u32 tgid)
{
	struct object_key key = key_of(ssl, tgid);
	struct tls_state *tls = bpf_map_lookup_elem(&wt_tls, &key);
	return tls && tls->socket;
}

/* int BIO_write(BIO *, const void *, int): ciphertext on its way out, or in where the application feeds a memory BIO */
static __always_inline void wt_bio_write_body(struct pt_regs *ctx)
{
	u32 tgid = current_tgid();
	if (!is_target(tgid))
		return;
	u64 ssl = ssl_behind(PT_REGS_PARM1(ctx), PT_REGS_SP(ctx), tgid);
	if (!ssl || is_bound(ssl, tgid))
		return;
	struct prefix_key key = { .tgid = tgid, .direction = WIRE_RECEIVED };
	if (!read_prefix(&key, PT_REGS_PARM2(ctx), (u32)PT_REGS_PARM3(ctx)))
		return;
	u64 *socket = bpf_map_lookup_elem(&wt_prefixes, &key);
	if (socket) {
		bind_tls(ssl, tgid, *socket, WIRE_BOUND_CIPHERTEXT_RECEIVED);
		return;
	}
	key.direction = WIRE_SENT;
	bpf_map_update_elem(&wt_prefixes, &key, &ssl, BPF_ANY);
}

GUARDED_UPROBE(wt_bio_write, wt_bio_write_body(ctx))

static __always_inline void wt_ssl_free_body(struct pt_regs *ctx)
{
	u32 tgid = current_tgid();
	struct object_key key = key_of(PT_REGS_PARM1(ctx), tgid);
	struct tls_state *tls = bpf_map_lookup_elem(&wt_tls, &key);
	if (!tls)
		return;
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
		submit(event, sizeof(*event));
	}
	bpf_map_delete_elem(&wt_tls, &key);
}

GUARDED_UPROBE(wt_ssl_free, wt_ssl_free_body(ctx))
