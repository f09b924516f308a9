/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * BoringSSL without names, at the functions of its table for TLS (SSL_PROTOCOL_METHOD): all that is said passes two of them. Nobody
 * promises what stands where in that table: what is read counts only where the call itself confirms it. Opened is a record that begins
 * as one of application data does, is taken whole, and holds its plaintext where it lay; written are no more bytes than were handed in, and
 * how many is told in a place that held 0.
 */
#pragma once

#define BORINGSSL_SUCCEEDED 0
/* The least that a suite adds behind the header of a record. */
#define BORINGSSL_ADDED_LEAST 16

/*
 * open_handshake(ssl, size_t *consumed, uint8_t *alert, Span in): the socket that received what is handed in is its own. It is bound to it once
 * data is read or written: what passes the socket of a stream has to be explained by plaintext, and a handshake has none.
 */
static __always_inline void boringssl_opens_handshake(struct pt_regs *ctx)
{
	u32 tgid = current_tgid();
	struct prefix_key key = { .tgid = tgid, .direction = WIRE_RECEIVED };
	if (!is_target(tgid) || !read_prefix(&key, PT_REGS_PARM4(ctx), PT_REGS_PARM5(ctx)))
		return;
	u64 *socket = bpf_map_lookup_elem(&wt_prefixes, &key);
	struct tls_state *tls = socket ? tls_of(PT_REGS_PARM1(ctx), tgid, WIRE_BORINGSSL) : 0;
	if (tls && !tls->socket)
		tls->below = *socket;
}

/* Its stream, bound to the socket that is known of it; `received`: that which received the record at hand, if it is known. */
static __always_inline struct tls_state *boringssl_stream(u64 ssl, u32 tgid, u64 received)
{
	struct tls_state *tls = tls_of(ssl, tgid, WIRE_BORINGSSL);
	if (!tls || tls->socket)
		return tls;
	u64 socket = received ? received : tls->below;
	if (socket && is_live_socket(socket))
		tie_to(tls, tgid, socket, WIRE_BOUND_CIPHERTEXT_RECEIVED);
	return tls;
}

/* open_app_data(ssl, Span *out, size_t *consumed, uint8_t *alert, Span in): the first record of `in`, in place */
static __always_inline void boringssl_opens(struct pt_regs *ctx)
{
	u32 tgid = current_tgid();
	struct thread_state *thread = is_target(tgid) ? thread_of_current(BPF_LOCAL_STORAGE_GET_F_CREATE) : 0;
	struct prefix_key key = { .tgid = tgid, .direction = WIRE_RECEIVED };
	u64 from = PT_REGS_PARM5(ctx);
	u64 length = sixth_argument(ctx);
	u8 header[8] = {};
	if (!thread)
		return;
	struct record_call *call = &thread->record;
	call->operation = TLS_IDLE;
	if (length < RECORD_HEADER_BYTES + PREFIX_BYTES ||
	    bpf_probe_read_user(header, RECORD_HEADER_BYTES, (void *)from))
		return;
	u32 record = RECORD_HEADER_BYTES + ((u32)header[3] << 8 | header[4]);
	if (header[0] != RECORD_APPLICATION || !opens_tls_record(header) || record > length)
		return;
	call->stack = PT_REGS_SP(ctx);
	call->object = PT_REGS_PARM1(ctx);
	call->result = PT_REGS_PARM2(ctx);
	call->skip = PT_REGS_PARM3(ctx);
	call->from = from;
	call->length = record;
	call->socket = 0;
	call->operation = TLS_READ;
	if (is_bound(call->object, tgid) ||
	    bpf_probe_read_user(key.bytes, PREFIX_BYTES, (void *)(from + RECORD_HEADER_BYTES)))
		return;
	u64 *socket = bpf_map_lookup_elem(&wt_prefixes, &key);
	if (socket)
		call->socket = *socket;
}

/* What was opened lies behind the header, and before what the suite added. */
static __always_inline bool is_opened_in(struct record_call *call, struct rust_slice *opened)
{
	u64 begin = call->from + RECORD_HEADER_BYTES;
	u64 room = call->length - RECORD_HEADER_BYTES - BORINGSSL_ADDED_LEAST;
	return opened->length && opened->length <= room && opened->from >= begin &&
	       opened->from - begin <= room - opened->length;
}

static __always_inline void boringssl_opened(struct pt_regs *ctx)
{
	struct record_call *call = record_call_ending(ctx, TLS_READ);
	struct rust_slice opened = {};
	u64 consumed = 0;
	u32 tgid = current_tgid();
	if (!call || (u32)PT_REGS_RC(ctx) != BORINGSSL_SUCCEEDED)
		return;
	if (bpf_probe_read_user(&consumed, sizeof(consumed), (void *)call->skip) || consumed != call->length)
		return;
	if (!read_slice(&opened, call->result) || !is_opened_in(call, &opened))
		return;
	struct thread_state *thread = thread_of_current(0);
	struct tls_state *tls = boringssl_stream(call->object, tgid, call->socket);
	/* What is opened of one that carries another one's records is opened again. */
	if (!tls || !thread || tls->carrier)
		return;
	struct copy_cursor *cursor = begin_plaintext(thread, tls, tgid, WIRE_RECEIVED, opened.length);
	if (!leaves_out_plaintext(cursor, tls, opened.length))
		copy_plaintext(cursor, opened.from, opened.length);
}

/* write_app_data(ssl, bool *needs_handshake, size_t *written, Span in): all of its records, which are given to the BIO as they are made */
static __always_inline void boringssl_writes(struct pt_regs *ctx)
{
	u64 done = PT_REGS_PARM3(ctx);
	u64 written = 1;
	if (!PT_REGS_PARM5(ctx) || bpf_probe_read_user(&written, sizeof(written), (void *)done) || written)
		return;
	struct tls_call *call = begin_call(ctx, WIRE_BORINGSSL, TLS_WRITE, PT_REGS_PARM1(ctx), PT_REGS_PARM4(ctx), done);
	if (!call)
		return;
	call->most = PT_REGS_PARM5(ctx);
	boringssl_stream(call->ssl, current_tgid(), 0);
}

GUARDED_UPROBE(wt_brng_new, begin_anew(PT_REGS_PARM1(ctx)))

GUARDED_UPROBE(wt_brng_free, end_stream(PT_REGS_PARM1(ctx)))

GUARDED_UPROBE(wt_brng_hello, boringssl_opens_handshake(ctx))

GUARDED_UPROBE(wt_brng_rd_in, boringssl_opens(ctx))

GUARDED_UPROBE(wt_brng_rd_out, boringssl_opened(ctx))

GUARDED_UPROBE(wt_brng_wr_in, boringssl_writes(ctx))

GUARDED_UPROBE(wt_brng_wr_out, end_call(ctx, TLS_WRITE, false))
