/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The few kernel types the recorder reads, by name only: CO-RE finds the real offsets at load (so no vmlinux.h, which
 * would tie the build to one kernel). Fields are the kernel's; sizes and order here mean nothing.
 */
#pragma once

/* bpf_tracing.h then takes the kernel's register names from our struct pt_regs. */
#define __VMLINUX_H__

#include <linux/types.h>
#include <linux/bpf.h>
#include <stdbool.h>

typedef __u64 u64;
typedef __u32 u32;
typedef __s32 s32;
typedef __u16 u16;
typedef __u8 u8;

#define KERNEL_TYPE __attribute__((preserve_access_index))

#include "machine.bpf.h"

struct in6_addr {
	union {
		u8 u6_addr8[16];
	} in6_u;
} KERNEL_TYPE;

struct ns_common {
	unsigned int inum;
} KERNEL_TYPE;

struct net {
	struct ns_common ns;
} KERNEL_TYPE;

typedef struct {
	struct net *net;
} KERNEL_TYPE possible_net_t;

struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	possible_net_t skc_net;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
	unsigned long skc_flags;
} KERNEL_TYPE;

struct sock {
	struct sock_common __sk_common;
	u16 sk_type;
	u16 sk_protocol;
	int sk_err;
	struct socket *sk_socket;
} KERNEL_TYPE;

/* The numbers are the running kernel's. */
enum sock_flags { SOCK_DEAD, SOCK_DONE };

struct tcp_sock {
	u32 copied_seq;
	u32 rcv_nxt;
	u64 bytes_received;
	u64 bytes_acked;
	u32 write_seq;
	u32 snd_una;
	u32 srtt_us;
	u32 total_retrans;
	u32 snd_cwnd;
} KERNEL_TYPE;

struct sockaddr_un {
	char sun_path[108];
} KERNEL_TYPE;

struct unix_address {
	int len;
	struct sockaddr_un name[1];
} KERNEL_TYPE;

struct unix_sock {
	struct unix_address *addr;
	struct sock *peer;
} KERNEL_TYPE;

struct sockaddr_vm {
	unsigned int svm_port;
	unsigned int svm_cid;
} KERNEL_TYPE;

/* Of a module: where it is not loaded yet, nobody knows its fields. */
struct vsock_sock {
	struct sockaddr_vm remote_addr;
} KERNEL_TYPE;

struct socket {
	struct sock *sk;
} KERNEL_TYPE;

typedef struct {
	int counter;
} KERNEL_TYPE atomic_t;

struct signal_struct {
	atomic_t live;
} KERNEL_TYPE;

struct task_struct {
	unsigned int flags;
	int pid;
	int tgid;
	void *stack;
	struct files_struct *files;
	void *io_uring;
	struct signal_struct *signal;
	char comm[16];
} KERNEL_TYPE;

struct inode {
	unsigned short i_mode;
	unsigned long i_ino;
} KERNEL_TYPE;

struct socket_alloc {
	struct socket socket;
	struct inode vfs_inode;
} KERNEL_TYPE;

struct file {
	struct inode *f_inode;
	void *private_data;
} KERNEL_TYPE;

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
} KERNEL_TYPE;

struct files_struct {
	struct fdtable *fdt;
} KERNEL_TYPE;

struct iovec {
	void *iov_base;
} KERNEL_TYPE;

/* The numbers are the running kernel's. */
enum iter_type { ITER_UBUF, ITER_IOVEC, ITER_BVEC };

struct iov_iter {
	u8 iter_type;
	unsigned long iov_offset;
	void *ubuf; /* or the vector, at the same place */
	unsigned long count;
	unsigned long nr_segs;
} KERNEL_TYPE;

struct msghdr {
	struct iov_iter msg_iter;
} KERNEL_TYPE;

struct iou_vec {
	struct iovec *iovec;
} KERNEL_TYPE;

struct io_async_msghdr {
	struct iou_vec vec;
	struct iovec fast_iov;
	struct msghdr msg;
} KERNEL_TYPE;

