/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* wolfSSL, at its exported functions, or at the one that wolfSSL_read and wolfSSL_peek share. */
#pragma once

/* int wolfSSL_read(WOLFSSL *, void *, int) */
GUARDED_UPROBE(wt_wolf_rd_in, begin_call(ctx, WIRE_WOLFSSL, TLS_READ, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), 0))

/* int read(WOLFSSL *, void *, int, int peek): what is only looked at comes again */
static __always_inline void wt_wolf_rdi_in_body(struct pt_regs *ctx)
{
	if (!(u32)PT_REGS_PARM4(ctx))
		begin_call(ctx, WIRE_WOLFSSL, TLS_READ, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), 0);
}

GUARDED_UPROBE(wt_wolf_rdi_in, wt_wolf_rdi_in_body(ctx))

GUARDED_UPROBE(wt_wolf_rd_out, end_call(ctx, TLS_READ, true))

/* int wolfSSL_write(WOLFSSL *, const void *, int) */
GUARDED_UPROBE(wt_wolf_wr_in, begin_call(ctx, WIRE_WOLFSSL, TLS_WRITE, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), 0))

GUARDED_UPROBE(wt_wolf_wr_out, end_call(ctx, TLS_WRITE, true))

/* int wolfSSL_ALPN_GetProtocol(WOLFSSL *, char **, unsigned short *): 1 where there is one */
GUARDED_UPROBE(wt_wolf_alpn_in, begin_question(ctx, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx)))

static __always_inline void wt_wolf_alpn_out_body(struct pt_regs *ctx)
{
	if ((s32)PT_REGS_RC(ctx) == 1)
		end_question(ctx, WIRE_WOLFSSL, sizeof(u16));
}

GUARDED_UPROBE(wt_wolf_alpn_out, wt_wolf_alpn_out_body(ctx))

GUARDED_UPROBE(wt_wolf_set, begin_anew(PT_REGS_PARM1(ctx)))

GUARDED_UPROBE(wt_wolf_free, end_stream(PT_REGS_PARM1(ctx)))
