/*
 * Starts one command where every address is local: `launcher [options] -- COMMAND ...`. The process Node.js started stays
 * outside, waits, and keeps the clock where that is moved; a second one is the first of new namespaces and ends them by ending.
 * Both die with the channel. `--here` makes no namespaces: then only the clock is the command's own.
 */
#include "clock.h"
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static const int namespaces = CLONE_NEWNET | CLONE_NEWNS | CLONE_NEWPID;

static _Noreturn void misused(const char *what)
{
	fprintf(stderr, "launcher: %s\n", what);
	exit(2);
}

static struct plan read_plan(int argc, char **argv)
{
	struct plan plan = {
		.mounts = calloc((size_t)argc, sizeof(struct mounted)),
		.loopback_ports = calloc((size_t)argc, sizeof(uint16_t)),
	};
	if (plan.mounts == NULL || plan.loopback_ports == NULL)
		misused("no memory");
	int at = 1;
	for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
		if (strcmp(argv[at], "--try") == 0) {
			plan.only_try = true;
		} else if (strcmp(argv[at], "--here") == 0) {
			plan.is_here = true;
		} else if (strcmp(argv[at], "--clock") == 0 && at + 1 < argc) {
			plan.has_clock = true;
			plan.shift = atoll(argv[at + 1]);
			at += 1;
		} else if (strcmp(argv[at], "--hide") == 0 && at + 1 < argc) {
			plan.mounts[plan.mount_count++] = (struct mounted){NULL, argv[at + 1]};
			at += 1;
		} else if (strcmp(argv[at], "--bind") == 0 && at + 2 < argc) {
			plan.mounts[plan.mount_count++] = (struct mounted){argv[at + 1], argv[at + 2]};
			at += 2;
		} else if (strcmp(argv[at], "--loopback") == 0 && at + 1 < argc) {
			plan.loopback_ports[plan.loopback_count++] = (uint16_t)atoi(argv[at + 1]);
			at += 1;
		} else {
			misused("cannot read the command line");
		}
	}
	plan.command = argv + (at < argc ? at + 1 : argc);
	if (!plan.only_try && plan.command[0] == NULL)
		misused("no command");
	return plan;
}

static int write_file(pid_t pid, const char *name, const char *text)
{
	char path[64];
	snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	ssize_t written = write(fd, text, strlen(text));
	int error = errno;
	close(fd);
	errno = error;
	return written < 0 ? -1 : 0;
}

/* Each user keeps its number. Root maps all there are, so that children may change theirs; others may map only themselves. */
static int map_users(pid_t pid)
{
	char users[64], groups[64];
	if (geteuid() == 0) {
		const char *all = "0 0 4294967295";
		if (write_file(pid, "uid_map", all) == 0 && write_file(pid, "gid_map", all) == 0)
			return 0;
	}
	snprintf(users, sizeof users, "%u %u 1", geteuid(), geteuid());
	snprintf(groups, sizeof groups, "%u %u 1", getegid(), getegid());
	if (write_file(pid, "setgroups", "deny") < 0 && errno != ENOENT)
		return -1;
	return write_file(pid, "uid_map", users) < 0 ? -1 : write_file(pid, "gid_map", groups);
}

/* As fork: the child gets 0, and stands in the new namespaces. */
static pid_t fork_into(int flags)
{
	return (pid_t)syscall(SYS_clone, flags | SIGCHLD, 0, 0, 0, 0);
}

static _Noreturn void be_inside(const struct plan *plan, int go, bool has_own_users)
{
	close(plan->keeper);
	if (plan->is_here)
		prctl(PR_SET_CHILD_SUBREAPER, 1); /* so that what the command left behind is ours to wait for, as in a namespace */
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* before the wait: if the parent dies before it, there is nothing to read */
	pid_t own_number = 0;
	if (read(go, &own_number, sizeof own_number) != sizeof own_number)
		_exit(1);
	close(go);
	run_agent(plan, own_number, has_own_users);
}

/* A root that may not make a user namespace has the rights without one. */
static pid_t start_inside(const struct plan *plan, int pipe_ends[2], bool *has_own_users)
{
	for (int attempt = 0; attempt < 2; attempt++) {
		*has_own_users = attempt == 0 && !plan->is_here;
		pid_t pid = fork_into(plan->is_here ? 0 : namespaces | (*has_own_users ? CLONE_NEWUSER : 0));
		if (pid == 0) {
			close(pipe_ends[1]);
			be_inside(plan, pipe_ends[0], *has_own_users);
		}
		if (pid > 0)
			return pid;
		if (geteuid() != 0)
			break;
	}
	return -1;
}

static int wait_for(pid_t inside)
{
	int status = 0;
	while (waitpid(inside, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--trial") == 0)
		return run_trial(argv[2]);
	struct plan plan = read_plan(argc, argv);
	open_channel();
	/* Asked to end, the command does; what waits for it must not end before it. */
	int passed_over[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE};
	for (size_t i = 0; i < sizeof passed_over / sizeof *passed_over; i++)
		signal(passed_over[i], SIG_IGN);
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		misused("no pipe");
	struct clock_ends clock = {-1, -1};
	if (plan.has_clock && open_clock_ends(&clock) != 0)
		misused("no pair of sockets");
	plan.inside = clock.inside;
	plan.keeper = clock.keeper;
	if (plan.is_here)
		prctl(PR_SET_CHILD_SUBREAPER, 1); /* a tracer must be above whom it traces (yama), also above orphans */
	bool has_own_users = true;
	pid_t inside = start_inside(&plan, ends, &has_own_users);
	if (inside < 0) {
		tell("{\"kind\":\"failed\",\"step\":\"namespaces\",\"errno\":%d}", errno);
		return 1;
	}
	if (has_own_users && map_users(inside) < 0) {
		tell("{\"kind\":\"failed\",\"step\":\"users\",\"errno\":%d}", errno);
		kill(inside, SIGKILL);
		return 1;
	}
	if (write(ends[1], &inside, sizeof inside) != sizeof inside)
		return 1;
	close(ends[0]);
	close(ends[1]);
	close(channel); /* its end is then the end of who is inside */
	close(clock.inside);
	int status = plan.has_clock ? keep_clock(clock.keeper, inside, plan.shift) : wait_for(inside);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
