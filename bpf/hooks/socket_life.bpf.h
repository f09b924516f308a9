/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A socket becomes known when a target connects it, when a target first moves bytes on it, or when the recorder finds
 * it in a target's descriptors at start. It ends when the kernel destroys it. State changes of passive opens run in
 * the peer's task, so only the active side is taken from there.
 */
#pragma once

static __always_inline bool is_tcp(struct sock *sk)
{
	u16 family = sk->__sk_common.skc_family;
	return sk->sk_protocol == IPPROTO_TCP && (family == AF_INET || family == AF_INET6);
}

static __always_inline bool is_unix(struct sock *sk)
{
	return sk->__sk_common.skc_family == AF_UNIX && sk->sk_type == SOCK_STREAM;
}

static __always_inline bool is_stream(struct sock *sk)
{
	return is_tcp(sk) || is_unix(sk);
}

static __always_inline void fill_addresses(struct wire_open *event, struct sock *sk)
{
	struct sock_common *common = &sk->__sk_common;
	event->family = common->skc_family;
	event->local_port = common->skc_num;
	event->remote_port = __builtin_bswap16(common->skc_dport);
	event->padding = 0;
	event->netns = common->skc_net.net->ns.inum;
	event->padding2 = 0;
	if (common->skc_family == AF_INET6) {
		bpf_probe_read_kernel(event->local, 16, &common->skc_v6_rcv_saddr);
		bpf_probe_read_kernel(event->remote, 16, &common->skc_v6_daddr);
		return;
	}
	__builtin_memset(event->local, 0, sizeof(event->local));
	__builtin_memset(event->remote, 0, sizeof(event->remote));
	*(u32 *)event->local = common->skc_rcv_saddr;
	*(u32 *)event->remote = common->skc_daddr;
}

/* The name of a unix socket into `name`; its length, a leading NUL included, or 0 where it has none. */
static __always_inline u8 unix_name(struct sock *sk, u8 name[112])
{
	struct unix_address *address = sk ? BPF_CORE_READ((struct unix_sock *)sk, addr) : 0;
	if (!address)
		return 0;
	u32 length = BPF_CORE_READ(address, len) - sizeof(unsigned short);
	if (length == 0 || length > 108)
		return 0;
	bpf_probe_read_kernel(name, length & 127, &address->name[0].sun_path);
	return length;
}

/*
 * An accepted unix socket has the listener's name and a client without one; the client sees it the other way round.
 * A pair without names is a pipe between processes.
 */
static __always_inline void learn_unix_role(struct socket_state *state, struct sock *sk)
{
	struct sock *peer = BPF_CORE_READ((struct unix_sock *)sk, peer);
	bool own = BPF_CORE_READ((struct unix_sock *)sk, addr) != 0;
	bool other = peer && BPF_CORE_READ((struct unix_sock *)peer, addr) != 0;
	if (!own && !other)
		state->flags |= SOCKET_IGNORED;
	state->role = own == other ? WIRE_ROLE_UNKNOWN : own ? WIRE_ROLE_INBOUND : WIRE_ROLE_OUTBOUND;
}

static __always_inline bool send_open_unix(struct socket_state *state, struct sock *sk, u16 flags)
{
	struct wire_open_unix *event = reserve_small(sizeof(*event));
	if (!event)
		return false;
	fill_header(&event->header, WIRE_OPEN_UNIX, state->tgid);
	event->header.socket = state->generation;
	event->header.role = state->role;
	event->header.flags = flags;
	__builtin_memset(event->padding, 0, sizeof(event->padding));
	__builtin_memset(event->local, 0, sizeof(event->local));
	__builtin_memset(event->remote, 0, sizeof(event->remote));
	event->local_length = unix_name(sk, event->local);
	event->remote_length = unix_name(BPF_CORE_READ((struct unix_sock *)sk, peer), event->remote);
	submit(event, sizeof(*event));
	return true;
}

/* Payload bytes taken from the socket so far, by whomever. */
static __always_inline u32 consumed_of(struct sock *sk)
{
	struct tcp_sock *tcp = is_tcp(sk) ? bpf_skc_to_tcp_sock(sk) : 0;
	if (!tcp)
		return 0;
	u32 waiting = tcp->rcv_nxt - tcp->copied_seq;
	/* The peer's FIN takes a number of the sequence, and is counted among the bytes received. */
	bool fin_came = sk->__sk_common.skc_flags & (1ul << bpf_core_enum_value(enum sock_flags, SOCK_DONE));
	return (u32)tcp->bytes_received - waiting - (fin_came && !waiting);
}

