/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* OpenSSL and its relatives. */
#pragma once

/* int SSL_read(SSL *, void *, int) */
GUARDED_UPROBE(wt_ssl_rd_in, begin_call(ctx, WIRE_OPENSSL, TLS_READ, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), 0))

GUARDED_UPROBE(wt_ssl_rd_out, end_call(ctx, TLS_READ, true))

/* int SSL_read_ex(SSL *, void *, size_t, size_t *), and the unexported function both forms call */
GUARDED_UPROBE(wt_ssl_rdx_in, begin_call(ctx, WIRE_OPENSSL, TLS_READ, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM4(ctx)))

GUARDED_UPROBE(wt_ssl_rdx_out, end_call(ctx, TLS_READ, false))

/* int SSL_write(SSL *, const void *, int) */
GUARDED_UPROBE(wt_ssl_wr_in, begin_call(ctx, WIRE_OPENSSL, TLS_WRITE, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), 0))

GUARDED_UPROBE(wt_ssl_wr_out, end_call(ctx, TLS_WRITE, true))

/* int SSL_write_ex(SSL *, const void *, size_t, size_t *), and the unexported function both forms call */
GUARDED_UPROBE(wt_ssl_wrx_in, begin_call(ctx, WIRE_OPENSSL, TLS_WRITE, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM4(ctx)))

/* int SSL_write_ex2(SSL *, const void *, size_t, uint64_t, size_t *), and the function behind it: OpenSSL 3.3 */
GUARDED_UPROBE(wt_ssl_wrx2_in, begin_call(ctx, WIRE_OPENSSL, TLS_WRITE, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM5(ctx)))

GUARDED_UPROBE(wt_ssl_wrx_out, end_call(ctx, TLS_WRITE, false))

/* A TLS object that is given its descriptor or its BIOs begins a new stream. */
GUARDED_UPROBE(wt_ssl_set_fd, begin_anew(PT_REGS_PARM1(ctx)))

static __always_inline void learn_bio(u64 bio, u64 ssl, u32 tgid)
{
	struct object_key key = key_of(bio, tgid);
	struct tls_state *tls = bio ? tls_of(ssl, tgid, WIRE_OPENSSL) : 0;
	if (!tls)
		return;
	struct bio_owner owner = { .ssl = ssl, .generation = tls->generation };
	bpf_map_update_elem(&wt_bios, &key, &owner, BPF_ANY);
}

/* The TLS object that owns a BIO, if it has no socket yet; 0 where it is not known, or was freed: one that is where it was is another one. */
static __always_inline u64 unbound_owner_of(u64 bio, u32 tgid)
{
	struct object_key key = key_of(bio, tgid);
	struct bio_owner *owner = bpf_map_lookup_elem(&wt_bios, &key);
	if (!owner)
		return 0;
	key.address = owner->ssl;
	struct tls_state *tls = bpf_map_lookup_elem(&wt_tls, &key);
	return tls && tls->generation == owner->generation && !tls->socket ? owner->ssl : 0;
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

/* The TLS object whose call this is, or whose BIO, if it has no socket yet; 0 for none. */
static __always_inline u64 unbound_behind(u64 bio, u64 stack, u32 tgid)
{
	struct thread_state *thread = thread_of_current(0);
	struct tls_call *around = thread ? call_around(thread, stack) : 0;
	if (!around)
		return unbound_owner_of(bio, tgid);
	return is_bound(around->ssl, tgid) ? 0 : around->ssl;
}

/* int BIO_write(BIO *, const void *, int): ciphertext on its way out, or in where the application feeds a memory BIO */
static __always_inline void wt_bio_write_body(struct pt_regs *ctx)
{
	u32 tgid = current_tgid();
	if (!is_target(tgid))
		return;
	u64 ssl = unbound_behind(PT_REGS_PARM1(ctx), PT_REGS_SP(ctx), tgid);
	if (!ssl)
		return;
	struct prefix_key key = { .tgid = tgid, .direction = WIRE_RECEIVED };
	if (!read_prefix(&key, PT_REGS_PARM2(ctx), (u32)PT_REGS_PARM3(ctx)))
		return;
	u64 *socket = bpf_map_lookup_elem(&wt_prefixes, &key);
	if (socket) {
		bind_tls(ssl, tgid, *socket, WIRE_OPENSSL, WIRE_BOUND_CIPHERTEXT_RECEIVED);
		return;
	}
	key.direction = WIRE_SENT;
	bpf_map_update_elem(&wt_prefixes, &key, &ssl, BPF_ANY);
}

GUARDED_UPROBE(wt_bio_write, wt_bio_write_body(ctx))

/* void SSL_get0_alpn_selected(const SSL *, const unsigned char **, unsigned int *) */
GUARDED_UPROBE(wt_ssl_alpn_in, begin_question(ctx, PT_REGS_PARM1(ctx), PT_REGS_PARM2(ctx), PT_REGS_PARM3(ctx)))

GUARDED_UPROBE(wt_ssl_alpn_out, end_question(ctx, WIRE_OPENSSL, sizeof(u32)))

GUARDED_UPROBE(wt_ssl_free, end_stream(PT_REGS_PARM1(ctx)))
