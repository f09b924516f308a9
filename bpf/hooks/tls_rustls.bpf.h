/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * rustls, at the encrypt and decrypt of its record layer, which are called through trait objects and so exist in every
 * build. A call is a whole record. Rust promises no layout: what is read counts only where the record itself confirms it,
 * the sealed one being as much longer as a suite makes it, the opened one lying within what was handed in. The objects of the two
 * directions have nothing in common that shows; each finds the socket by ciphertext that both had in hand.
 */
#pragma once

/* rustls::ContentType as it lies in memory */
#define RUSTLS_APPLICATION_DATA 3
/* What suites add to a record of TLS 1.2 with ChaCha20, of TLS 1.3, of TLS 1.2 with GCM */
#define ADDED_CHACHA 16
#define ADDED_TLS13 17
#define ADDED_GCM 24
#define RUSTLS_SLICES_MOST 64

/* Where the parts of a message lie: a column of docs/decisions/0132 for each kind of version. */
struct rustls_layout {
	bool in_slices;    /* what is encrypted may be several slices */
	u8 plain_type;     /* of what is encrypted: type */
	u8 sealed_header;  /* of what was encrypted: bytes before the record's body */
	u8 sealed_at;      /* and its address; the length follows each address */
	u8 cipher_at;      /* of what is decrypted */
	u8 opened_at;      /* of what was decrypted */
	u8 opened_type;
};

#define RUSTLS_23 ((struct rustls_layout){ true, 32, 5, 16, 0, 8, 24 })
/* and that of 0.21, as the two did not change between them */
#define RUSTLS_22 ((struct rustls_layout){ false, 16, 0, 16, 8, 16, 36 })

struct rust_slice {
	u64 from;
	u64 length;
};

static __always_inline bool read_slice(struct rust_slice *slice, u64 at)
{
	return !bpf_probe_read_user(slice, sizeof(*slice), (void *)at);
}

static __always_inline bool is_data(u64 at)
{
	u8 type = 0;
	return !bpf_probe_read_user(&type, 1, (void *)at) && type == RUSTLS_APPLICATION_DATA;
}

/* The slot of a record call; the functions are leaves, so a thread needs one. A new key begins a new stream. */
static __always_inline struct record_call *begin_record_call(struct pt_regs *ctx, u32 operation)
{
	u32 tgid = current_tgid();
	struct thread_state *thread = is_target(tgid) ? thread_of_current(BPF_LOCAL_STORAGE_GET_F_CREATE) : 0;
	if (!thread)
		return 0;
	struct record_call *call = &thread->record;
	call->operation = TLS_IDLE;
	call->stack = PT_REGS_SP(ctx);
	call->result = PT_REGS_PARM1(ctx);
	call->object = PT_REGS_PARM2(ctx);
	call->began_ns = bpf_ktime_get_ns();
	call->socket = 0;
	if (!PT_REGS_PARM4(ctx))
		forget_tls(call->object, tgid);
	call->operation = operation;
	return call;
}

static __always_inline struct record_call *record_call_ending(struct pt_regs *ctx, u32 operation)
{
	struct thread_state *thread = thread_of_current(0);
	if (!thread)
		return 0;
	struct record_call *call = &thread->record;
	if (call->operation != operation || call->stack != PT_REGS_SP(ctx) - RETURN_ADDRESS)
		return 0;
	call->operation = TLS_IDLE;
	return call;
}

/* The stream of an object; at the address of one whose socket is gone lives another. */
static __always_inline struct tls_state *stream_of_object(u64 object, u32 tgid)
{
	struct tls_state *tls = tls_of(object, tgid, WIRE_RUSTLS);
	if (!tls || !tls->socket || is_live_socket(tls->socket))
		return tls;
	forget_tls(object, tgid);
	return tls_of(object, tgid, WIRE_RUSTLS);
}

/* encrypt(result, self, message, sequence) */
static __always_inline void rustls_encrypts(struct pt_regs *ctx, struct rustls_layout layout)
{
	u64 message = PT_REGS_PARM3(ctx);
	u64 words[4] = {};
	struct record_call *call = begin_record_call(ctx, TLS_WRITE);
	if (!call)
		return;
	if (!is_data(message + layout.plain_type) || bpf_probe_read_user(words, sizeof(words), (void *)message)) {
		call->operation = TLS_IDLE;
		return;
	}
	call->slices = 0;
	call->skip = 0;
	if (!layout.in_slices) {
		call->from = words[0];
		call->length = words[1];
	} else if (!words[0]) {
		call->from = words[1];
		call->length = words[2];
	} else {
		call->from = words[0];
		call->slices = clamp(words[1], RUSTLS_SLICES_MOST);
		call->skip = words[2];
		call->length = words[3] - words[2];
	}
}

static __always_inline bool is_sealed(u64 plaintext, u64 sealed)
{
	u64 added = sealed - plaintext;
	return added == ADDED_CHACHA || added == ADDED_TLS13 || added == ADDED_GCM;
}

/* The socket will send these bytes: then it is known whose they are. */
static __always_inline void expect_ciphertext(u64 object, u32 tgid, u64 body, u64 length)
{
	struct prefix_key key = { .tgid = tgid, .direction = WIRE_SENT };
	if (length >= PREFIX_BYTES && !bpf_probe_read_user(key.bytes, PREFIX_BYTES, (void *)body))
		bpf_map_update_elem(&wt_prefixes, &key, &object, BPF_ANY);
}

/* Points the cursor behind what earlier records held of the slices. */
static __always_inline void skip_slices(struct copy_cursor *cursor, u64 skip)
{
	for (int i = 0; i < RUSTLS_SLICES_MOST; i++) {
		if (!next_segment(cursor))
			return;
		if (skip < cursor->segment_left) {
			cursor->from += skip;
			cursor->segment_left -= skip;
			return;
		}
		skip -= cursor->segment_left;
		cursor->segment_left = 0;
	}
}

