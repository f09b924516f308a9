/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * A socket becomes known when a target connects it, when a target first moves bytes on it, or when the recorder finds
 * it in a target's descriptors at start. It ends when the kernel destroys it. State changes of passive opens run in
 * the peer's task, so only the active side is taken from there.
 */
#pragma once

static __always_inline bool is_tcp(struct sock *sk)
{
	u16 family = READ(sk, __sk_common.skc_family);
	return READ(sk, sk_protocol) == IPPROTO_TCP && (family == AF_INET || family == AF_INET6);
}

static __always_inline bool is_unix(struct sock *sk)
{
	return READ(sk, __sk_common.skc_family) == AF_UNIX && READ(sk, sk_type) == SOCK_STREAM;
}

static __always_inline bool is_stream(struct sock *sk)
{
	return is_tcp(sk) || is_unix(sk);
}

static __always_inline void fill_addresses(struct wire_open *event, struct sock *sk)
{
	struct sock_common *common = &sk->__sk_common;
	struct net *net = READ(common, skc_net.net);
	event->family = READ(common, skc_family);
	event->local_port = READ(common, skc_num);
	event->remote_port = __builtin_bswap16(READ(common, skc_dport));
	event->padding = 0;
	event->netns = READ(net, ns.inum);
	event->padding2 = 0;
	if (event->family == AF_INET6) {
		bpf_probe_read_kernel(event->local, 16, &common->skc_v6_rcv_saddr);
		bpf_probe_read_kernel(event->remote, 16, &common->skc_v6_daddr);
		return;
	}
	__builtin_memset(event->local, 0, sizeof(event->local));
	__builtin_memset(event->remote, 0, sizeof(event->remote));
	*(u32 *)event->local = READ(common, skc_rcv_saddr);
	*(u32 *)event->remote = READ(common, skc_daddr);
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
	submit(event);
	return true;
}

static __always_inline struct tcp_sock *tcp_of(struct sock *sk)
{
#ifdef STATE_IN_HASHES
	return (struct tcp_sock *)sk;
#else
	return bpf_skc_to_tcp_sock(sk);
#endif
}

