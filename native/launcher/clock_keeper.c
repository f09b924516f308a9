/*
 * The process outside that keeps the clock: answers calls, and changes each program as it starts. For that it traces who
 * starts one, from the call to the first instruction and no longer.
 */
#include "clock.h"
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct keeper {
	int end, listener, signals;
	pid_t inside;
	int64_t shift;
	bool is_ended;
	int status; /* of who is inside */
};

int open_clock_ends(struct clock_ends *ends)
{
	int both[2];
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, both) < 0)
		return errno;
	*ends = (struct clock_ends){both[0], both[1]};
	return 0;
}

/* Of a process, as far as it can be part of a line. */
static void read_name(pid_t pid, char *name, size_t room)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/comm", pid);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? 0 : read(fd, name, room - 1);
	if (fd >= 0)
		close(fd);
	name[got > 0 ? got - 1 : 0] = '\0'; /* it ends its line */
	for (char *at = name; *at != '\0'; at++)
		if (*at < ' ' || *at > '~' || *at == '"' || *at == '\\')
			*at = '?';
}

static void tell_unmoved(const struct keeper *keeper, pid_t pid, const char *step, int error)
{
	struct unmoved what = {.error = error, .pid = pid};
	snprintf(what.step, sizeof what.step, "%s", step);
	read_name(pid, what.program, sizeof what.program);
	if (send(keeper->end, &what, sizeof what, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		return; /* nobody is there any more who could be told */
}

static bool is_traced_by_us(pid_t thread)
{
	char path[64], line[128];
	int tracer = 0;
	snprintf(path, sizeof path, "/proc/%d/status", thread);
	FILE *status = fopen(path, "re");
	while (status != NULL && fgets(line, sizeof line, status) != NULL && sscanf(line, "TracerPid: %d", &tracer) != 1)
		;
	if (status != NULL)
		fclose(status);
	return tracer == getpid();
}

/* A call that starts no program leaves its thread traced: it goes with the next signal, or the next try. */
static void trace_start(const struct keeper *keeper, pid_t thread)
{
	if (ptrace(PTRACE_SEIZE, thread, 0, PTRACE_O_TRACEEXEC) == 0)
		return;
	int error = errno;
	if (error != ESRCH && !is_traced_by_us(thread))
		tell_unmoved(keeper, thread, "ptrace", error);
}

static void answer_next(struct keeper *keeper)
{
	static union {
		struct seccomp_notif call;
		char room[512]; /* kernels may say more than our headers know */
	} asked;
	static union {
		struct seccomp_notif_resp answer;
		char room[512];
	} given;
	memset(&asked, 0, sizeof asked);
	memset(&given, 0, sizeof given);
	if (ioctl(keeper->listener, SECCOMP_IOCTL_NOTIF_RECV, &asked) < 0)
		return; /* who asked has ended */
	given.answer.id = asked.call.id;
	int number = asked.call.data.nr;
	if (number == SYS_execve || number == SYS_execveat) {
		trace_start(keeper, (pid_t)asked.call.pid);
		given.answer.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	} else if (ioctl(keeper->listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &asked.call.id) == 0) {
		answer_call(&asked.call, &given.answer, keeper->shift);
	}
	if (ioctl(keeper->listener, SECCOMP_IOCTL_NOTIF_SEND, &given) == 0 || errno != EINVAL)
		return;
	given.answer.flags = 0; /* before Linux 5.5 no call can be let through: then nothing starts, and the trial says so */
	given.answer.error = -ENOSYS;
	ioctl(keeper->listener, SECCOMP_IOCTL_NOTIF_SEND, &given);
}

/* Stopped for another reason than its start, a thread gets its signal, and is no longer ours. */
static void look_at_stopped(const struct keeper *keeper, pid_t thread, int status)
{
	int event = status >> 16, number = WSTOPSIG(status);
	if (event == PTRACE_EVENT_EXEC) {
		const char *step = move_vdso(thread);
		if (step != NULL)
			tell_unmoved(keeper, thread, step, errno);
	}
	ptrace(PTRACE_DETACH, thread, 0, event == 0 ? number : 0);
}

static void look_at_children(struct keeper *keeper)
{
	struct signalfd_siginfo each;
	while (read(keeper->signals, &each, sizeof each) == sizeof each)
		;
	int status = 0;
	for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0;) {
		if (WIFSTOPPED(status)) {
			look_at_stopped(keeper, pid, status);
		} else if (pid == keeper->inside) {
			keeper->is_ended = true;
			keeper->status = status;
		}
	}
}

int keep_clock(int end, pid_t inside, int64_t shift)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, NULL);
	struct keeper keeper = {
		.end = end,
		.listener = -1,
		.signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK),
		.inside = inside,
		.shift = shift,
	};
	bool is_awaited = true; /* the listener */
	learn_vdso(shift);
	look_at_children(&keeper);
	while (!keeper.is_ended || keeper.listener >= 0) {
		struct pollfd polled[] = {
			{.fd = keeper.listener, .events = POLLIN},
			{.fd = keeper.signals, .events = POLLIN},
			{.fd = is_awaited ? end : -1, .events = POLLIN},
		};
		if (poll(polled, 3, -1) < 0)
			continue;
		if (polled[1].revents != 0)
			look_at_children(&keeper);
		if (polled[2].revents != 0) {
			keeper.listener = receive_descriptor(end);
			is_awaited = false;
		}
		if ((polled[0].revents & POLLIN) != 0) {
			answer_next(&keeper);
		} else if (polled[0].revents != 0) { /* nobody is left who could ask */
			close(keeper.listener);
			keeper.listener = -1;
		}
	}
	return keeper.status;
}
