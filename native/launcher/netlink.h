/* Messages of netlink, put together in one buffer: attributes, nested ones, and what the kernel answers. */
#ifndef WIRETAPE_NETLINK_H
#define WIRETAPE_NETLINK_H

#include <linux/netlink.h>
#include <stddef.h>
#include <stdint.h>

struct netlink {
	int fd;
	uint32_t sequence;
	size_t length; /* of what is written so far */
	_Alignas(4) char bytes[64 * 1024];
};

int netlink_open(struct netlink *to, int protocol);
/* Begins a message; what follows goes into it until `message_end`. */
struct nlmsghdr *message_begin(struct netlink *to, uint16_t type, uint16_t flags, const void *head, size_t head_length);
void message_end(struct netlink *to, struct nlmsghdr *message);
void put(struct netlink *to, uint16_t type, const void *value, size_t length);
void put_text(struct netlink *to, uint16_t type, const char *text);
void put_u32(struct netlink *to, uint16_t type, uint32_t value);
void put_be32(struct netlink *to, uint16_t type, uint32_t value);
struct nlattr *nest_begin(struct netlink *to, uint16_t type);
void nest_end(struct netlink *to, struct nlattr *nest);
/* Sends all of it and waits for the acknowledgement of the last message, or the first error. 0, or an errno. */
int netlink_do(struct netlink *to, uint32_t last);

#endif
