/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What passed a TLS socket in records of application data, by the socket's generation: the side of the account that the
 * plaintext has to explain. Apart from the socket's own state because TLS calls know the generation, not the socket.
 */
#pragma once

struct seal {
	u32 bytes[2]; /* behind the record headers, by enum wire_direction; modulo 2^32, like the records */
	u32 records[2];
	u16 cipher;  /* of the ServerHello */
	u16 version; /* the same */
	u8 bound;    /* 1: a TLS stream was bound to the socket by one who does not know the socket's own state */
	u8 padding[3];
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
#ifdef STATE_IN_HASHES
	/* Before 6.1 the kernel warns of programs that make it allocate memory wherever they run. */
	__uint(max_entries, 65536);
#else
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 131072);
#endif
	__type(key, u64);
	__type(value, struct seal);
} wt_seals SEC(".maps");