/*
 * Bytes taken from the socket that no receive returned to us: moved by splice, or read by a process that is not
 * recorded. Asked at each receive and at the end.
 */
static __always_inline u32 unseen_since(struct socket_state *state, struct sock *sk, u32 returned)
{
	if (!is_tcp(sk))
		return 0;
	u32 consumed = consumed_of(sk) - state->consumed_before;
	u32 unseen = consumed - (u32)state->received - returned;
	return unseen > (1u << 30) ? 0 : unseen;
}

/*
 * Told again until it gets into the ring: without it nobody could place the socket's bytes. What went before a late
 * telling is lost, and the connection counts as older than its recording.
 */
static __always_inline void send_open(struct socket_state *state, struct sock *sk)
{
	bool missed = state->sent || state->received;
	u16 flags = state->flags & SOCKET_EARLIER || missed ? WIRE_STARTED_EARLIER : 0;
	if (is_unix(sk)) {
		if (send_open_unix(state, sk, flags))
			state->flags |= SOCKET_OPENED;
		return;
	}
	struct wire_open *event = reserve_small(sizeof(*event));
	if (!event)
		return;
	fill_header(&event->header, WIRE_OPEN, state->tgid);
	event->header.socket = state->generation;
	event->header.role = state->role;
	event->header.flags = flags;
	fill_addresses(event, sk);
	submit(event, sizeof(*event));
	state->flags |= SOCKET_OPENED;
}

/* The socket's state, made on first sight. */
static __always_inline struct socket_state *state_of(struct sock *sk)
{
	struct socket_state *state = bpf_sk_storage_get(&wt_sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!state) {
		count(COUNT_STATE_FULL, 1);
		return state;
	}
	if (!state->generation) {
		state->generation = next_generation();
		if (is_unix(sk))
			learn_unix_role(state, sk);
	}
	return state;
}

/*
 * A socket first seen as bytes move on it: `received` and `sent` is what the call under way moved. What was taken from
 * it or written to it before went by before anybody watched: it is not missing, the connection is older.
 */
static __always_inline void begin_midway(struct socket_state *state, struct sock *sk, u32 received, u32 sent)
{
	struct tcp_sock *tcp = is_tcp(sk) ? bpf_skc_to_tcp_sock(sk) : 0;
	if (!tcp)
		return;
	u32 taken = consumed_of(sk) - received;
	u32 written = (u32)tcp->bytes_acked + tcp->write_seq - tcp->snd_una - sent;
	/* The SYN may count as one byte acknowledged. */
	if (taken == 0 && written <= 1)
		return;
	state->flags |= SOCKET_EARLIER;
	state->consumed_before = taken;
}

static __always_inline void begin_connect(struct sock *sk, u32 tgid)
{
	struct socket_state *state = state_of(sk);
	if (!state)
		return;
	/* A socket whose connect failed may try again: that is another connection. */
	if (state->flags & SOCKET_OPENED)
		state->generation = next_generation();
	state->sent = 0;
	state->received = 0;
	state->consumed_before = 0;
	state->flags = 0;
	state->error = 0;
	state->tgid = tgid;
	state->role = WIRE_ROLE_OUTBOUND;
	__builtin_memset(state->readers, 0, sizeof(state->readers));
}

static __always_inline void fill_sealed(struct wire_close *event, u64 socket)
{
	struct seal *seal = bpf_map_lookup_elem(&wt_seals, &socket);
	event->sent_records = seal ? seal->records[WIRE_SENT] : 0;
	event->sent_sealed = seal ? seal->bytes[WIRE_SENT] : 0;
	event->received_records = seal ? seal->records[WIRE_RECEIVED] : 0;
	event->received_sealed = seal ? seal->bytes[WIRE_RECEIVED] : 0;
}

static __always_inline void send_close(struct socket_state *state)
{
	struct wire_close *event = reserve_small(sizeof(*event));
	if (!event)
		return;
	fill_header(&event->header, WIRE_CLOSE, state->tgid);
	event->header.socket = state->generation;
	event->header.flags = state->flags & SOCKET_TLS ? WIRE_SOCKET_TLS : 0;
	event->sent = state->sent;
	event->received = state->received;
	event->error = state->error;
	event->padding = 0;
	fill_sealed(event, state->generation);
	submit(event, sizeof(*event));
}

