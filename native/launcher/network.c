/*
 * The network of the namespace: loopback, an address that looks like any other (programs that ask for "the addresses of
 * families this machine has" find none on loopback), and routes under which every address there is is local. There is no
 * way out: both ends of the pair of veth are in here.
 */
#include "launcher.h"
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct address {
	int family;
	unsigned char bytes[16];
	size_t length;
	uint8_t prefix;
};

static struct address address_of(int family, const char *text)
{
	struct address address = {.family = family, .length = family == AF_INET ? 4 : 16, .prefix = family == AF_INET ? 24 : 64};
	inet_pton(family, text, address.bytes);
	return address;
}

static int do_one(struct netlink *link, struct nlmsghdr *message)
{
	uint32_t last = message->nlmsg_seq;
	message->nlmsg_flags |= NLM_F_ACK;
	message_end(link, message);
	return netlink_do(link, last);
}

static int set_up(struct netlink *link, unsigned index)
{
	struct ifinfomsg head = {.ifi_index = (int)index, .ifi_flags = IFF_UP, .ifi_change = IFF_UP};
	return do_one(link, message_begin(link, RTM_NEWLINK, 0, &head, sizeof head));
}

static int make_pair(struct netlink *link)
{
	struct ifinfomsg head = {0};
	struct nlmsghdr *message = message_begin(link, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
	put_text(link, IFLA_IFNAME, "eth0");
	struct nlattr *info = nest_begin(link, IFLA_LINKINFO);
	put_text(link, IFLA_INFO_KIND, "veth");
	struct nlattr *data = nest_begin(link, IFLA_INFO_DATA);
	struct nlattr *peer = nest_begin(link, VETH_INFO_PEER);
	/* the peer is described by a whole ifinfomsg before its attributes */
	memcpy(link->bytes + link->length, &head, sizeof head);
	link->length += NLMSG_ALIGN(sizeof head);
	put_text(link, IFLA_IFNAME, "peer0");
	nest_end(link, peer);
	nest_end(link, data);
	nest_end(link, info);
	return do_one(link, message);
}

static int add_address(struct netlink *link, unsigned index, const struct address *address)
{
	struct ifaddrmsg head = {
		.ifa_family = (uint8_t)address->family,
		.ifa_prefixlen = address->prefix,
		.ifa_index = index,
		.ifa_flags = IFA_F_NODAD,
	};
	struct nlmsghdr *message = message_begin(link, RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
	put(link, IFA_LOCAL, address->bytes, address->length);
	put(link, IFA_ADDRESS, address->bytes, address->length);
	return do_one(link, message);
}

/* The preferred source is needed: without it the kernel takes the address that is called. */
static int make_all_local(struct netlink *link, const struct address *own)
{
	struct rtmsg head = {
		.rtm_family = (uint8_t)own->family,
		.rtm_table = RT_TABLE_LOCAL,
		.rtm_protocol = RTPROT_STATIC,
		.rtm_scope = own->family == AF_INET ? RT_SCOPE_HOST : RT_SCOPE_UNIVERSE,
		.rtm_type = RTN_LOCAL,
	};
	struct nlmsghdr *message = message_begin(link, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof head);
	put_u32(link, RTA_OIF, if_nametoindex("lo"));
	put(link, RTA_PREFSRC, own->bytes, own->length);
	return do_one(link, message);
}

static void set(const char *name, const char *value)
{
	int fd = open(name, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return; /* not there, or not to be written here: what depends on it says so itself */
	if (write(fd, value, strlen(value)) < 0)
		errno = 0;
	close(fd);
}

struct step make_network(bool *has_v6)
{
	static struct netlink link;
	set("/proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
	set("/proc/sys/net/ipv4/tcp_fastopen", "3");
	set("/proc/sys/net/ipv6/conf/all/disable_ipv6", "0");
	set("/proc/sys/net/ipv6/conf/default/disable_ipv6", "0");
	int error = netlink_open(&link, NETLINK_ROUTE);
	if (error == 0)
		error = set_up(&link, if_nametoindex("lo"));
	if (error != 0)
		return (struct step){"loopback", error};
	/* Kernels without veth: the addresses are then on loopback itself. */
	const char *device = "lo";
	if (make_pair(&link) == 0) {
		device = "eth0";
		if ((error = set_up(&link, if_nametoindex("eth0"))) != 0 || (error = set_up(&link, if_nametoindex("peer0"))) != 0)
			return (struct step){"veth", error};
	}
	struct address v4 = address_of(AF_INET, OWN_V4), v6 = address_of(AF_INET6, OWN_V6);
	if ((error = add_address(&link, if_nametoindex(device), &v4)) != 0 || (error = make_all_local(&link, &v4)) != 0)
		return (struct step){"routes", error};
	*has_v6 = add_address(&link, if_nametoindex(device), &v6) == 0 && make_all_local(&link, &v6) == 0;
	close(link.fd);
	return (struct step){"network", 0};
}
