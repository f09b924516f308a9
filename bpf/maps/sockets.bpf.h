/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What is known of a stream socket. The storage hangs on the socket and dies with it: no leak, no eviction, no fd. Where
 * programs know a socket by its address only, and before 5.11, it is a hash by that address.
 */
#pragma once

#define SOCKET_OPENED 0x1      /* its WIRE_OPEN is out */
#define SOCKET_TLS 0x2         /* its bytes are TLS records */
#define SOCKET_BOUND 0x4       /* a TLS stream with plaintext is bound to it */
#define SOCKET_MAYBE_SENT 0x8  /* what went out opens like TLS; what comes back decides */
#define SOCKET_MAYBE_RECEIVED 0x10
#define SOCKET_EARLIER 0x20    /* older than the recorder */
#define SOCKET_IGNORED 0x40    /* a pair of unix sockets without names: pipes between processes */
#define SOCKET_NOT_SAMPLED 0x80 /* its open and its end are told, and none of its bytes */
#define SOCKET_OTHER 0x100      /* of a kind that is not read, which was told */

/* Types of TLS records; an alert of TLS 1.3 has two bytes, the byte of its type and a tag of 16 at the most. */
#define RECORD_ALERT 21
#define RECORD_APPLICATION 23
#define ALERT_RECORD_MOST 19

/* Where a direction stands in the sequence of TLS records. */
struct record_reader {
	u32 left;      /* bytes of the current record still to come */
	u8 have;       /* bytes of the next header that came */
	u8 header[5];
	u8 lost;       /* 1: where the next record begins is not known: kTLS, or a call nobody can read */
	u8 told;       /* records told one by one so far */
};

struct socket_state {
	u64 generation;
	u64 sent;
	u64 received;
	u32 tgid;
	u32 flags;
	u32 taken_before; /* number of the next byte to be taken, when recording of it began */
	u16 error;
	u16 ended; /* bits of enum wire_told: directions whose FIN came before the end of the connection */
	u32 written_before; /* number of the next byte to be written, when recording of it began */
	u8 role;
	u8 packets; /* 1: what it sends now may not be in the process's memory: what leaves is looked at */
	u8 padding[2];
	u32 resent; /* segments, by the end of its connection: a connect that fails leaves a socket as new */
	u32 padding2;
	u64 packets_next; /* behind the last byte seen to leave in a packet */
	u64 packets_end;  /* behind the last byte that is to be taken from packets */
	struct record_reader readers[2]; /* by enum wire_direction */
	struct turns turns;
};

/* Never used twice while anybody could remember it; 0 before accept, and once the file is closed. */
static __always_inline u64 inode_of(struct sock *sk)
{
	struct socket_alloc *whole = (struct socket_alloc *)BPF_CORE_READ(sk, sk_socket);
	return whole ? BPF_CORE_READ(whole, vfs_inode.i_ino) : 0;
}

#ifdef STATE_IN_HASHES
struct keyed_socket {
	struct socket_state state;
	u64 inode; /* of the socket's file: another one at this address is a later socket */
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, struct keyed_socket);
} wt_sockets SEC(".maps");

/*
 * Nobody tells of the end of a unix socket, and that of others can be missed (a program does not run within itself): what
 * is left of a socket must not serve the next one at its address.
 */
static __always_inline void renew_if_reused(struct keyed_socket *found, struct sock *sk)
{
	u64 inode = inode_of(sk);
	if (!inode || inode == found->inode)
		return;
	if (found->inode)
		__builtin_memset(&found->state, 0, sizeof(found->state));
	found->inode = inode;
}

/* A function, as there is little room on the stack of who asks. */
static __noinline int begin_socket(u64 key)
{
	struct keyed_socket fresh = {};
	return bpf_map_update_elem(&wt_sockets, &key, &fresh, BPF_NOEXIST);
}

static __always_inline struct socket_state *socket_storage(struct sock *sk, bool create)
{
	u64 key = (u64)sk;
	struct keyed_socket *found = bpf_map_lookup_elem(&wt_sockets, &key);
	if (!found && create) {
		begin_socket(key);
		found = bpf_map_lookup_elem(&wt_sockets, &key);
	}
	if (!found)
		return 0;
	renew_if_reused(found, sk);
	return &found->state;
}

static __always_inline void forget_socket(struct sock *sk)
{
	u64 key = (u64)sk;
	bpf_map_delete_elem(&wt_sockets, &key);
}

/* The state itself can be found by the address. */
static __always_inline void note_generation(struct sock *sk, u64 generation)
{
	(void)sk;
	(void)generation;
}

/* For programs of user probes: the generation of a socket that is known; 0 where it is not. */
static __always_inline u64 generation_of(struct sock *sk)
{
	struct socket_state *state = socket_storage(sk, false);
	return state ? state->generation : 0;
}
#else
struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct socket_state);
} wt_sockets SEC(".maps");

static __always_inline struct socket_state *socket_storage(struct sock *sk, bool create)
{
	return bpf_sk_storage_get(&wt_sockets, sk, 0, create ? BPF_SK_STORAGE_GET_F_CREATE : 0);
}

struct known_socket {
	u64 generation;
	u64 inode; /* of the socket's file: another one at this address is a later socket */
};

/* The kernel lets programs of user probes read no storage of a socket: so its generation, by its address. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, u64);
	__type(value, struct known_socket);
} wt_generations SEC(".maps");

static __always_inline void note_generation(struct sock *sk, u64 generation)
{
	u64 key = (u64)sk;
	struct known_socket known = { .generation = generation, .inode = inode_of(sk) };
	bpf_map_update_elem(&wt_generations, &key, &known, BPF_ANY);
}

static __always_inline u64 generation_of(struct sock *sk)
{
	u64 key = (u64)sk;
	struct known_socket *known = bpf_map_lookup_elem(&wt_generations, &key);
	return known && known->inode && known->inode == inode_of(sk) ? known->generation : 0;
}

/* The storage goes with the socket. */
static __always_inline void forget_socket(struct sock *sk)
{
	u64 key = (u64)sk;
	bpf_map_delete_elem(&wt_generations, &key);
}
#endif

/*
 * The place of `length` bytes that moved, in their stream. Before 5.12 an addition does not return what was there: two
 * threads that use a socket at the very same time may get one place, and then the bytes behind it are a hole that shows.
 */
static __always_inline u64 take_range(u64 *total, u64 length)
{
#ifdef STATE_IN_HASHES
	u64 position = *(volatile u64 *)total;
	__sync_fetch_and_add(total, length);
	return position;
#else
	return __sync_fetch_and_add(total, length);
#endif
}
