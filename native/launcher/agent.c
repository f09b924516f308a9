/*
 * The first process of the namespaces: makes what is in them, hands its listeners out, starts the command, and then does what
 * is said over the channel. When the channel ends, or nothing is left that it started, it ends, and with it everything.
 */
#include "clock.h"
#include "launcher.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { BACKLOG = 512, MOST_DIALLED = 256, FAST_OPEN_QUEUE = 64 };

struct dialled {
	int fd;
	unsigned id;
};

struct agent {
	const struct plan *plan;
	bool has_own_users;
	pid_t main; /* 0 before the command was started, -1 after it ended */
	int signals;
	int datagrams_v4, datagrams_v6;
	int sent_v4, sent_v6;
	bool is_clock_kept;
	struct dialled dialled[MOST_DIALLED];
	size_t dialled_count;
};

static _Noreturn void failed(struct step step)
{
	tell("{\"kind\":\"failed\",\"step\":\"%s\",\"errno\":%d}", step.name, step.error);
	_exit(1);
}

static int take_signals(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* Both families on one port, which the rules name. A listener is transparent: its connections have the address that was meant. */
static int listen_at(int family, uint16_t *port)
{
	const int yes = 1, queue = FAST_OPEN_QUEUE;
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	struct sockaddr_in6 at = {.sin6_family = AF_INET6, .sin6_port = htons(*port)};
	struct sockaddr_in at_v4 = {.sin_family = AF_INET, .sin_port = htons(*port)};
	socklen_t length = family == AF_INET ? sizeof at_v4 : sizeof at;
	struct sockaddr *address = family == AF_INET ? (struct sockaddr *)&at_v4 : (struct sockaddr *)&at;
	bool is_transparent = family == AF_INET ? setsockopt(fd, IPPROTO_IP, IP_TRANSPARENT, &yes, sizeof yes) == 0
						: setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes) == 0 &&
							  setsockopt(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, &yes, sizeof yes) == 0;
	setsockopt(fd, IPPROTO_TCP, TCP_FASTOPEN, &queue, sizeof queue);
	if (!is_transparent || bind(fd, address, length) < 0 || listen(fd, BACKLOG) < 0 || getsockname(fd, address, &length) < 0) {
		int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	*port = ntohs(family == AF_INET ? at_v4.sin_port : at.sin6_port);
	return fd;
}

static void make_network_and_mounts(struct agent *agent)
{
	bool has_v6 = false;
	uint16_t port = 0;
	struct step step = make_network(&has_v6);
	if (step.error != 0)
		failed(step);
	int v4 = listen_at(AF_INET, &port);
	if (v4 < 0)
		failed((struct step){"listener", errno});
	int v6 = has_v6 ? listen_at(AF_INET6, &port) : -1;
	if (has_v6 && v6 < 0)
		failed((struct step){"listener of IPv6", errno});
	if ((step = steer(port, agent->plan)).error != 0)
		failed(step);
	agent->datagrams_v4 = open_datagrams(AF_INET);
	agent->datagrams_v6 = has_v6 ? open_datagrams(AF_INET6) : -1;
	agent->sent_v4 = open_sent(AF_INET);
	agent->sent_v6 = has_v6 ? open_sent(AF_INET6) : -1;
	if (agent->datagrams_v4 < 0)
		failed((struct step){"port 53", errno});
	if ((step = make_mounts(agent->plan)).error != 0)
		failed(step);
	if (agent->plan->only_try)
		return;
	hand_over(v4, "net.Server", "{\"kind\":\"listener\",\"family\":4}");
	if (v6 >= 0)
		hand_over(v6, "net.Server", "{\"kind\":\"listener\",\"family\":6}");
}

static void close_inherited(void)
{
	if (syscall(SYS_close_range, 3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
		return;
	for (int fd = 3; fd < 1024; fd++) /* before Linux 5.11 */
		fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static int watch_what_it_asks(const struct agent *agent)
{
	int error = agent->plan->is_here ? 0 : confine(agent->has_own_users);
	return error == 0 && agent->plan->has_clock ? watch_clock(agent->plan->inside) : error;
}

static _Noreturn void become_command(const struct agent *agent, char **command, int told)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	for (int number = 1; number < NSIG; number++)
		signal(number, SIG_DFL);
	setsid(); /* a signal to "my group" must not meet who waits outside */
	close_inherited();
	int error = watch_what_it_asks(agent);
	if (error == 0) {
		execvp(command[0], command);
		error = errno;
	}
	if (write(told, &error, sizeof error) < 0)
		_exit(126);
	_exit(127);
}

/* Its number, once it runs; otherwise why it does not, in `error`. */
static pid_t run(const struct agent *agent, char **command, int *error)
{
	int ends[2];
	*error = 0;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		*error = errno;
		return -1;
	}
	pid_t pid = fork();
	if (pid == 0)
		become_command(agent, command, ends[1]);
	close(ends[1]);
	if (pid < 0)
		*error = errno;
	else if (read(ends[0], error, sizeof *error) < 0)
		*error = errno;
	close(ends[0]);
	return pid;
}

static void start_command(struct agent *agent)
{
	int error = 0;
	if (agent->main != 0)
		return;
	agent->main = run(agent, agent->plan->command, &error);
	if (error != 0) {
		tell("{\"kind\":\"unstarted\",\"errno\":%d}", error);
		_exit(1);
	}
	tell("{\"kind\":\"started\"}");
}

/* Whether a program started here sees the moved time; what could not be moved was told before it ran. */
static void try_clock(const struct agent *agent)
{
	char expected[32];
	snprintf(expected, sizeof expected, "%lld", (long long)(time(NULL) + agent->plan->shift));
	char *command[] = {"/proc/self/exe", "--trial", expected, NULL};
	int error = 0, status = 0;
	pid_t pid = run(agent, command, &error);
	if (error != 0)
		failed((struct step){"seccomp notifications", error});
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	struct unmoved why;
	if (recv(agent->plan->inside, &why, sizeof why, MSG_DONTWAIT) == sizeof why)
		failed((struct step){why.step, why.error});
	if (status != 0)
		failed((struct step){WIFEXITED(status) && WEXITSTATUS(status) == 1 ? "vDSO" : "call", ENOTSUP});
}

static void tell_of_unmoved(struct agent *agent)
{
	struct unmoved what;
	ssize_t got;
	while ((got = recv(agent->plan->inside, &what, sizeof what, MSG_DONTWAIT)) == sizeof what)
		tell("{\"kind\":\"unmoved\",\"program\":\"%s\",\"pid\":%d,\"step\":\"%s\",\"errno\":%d}", what.program, what.pid,
		     what.step, what.error);
	if (got == 0)
		agent->is_clock_kept = false;
}

static int begin_connect(int family, const char *address, const char *port)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = v4.sin_port};
	if (fd < 0)
		return -1;
	const struct sockaddr *to = family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	if (inet_pton(family, address, family == AF_INET ? (void *)&v4.sin_addr : (void *)&v6.sin6_addr) != 1)
		errno = EINVAL;
	else if (connect(fd, to, family == AF_INET ? sizeof v4 : sizeof v6) == 0 || errno == EINPROGRESS)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* `ID ADDRESS PORT`: a connection from within, for who drives the command from outside. */
static void dial(struct agent *agent, char *words)
{
	char *rest = NULL;
	const char *id = strtok_r(words, " ", &rest), *address = strtok_r(NULL, " ", &rest), *port = strtok_r(NULL, " ", &rest);
	if (port == NULL)
		return;
	unsigned number = (unsigned)strtoul(id, NULL, 10);
	int fd = -1;
	if (agent->dialled_count == MOST_DIALLED)
		errno = EMFILE;
	else
		fd = begin_connect(strchr(address, ':') == NULL ? AF_INET : AF_INET6, address, port);
	if (fd < 0)
		tell("{\"kind\":\"undialled\",\"id\":%u,\"errno\":%d}", number, errno);
	else
		agent->dialled[agent->dialled_count++] = (struct dialled){fd, number};
}

static void end_dial(struct dialled each)
{
	int error = 0;
	socklen_t length = sizeof error;
	if (getsockopt(each.fd, SOL_SOCKET, SO_ERROR, &error, &length) < 0)
		error = errno;
	if (error == 0) {
		hand_over(each.fd, "net.Socket", "{\"kind\":\"dialled\",\"id\":%u}", each.id);
		return;
	}
	close(each.fd);
	tell("{\"kind\":\"undialled\",\"id\":%u,\"errno\":%d}", each.id, error);
}

static void obey(struct agent *agent, char *words)
{
	if (strcmp(words, "start") == 0)
		start_command(agent);
	else if (strncmp(words, "dial ", 5) == 0)
		dial(agent, words + 5);
	else if (strncmp(words, "answer ", 7) == 0)
		answer_datagram(strchr(words, ':') == NULL ? agent->datagrams_v4 : agent->datagrams_v6, words + 7);
}

/* Orphans come to us as well. Ends with the last of them: what is told before is the end of the command itself. */
static void bury(struct agent *agent)
{
	for (;;) {
		int status = 0;
		pid_t pid = waitpid(-1, &status, WNOHANG);
		if (pid == 0 || (pid < 0 && errno == EINTR))
			return;
		if (pid < 0)
			_exit(0);
		if (pid != agent->main)
			continue;
		agent->main = -1;
		tell("{\"kind\":\"exited\",\"code\":%d,\"signal\":%d}", WIFEXITED(status) ? WEXITSTATUS(status) : -1,
		     WIFSIGNALED(status) ? WTERMSIG(status) : 0);
	}
}

static void look_at_signals(struct agent *agent)
{
	struct signalfd_siginfo each;
	while (read(agent->signals, &each, sizeof each) == sizeof each)
		if (each.ssi_signo == SIGTERM && agent->main == 0)
			_exit(0); /* later on the command is asked itself, and we end after it */
	if (agent->main != 0)
		bury(agent);
}

/* In namespaces of its own all of it ends with us. */
static _Noreturn void end_all(const struct agent *agent)
{
	if (agent->plan->is_here && agent->main > 0)
		kill(-agent->main, SIGKILL);
	_exit(0);
}

static void wait_and_serve(struct agent *agent)
{
	enum { CHANNEL, SIGNALS, DATAGRAMS_V4, DATAGRAMS_V6, SENT_V4, SENT_V6, CLOCK, DIALLED };
	struct pollfd polled[DIALLED + MOST_DIALLED] = {
		{.fd = channel, .events = POLLIN},
		{.fd = agent->signals, .events = POLLIN},
		{.fd = agent->datagrams_v4, .events = POLLIN},
		{.fd = agent->datagrams_v6, .events = POLLIN},
		{.fd = agent->sent_v4, .events = POLLIN},
		{.fd = agent->sent_v6, .events = POLLIN},
		{.fd = agent->is_clock_kept ? agent->plan->inside : -1, .events = POLLIN},
	};
	for (size_t i = 0; i < agent->dialled_count; i++)
		polled[DIALLED + i] = (struct pollfd){.fd = agent->dialled[i].fd, .events = POLLOUT};
	size_t count = agent->dialled_count;
	if (poll(polled, DIALLED + count, -1) < 0)
		return;
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if (polled[DIALLED + i].revents != 0)
			end_dial(agent->dialled[i]);
		else
			agent->dialled[kept++] = agent->dialled[i];
	}
	agent->dialled_count = kept;
	if (polled[DATAGRAMS_V4].revents != 0)
		tell_datagram(agent->datagrams_v4, AF_INET);
	if (polled[DATAGRAMS_V6].revents != 0)
		tell_datagram(agent->datagrams_v6, AF_INET6);
	if (polled[SENT_V4].revents != 0)
		tell_sent(agent->sent_v4, AF_INET);
	if (polled[SENT_V6].revents != 0)
		tell_sent(agent->sent_v6, AF_INET6);
	if (polled[CLOCK].revents != 0)
		tell_of_unmoved(agent);
	if (polled[SIGNALS].revents != 0)
		look_at_signals(agent);
	if (polled[CHANNEL].revents != 0) {
		if (!listen_to_channel())
			end_all(agent);
		for (char *words = next_line(); words != NULL; words = next_line())
			obey(agent, words);
	}
}

_Noreturn void run_agent(const struct plan *plan, pid_t seen_from_outside, bool has_own_users)
{
	static struct agent agent;
	agent = (struct agent){
		.plan = plan,
		.has_own_users = has_own_users,
		.signals = take_signals(),
		.is_clock_kept = plan->has_clock,
		.datagrams_v4 = -1,
		.datagrams_v6 = -1,
		.sent_v4 = -1,
		.sent_v6 = -1,
	};
	if (!plan->is_here)
		make_network_and_mounts(&agent);
	if (plan->only_try && plan->has_clock)
		try_clock(&agent);
	tell("{\"kind\":\"ready\",\"pid\":%d,\"ownUsers\":%s}", seen_from_outside, has_own_users ? "true" : "false");
	if (plan->only_try)
		_exit(0);
	for (;;)
		wait_and_serve(&agent);
}
