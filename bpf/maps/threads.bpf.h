/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * What a thread is in the middle of: the TLS calls on its stack, and the cursor of the copy under way. It lives in task
 * storage, not on the BPF stack: uprobe programs can be preempted, and a program that needs 64 bytes of stack or more
 * gets a per-CPU one from 6.13 on, which two preempted programs would share.
 */
#pragma once

enum tls_operation { TLS_IDLE = 0, TLS_READ = 1, TLS_WRITE = 2 };

struct copy_cursor {
	struct wire_header header; /* of the next event; position, size and captured are filled as it goes */
	u64 from;                  /* user address of the next byte */
	u64 segment_left;          /* bytes left at `from` */
	u64 segments;              /* user address of the next struct iovec */
	u64 left;                  /* bytes of the call still to be sent out */
	u32 segment_count;         /* iovecs left */
	u32 budget;                /* bytes the limit a call still allows */
	u32 kernel_segments;       /* 1: the iovecs are a copy of the kernel's; where they point to is the user's all the same */
	u32 padding;
};

/*
 * A TLS call under way. A thread may have several: a callback writes within a read, one TLS object reads through
 * another, a coroutine is left in the middle of a call. They are told apart by their place on the stack.
 */
struct tls_call {
	u64 ssl;
	u64 buffer;
	u64 done; /* user address of the byte count (the _ex forms) */
	u64 began_ns; /* of a write */
	u64 socket; /* generation of the one socket used inside the call */
	u64 most; /* bytes it was handed, where that has to confirm what function it is; 0: that is known */
	/* Once `moved`, in the direction of this call. Read: as they stood before that. Written: as they stand since. */
	u32 sealed_bytes;
	u32 sealed_records;
	u32 image; /* of the process */
	u32 order; /* counts the thread's calls */
	u8 operation;
	u8 conflict; /* two different sockets were used inside the call */
	u8 moved;    /* a socket call in the direction of this call was made inside */
	u8 within;   /* its ciphertext was moved by another TLS object's calls */
	u8 library;  /* enum wire_library */
	u8 inherits; /* 1: the process may go on with TLS objects of the one it was forked from */
	u16 padding; /* bytes of its record that stand for nothing (TLS 1.3), where the call says so */
};

/* A call that seals or opens one record in memory: a leaf, so a thread has one. */
struct record_call {
	u64 stack;  /* stack pointer at entry */
	u64 object; /* of the one direction of the one connection */
	u64 result;
	u64 from; /* plaintext, or the slices that hold it; ciphertext that is opened in place */
	u64 length;
	u64 skip; /* bytes of the slices that earlier records held */
	u64 began_ns;
	u64 socket; /* generation of the socket that received these bytes; 0 while it is not known */
	u32 slices; /* 0: `from` is plaintext */
	u32 operation; /* TLS_IDLE: none is under way */
};

/* A program asks its library what was agreed on: a leaf, too. */
struct question {
	u64 stack; /* stack pointer at entry; 0: none is under way */
	u64 ssl;
	u64 name;   /* where the library puts the address of the name */
	u64 length; /* where it puts its length */
};

#define CALLS_MOST 4
/* A call's own frames reach no further down the stack than this (OpenSSL needs a few KB); another coroutine's do. */
#define CALL_REACH (32 << 10)

struct thread_state {
	/* What every program looks at stands together, and first. */
	u64 stacks[CALLS_MOST]; /* stack pointers at the entry of `calls`; 0: that one is free */
	/* sendmmsg and recvmmsg: the array of messages, while more of them are to come; how many, and which is next */
	u64 batch;
	u32 batch_next;
	u32 batch_count;
	u32 unknown; /* as_unknown */
	/* by enum wire_direction: the first program of a tier has run for the call that is under way */
	bool told[2];
	u32 batch_ahead; /* bytes of its later messages that have moved already, where the call is over */
	u32 calls_begun;
	struct tls_call calls[CALLS_MOST];
	struct record_call record;
	struct question question;
	u64 asked; /* the socket, connected to nobody, on which it sent to a DNS server last */
	struct copy_cursor cursor;
	/* the walk over the TLS records of a socket call */
	struct copy_cursor walk;
	struct record_reader reader;
	struct seal seal;
	struct wire_sealed event;
};

#ifdef STATE_IN_HASHES
/* By thread, until it ends (hooks/process_life.bpf.h). */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16384);
	__type(key, u32);
	__type(value, struct thread_state);
} wt_threads SEC(".maps");

/* Only ever read: a value of this size does not fit on the stack. */
static struct thread_state idle_thread;

static __always_inline struct thread_state *thread_of_current(u64 create)
{
	u32 tid = bpf_get_current_pid_tgid();
	struct thread_state *thread = bpf_map_lookup_elem(&wt_threads, &tid);
	if (thread || !create)
		return thread;
	bpf_map_update_elem(&wt_threads, &tid, &idle_thread, BPF_NOEXIST);
	thread = bpf_map_lookup_elem(&wt_threads, &tid);
	if (!thread)
		count(COUNT_STATE_FULL, 1);
	return thread;
}

static __always_inline void forget_thread(u32 tid)
{
	bpf_map_delete_elem(&wt_threads, &tid);
}
#else
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread_state);
} wt_threads SEC(".maps");

static __always_inline struct thread_state *thread_of_current(u64 create)
{
	struct thread_state *thread = bpf_task_storage_get(&wt_threads, bpf_get_current_task_btf(), 0, create);
	if (!thread && create)
		count(COUNT_STATE_FULL, 1);
	return thread;
}

/* The storage goes with the thread. */
static __always_inline void forget_thread(u32 tid)
{
	(void)tid;
}
#endif

/*
 * The same value, of which the verifier knows nothing any more: it goes through what follows once, and not again for each
 * way in which the value may have come about. Without this it takes three times as long over what records, at each start.
 */
static __always_inline u32 as_unknown(struct thread_state *thread, u32 value)
{
	thread->unknown = value;
	asm volatile("" ::: "memory");
	return thread->unknown;
}

/* Which of several calls it is would make as many ways. Null for CALLS_MOST, which is none. */
static __always_inline struct tls_call *call_at(struct thread_state *thread, u32 index)
{
	u64 place = as_unknown(thread, index);
	if (place >= CALLS_MOST)
		return 0;
	return &thread->calls[clamp(place, CALLS_MOST - 1)];
}

static __always_inline void free_call(struct thread_state *thread, u32 index)
{
	thread->stacks[clamp(index, CALLS_MOST - 1)] = 0;
}

/* The innermost call whose frames hold this stack pointer: the nearest one above it. */
static __always_inline struct tls_call *call_around(struct thread_state *thread, u64 stack)
{
	u32 nearest = CALLS_MOST;
	u64 distance = CALL_REACH;
#pragma unroll
	for (u32 i = 0; i < CALLS_MOST; i++) {
		u64 entered = thread->stacks[i];
		u64 above = entered - stack;
		if (entered <= stack || above >= distance)
			continue;
		nearest = i;
		distance = above;
	}
	return call_at(thread, nearest);
}
