/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * OpenSSL and its relatives. Plaintext is read when the call returns: only then is the count known, and its pages are
 * resident. Entry and return meet in the thread's state. Which functions these sit on is user space's choice.
 */
#pragma once

static __always_inline void begin_call(struct pt_regs *ctx, u32 operation, u64 ssl, u64 buffer, u64 done)
{
	if (!is_target(current_tgid()))
		return;
	struct thread_state *thread = thread_of_current(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread)
		return;
	u64 stack = PT_REGS_SP(ctx);
	/* Inside another TLS call (TLS in TLS) the inner one moves the outer one's ciphertext. */
	if (thread->operation != TLS_IDLE && stack < thread->stack) {
		thread->depth++;
		return;
	}
	thread->ssl = ssl;
	thread->buffer = buffer;
	thread->done = done;
	thread->began_ns = bpf_ktime_get_ns();
	thread->stack = stack;
	thread->socket = 0;
	thread->conflict = 0;
	thread->depth = 0;
	thread->operation = operation;
}

static __always_inline void send_plaintext(struct thread_state *thread, struct tls_state *tls, u32 tgid, u32 length)
{
	struct copy_cursor *cursor = &thread->cursor;
	bool sent = thread->operation == TLS_WRITE;
	fill_header(&cursor->header, WIRE_DATA, tgid);
	cursor->header.at_ns = thread->began_ns;
	cursor->header.direction = sent ? WIRE_SENT : WIRE_RECEIVED;
	cursor->header.layer = WIRE_TLS;
	cursor->header.tls = tls->generation;
	cursor->header.socket = tls->socket;
	cursor->header.position = take_range(sent ? &tls->sent : &tls->received, length);
	cursor->from = thread->buffer;
	cursor->segment_left = length;
	cursor->segment_count = 0;
	cursor->left = length;
	copy_call(cursor);
}

static __always_inline void end_call(struct pt_regs *ctx, u32 operation, bool counts)
{
	struct thread_state *thread = thread_of_current(0);
	if (!thread || thread->operation == TLS_IDLE)
		return;
	if (thread->depth) {
		thread->depth--;
		return;
	}
	if (thread->operation == operation) {
		u32 tgid = current_tgid();
		s32 result = PT_REGS_RC(ctx);
		u64 length = result > 0 ? result : 0;
		if (length && !counts && bpf_probe_read_user(&length, sizeof(length), (void *)thread->done)) {
			count(COUNT_FAULTS, 1);
			length = 0;
		}
		struct tls_state *tls = thread->socket && !thread->conflict
						? bind_tls(thread->ssl, tgid, thread->socket, WIRE_BOUND_NESTED)
						: tls_of(thread->ssl, tgid);
		if (tls && length && length < (1u << 31))
			send_plaintext(thread, tls, tgid, length);
	}
	thread->operation = TLS_IDLE;
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

static __always_inline u64 ssl_behind(u64 bio, u32 tgid)
{
	struct thread_state *thread = thread_of_current(0);
	if (thread && thread->operation != TLS_IDLE)
		return thread->ssl;
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
	u64 ssl = ssl_behind(PT_REGS_PARM1(ctx), tgid);
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