struct io_async_rw {
	struct iou_vec vec;
	struct iov_iter iter;
	struct iovec fast_iov;
} KERNEL_TYPE;

/* Before 6.15 both had a pointer in the place of `vec`. */
struct io_async_msghdr___older {
	struct iovec *free_iov;
} KERNEL_TYPE;

struct io_async_rw___older {
	struct iovec *free_iovec;
} KERNEL_TYPE;

struct io_rsrc_node {
	unsigned long file_ptr;
} KERNEL_TYPE;

struct io_rsrc_data {
	unsigned int nr;
	struct io_rsrc_node **nodes;
} KERNEL_TYPE;

struct io_file_table {
	struct io_rsrc_data data;
} KERNEL_TYPE;

struct io_ring_ctx {
	struct io_file_table file_table;
} KERNEL_TYPE;

struct io_cqe {
	int fd;
} KERNEL_TYPE;

struct io_kiocb {
	struct file *file;
	u8 opcode;
	u64 flags;
	struct io_cqe cqe;
	struct io_ring_ctx *ctx;
	void *async_data;
} KERNEL_TYPE;

struct io_uring_cqe {
	u32 flags;
} KERNEL_TYPE;

/* What a request was told to do; lies at its beginning. */
struct io_sr_msg {
	void *buf;
	int len;
} KERNEL_TYPE;

struct io_rw {
	u64 addr;
	u32 len;
} KERNEL_TYPE;

struct bpf_prog_aux {
	void *priv_stack_ptr;
} KERNEL_TYPE;

struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
} KERNEL_TYPE;
struct bpf_iter__task_file {
	union {
		struct bpf_iter_meta *meta;
	};
	union {
		struct task_struct *task;
	};
	u32 fd;
	union {
		struct file *file;
	};
} KERNEL_TYPE;

#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

/*
 * A field of a kernel object. Where state hangs on the kernel's own objects they come with their type, and the verifier
 * lets them be read directly; where it is kept in hashes (maps/sockets.bpf.h) an object may be a mere address.
 */
#ifdef STATE_IN_HASHES
#define READ(object, field) BPF_CORE_READ(object, field)
#else
#define READ(object, field) ((object)->field)
#endif

/*
 * A function that the verifier looks at once, instead of at each call: without bpf_loop (5.17) the loops over a long call
 * would be too much for it. Before 5.13 such a function takes numbers only, so it finds the thread's state itself.
 */
#define VERIFIED_ONCE __noinline int

#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define SOCK_STREAM 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT 2
#define TCP_SYN_RECV 3
#define TCP_FIN_WAIT1 4
#define TCP_FIN_WAIT2 5
#define TCP_CLOSE 7
#define TCP_CLOSE_WAIT 8
#define TCP_LAST_ACK 9
#define TCP_LISTEN 10
#define TCP_CLOSING 11
#define IOV_MOST 1024 /* segments of one call */
#define MSG_OOB 0x1
#define MSG_PEEK 0x2
#define MSG_TRUNC 0x20
#define MSG_ERRQUEUE 0x2000
/* What a receive with one of these returns is not the next bytes of the stream. */
#define MSG_ASIDE (MSG_OOB | MSG_PEEK | MSG_ERRQUEUE)
#define PF_IO_WORKER 0x10
#define CLONE_THREAD 0x00010000
#define S_IFMT 0170000
#define S_IFSOCK 0140000

/* The smaller of v and most, in a form the verifier believes: clang folds the plain comparison away (measured with 14). */
static __always_inline u64 clamp(u64 v, const u64 most)
{
	asm volatile("if %0 <= %1 goto +1; %0 = %1" : "+r"(v) : "i"(most));
	return v;
}

/* Never 0, in a form the verifier believes: that of 6.1 learns nothing from a comparison with 0. */
static __always_inline u64 at_least_one(u64 v)
{
	asm volatile("if %0 > 0 goto +1; %0 = 1" : "+r"(v));
	return v;
}
