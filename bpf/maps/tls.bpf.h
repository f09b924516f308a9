/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* TLS objects of target processes, and what ties a memory BIO's ciphertext to a socket. */
#pragma once

struct object_key {
	u64 address;
	u32 tgid;
	u32 image; /* config_target.image: an address means nothing after exec */
};

struct tls_state {
	u64 generation;
	u64 socket; /* generation of the socket it is bound to; 0 while unknown */
	u64 sent;
	u64 received;
	/* Go: what the TLS object writes to; another one at the same address has another, or another socket. JSSE, BoringSSL: the socket. s2n: 1: its last read filled the buffer */
	u64 below;
	u16 carrier; /* 1: its plaintext is the ciphertext of another TLS object (TLS in TLS) */
	u16 agreed;  /* 1: what it was agreed to carry has been told */
	u8 library;  /* enum wire_library */
	u8 gone;     /* 1: a forked process has ended what it inherited at this address; all else is 0 */
	u16 from_record; /* JSSE: 1: the socket was found by a record that it received */
	struct turns turns;
};

/*
 * Keyed by {SSL * or Go's *tls.Conn, process}. Freed unseen, so the table keeps those used last, and the kernel takes memory
 * for all of them at once (150 bytes each); native/ sets how many before load. An evicted one begins anew at its next call;
 * the account by socket goes on.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct object_key);
	__type(value, struct tls_state);
} wt_tls SEC(".maps");

/* Whose a BIO was when it was given away. It is freed unseen, and so are both addresses: others may have them now. */
struct bio_owner {
	u64 ssl;
	u64 generation; /* of its struct tls_state */
};

/* BIO -> SSL, learnt from SSL_set_bio and its relatives. Asked for until its TLS object has a socket, which is within the handshake. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct object_key);
	__type(value, struct bio_owner);
} wt_bios SEC(".maps");

#define PREFIX_BYTES 16
#define RECORD_HEADER_BYTES 5

struct prefix_key {
	u32 tgid;
	u32 direction;
	u8 bytes[PREFIX_BYTES]; /* that follow the header of the first TLS record */
};

/* Ciphertext on its way: sent = the library's, value is the SSL; received = the socket's, value is its generation. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct prefix_key);
	__type(value, u64);
} wt_prefixes SEC(".maps");

/* A Write of Go whose connection leads to no descriptor: what its goroutine sends next may be its ciphertext. */
struct go_write {
	u64 conn;
	u64 length;
};

/* By goroutine: the address of its descriptor, which stays in r14, also in system calls, whatever thread it runs on. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct object_key);
	__type(value, struct go_write);
} wt_go_writes SEC(".maps");