static __always_inline void rustls_encrypted(struct pt_regs *ctx, struct rustls_layout layout)
{
	struct record_call *call = record_call_ending(ctx, TLS_WRITE);
	struct rust_slice sealed = {};
	u32 tgid = current_tgid();
	if (!call || !call->length || !read_slice(&sealed, call->result + layout.sealed_at))
		return;
	if (!is_sealed(call->length, sealed.length - layout.sealed_header))
		return;
	struct thread_state *thread = thread_of_current(0);
	struct tls_state *tls = stream_of_object(call->object, tgid);
	if (!tls || !thread || is_unsampled_stream(tls))
		return;
	if (!tls->socket)
		expect_ciphertext(call->object, tgid, sealed.from + layout.sealed_header,
				  sealed.length - layout.sealed_header);
	struct copy_cursor *cursor = begin_plaintext(thread, tls, tgid, WIRE_SENT, call->length);
	cursor->header.at_ns = call->began_ns;
	cursor->from = call->from;
	cursor->segments = call->from;
	cursor->segment_count = call->slices;
	cursor->kernel_segments = 0;
	cursor->segment_left = call->slices ? 0 : call->length;
	cursor->left = call->length;
	if (call->slices)
		skip_slices(cursor, call->skip);
	copy_call(cursor);
}

/* decrypt(result, self, message, sequence), in place: the ciphertext is gone when it returns */
static __always_inline void rustls_decrypts(struct pt_regs *ctx, struct rustls_layout layout)
{
	u32 tgid = current_tgid();
	struct rust_slice cipher = {};
	struct record_call *call = begin_record_call(ctx, TLS_READ);
	struct prefix_key key = { .tgid = tgid, .direction = WIRE_RECEIVED };
	if (!call)
		return;
	if (!read_slice(&cipher, PT_REGS_PARM3(ctx) + layout.cipher_at) || cipher.length > RECORD_MOST) {
		call->operation = TLS_IDLE;
		return;
	}
	call->from = cipher.from;
	call->length = cipher.length;
	if (is_bound(call->object, tgid) || cipher.length < PREFIX_BYTES ||
	    bpf_probe_read_user(key.bytes, PREFIX_BYTES, (void *)cipher.from))
		return;
	u64 *socket = bpf_map_lookup_elem(&wt_prefixes, &key);
	if (socket)
		call->socket = *socket;
}

static __always_inline void rustls_decrypted(struct pt_regs *ctx, struct rustls_layout layout)
{
	struct record_call *call = record_call_ending(ctx, TLS_READ);
	struct rust_slice opened = {};
	u32 tgid = current_tgid();
	if (!call || !is_data(call->result + layout.opened_type) || !read_slice(&opened, call->result + layout.opened_at))
		return;
	if (!opened.length || opened.from < call->from || opened.length > call->length ||
	    opened.from - call->from > call->length - opened.length)
		return;
	struct thread_state *thread = thread_of_current(0);
	struct tls_state *tls = call->socket ? bind_tls(call->object, tgid, call->socket, WIRE_RUSTLS,
							WIRE_BOUND_CIPHERTEXT_RECEIVED)
					     : stream_of_object(call->object, tgid);
	/* Turns are of both directions, and here each is a stream of its own: none is left out where the recorder is behind. */
	if (!tls || !thread || is_unsampled_stream(tls))
		return;
	copy_plaintext(begin_plaintext(thread, tls, tgid, WIRE_RECEIVED, opened.length), opened.from, opened.length);
}

GUARDED_UPROBE(wt_rtls23_wr_in, rustls_encrypts(ctx, RUSTLS_23))

GUARDED_UPROBE(wt_rtls23_wr_out, rustls_encrypted(ctx, RUSTLS_23))

GUARDED_UPROBE(wt_rtls23_rd_in, rustls_decrypts(ctx, RUSTLS_23))

GUARDED_UPROBE(wt_rtls23_rd_out, rustls_decrypted(ctx, RUSTLS_23))

GUARDED_UPROBE(wt_rtls22_wr_in, rustls_encrypts(ctx, RUSTLS_22))

GUARDED_UPROBE(wt_rtls22_wr_out, rustls_encrypted(ctx, RUSTLS_22))

GUARDED_UPROBE(wt_rtls22_rd_in, rustls_decrypts(ctx, RUSTLS_22))

GUARDED_UPROBE(wt_rtls22_rd_out, rustls_decrypted(ctx, RUSTLS_22))

/*
 * Of a function of 0.21 no table says which of the two it is; what it is handed does. Where the length of what is to be encrypted stands,
 * what is to be decrypted has an address.
 */
static __always_inline void rustls_encrypts_or_decrypts(struct pt_regs *ctx)
{
	struct rust_slice slice = {};
	if (!read_slice(&slice, PT_REGS_PARM3(ctx)))
		return;
	if (slice.length <= RECORD_MOST)
		rustls_encrypts(ctx, RUSTLS_22);
	else
		rustls_decrypts(ctx, RUSTLS_22);
}

static __always_inline void rustls_did_either(struct pt_regs *ctx)
{
	struct thread_state *thread = thread_of_current(0);
	if (thread && thread->record.operation == TLS_WRITE)
		rustls_encrypted(ctx, RUSTLS_22);
	else
		rustls_decrypted(ctx, RUSTLS_22);
}

GUARDED_UPROBE(wt_rtls21_in, rustls_encrypts_or_decrypts(ctx))

GUARDED_UPROBE(wt_rtls21_out, rustls_did_either(ctx))
