/*
 * The clock of the command, moved by whole seconds. A process outside (the keeper) answers the few calls that say the wall
 * clock or wait for a moment of it, and changes the vDSO of each program as it starts.
 */
#ifndef WIRETAPE_CLOCK_H
#define WIRETAPE_CLOCK_H

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* The wall clocks, by their numbers: REALTIME, REALTIME_COARSE, REALTIME_ALARM, TAI. */
#define WALL_CLOCKS (1U << 0 | 1U << 5 | 1U << 8 | 1U << 11)

/* A program that goes by the real clock, or partly: why, and the system's number. */
struct unmoved {
	char step[24];
	int error;
	pid_t pid;
	char program[64];
};

/* The two ends between the keeper and what is inside: the listener goes one way, what could not be moved comes the other. */
struct clock_ends {
	int keeper, inside;
};

int open_clock_ends(struct clock_ends *ends);

/* clock_filter.c: called by who becomes the command. Sends the listener to the keeper; errno. */
int watch_clock(int inside);

/* clock_keeper.c: serves until `inside` has ended and nothing is left that asks. The status of `inside`. */
int keep_clock(int keeper, pid_t inside, int64_t shift);

/* clock_calls.c: what is answered to one call; reads and writes memory of who called. */
void answer_call(const struct seccomp_notif *call, struct seccomp_notif_resp *answer, int64_t shift);

/* vdso.c: how the vDSO of this kernel is changed; worked out once, from our own. False where its layout is another. */
bool learn_vdso(int64_t shift);
/* Whether the vDSO of the process made the call itself. */
bool is_in_vdso(pid_t pid, uint64_t instruction);
/* Of a process of which we are the tracer, stopped at its exec. NULL where all is well, otherwise what went wrong, in errno. */
const char *move_vdso(pid_t pid);

/* clock_trial.c: the program that is run to see whether time is moved. */
int run_trial(const char *expected);

#endif
