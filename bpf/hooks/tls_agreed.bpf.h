/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What two sides agreed to speak within TLS (ALPN), as a library tells its own program. Who offers, or takes, more than one
 * thing has to ask before it goes on, so it is known before the first byte. In TLS 1.3 the choice is sealed on the wire, and
 * where it lies in a library's memory is a matter of each build.
 */
#pragma once

static __always_inline void begin_question(struct pt_regs *ctx, u64 ssl, u64 name, u64 length)
{
	if (!is_target(current_tgid()))
		return;
	struct thread_state *thread = thread_of_current(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread)
		return;
	thread->question.ssl = ssl;
	thread->question.name = name;
	thread->question.length = length;
	thread->question.stack = PT_REGS_SP(ctx);
}

static __always_inline bool read_name(struct wire_agreed *event, u64 from, u32 length)
{
	__builtin_memset(event->name, 0, sizeof(event->name));
	return !bpf_probe_read_user(event->name, at_least_one(clamp(length, sizeof(event->name))), (void *)from);
}

static __always_inline void tell_agreed(struct tls_state *tls, u32 tgid, u64 from, u32 length)
{
	struct wire_agreed *event = reserve_small(sizeof(*event));
	if (!event)
		return;
	if (!read_name(event, from, length)) {
		bpf_ringbuf_discard(event, 0);
		return;
	}
	fill_header(&event->header, WIRE_TLS_AGREED, tgid);
	event->header.layer = WIRE_TLS;
	event->header.role = tls->library;
	event->header.tls = tls->generation;
	event->header.socket = tls->socket;
	event->header.size = length;
	submit(event);
	tls->agreed = 1;
}

/* The thread whose question is answered at this return, if one is. */
static __always_inline struct thread_state *answered(struct pt_regs *ctx)
{
	struct thread_state *thread = thread_of_current(0);
	if (!thread || !thread->question.stack || thread->question.stack != PT_REGS_SP(ctx) - RETURN_ADDRESS)
		return 0;
	thread->question.stack = 0;
	return thread;
}

static __always_inline void tell_once(u64 ssl, u32 library, u64 name, u32 length)
{
	u32 tgid = current_tgid();
	struct tls_state *tls = tls_of(ssl, tgid, library);
	if (tls && !tls->agreed)
		tell_agreed(tls, tgid, name, length);
}

/* No name says that nothing was agreed on, or not yet: a program may ask before the handshake is over. */
static __always_inline void end_question(struct pt_regs *ctx, u32 library, u32 length_bytes)
{
	struct thread_state *thread = answered(ctx);
	u64 name = 0;
	u32 length = 0;
	if (!thread)
		return;
	if (bpf_probe_read_user(&name, sizeof(name), (void *)thread->question.name) ||
	    bpf_probe_read_user(&length, length_bytes, (void *)thread->question.length))
		return;
	if (!name || !length || length > sizeof(((struct wire_agreed *)0)->name))
		return;
	tell_once(thread->question.ssl, library, name, length);
}

/* The same where the name itself is returned, as a string. */
static __always_inline void end_question_by_string(struct pt_regs *ctx, u32 library)
{
	struct thread_state *thread = answered(ctx);
	char name[sizeof(((struct wire_agreed *)0)->name)];
	if (!thread)
		return;
	long bytes = bpf_probe_read_user_str(name, sizeof(name), (void *)PT_REGS_RC(ctx));
	if (bytes > 1 && bytes < (long)sizeof(name)) /* a full one may be longer */
		tell_once(thread->question.ssl, library, PT_REGS_RC(ctx), bytes - 1);
}
