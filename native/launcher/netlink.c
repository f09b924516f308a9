#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int netlink_open(struct netlink *to, int protocol)
{
	struct sockaddr_nl self = {.nl_family = AF_NETLINK};
	memset(to, 0, sizeof *to);
	to->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);
	if (to->fd < 0 || bind(to->fd, (struct sockaddr *)&self, sizeof self) < 0)
		return errno;
	return 0;
}

static void *room(struct netlink *to, size_t length)
{
	size_t aligned = NLMSG_ALIGN(length);
	if (to->length + aligned > sizeof to->bytes)
		abort(); /* what is written here has a size that is known, and fits */
	void *at = to->bytes + to->length;
	memset(at, 0, aligned);
	to->length += aligned;
	return at;
}

struct nlmsghdr *message_begin(struct netlink *to, uint16_t type, uint16_t flags, const void *head, size_t head_length)
{
	struct nlmsghdr *message = room(to, sizeof *message);
	message->nlmsg_type = type;
	message->nlmsg_flags = NLM_F_REQUEST | flags;
	message->nlmsg_seq = ++to->sequence;
	memcpy(room(to, head_length), head, head_length);
	return message;
}

void message_end(struct netlink *to, struct nlmsghdr *message)
{
	message->nlmsg_len = (uint32_t)(to->bytes + to->length - (char *)message);
}

void put(struct netlink *to, uint16_t type, const void *value, size_t length)
{
	struct nlattr *attribute = room(to, NLA_HDRLEN + length);
	attribute->nla_type = type;
	attribute->nla_len = (uint16_t)(NLA_HDRLEN + length);
	memcpy((char *)attribute + NLA_HDRLEN, value, length);
}

void put_text(struct netlink *to, uint16_t type, const char *text)
{
	put(to, type, text, strlen(text) + 1);
}

void put_u32(struct netlink *to, uint16_t type, uint32_t value)
{
	put(to, type, &value, sizeof value);
}

void put_be32(struct netlink *to, uint16_t type, uint32_t value)
{
	put_u32(to, type, htonl(value));
}

struct nlattr *nest_begin(struct netlink *to, uint16_t type)
{
	struct nlattr *nest = room(to, NLA_HDRLEN);
	nest->nla_type = type | NLA_F_NESTED;
	return nest;
}

void nest_end(struct netlink *to, struct nlattr *nest)
{
	nest->nla_len = (uint16_t)(to->bytes + to->length - (char *)nest);
}

int netlink_do(struct netlink *to, uint32_t last)
{
	ssize_t sent = send(to->fd, to->bytes, to->length, 0);
	to->length = 0;
	if (sent < 0)
		return errno;
	for (;;) {
		_Alignas(4) char answer[32 * 1024];
		ssize_t got = recv(to->fd, answer, sizeof answer, 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return errno;
		size_t left = (size_t)got;
		for (struct nlmsghdr *each = (struct nlmsghdr *)answer; NLMSG_OK(each, left); each = NLMSG_NEXT(each, left)) {
			if (each->nlmsg_type != NLMSG_ERROR)
				continue;
			struct nlmsgerr *error = NLMSG_DATA(each);
			if (error->error != 0)
				return -error->error;
			if (each->nlmsg_seq == last)
				return 0;
		}
	}
}
