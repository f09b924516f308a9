/*
 * What the keeper answers. A call that says the time gets it from us. A call that waits for a moment has that moment moved back
 * to the real clock, in the memory of who called, and is then let through: the kernel waits, not we.
 */
#include "clock.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { FUTEX_WAITV = 449, FUTEX_WAIT_2 = 455 };
/* Between 2001 and 36812. What is less is of a clock that counts from the start of the machine, or over anyway; what is more, for ever. */
#define FIRST_WALL_SECOND 978307200LL
#define LAST_WALL_SECOND (1LL << 40)
#define DAY 86400

static bool transfer(pid_t pid, uint64_t at, void *ours, size_t length, bool is_write)
{
	struct iovec here = {ours, length}, there = {(void *)at, length};
	ssize_t done = is_write ? process_vm_writev(pid, &here, 1, &there, 1, 0) : process_vm_readv(pid, &here, 1, &there, 1, 0);
	return done == (ssize_t)length;
}

static bool write_to(pid_t pid, uint64_t at, void *from, size_t length)
{
	return at == 0 || transfer(pid, at, from, length, true);
}

static int64_t clock_gettime_for(const struct seccomp_notif *call, int64_t shift)
{
	struct timespec now;
	if (clock_gettime((clockid_t)call->data.args[0], &now) < 0)
		return -errno;
	now.tv_sec += shift;
	return transfer(call->pid, call->data.args[1], &now, sizeof now, true) ? 0 : -EFAULT;
}

static int64_t gettimeofday_for(const struct seccomp_notif *call, int64_t shift)
{
	struct timeval now;
	struct timezone zone = {0};
	gettimeofday(&now, NULL);
	syscall(SYS_gettimeofday, NULL, &zone);
	now.tv_sec += shift;
	bool is_told = write_to(call->pid, call->data.args[0], &now, sizeof now) &&
		       write_to(call->pid, call->data.args[1], &zone, sizeof zone);
	return is_told ? 0 : -EFAULT;
}

static int64_t time_for(const struct seccomp_notif *call, int64_t shift)
{
	int64_t now = time(NULL) + shift;
	return write_to(call->pid, call->data.args[0], &now, sizeof now) ? now : -EFAULT;
}

/*
 * Deadlines that were moved, by who waits and where they lie. A program may come with the same one again after it was woken
 * for another reason, or add a period to it: then it goes by the real clock already.
 */
static struct moved {
	uint64_t address;
	pid_t thread;
	struct timespec to;
} moved[1 << 14];

static struct moved *moved_at(pid_t thread, uint64_t address)
{
	uint64_t hash = (address ^ ((uint64_t)thread << 32)) * 0x9E3779B97F4A7C15ULL;
	return &moved[hash >> 50];
}

static bool goes_by_real_clock(const struct timespec *before, const struct timespec *deadline, int64_t shift)
{
	int64_t later = (deadline->tv_sec - before->tv_sec) * 1000000000 + deadline->tv_nsec - before->tv_nsec;
	if (later <= 0)
		return later == 0;
	int64_t left = deadline->tv_sec - time(NULL), own_left = left - shift;
	if (llabs(left) >= llabs(own_left))
		return false;
	/* A shift of less than a day may be as long as a wait: then a new deadline looks like one that a period was added to. But few
	 * that were read off a clock lie a round time after the last one, and what a period was added to is hardly over. */
	return llabs(shift) >= DAY || (later % 1000 == 0 && left >= -1 - llabs(shift) / 8);
}

static void move_deadline(pid_t thread, uint64_t at, int64_t shift)
{
	struct timespec deadline;
	if (at == 0 || shift == 0 || !transfer(thread, at, &deadline, sizeof deadline, false))
		return;
	if (deadline.tv_sec < FIRST_WALL_SECOND || deadline.tv_sec > LAST_WALL_SECOND)
		return;
	struct moved *before = moved_at(thread, at);
	bool is_known = before->thread == thread && before->address == at;
	if (!is_known || !goes_by_real_clock(&before->to, &deadline, shift)) {
		deadline.tv_sec -= shift;
		if (deadline.tv_sec < 0 || !transfer(thread, at, &deadline, sizeof deadline, true))
			return;
	}
	*before = (struct moved){at, thread, deadline};
}

/* Where a call has its deadline. */
static uint64_t deadline_of(const struct seccomp_data *call)
{
	switch (call->nr) {
	case SYS_futex:
	case FUTEX_WAITV:
		return call->args[3];
	case FUTEX_WAIT_2:
	case SYS_mq_timedsend:
	case SYS_mq_timedreceive:
		return call->args[4];
	case SYS_clock_nanosleep:
		return call->args[2];
	case SYS_timerfd_settime:
	case SYS_timer_settime:
		return call->args[2] + sizeof(struct timespec); /* behind the period */
	default:
		return 0;
	}
}

void answer_call(const struct seccomp_notif *call, struct seccomp_notif_resp *answer, int64_t shift)
{
	int64_t (*tell)(const struct seccomp_notif *, int64_t) = call->data.nr == SYS_clock_gettime  ? clock_gettime_for
								  : call->data.nr == SYS_gettimeofday ? gettimeofday_for
								  : call->data.nr == SYS_time         ? time_for
												      : NULL;
	/* What the vDSO asks for because it cannot tell, its wrapper moves. */
	if (tell == NULL || is_in_vdso(call->pid, call->data.instruction_pointer)) {
		move_deadline((pid_t)call->pid, deadline_of(&call->data), shift);
		answer->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		return;
	}
	int64_t result = tell(call, shift);
	if (result < 0)
		answer->error = (int32_t)result;
	else
		answer->val = result;
}
