/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What is known of a stream socket. The storage hangs on the socket and dies with it: no leak, no eviction, no fd. */
#pragma once

#define SOCKET_OPENED 0x1      /* its WIRE_OPEN is out */
#define SOCKET_TLS 0x2         /* its bytes are TLS records */
#define SOCKET_BOUND 0x4       /* a TLS stream with plaintext is bound to it */
#define SOCKET_MAYBE_SENT 0x8  /* what went out opens like TLS; what comes back decides */
#define SOCKET_MAYBE_RECEIVED 0x10
#define SOCKET_EARLIER 0x20    /* older than the recorder */
#define SOCKET_IGNORED 0x40    /* a pair of unix sockets without names: pipes between processes */

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
	u32 consumed_before; /* bytes received and taken before recording of it began */
	u32 error;
	u8 role;
	u8 padding[7];
	struct record_reader readers[2]; /* by enum wire_direction */
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct socket_state);
} wt_sockets SEC(".maps");
