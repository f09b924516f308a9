/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * QUIC, and with it HTTP/3, is not read. That a target speaks it is told, once a socket, as of other kinds that nobody reads: by
 * the datagrams of its handshakes, which say in the open what they are (RFC 9000 17.2, RFC 9369 3.1) and are 1,200 bytes long at
 * least (RFC 9000 14.1). Of a connection that is older than the recording nothing shows it.
 */
#pragma once

#define QUIC_LEAST 1200
#define QUIC_LONG_HEADER 0xc0
#define QUIC_VERSION_1 0x00000001
#define QUIC_VERSION_2 0x6b3343cf

/* By address, the inodes of sockets that were told of. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, u64);
	__type(value, u64);
} wt_quic SEC(".maps");

/* Where the bytes lie that the call under way sends, the first message's of several; 0 where that is not known. */
static __always_inline u64 bytes_of_call(struct pt_regs *regs)
{
	u64 call = CALL_NUMBER(regs);
	u64 second = CALL_SECOND(regs);
	u64 from = 0;
	if (call == CALL_WRITE || call == CALL_SENDTO)
		return second;
	if (call == CALL_SENDMSG || call == CALL_SENDMMSG)
		bpf_probe_read_user(&second, sizeof(second), (void *)(second + MSGHDR_IOV));
	else if (call != CALL_WRITEV)
		return 0;
	bpf_probe_read_user(&from, sizeof(from), (void *)second);
	return from;
}

static __always_inline bool opens_quic(u64 from)
{
	struct {
		u8 padding[3]; /* so that the version is aligned */
		u8 first;
		u32 version;
	} header = {};
	if (!from || bpf_probe_read_user(&header.first, 1 + sizeof(header.version), (void *)from))
		return false;
	u32 version = __builtin_bswap32(header.version);
	return (header.first & QUIC_LONG_HEADER) == QUIC_LONG_HEADER &&
	       (version == QUIC_VERSION_1 || version == QUIC_VERSION_2);
}

static __always_inline void note_quic(struct sock *sk, u32 length)
{
	u64 key = (u64)sk;
	if (length < QUIC_LEAST || !opens_quic(bytes_of_call(call_registers(current_task()))))
		return;
	u64 inode = inode_of(sk);
	u64 *told = bpf_map_lookup_elem(&wt_quic, &key);
	if (!(told && *told == inode) && send_other(sk))
		bpf_map_update_elem(&wt_quic, &key, &inode, BPF_ANY);
}

#ifdef STATE_IN_HASHES
/* By itself, as there is little room on the stack of who asks. */
VERIFIED_ONCE note_quic_on(u64 sk, u32 length)
{
	note_quic((struct sock *)sk, length);
	return 0;
}
#define NOTE_QUIC(sk, length) note_quic_on((u64)(sk), length)
#else
#define NOTE_QUIC(sk, length) note_quic(sk, length)
#endif
