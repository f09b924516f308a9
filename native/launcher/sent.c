/*
 * UDP to addresses that are not the command's own: nobody answers it, the kernel refuses it, and it is told so that somebody
 * can say who sent it. Seen on its way in on loopback, heads only.
 */
#include "launcher.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PORT_OF_DNS = 53, MOST_TOLD = 1000, V4_HEAD = 20, V6_HEAD = 40 };

/* -1 where it cannot be had: then UDP is refused all the same, and not told. */
int open_sent(int family)
{
	bool is_v4 = family == AF_INET;
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	struct sock_filter only_udp[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, is_v4 ? 9 : 6),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 128),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog filter = {sizeof only_udp / sizeof *only_udp, only_udp};
	struct sockaddr_ll at = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(is_v4 ? ETH_P_IP : ETH_P_IPV6),
		.sll_ifindex = (int)if_nametoindex("lo"),
	};
	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof filter) == 0 &&
	    bind(fd, (struct sockaddr *)&at, sizeof at) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Multicast is nobody in particular, and the kernel asks neighbours by it itself. */
static bool is_own(int family, const unsigned char *address)
{
	unsigned char own[16];
	inet_pton(family, family == AF_INET ? OWN_V4 : OWN_V6, own);
	if (family == AF_INET)
		return address[0] == 127 || address[0] >= 224 || memcmp(address, own, 4) == 0;
	return IN6_IS_ADDR_LOOPBACK((const struct in6_addr *)address) || address[0] == 0xff || memcmp(address, own, 16) == 0;
}

void tell_sent(int fd, int family)
{
	static unsigned told;
	_Alignas(struct in6_addr) unsigned char head[128];
	ssize_t got = recv(fd, head, sizeof head, 0);
	size_t udp = family == AF_INET ? (size_t)(head[0] & 0x0f) * 4 : V6_HEAD;
	if (got < (ssize_t)(udp + 4) || (family == AF_INET && udp < V4_HEAD))
		return;
	const unsigned char *from = head + (family == AF_INET ? 12 : 8), *to = head + (family == AF_INET ? 16 : 24);
	unsigned from_port = head[udp] << 8 | head[udp + 1], to_port = head[udp + 2] << 8 | head[udp + 3];
	if (to_port == PORT_OF_DNS || from_port == PORT_OF_DNS || is_own(family, to) || told++ >= MOST_TOLD)
		return;
	char from_text[INET6_ADDRSTRLEN], to_text[INET6_ADDRSTRLEN];
	inet_ntop(family, from, from_text, sizeof from_text);
	inet_ntop(family, to, to_text, sizeof to_text);
	tell("{\"kind\":\"sent\",\"from\":\"%s\",\"fromPort\":%u,\"to\":\"%s\",\"port\":%u}", from_text, from_port, to_text, to_port);
}
