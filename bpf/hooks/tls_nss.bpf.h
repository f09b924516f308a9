/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * NSS, at the functions that its table of secure sockets names: PR_Read, PR_Write and their relatives lead to them where a
 * file descriptor of NSPR has a TLS layer that is in use, and nowhere else.
 */
#pragma once

#define NSPR_MSG_PEEK 0x2

/* int receive(sslSocket *, unsigned char *, int, int flags) */
static __always_inline void wt_nss_rd_in_body(struct pt_regs *ctx)
{
	/* What is only looked at comes again. */
	if (!(PT_REGS_PARM4(ctx) & NSPR_MSG_PEEK))
		begin_call(ctx, WIRE_NSS, TLS_READ, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), 0);
}

GUARDED_UPROBE(wt_nss_rd_in, wt_nss_rd_in_body(ctx))

GUARDED_UPROBE(wt_nss_rd_out, end_call(ctx, TLS_READ, true))

/* int send(sslSocket *, const unsigned char *, int, int flags) */
GUARDED_UPROBE(wt_nss_wr_in, begin_call(ctx, WIRE_NSS, TLS_WRITE, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), 0))

GUARDED_UPROBE(wt_nss_wr_out, end_call(ctx, TLS_WRITE, true))

/* int close(sslSocket *) */
GUARDED_UPROBE(wt_nss_free, end_stream(PT_REGS_PARM1(ctx)))
