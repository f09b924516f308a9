/*
 * What the parts of the launcher share. The launcher runs one command in namespaces of its own and does what it is told over
 * its channel: it makes, it carries out, and it decides nothing. Policy is in replayer/sandbox.
 */
#ifndef WIRETAPE_LAUNCHER_H
#define WIRETAPE_LAUNCHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/types.h>

/* RFC 5737 and RFC 3849: addresses that nobody has. The service's own, beside loopback. */
#define OWN_V4 "192.0.2.10"
#define OWN_V6 "2001:db8::10"

struct mounted {
	const char *from; /* NULL: nothing is to be found there */
	const char *over;
};

/* The command line, read. */
struct plan {
	struct mounted *mounts;
	size_t mount_count;
	uint16_t *loopback_ports; /* whose loopback addresses lead to the mocks, unless the command listens there */
	size_t loopback_count;
	bool only_try; /* everything is made, and nothing is run */
	bool is_here; /* no namespaces: only the clock is the command's own */
	bool has_clock;
	int64_t shift; /* of its clock, in seconds */
	int inside, keeper; /* the ends between who is inside and who keeps the clock; -1 where nobody does */
	char **command;
};

/* How far namespaces went; a step is named where it failed. */
struct step {
	const char *name;
	int error; /* errno; 0 where all went well */
};

/* network.c: lo, a pair of veth, and every address made local. */
struct step make_network(bool *has_v6);
/* steer.c: connections to anything but the command's own addresses go to the listeners on `port`. */
struct step steer(uint16_t port, const struct plan *plan);
/* mounts.c; what cannot be mounted is told over the channel, and is no failure. */
struct step make_mounts(const struct plan *plan);
/* confine.c: address families that no network namespace holds back. Called by who becomes the command. */
int confine(bool has_own_users);
/* channel.c */
extern int channel;
void open_channel(void);
void tell(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Hands a descriptor over as what Node.js calls `type`; it is closed here. */
void hand_over(int fd, const char *type, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The next line that was said to us, without its quotes; NULL where there is none yet. False once the other end is gone. */
bool listen_to_channel(void);
char *next_line(void);
/* agent.c: the first process of the namespaces. Does not return. */
_Noreturn void run_agent(const struct plan *plan, pid_t seen_from_outside, bool has_own_users);
/* descriptors.c */
struct descriptor_room {
	_Alignas(struct cmsghdr) char bytes[CMSG_SPACE(sizeof(int))];
};
void put_beside(struct msghdr *message, struct descriptor_room *room, int fd);
bool send_descriptor(int over, int fd);
/* -1 where none came. */
int receive_descriptor(int over);
/* datagrams.c */
int open_datagrams(int family);
void tell_datagram(int fd, int family);
void answer_datagram(int fd, char *words);
/* sent.c */
int open_sent(int family);
void tell_sent(int fd, int family);

#endif
