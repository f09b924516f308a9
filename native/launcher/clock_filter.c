/*
 * Which calls the keeper is asked about: those that say the wall clock, those that wait for a moment of it, and those that
 * start programs. All others pass as they did: what a filter allows whatever the arguments, the kernel does not run it for.
 */
#include "clock.h"
#include "launcher.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Calls that are newer than the headers of some distributions, and the operations of futex whose deadline is of a wall clock. */
enum { FUTEX_WAITV = 449, FUTEX_WAIT_2 = 455 };
enum { LOCK_PI = 6, WAIT_BITSET = 9 | 256, WAIT_REQUEUE_PI = 11 | 256, LOCK_PI2 = 13 | 256, PRIVATE = 128 };
#define WAIT_KILLABLE (1UL << 5)

#define LOAD(at) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at)
#define LOW(i) LOAD(offsetof(struct seccomp_data, args[i]))
#define HIGH(i) LOAD(offsetof(struct seccomp_data, args[i]) + 4)
#define ASK BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF)
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define JUMP(how, value, then, otherwise) BPF_JUMP(BPF_JMP | (how) | BPF_K, value, then, otherwise)
/* The call of this number goes on with the next `length` instructions, any other passes them by. */
#define CALL(number, length) JUMP(BPF_JEQ, number, 0, length)
#define ALWAYS(number) CALL(number, 1), ASK
/* Asked where the pointer is given; allowed otherwise. */
#define ASK_WHERE_GIVEN(i) LOW(i), JUMP(BPF_JEQ, 0, 0, 2), HIGH(i), JUMP(BPF_JEQ, 0, 1, 0), ASK, ALLOW
enum { ASK_WHERE_GIVEN_LENGTH = 6 };

static struct sock_filter filter[] = {
	LOAD(offsetof(struct seccomp_data, arch)),
	JUMP(BPF_JEQ, AUDIT_ARCH_X86_64, 1, 0),
	ALLOW, /* 32-bit programs are told of when they start */
	LOAD(offsetof(struct seccomp_data, nr)),
	ALWAYS(SYS_execve),
	ALWAYS(SYS_execveat),
	ALWAYS(SYS_gettimeofday),
	ALWAYS(SYS_time),
	CALL(SYS_clock_gettime, 7),
	LOW(0),
	JUMP(BPF_JEQ, 0, 4, 0), /* WALL_CLOCKS */
	JUMP(BPF_JEQ, 5, 3, 0),
	JUMP(BPF_JEQ, 8, 2, 0),
	JUMP(BPF_JEQ, 11, 1, 0),
	ALLOW,
	ASK,
	CALL(SYS_futex, 6 + ASK_WHERE_GIVEN_LENGTH),
	LOW(1),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~(unsigned)PRIVATE),
	JUMP(BPF_JEQ, WAIT_BITSET, 3, 0), /* also of waits without end, which come often: those give no deadline */
	JUMP(BPF_JEQ, LOCK_PI, 2, 0),
	JUMP(BPF_JEQ, LOCK_PI2, 1, 0),
	JUMP(BPF_JEQ, WAIT_REQUEUE_PI, 0, 5),
	ASK_WHERE_GIVEN(3),
	CALL(FUTEX_WAITV, 2 + ASK_WHERE_GIVEN_LENGTH),
	LOW(4),
	JUMP(BPF_JEQ, 0, 0, 5),
	ASK_WHERE_GIVEN(3),
	CALL(FUTEX_WAIT_2, 2 + ASK_WHERE_GIVEN_LENGTH),
	LOW(5),
	JUMP(BPF_JEQ, 0, 0, 5),
	ASK_WHERE_GIVEN(4),
	CALL(SYS_mq_timedsend, ASK_WHERE_GIVEN_LENGTH),
	ASK_WHERE_GIVEN(4),
	CALL(SYS_mq_timedreceive, ASK_WHERE_GIVEN_LENGTH),
	ASK_WHERE_GIVEN(4),
	CALL(SYS_clock_nanosleep, 6),
	LOW(1),
	JUMP(BPF_JSET, 1 /* TIMER_ABSTIME */, 0, 3),
	LOW(0),
	JUMP(BPF_JEQ, 1 /* MONOTONIC, as most periods go by */, 1, 0),
	ASK,
	ALLOW,
	CALL(SYS_timerfd_settime, 4),
	LOW(1),
	JUMP(BPF_JSET, 1 /* TFD_TIMER_ABSTIME */, 0, 1),
	ASK,
	ALLOW,
	CALL(SYS_timer_settime, 4),
	LOW(1),
	JUMP(BPF_JSET, 1 /* TIMER_ABSTIME */, 0, 1),
	ASK,
	ALLOW,
	ALLOW,
};

static int install(unsigned long flags)
{
	struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
	int fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	if (fd < 0 && errno == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
	return fd;
}

int watch_clock(int inside)
{
	int fd = install(WAIT_KILLABLE); /* no signal comes between a question and its answer: Linux 5.19 */
	if (fd < 0 && errno == EINVAL)
		fd = install(0);
	if (fd < 0)
		return errno;
	int error = send_descriptor(inside, fd) ? 0 : errno;
	close(fd);
	return error;
}
