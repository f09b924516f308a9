/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Mbed TLS, at its exported functions. */
#pragma once

/* int mbedtls_ssl_read(mbedtls_ssl_context *, unsigned char *, size_t) */
GUARDED_UPROBE(wt_mbed_rd_in, begin_call(ctx, WIRE_MBEDTLS, TLS_READ, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), 0))

GUARDED_UPROBE(wt_mbed_rd_out, end_call(ctx, TLS_READ, true))

/* int mbedtls_ssl_write(mbedtls_ssl_context *, const unsigned char *, size_t) */
GUARDED_UPROBE(wt_mbed_wr_in, begin_call(ctx, WIRE_MBEDTLS, TLS_WRITE, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), 0))

GUARDED_UPROBE(wt_mbed_wr_out, end_call(ctx, TLS_WRITE, true))

/* const char *mbedtls_ssl_get_alpn_protocol(context): null where nothing was agreed on */
GUARDED_UPROBE(wt_mbed_alpn_in, begin_question(ctx, PT_REGS_PARM1(ctx), 0, 0))

GUARDED_UPROBE(wt_mbed_alpn_out, end_question_by_string(ctx, WIRE_MBEDTLS))

/* mbedtls_ssl_set_bio, mbedtls_ssl_session_reset: the context is used for the next connection */
GUARDED_UPROBE(wt_mbed_set, begin_anew(PT_REGS_PARM1(ctx)))

GUARDED_UPROBE(wt_mbed_free, end_stream(PT_REGS_PARM1(ctx)))
