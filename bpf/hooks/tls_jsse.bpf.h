/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Java's JSSE, by our own agent in the JVM (native/java): its record layer calls functions that do nothing, with a number for
 * the connection and the plaintext of one record in hand. Nothing is open between two probes, so it does not matter on which thread a
 * virtual one goes on.
 *
 *   wiretape_jsse_sent(connection, bytes, size, at_once)   about to be sealed
 *   wiretape_jsse_received(connection, bytes, size, 0)     was opened
 *   wiretape_jsse_opens(connection, descriptor, body)      a record is about to be opened, in place
 *
 * An SSLSocket knows its descriptor. An SSLEngine knows no socket (-1): it finds it as it opens a record that the socket received.
 */
#pragma once

static __always_inline void send_jsse_plaintext(struct tls_state *tls, u32 tgid, u8 direction, u64 from, u64 length,
						bool seals_at_once)
{
	struct thread_state *thread = thread_of_current(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread)
		return;
	struct copy_cursor *cursor = begin_plaintext(thread, tls, tgid, direction, length);
	if (leaves_out_plaintext(cursor, tls, length))
		return;
	struct seal *seal = seals_at_once ? bpf_map_lookup_elem(&wt_seals, &tls->socket) : 0;
	if (seal) {
		cursor->header.flags |= WIRE_ACCOUNT;
		cursor->header.sealed_records = seal->records[WIRE_SENT];
		cursor->header.sealed_bytes = seal->bytes[WIRE_SENT];
	}
	copy_plaintext(cursor, from, length);
}

static __always_inline void take_jsse(struct pt_regs *ctx, u8 direction)
{
	u32 tgid = current_tgid();
	u64 length = PT_REGS_PARM3(ctx);
	struct tls_state *tls = is_target(tgid) && is_length(length) ? tls_of(PT_REGS_PARM1(ctx), tgid, WIRE_JSSE) : 0;
	/* Only now: what passes a socket that a stream is bound to has to be explained by plaintext, and a handshake has none. */
	if (tls && !tls->socket && tls->below)
		tie_to(tls, tgid, tls->below, tls->from_record ? WIRE_BOUND_CIPHERTEXT_RECEIVED : WIRE_BOUND_DESCRIPTOR);
	/* A socket's record goes out before the next one is sealed; what an engine sealed may wait. */
	if (tls)
		send_jsse_plaintext(tls, tgid, direction, PT_REGS_PARM2(ctx), length, PT_REGS_PARM4(ctx));
}

GUARDED_UPROBE(wt_jsse_sent, take_jsse(ctx, WIRE_SENT))

GUARDED_UPROBE(wt_jsse_recvd, take_jsse(ctx, WIRE_RECEIVED))

/* The socket that received the record which begins so; 0 where none is known. */
static __always_inline u64 socket_of_record(u32 tgid, u64 body)
{
	struct prefix_key key = { .tgid = tgid, .direction = WIRE_RECEIVED };
	if (bpf_probe_read_user(key.bytes, PREFIX_BYTES, (void *)body))
		return 0;
	u64 *socket = bpf_map_lookup_elem(&wt_prefixes, &key);
	return socket && is_live_socket(*socket) ? *socket : 0;
}

static __always_inline void wt_jsse_opens_body(struct pt_regs *ctx)
{
	u32 tgid = current_tgid();
	u64 connection = PT_REGS_PARM1(ctx);
	s32 fd = PT_REGS_PARM2(ctx);
	struct tls_state *tls = is_target(tgid) ? tls_of(connection, tgid, WIRE_JSSE) : 0;
	if (!tls || tls->below)
		return;
	struct sock *sk = fd < 0 ? 0 : sock_at(fd);
	u64 socket = sk ? generation_of(sk) : fd < 0 ? socket_of_record(tgid, PT_REGS_PARM3(ctx)) : 0;
	tls->below = socket;
	tls->from_record = fd < 0;
}

GUARDED_UPROBE(wt_jsse_opens, wt_jsse_opens_body(ctx))
