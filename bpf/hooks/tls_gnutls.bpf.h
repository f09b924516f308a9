/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * GnuTLS, at its two inner functions through which all records pass, whichever exported one was called; calls for handshake
 * and alerts are left out by their content type. Corked data passes when it is sealed, once.
 */
#pragma once

/* RFC 8446 5.1; argument `type` of both functions */
#define GNUTLS_APPLICATION_DATA 23

/* ssize_t send(session, type, handshake type, epoch, const void *data, size_t n, size_t padding, flags) */
static __always_inline void wt_gtls_wr_in_body(struct pt_regs *ctx)
{
	u64 padding = 0;
	if ((u32)PT_REGS_PARM2(ctx) != GNUTLS_APPLICATION_DATA)
		return;
	struct tls_call *call = begin_call(ctx, WIRE_GNUTLS, TLS_WRITE, PT_REGS_PARM1(ctx), PT_REGS_PARM5(ctx), 0);
	if (!call || !read_seventh_argument(ctx, &padding))
		return;
	call->padding = padding <= RECORD_MOST ? padding : 0;
}

GUARDED_UPROBE(wt_gtls_wr_in, wt_gtls_wr_in_body(ctx))

GUARDED_UPROBE(wt_gtls_wr_out, end_call(ctx, TLS_WRITE, true))

/* ssize_t receive(session, type, void *data, size_t n, void *sequence, timeout) */
static __always_inline void wt_gtls_rd_in_body(struct pt_regs *ctx)
{
	if ((u32)PT_REGS_PARM2(ctx) == GNUTLS_APPLICATION_DATA)
		begin_call(ctx, WIRE_GNUTLS, TLS_READ, PT_REGS_PARM1(ctx), PT_REGS_PARM3(ctx), 0);
}

GUARDED_UPROBE(wt_gtls_rd_in, wt_gtls_rd_in_body(ctx))

GUARDED_UPROBE(wt_gtls_rd_out, end_call(ctx, TLS_READ, true))

/* The part of a mbuffer_st that tells where its bytes are (lib/mbuffers.h, 3.0 to 3.8); the first two words link it. */
struct gnutls_packet {
	u64 mark; /* bytes that were taken */
	u64 data;
	u32 size;
	u32 padding;
};
#define GNUTLS_PACKET_MARK 16

/* ssize_t gnutls_record_recv_packet(session, gnutls_packet_t *): hands over a record where the library keeps it */
GUARDED_UPROBE(wt_gtls_pkt_in,
	       begin_call(ctx, WIRE_GNUTLS, TLS_READ, PT_REGS_PARM1(ctx), 0, PT_REGS_PARM2(ctx)))

/* Where what is there is not as long as the function says, it is something else, and the bytes count as unreadable. */
static __always_inline void wt_gtls_pkt_out_body(struct pt_regs *ctx)
{
	struct thread_state *thread = thread_of_current(0);
	struct tls_call *call = thread ? call_ending(thread, PT_REGS_SP(ctx), TLS_READ) : 0;
	struct gnutls_packet packet = {};
	u64 address = 0;
	s32 length = PT_REGS_RC(ctx);
	if (!call)
		return;
	if (length > 0 && !bpf_probe_read_user(&address, sizeof(address), (void *)call->done) &&
	    !bpf_probe_read_user(&packet, sizeof(packet), (void *)(address + GNUTLS_PACKET_MARK)) &&
	    packet.mark <= packet.size && packet.size - packet.mark == (u32)length)
		call->buffer = packet.data + packet.mark;
	end_call(ctx, TLS_READ, true);
}

GUARDED_UPROBE(wt_gtls_pkt_out, wt_gtls_pkt_out_body(ctx))

/* gnutls_transport_set_ptr, _set_ptr2, _set_int2 */
GUARDED_UPROBE(wt_gtls_set, begin_anew(PT_REGS_PARM1(ctx)))

/* int gnutls_alpn_get_selected_protocol(session, gnutls_datum_t *): an address, and a length behind it */
GUARDED_UPROBE(wt_gtls_alpn_in,
	       begin_question(ctx, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM2(ctx) + sizeof(u64)))

/* Where it fails the datum is as it was: whatever is in there is no answer. */
static __always_inline void wt_gtls_alpn_out_body(struct pt_regs *ctx)
{
	if (!(s32)PT_REGS_RC(ctx))
		end_question(ctx, WIRE_GNUTLS, sizeof(u32));
}

GUARDED_UPROBE(wt_gtls_alpn_out, wt_gtls_alpn_out_body(ctx))

GUARDED_UPROBE(wt_gtls_free, end_stream(PT_REGS_PARM1(ctx)))
