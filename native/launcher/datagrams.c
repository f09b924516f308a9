/*
 * UDP to port 53 of any address: taken here because the answer must come from the address that was asked, which Node.js
 * cannot say. What is asked and answered passes as hexadecimal digits; nobody here reads it.
 */
#include "launcher.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT = 53, LONGEST = 64 * 1024 };

static const int yes = 1;

int open_datagrams(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(PORT)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(PORT)};
	if (family == AF_INET)
		setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes);
	else {
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof yes);
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &yes, sizeof yes);
		setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &yes, sizeof yes); /* else no answer from an address of nobody's */
	}
	const struct sockaddr *at = family == AF_INET ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6;
	if (bind(fd, at, family == AF_INET ? sizeof v4 : sizeof v6) < 0) {
		int error = errno;
		close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static void *address_in(struct sockaddr_storage *from)
{
	return from->ss_family == AF_INET ? (void *)&((struct sockaddr_in *)from)->sin_addr
					  : (void *)&((struct sockaddr_in6 *)from)->sin6_addr;
}

static bool meant(struct msghdr *message, int family, void *to)
{
	for (struct cmsghdr *each = CMSG_FIRSTHDR(message); each != NULL; each = CMSG_NXTHDR(message, each)) {
		if (family == AF_INET && each->cmsg_level == IPPROTO_IP && each->cmsg_type == IP_PKTINFO) {
			memcpy(to, &((struct in_pktinfo *)CMSG_DATA(each))->ipi_addr, 4);
			return true;
		}
		if (family == AF_INET6 && each->cmsg_level == IPPROTO_IPV6 && each->cmsg_type == IPV6_PKTINFO) {
			memcpy(to, &((struct in6_pktinfo *)CMSG_DATA(each))->ipi6_addr, 16);
			return true;
		}
	}
	return false;
}

void tell_datagram(int fd, int family)
{
	static unsigned char bytes[LONGEST];
	static char digits[2 * LONGEST + 1];
	_Alignas(struct cmsghdr) char control[256];
	struct sockaddr_storage from;
	struct iovec piece = {bytes, sizeof bytes};
	struct msghdr message = {&from, sizeof from, &piece, 1, control, sizeof control, 0};
	ssize_t got = recvmsg(fd, &message, 0);
	unsigned char to[16];
	if (got < 0 || !meant(&message, family, to))
		return;
	for (ssize_t i = 0; i < got; i++)
		sprintf(digits + 2 * i, "%02x", bytes[i]);
	digits[2 * got] = '\0';
	char from_text[INET6_ADDRSTRLEN], to_text[INET6_ADDRSTRLEN];
	inet_ntop(family, address_in(&from), from_text, sizeof from_text);
	inet_ntop(family, to, to_text, sizeof to_text);
	uint16_t port = ntohs(((struct sockaddr_in *)&from)->sin_port); /* at the same place in both families */
	tell("{\"kind\":\"datagram\",\"family\":%d,\"from\":\"%s\",\"port\":%u,\"to\":\"%s\",\"bytes\":\"%s\"}",
	     family == AF_INET ? 4 : 6, from_text, port, to_text, digits);
}

/* `FROM TO PORT DIGITS`: from the address that was asked, to who asked. */
void answer_datagram(int fd, char *words)
{
	static unsigned char bytes[LONGEST];
	char *rest = NULL;
	const char *from = strtok_r(words, " ", &rest), *to = strtok_r(NULL, " ", &rest);
	const char *port = strtok_r(NULL, " ", &rest), *digits = strtok_r(NULL, " ", &rest);
	if (fd < 0 || digits == NULL)
		return;
	size_t length = 0;
	for (unsigned byte; length < sizeof bytes && sscanf(digits + 2 * length, "%2x", &byte) == 1; length++)
		bytes[length] = (unsigned char)byte;
	int family = strchr(to, ':') == NULL ? AF_INET : AF_INET6;
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = v4.sin_port};
	_Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(struct in6_pktinfo))] = {0};
	struct iovec piece = {bytes, length};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1, .msg_control = control};
	struct cmsghdr *beside = (struct cmsghdr *)control;
	if (family == AF_INET) {
		struct in_pktinfo source = {0};
		inet_pton(AF_INET, to, &v4.sin_addr);
		inet_pton(AF_INET, from, &source.ipi_spec_dst);
		*beside = (struct cmsghdr){CMSG_LEN(sizeof source), IPPROTO_IP, IP_PKTINFO};
		memcpy(CMSG_DATA(beside), &source, sizeof source);
		message.msg_controllen = CMSG_SPACE(sizeof source);
		message.msg_name = &v4;
		message.msg_namelen = sizeof v4;
	} else {
		struct in6_pktinfo source = {0};
		inet_pton(AF_INET6, to, &v6.sin6_addr);
		inet_pton(AF_INET6, from, &source.ipi6_addr);
		*beside = (struct cmsghdr){CMSG_LEN(sizeof source), IPPROTO_IPV6, IPV6_PKTINFO};
		memcpy(CMSG_DATA(beside), &source, sizeof source);
		message.msg_controllen = CMSG_SPACE(sizeof source);
		message.msg_name = &v6;
		message.msg_namelen = sizeof v6;
	}
	sendmsg(fd, &message, MSG_NOSIGNAL); /* who asked may be gone */
}
