/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* What is known of a TCP socket. The storage hangs on the socket and dies with it: no leak, no eviction, no fd. */
#pragma once

#define SOCKET_OPENED 0x1      /* its WIRE_OPEN is out */
#define SOCKET_TLS 0x2         /* its bytes are TLS records */
#define SOCKET_BOUND 0x4       /* a TLS stream with plaintext is bound to it */
#define SOCKET_PLAIN_SENT 0x8  /* bytes that are no TLS record went out */
#define SOCKET_PLAIN_RECEIVED 0x10
#define SOCKET_EARLIER 0x20    /* older than the recorder */

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
};

struct {
	__uint(type, BPF_MAP_TYPE_SK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct socket_state);
} wt_sockets SEC(".maps");
