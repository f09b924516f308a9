/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * s2n-tls, at its exported functions. s2n_send calls s2n_sendv_with_offset, and so does s2n_sendv; whether by its name, by
 * the linkage table or built into it, files differ: so all are watched, and a call within another one is none.
 */
#pragma once

/* A send of the same connection is under way in this thread. */
static __always_inline bool sends_already(struct pt_regs *ctx, u64 connection)
{
	struct thread_state *thread = thread_of_current(0);
	struct tls_call *around = thread ? call_around(thread, PT_REGS_SP(ctx)) : 0;
	return around && around->library == WIRE_S2N && around->operation == TLS_WRITE && around->ssl == connection;
}

static __always_inline void begin_s2n_send(struct pt_regs *ctx, u64 buffer)
{
	if (!sends_already(ctx, PT_REGS_PARM1(ctx)))
		begin_call(ctx, WIRE_S2N, TLS_WRITE, PT_REGS_PARM1(ctx), buffer, 0);
}

/* From byte `offset` of an array of pieces on. What lies in more than one is in no one place: it counts, and is not read. */
static __always_inline void begin_s2n_pieces(struct pt_regs *ctx, u64 offset)
{
	u64 piece[2] = {};
	bool one = PT_REGS_PARM3(ctx) == 1 && !bpf_probe_read_user(piece, sizeof(piece), (void *)PT_REGS_PARM2(ctx));
	begin_s2n_send(ctx, one && offset <= piece[1] ? piece[0] + offset : 0);
}

/* ssize_t s2n_send(connection, const void *buffer, ssize_t size, blocked *) */
GUARDED_UPROBE(wt_s2n_wr_in, begin_s2n_send(ctx, PT_REGS_PARM2(ctx)))

/* ssize_t s2n_sendv(connection, const struct iovec *, ssize_t count, blocked *) */
GUARDED_UPROBE(wt_s2n_wv_in, begin_s2n_pieces(ctx, 0))

/* ssize_t s2n_sendv_with_offset(connection, const struct iovec *, ssize_t count, ssize_t offset, blocked *) */
GUARDED_UPROBE(wt_s2n_wo_in, begin_s2n_pieces(ctx, PT_REGS_PARM4(ctx)))

GUARDED_UPROBE(wt_s2n_wr_out, end_call(ctx, TLS_WRITE, true))

/* ssize_t s2n_recv(connection, void *buffer, ssize_t size, blocked *) */
GUARDED_UPROBE(wt_s2n_rd_in, begin_call(ctx, WIRE_S2N, TLS_READ, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx)))

GUARDED_UPROBE(wt_s2n_rd_out, end_call(ctx, TLS_READ, true))

/* const char *s2n_get_application_protocol(connection): null where nothing was agreed on */
GUARDED_UPROBE(wt_s2n_alpn_in, begin_question(ctx, PT_REGS_PARM1(ctx), 0, 0))

GUARDED_UPROBE(wt_s2n_alpn_out, end_question_by_string(ctx, WIRE_S2N))

/* s2n_connection_wipe: the connection is used for the next one */
GUARDED_UPROBE(wt_s2n_wipe, begin_anew(PT_REGS_PARM1(ctx)))

GUARDED_UPROBE(wt_s2n_free, end_stream(PT_REGS_PARM1(ctx)))
