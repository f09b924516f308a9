/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * The recorder's kernel side with its state in hashes, by thread and by address of the socket: for kernels before 5.17,
 * and for the tiers "kprobe" and "syscall", whose programs get sockets as mere addresses.
 */
#define STATE_IN_HASHES
#include "recorder.bpf.c"