/* The socket behind a file; 0 where it is none. */
static __always_inline struct sock *sock_of(struct file *file)
{
#ifdef STATE_IN_HASHES
	struct inode *inode = READ(file, f_inode);
	if ((READ(inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	struct socket *socket = READ(file, private_data);
#else
	struct socket *socket = bpf_sock_from_file(file);
#endif
	return socket ? READ(socket, sk) : 0;
}

/*
 * Two numbers of a socket that arriving packets change together. Nothing keeps packets from arriving meanwhile, on this
 * CPU or another: read until they stand still, or one of them would be from before a packet and the other from after it.
 */
#define STEADY_ATTEMPTS 4
#define READ_STEADY(object, one, other, one_field, other_field)                                                        \
	_Pragma("unroll") for (int attempt = 0; attempt < STEADY_ATTEMPTS; attempt++)                                  \
	{                                                                                                              \
		one = READ(object, one_field);                                                                         \
		other = READ(object, other_field);                                                                     \
		barrier();                                                                                             \
		if (one == (u32)READ(object, one_field) && other == (u32)READ(object, other_field))                    \
			break;                                                                                         \
	}

static __always_inline bool fin_came(struct sock *sk)
{
	return READ(sk, __sk_common.skc_flags) & (1ul << bpf_core_enum_value(enum sock_flags, SOCK_DONE));
}

/* The peer's FIN takes a number of the sequence, and counts as a byte received. It comes last: nothing waits behind it. */
static __always_inline bool fin_taken(struct sock *sk, struct tcp_sock *tcp)
{
	return fin_came(sk) && READ(tcp, rcv_nxt) == READ(tcp, copied_seq);
}

/* Number of the next byte that will be taken from the socket; changed by whoever reads, never by what arrives. */
static __always_inline u32 next_taken(struct sock *sk)
{
	struct tcp_sock *tcp = is_tcp(sk) ? tcp_of(sk) : 0;
	return tcp ? READ(tcp, copied_seq) - fin_taken(sk, tcp) : 0;
}

/* Number of the next byte that will be written to the socket; changed by whoever writes, and at its end. */
static __always_inline u32 next_written(struct sock *sk)
{
	struct tcp_sock *tcp = is_tcp(sk) ? tcp_of(sk) : 0;
	return tcp ? READ(tcp, write_seq) : 0;
}

/*
 * Bytes that moved, by the kernel's number of the `next` one, and that no call told us. Where it seems to be less than
 * none, another thread's call was taken for such before: from here on it fits again. The number is one of 32 bits: less by
 * a GiB, and more by three, is all it can say, and a call that goes out in part before it is counted is no longer than that.
 */
#define UNTOLD_MOST (3u << 30)

static __always_inline u32 untold(u32 next, u32 *begin, u64 told, u32 moved_now)
{
	u32 bytes = next - *begin - (u32)told - moved_now;
	if (bytes <= UNTOLD_MOST)
		return bytes;
	*begin += bytes;
	return 0;
}

/*
 * Bytes taken from the socket that no receive returned to us: moved by splice, or read by a process that is not
 * recorded. Asked at each receive and at the end.
 */
static __always_inline u32 unseen_since(struct socket_state *state, struct sock *sk, u32 returned)
{
	return is_tcp(sk) ? untold(next_taken(sk), &state->taken_before, state->received, returned) : 0;
}

/*
 * Bytes written to the socket before this send that no send told us: by a process that is not recorded, by a way without
 * a hook, or while the kernel did not run our program.
 */
static __always_inline u32 unheard_since(struct socket_state *state, struct sock *sk, u32 sent)
{
	return is_tcp(sk) ? untold(next_written(sk), &state->written_before, state->sent, sent) : 0;
}

/*
 * Told again until it gets into the ring: without it nobody could place the socket's bytes. What went before a late
 * telling is lost, and the connection counts as older than its recording.
 */
static __always_inline void send_open(struct socket_state *state, struct sock *sk)
{
	bool missed = state->sent || state->received;
	u16 flags = state->flags & SOCKET_EARLIER || missed ? WIRE_STARTED_EARLIER : 0;
	if (state->flags & SOCKET_NOT_SAMPLED)
		flags |= WIRE_NOT_SAMPLED;
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
	submit(event);
	state->flags |= SOCKET_OPENED;
}

/* The number by which a connection is known from here on, and whether it is recorded. */
static __always_inline void name_connection(struct socket_state *state, struct sock *sk)
{
	state->generation = next_generation();
	note_generation(sk, state->generation);
	state->flags &= ~SOCKET_NOT_SAMPLED;
	if (!is_sampled(state->generation))
		state->flags |= SOCKET_NOT_SAMPLED;
}

/* The socket's state, made on first sight. */
static __always_inline struct socket_state *state_of(struct sock *sk)
{
	struct socket_state *state = socket_storage(sk, true);
	if (!state) {
		count(COUNT_STATE_FULL, 1);
		return state;
	}
	if (!state->generation) {
		name_connection(state, sk);
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
	struct tcp_sock *tcp = is_tcp(sk) ? tcp_of(sk) : 0;
	if (!tcp)
		return;
	u32 bytes, next, acked, unacked;
	READ_STEADY(tcp, bytes, next, bytes_received, rcv_nxt);
	READ_STEADY(tcp, acked, unacked, bytes_acked, snd_una);
	u32 taken = bytes - (next - READ(tcp, copied_seq)) - fin_taken(sk, tcp) - received;
	u32 written = acked + READ(tcp, write_seq) - unacked - sent;
	/* The SYN may count as one byte acknowledged. */
	if (taken != 0 || written > 1)
		state->flags |= SOCKET_EARLIER;
}

/* From here on bytes count, but those the call under way has moved count as well. */
static __always_inline void begin_counting(struct socket_state *state, struct sock *sk, u32 received, u32 sent)
{
	state->taken_before = next_taken(sk) - received;
	state->written_before = next_written(sk) - sent;
}

static __always_inline void begin_connect(struct sock *sk, u32 tgid)
{
	struct socket_state *state = state_of(sk);
	if (!state)
		return;
	/* A socket whose connect failed may try again: that is another connection. */
	if (state->flags & SOCKET_OPENED)
		name_connection(state, sk);
	state->sent = 0;
	state->received = 0;
	state->flags &= SOCKET_NOT_SAMPLED;
	state->error = 0;
	state->ended = 0;
	state->resent = 0;
	state->tgid = tgid;
	state->role = WIRE_ROLE_OUTBOUND;
	__builtin_memset(state->readers, 0, sizeof(state->readers));
	__builtin_memset(&state->turns, 0, sizeof(state->turns));
	state->packets = 0;
	state->packets_next = 0;
	state->packets_end = 0;
}

static __always_inline void fill_sealed(struct wire_close *event, u64 socket)
{
	struct seal *seal = bpf_map_lookup_elem(&wt_seals, &socket);
	event->sent_records = seal ? seal->records[WIRE_SENT] : 0;
	event->sent_sealed = seal ? seal->bytes[WIRE_SENT] : 0;
	event->received_records = seal ? seal->records[WIRE_RECEIVED] : 0;
	event->received_sealed = seal ? seal->bytes[WIRE_RECEIVED] : 0;
}

/* What TCP measured. A round trip that was never timed is none of 0 us; the window of a socket without one is a default. */
static __always_inline void fill_transport(struct wire_close *event, struct socket_state *state, struct sock *sk)
{
	struct tcp_sock *tcp = is_tcp(sk) ? tcp_of(sk) : 0;
	event->told = state->ended;
	event->round_trip_us = 0;
	event->resent = 0;
	event->window = 0;
	if (!tcp)
		return;
	if (bpf_core_field_exists(tcp->total_retrans)) {
		event->resent = READ(tcp, total_retrans);
		if (event->resent < state->resent)
			event->resent = state->resent;
		event->told |= WIRE_TOLD_RESENT;
	}
	/* In eighths. */
	if (bpf_core_field_exists(tcp->srtt_us))
		event->round_trip_us = READ(tcp, srtt_us) >> 3;
	if (!event->round_trip_us)
		return;
	event->told |= WIRE_TOLD_ROUND_TRIP;
	if (bpf_core_field_exists(tcp->snd_cwnd)) {
		event->window = READ(tcp, snd_cwnd);
		event->told |= WIRE_TOLD_WINDOW;
	}
}

/* A connection ends; its socket may be used again, or be as one that was never used. */
static __always_inline void note_resent(struct socket_state *state, struct sock *sk)
{
	struct tcp_sock *tcp = tcp_of(sk);
	if (tcp && bpf_core_field_exists(tcp->total_retrans))
		state->resent = READ(tcp, total_retrans);
}

/* `type`: WIRE_CLOSE, or WIRE_STANDING of a connection that goes on. */
static __always_inline void send_close(struct socket_state *state, struct sock *sk, u8 type)
{
	struct wire_close *event = reserve_small(sizeof(*event));
	if (!event)
		return;
	fill_header(&event->header, type, state->tgid);
	event->header.socket = state->generation;
	event->header.flags = state->flags & SOCKET_TLS ? WIRE_SOCKET_TLS : 0;
	event->sent = state->sent;
	event->received = state->received;
	event->error = state->error;
	event->padding = 0;
	fill_sealed(event, state->generation);
	fill_transport(event, state, sk);
	submit(event);
}

static __always_inline void send_missing(struct socket_state *state, u8 direction, u64 position, u32 size, u8 reason)
{
	struct wire_header *event = reserve_small(sizeof(*event));
	if (!event)
		return;
	fill_header(event, WIRE_DATA, state->tgid);
	event->direction = direction;
	event->socket = state->generation;
	event->position = position;
	event->size = size;
	event->reason = reason;
	submit(event);
}

/* A connection that ends while it is left out: how much that was. */
static __always_inline void send_left_out_end(struct socket_state *state)
{
	struct turns *turns = &state->turns;
	if (!turns->left_out)
		return;
	u64 received = state->received - turns->left_from[WIRE_RECEIVED];
	u64 sent = state->sent - turns->left_from[WIRE_SENT];
	if (received)
		send_missing(state, WIRE_RECEIVED, turns->left_from[WIRE_RECEIVED], clamp(received, ~0u), WIRE_LEFT_OUT);
	if (sent)
		send_missing(state, WIRE_SENT, turns->left_from[WIRE_SENT], clamp(sent, ~0u), WIRE_LEFT_OUT);
}

/* Taken bytes at the end that no receive told us. A socket that was disconnected begins anew. */
static __always_inline u32 unseen_at_end(struct socket_state *state, struct sock *sk)
{
	struct tcp_sock *tcp = is_tcp(sk) ? tcp_of(sk) : 0;
	if (!tcp || !READ(tcp, bytes_received))
		return 0;
	return unseen_since(state, sk, 0);
}

/* Written bytes at the end that no send told us. The FIN takes a number; a socket that was disconnected begins anew. */
static __always_inline u32 unheard_at_end(struct socket_state *state, struct sock *sk)
{
	struct tcp_sock *tcp = is_tcp(sk) ? tcp_of(sk) : 0;
	if (!tcp || !READ(tcp, bytes_acked))
		return 0;
	u32 unheard = unheard_since(state, sk, 0);
	return unheard > 1 ? unheard - 1 : 0;
}

/* The ends of the streams that no call returned: told before the close, so that they have a reason. */
static __always_inline void send_unseen_end(struct socket_state *state, struct sock *sk)
{
	if (state->flags & SOCKET_TLS)
		return;
	u32 unseen = unseen_at_end(state, sk);
	u32 unheard = unheard_at_end(state, sk);
	if (unseen)
		send_missing(state, WIRE_RECEIVED, state->received, unseen, WIRE_UNREADABLE_CALL);
	if (unheard)
		send_missing(state, WIRE_SENT, state->sent, unheard, WIRE_UNREADABLE_CALL);
	state->received += unseen;
	state->sent += unheard;
}

/* A reset after a FIN takes nothing away from the direction that the FIN ended. */
static __always_inline u16 ends_before(int state)
{
	bool both = state == TCP_LAST_ACK || state == TCP_CLOSING;
	bool sent = both || state == TCP_FIN_WAIT1 || state == TCP_FIN_WAIT2;
	bool received = both || state == TCP_CLOSE_WAIT;
	return (sent ? WIRE_TOLD_SENT_END : 0) | (received ? WIRE_TOLD_RECEIVED_END : 0);
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

static __always_inline void follow_state(struct sock *sk, int before, int after)
{
	bool both_opened = before == TCP_SYN_RECV && after == TCP_ESTABLISHED;
	if (after != TCP_SYN_SENT && after != TCP_CLOSE && after != TCP_LISTEN && before != TCP_SYN_SENT && !both_opened)
		return;
	if (!is_tcp(sk))
		return;
	if (after == TCP_LISTEN || after == TCP_SYN_SENT) {
		u32 tgid = current_tgid();
		if (after == TCP_LISTEN && tgid != settings.self_tgid && (settings.watch_processes || is_target(tgid)))
			send_listen(sk, tgid);
		if (after == TCP_SYN_SENT && is_target(tgid))
			begin_connect(sk, tgid);
		return;
	}
	struct socket_state *state = socket_storage(sk, false);
	if (!state)
		return;
	if (after == TCP_CLOSE) {
		state->error = sk->sk_err;
		state->ended = ends_before(before);
		note_resent(state, sk);
	}
	/* The source port is chosen after SYN_SENT, so the end of that state is the first moment with a whole tuple. */
	if (before == TCP_SYN_SENT && !(state->flags & SOCKET_OPENED)) {
		begin_counting(state, sk, 0, 0);
		send_open(state, sk);
	}
	/* Where both sides connect at once (a socket may, to itself), the peer's numbers come a state later. */
	if (both_opened && !state->received)
		state->taken_before = next_taken(sk);
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(wt_sock_state, struct sock *sk, int before, int after)
{
	hold_cpu();
	follow_state(sk, before, after);
	release_cpu();
	return 0;
}

/* An alert, or of TLS 1.3, which hides what a record is, one as short as that: what comes before the end, as a rule. */
static __always_inline bool ends_in_alert(struct record_reader *reader)
{
	u32 length = (u32)reader->header[3] << 8 | reader->header[4];
	if (reader->left || reader->have)
		return false;
	return reader->header[0] == RECORD_ALERT || (reader->header[0] == RECORD_APPLICATION && length <= ALERT_RECORD_MOST);
}

/* TLS says by itself that no more comes, and who hears it need not wait for the FIN. */
static __always_inline bool took_all(struct socket_state *state, struct sock *sk)
{
	struct tcp_sock *tcp = is_tcp(sk) ? tcp_of(sk) : 0;
	struct record_reader *reader = &state->readers[WIRE_RECEIVED];
	/* The FIN itself may wait. */
	if (!tcp || (fin_came(sk) && READ(tcp, rcv_nxt) - READ(tcp, copied_seq) <= 1))
		return true;
	return state->flags & SOCKET_TLS && (reader->lost || ends_in_alert(reader));
}

static __always_inline void end_socket(struct socket_state *state, struct sock *sk)
{
	if (!took_all(state, sk))
		state->ended |= WIRE_TOLD_LEFT;
	u64 generation = state->generation;
	if (!state->error)
		state->error = READ(sk, sk_err);
	send_left_out_end(state);
	send_unseen_end(state, sk);
	send_close(state, sk, WIRE_CLOSE);
	bpf_map_delete_elem(&wt_seals, &generation);
	state->flags &= ~SOCKET_OPENED;
}

/* The process was told that the other end of a unix socket sends no more; nobody tells of its own end. */
static __always_inline void note_unix_end(struct sock *sk)
{
	struct socket_state *state = is_unix(sk) ? socket_storage(sk, false) : 0;
	if (!state || !(state->flags & SOCKET_OPENED) || state->ended & WIRE_TOLD_RECEIVED_END)
		return;
	state->ended |= WIRE_TOLD_RECEIVED_END;
	send_close(state, sk, WIRE_STANDING);
}

#ifdef STATE_IN_HASHES
/* By itself, as there is little room on the stack of who asks. */
VERIFIED_ONCE note_unix_end_of(u64 sk)
{
	note_unix_end((struct sock *)sk);
	return 0;
}
#define NOTE_UNIX_END(sk) note_unix_end_of((u64)(sk))
#else
#define NOTE_UNIX_END(sk) note_unix_end(sk)
#endif

static __always_inline void destroy_socket(struct sock *sk)
{
	struct socket_state *state = socket_storage(sk, false);
	if (state && state->flags & SOCKET_OPENED)
		end_socket(state, sk);
	forget_socket(sk);
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(wt_sock_destroy, struct sock *sk)
{
	hold_cpu();
	destroy_socket(sk);
	release_cpu();
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
	struct sock *sk = sock_of(file);
	if (!sk || !is_stream(sk))
		return 0;
	u8 now = READ(sk, __sk_common.skc_state);
	if (now == TCP_CLOSE || now == TCP_LISTEN)
		return 0;
	struct socket_state *state = socket_storage(sk, true);
	if (!state || state->generation)
		return 0;
	name_connection(state, sk);
	state->tgid = tgid;
	state->flags |= SOCKET_EARLIER;
	if (is_unix(sk)) {
		learn_unix_role(state, sk);
		if (state->flags & SOCKET_IGNORED)
			return 0;
	}
	/* What an older connection moved before us is not missing: it was never to be recorded. */
	begin_counting(state, sk, 0, 0);
	send_open(state, sk);
	return 0;
}

/* The socket behind an entry of a target's descriptors, where it is one that is known; 0 where not. */
static __always_inline struct sock *held_socket(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct file *file = context->file;
	return task && file && is_target(task->tgid) ? sock_of(file) : 0;
}

/* Run once at the end: how the connections stand that go on. One that is held twice is told twice. */
SEC("iter/task_file")
int wt_take_stock(struct bpf_iter__task_file *context)
{
	struct sock *sk = held_socket(context);
	struct socket_state *state = sk && is_stream(sk) ? socket_storage(sk, false) : 0;
	if (state && state->flags & SOCKET_OPENED)
		send_close(state, sk, WIRE_STANDING);
	return 0;
}

/* Behind all that was said of sockets that are not among those counted. */
static __always_inline void send_counted(void)
{
	struct wire_header *event = reserve_small(sizeof(*event));
	if (!event)
		return;
	fill_header(event, WIRE_COUNTED, settings.self_tgid);
	submit(event);
}

/*
 * The kernel tells nobody when a unix socket ends. So user space asks now and then which ones targets still hold: their
 * generations, eight bytes each, are what this iterator prints. It is called without a task at its end.
 */
SEC("iter/task_file")
int wt_unix_census(struct bpf_iter__task_file *context)
{
	if (!context->task) {
		send_counted();
		return 0;
	}
	struct sock *sk = held_socket(context);
	struct socket_state *state = sk && is_unix(sk) ? socket_storage(sk, false) : 0;
	if (state && state->flags & SOCKET_OPENED)
		bpf_seq_write(context->meta->seq, &state->generation, sizeof(state->generation));
	return 0;
}