/* The end of a received stream that no receive returned: told before the close, so that it has a reason. */
static __always_inline void send_unseen_end(struct socket_state *state, struct sock *sk)
{
	u32 unseen = unseen_since(state, sk, 0);
	if (!unseen || state->flags & SOCKET_TLS)
		return;
	struct wire_header *event = reserve_small(sizeof(*event));
	if (event) {
		fill_header(event, WIRE_DATA, state->tgid);
		event->socket = state->generation;
		event->position = state->received;
		event->size = unseen;
		event->reason = WIRE_UNREADABLE_CALL;
		submit(event, sizeof(*event));
	}
	state->received += unseen;
}

static __always_inline void send_listen(struct sock *sk, u32 tgid)
{
	struct wire_open *event = reserve_small(sizeof(*event));
	if (!event)
		return;
	fill_header(&event->header, WIRE_LISTEN, tgid);
	fill_addresses(event, sk);
	bpf_ringbuf_submit(event, BPF_RB_FORCE_WAKEUP);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(wt_sock_state, struct sock *sk, int before, int after)
{
	if (after != TCP_SYN_SENT && after != TCP_CLOSE && after != TCP_LISTEN && before != TCP_SYN_SENT)
		return 0;
	if (!is_tcp(sk))
		return 0;
	if (after == TCP_LISTEN || after == TCP_SYN_SENT) {
		u32 tgid = current_tgid();
		if (after == TCP_LISTEN && tgid != settings.self_tgid && (settings.watch_processes || is_target(tgid)))
			send_listen(sk, tgid);
		if (after == TCP_SYN_SENT && is_target(tgid))
			begin_connect(sk, tgid);
		return 0;
	}
	struct socket_state *state = bpf_sk_storage_get(&wt_sockets, sk, 0, 0);
	if (!state)
		return 0;
	if (after == TCP_CLOSE)
		state->error = sk->sk_err;
	/* The source port is chosen after SYN_SENT, so the end of that state is the first moment with a whole tuple. */
	if (before == TCP_SYN_SENT && !(state->flags & SOCKET_OPENED))
		send_open(state, sk);
	return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(wt_sock_destroy, struct sock *sk)
{
	struct socket_state *state = bpf_sk_storage_get(&wt_sockets, sk, 0, 0);
	if (!state || !(state->flags & SOCKET_OPENED))
		return 0;
	if (!state->error)
		state->error = sk->sk_err;
	send_unseen_end(state, sk);
	send_close(state);
	bpf_map_delete_elem(&wt_seals, &state->generation);
	state->flags &= ~SOCKET_OPENED;
	return 0;
}

/* Run once at start, and for each process that becomes a target: its sockets, so that they are known at once. */
SEC("iter/task_file")
int wt_seed_sockets(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct file *file = context->file;
	if (!task || !file)
		return 0;
	u32 tgid = task->tgid;
	if (!is_target(tgid))
		return 0;
	struct socket *socket = bpf_sock_from_file(file);
	if (!socket)
		return 0;
	struct sock *sk = socket->sk;
	if (!sk || !is_stream(sk) || sk->__sk_common.skc_state == TCP_CLOSE || sk->__sk_common.skc_state == TCP_LISTEN)
		return 0;
	struct socket_state *state = bpf_sk_storage_get(&wt_sockets, sk, 0, BPF_SK_STORAGE_GET_F_CREATE);
	if (!state || state->generation)
		return 0;
	state->generation = next_generation();
	state->tgid = tgid;
	state->flags = SOCKET_EARLIER;
	if (is_unix(sk)) {
		learn_unix_role(state, sk);
		if (state->flags & SOCKET_IGNORED)
			return 0;
	}
	/* What an older connection received before us is not missing: it was never to be recorded. */
	state->consumed_before = consumed_of(sk);
	send_open(state, sk);
	return 0;
}

/*
 * The kernel tells nobody when a unix socket ends. So user space asks now and then which ones targets still hold: their
 * generations, eight bytes each, are what this iterator prints.
 */
SEC("iter/task_file")
int wt_unix_census(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct file *file = context->file;
	if (!task || !file || !is_target(task->tgid))
		return 0;
	struct socket *socket = bpf_sock_from_file(file);
	struct sock *sk = socket ? socket->sk : 0;
	if (!sk || !is_unix(sk))
		return 0;
	struct socket_state *state = bpf_sk_storage_get(&wt_sockets, sk, 0, 0);
	if (state && state->flags & SOCKET_OPENED)
		bpf_seq_write(context->meta->seq, &state->generation, sizeof(state->generation));
	return 0;
}
