/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Go's crypto/tls, 1.18 to 1.26: one probe a direction, in the midst of Write and of Read, where plaintext is in registers
 * (the layout is Go's own calling convention, internal/abi). No returns: Go moves its stacks, and a return probe would crash
 * it. Nothing is open between two probes, so nothing is stale when a goroutine goes on on another thread, or the recorder
 * leaves and comes back. The socket is found by following the connection to its descriptor, at each call anew: the garbage
 * collector gives addresses to new connections.
 */
#pragma once

/* tls.Conn begins with the interface it writes to: its type, and what it points at. */
#define GO_CONN_BELOW 8
/* net.TCPConn and net.UnixConn hold a pointer to net.netFD, which begins with its poll.FD. */
#define GO_NETFD_SYSFD 16
#define GO_NETFD_FAMILY 56
#define LENGTH_MOST (1u << 31)
/* The first records of a connection hold no more: crypto/tls adapts their size to the path. */
#define GO_FIRST_RECORD 1024
#define GO_RECORD_MOST 16384
/* What a suite adds to the plaintext of a record: from the tag alone to IV, MAC and padding of CBC. */
#define SEAL_LEAST 16
#define SEAL_MOST 96

/* The part of net.netFD behind its poll.FD. */
struct go_netfd {
	u64 family;
	u64 type;
	u64 connected; /* a bool in its first byte */
	u64 net;       /* a string: tcp, tcp4, tcp6, unix */
	u64 net_length;
};

/* Where a connection leads. */
struct go_path {
	u64 below;  /* what the interface points at */
	u64 socket; /* generation; 0 where it does not lead to a socket that is known */
	u32 within; /* 1: it is another TLS connection */
	u32 padding;
};

static __always_inline bool is_stream_name(const struct go_netfd *netfd)
{
	char name[4] = {};
	if (netfd->net_length < 3 || netfd->net_length > 4 || bpf_probe_read_user(name, 4, (void *)netfd->net))
		return false;
	if (netfd->family == AF_UNIX)
		return name[0] == 'u' && name[1] == 'n' && name[2] == 'i' && name[3] == 'x';
	return name[0] == 't' && name[1] == 'c' && name[2] == 'p';
}

/*
 * The socket of what may be a net.TCPConn: taken for one where all that a netFD says of itself, and what the kernel says of
 * its descriptor, agree. Other types that implement net.Conn do not look like that.
 */
static __always_inline struct sock *sock_below(u64 below)
{
	u64 address = 0;
	s32 fd = -1;
	struct go_netfd netfd = {};
	if (!below || bpf_probe_read_user(&address, sizeof(address), (void *)below) || !address)
		return 0;
	if (bpf_probe_read_user(&fd, sizeof(fd), (void *)(address + GO_NETFD_SYSFD)))
		return 0;
	if (bpf_probe_read_user(&netfd, sizeof(netfd), (void *)(address + GO_NETFD_FAMILY)))
		return 0;
	if (netfd.type != SOCK_STREAM || !(netfd.connected & 1) || !is_stream_name(&netfd))
		return 0;
	struct sock *sk = sock_at(fd);
	return sk && BPF_CORE_READ(sk, __sk_common.skc_family) == netfd.family ? sk : 0;
}

static __always_inline void follow_conn(struct go_path *path, u64 conn, u32 tgid)
{
	if (bpf_probe_read_user(&path->below, sizeof(path->below), (void *)(conn + GO_CONN_BELOW)))
		return;
	struct sock *sk = sock_below(path->below);
	if (sk) {
		path->socket = generation_of(sk);
		return;
	}
	struct object_key key = key_of(path->below, tgid);
	struct tls_state *outer = bpf_map_lookup_elem(&wt_tls, &key);
	if (!outer || outer->library != WIRE_GO || !outer->socket || !is_live_socket(outer->socket))
		return;
	outer->carrier = 1;
	path->socket = outer->socket;
	path->within = 1;
}

/* The state at this address is that of an older connection. */
static __always_inline bool is_another(struct tls_state *tls, struct go_path *path)
{
	if (tls->below && tls->below != path->below)
		return true;
	if (!tls->socket)
		return false;
	return path->socket ? path->socket != tls->socket : !is_live_socket(tls->socket);
}

/* The stream of a connection, bound to its socket where it leads to one. */
static __always_inline struct tls_state *stream_of_conn(u64 conn, u32 tgid)
{
	struct go_path path = {};
	follow_conn(&path, conn, tgid);
	struct tls_state *tls = tls_of(conn, tgid, WIRE_GO);
	if (tls && is_another(tls, &path)) {
		forget_tls(conn, tgid);
		tls = tls_of(conn, tgid, WIRE_GO);
	}
	if (!tls)
		return tls;
	tls->below = path.below;
	if (path.socket && !tls->socket)
		tie_to(tls, tgid, path.socket, path.within ? WIRE_BOUND_WITHIN : WIRE_BOUND_DESCRIPTOR);
	return tls;
}

/* Where the connection did not lead to its socket: what this goroutine sends next may. */
static __always_inline void expect_sending(u64 goroutine, u64 conn, u64 length, u32 tgid, bool wanted)
{
	struct object_key key = key_of(goroutine, tgid);
	struct go_write write = { .conn = conn, .length = length };
	if (wanted)
		bpf_map_update_elem(&wt_go_writes, &key, &write, BPF_ANY);
	else
		bpf_map_delete_elem(&wt_go_writes, &key);
}

/* A record of application data that can hold the beginning of so much plaintext. */
static __always_inline bool may_seal(const u8 *header, u64 plaintext)
{
	u64 length = (u32)header[3] << 8 | header[4];
	u64 least = plaintext < GO_FIRST_RECORD ? plaintext : GO_FIRST_RECORD;
	u64 most = plaintext < GO_RECORD_MOST ? plaintext : GO_RECORD_MOST;
	return header[0] == RECORD_APPLICATION && length >= least + SEAL_LEAST && length <= most + SEAL_MOST;
}

/* A socket sent ciphertext at `from` while the goroutine was in a Write whose socket is not known. */
static __always_inline void match_go_write(struct socket_state *state, u64 goroutine, u64 from, u64 length)
{
	struct object_key key = key_of(goroutine, state->tgid);
	struct go_write *write = bpf_map_lookup_elem(&wt_go_writes, &key);
	u8 header[8] = {};
	if (!write)
		return;
	u64 conn = write->conn;
	u64 plaintext = write->length;
	if (length < RECORD_HEADER_BYTES || bpf_probe_read_user(header, RECORD_HEADER_BYTES, (void *)from))
		return;
	/* A handshake that this Write began comes first. */
	if (!opens_tls_record(header) || header[0] != RECORD_APPLICATION)
		return;
	bpf_map_delete_elem(&wt_go_writes, &key);
	struct object_key conn_key = key_of(conn, state->tgid);
	struct tls_state *tls = bpf_map_lookup_elem(&wt_tls, &conn_key);
	if (!tls || tls->socket || !may_seal(header, plaintext))
		return;
	tie_to(tls, state->tgid, state->generation, WIRE_BOUND_NESTED);
	state->flags |= SOCKET_BOUND;
}

static __always_inline void send_go_plaintext(struct tls_state *tls, u32 tgid, u8 direction, u64 from, u64 length)
{
	struct thread_state *thread = thread_of_current(BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (!thread)
		return;
	struct copy_cursor *cursor = begin_plaintext(thread, tls, tgid, direction, length);
	if (leaves_out_plaintext(cursor, tls, length))
		return;
	struct seal *seal = direction == WIRE_SENT ? bpf_map_lookup_elem(&wt_seals, &tls->socket) : 0;
	/* Nothing of a Write has been sealed yet. What a Read has, the sums at the next receive tell. */
	if (seal) {
		cursor->header.flags |= WIRE_ACCOUNT;
		cursor->header.sealed_records = seal->records[WIRE_SENT];
		cursor->header.sealed_bytes = seal->bytes[WIRE_SENT];
	}
	copy_plaintext(cursor, from, length);
}

static __always_inline bool is_length(u64 length)
{
	return length > 0 && length < LENGTH_MOST;
}

/* func (c *Conn) Write(b []byte), behind the check of the stack, or at its jump */
static __always_inline void wt_go_write_body(struct pt_regs *ctx)
{
	u32 tgid = current_tgid();
	u64 conn = GO_FIRST(ctx);
	u64 length = GO_THIRD(ctx);
	if (!is_target(tgid) || GO_STACK_GROWS(ctx))
		return;
	struct tls_state *tls = stream_of_conn(conn, tgid);
	if (!tls || tls->carrier || !is_length(length))
		return;
	expect_sending(GO_GOROUTINE(ctx), conn, length, tgid, !tls->socket);
	send_go_plaintext(tls, tgid, WIRE_SENT, GO_SECOND(ctx), length);
}

GUARDED_UPROBE(wt_go_write, wt_go_write_body(ctx))

/* Read, at its call of memmove(to, from, length) */
static __always_inline void wt_go_read_body(struct pt_regs *ctx)
{
	u32 tgid = current_tgid();
	u64 conn = 0;
	u64 length = GO_THIRD(ctx);
	if (!is_target(tgid) || bpf_probe_read_user(&conn, sizeof(conn), (void *)(GO_FRAME(ctx) + GO_FIRST_ARGUMENT)))
		return;
	struct tls_state *tls = stream_of_conn(conn, tgid);
	if (tls && !tls->carrier && is_length(length))
		send_go_plaintext(tls, tgid, WIRE_RECEIVED, GO_SECOND(ctx), length);
}

GUARDED_UPROBE(wt_go_read, wt_go_read_body(ctx))
