/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* Settings written before load (they become constants for the verifier), and the counters read while running. */
#ifndef WIRETAPE_CONFIG_H
#define WIRETAPE_CONFIG_H

struct config_settings {
	unsigned int self_tgid;       /* the recorder: never a target */
	unsigned int everybody;       /* 1: every process is a target */
	unsigned int watch_processes; /* 1: exec and listen events of every process, for targets that start later */
	unsigned int limit_bytes;     /* captured at most of one call */
	unsigned int wake_bytes;      /* unread bytes in the ring from which on the reader is woken while it waits for more */
	unsigned int behind_bytes;    /* unread bytes in the ring beyond which connections are left out, turn by turn */
	unsigned int data_bytes;      /* unread bytes in the ring beyond which only small events get in */
	unsigned int sampled;         /* which connections are recorded, in parts of 2^32; 0: all of them */
};

/* Written by both sides while running. */
struct config_reader {
	unsigned int waits; /* 1: it waits for more, and is to be woken at wake_bytes; whoever does so sets it to 0 */
};

/* A process that is recorded: value of wt_targets. */
struct config_target {
	unsigned int parent; /* tgid it was forked from while it was watched; 0: none */
	unsigned int image;  /* counts its execs: a new program has none of the old one's objects */
	unsigned long long generations; /* the last one there was when it was forked: what its parent made later it has not inherited */
};

/*
 * Process numbers modulo this have a mark each, 1 where a target may be behind it. Marks are set before a process becomes a
 * target, and never taken away: another one may have the same.
 */
#define TARGET_MARKS 65536

/* Counters, one set a CPU; native/ adds them up. */
enum config_counter {
	COUNT_EVENTS = 0,
	COUNT_BYTES = 1,
	COUNT_RING_FULL_EVENTS = 2,
	COUNT_RING_FULL_BYTES = 3,
	COUNT_FAULTS = 4,
	COUNT_STATE_FULL = 5, /* a map had no room for a socket, a call or a TLS stream */
	COUNT_DEEP_CALLS = 6, /* TLS calls within calls beyond what a thread's state holds */
	COUNT_LEFT_OUT_TIMES = 7, /* how often a connection was left out from some moment on */
	COUNT_LEFT_OUT_BYTES = 8,
	COUNT_SIZE = 16,
};

#endif
