/*
 * The rules of the namespace, in the language of nf_tables: whom the command connects to is left as it is, and the packet is
 * given to a listener of ours (TPROXY), whose sockets then say by getsockname whom the client meant.
 *
 *   not TCP                                    its own way
 *   to loopback, port on the tape              a listener of the command where there is one, else to us
 *   to loopback or the command's own address   its own way: a listener of the command, or a refusal
 *   anything else                              to us
 */
#include "launcher.h"
#include "netlink.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *const table = "wiretape";
static const char *const entry = "entry"; /* hooked into the way of packets */
static const char *const known = "known"; /* loopback ports of the tape */
static const char *const to_us = "to_us";

static const uint8_t loopback_v6[16] = {[15] = 1};

/* Since Linux 5.9; the headers of older distributions do not have it. */
enum { SOCKET_WILDCARD = 2 };

struct rules {
	struct netlink link;
	struct nlmsghdr *message;
	struct nlattr *expressions, *element, *data;
};

static uint16_t type_of(int message)
{
	return (uint16_t)((NFNL_SUBSYS_NFTABLES << 8) | message);
}

static void batch(struct netlink *link, uint16_t type)
{
	struct nfgenmsg head = {.nfgen_family = AF_UNSPEC, .version = NFNETLINK_V0, .res_id = htons(NFNL_SUBSYS_NFTABLES)};
	message_end(link, message_begin(link, type, 0, &head, sizeof head));
}

static struct nlmsghdr *begin(struct netlink *link, int message, uint16_t flags)
{
	struct nfgenmsg head = {.nfgen_family = NFPROTO_INET, .version = NFNETLINK_V0};
	return message_begin(link, type_of(message), NLM_F_CREATE | flags, &head, sizeof head);
}

static void add_table(struct netlink *link)
{
	struct nlmsghdr *message = begin(link, NFT_MSG_NEWTABLE, 0);
	put_text(link, NFTA_TABLE_NAME, table);
	message_end(link, message);
}

static void add_chain(struct netlink *link, const char *name)
{
	struct nlmsghdr *message = begin(link, NFT_MSG_NEWCHAIN, 0);
	put_text(link, NFTA_CHAIN_TABLE, table);
	put_text(link, NFTA_CHAIN_NAME, name);
	if (name == entry) {
		struct nlattr *hook = nest_begin(link, NFTA_CHAIN_HOOK);
		put_be32(link, NFTA_HOOK_HOOKNUM, NF_INET_PRE_ROUTING);
		put_be32(link, NFTA_HOOK_PRIORITY, (uint32_t)-150);
		nest_end(link, hook);
		put_text(link, NFTA_CHAIN_TYPE, "filter");
		put_be32(link, NFTA_CHAIN_POLICY, NF_ACCEPT);
	}
	message_end(link, message);
}

static void rule_begin(struct rules *rules, const char *chain)
{
	rules->message = begin(&rules->link, NFT_MSG_NEWRULE, NLM_F_APPEND);
	put_text(&rules->link, NFTA_RULE_TABLE, table);
	put_text(&rules->link, NFTA_RULE_CHAIN, chain);
	rules->expressions = nest_begin(&rules->link, NFTA_RULE_EXPRESSIONS);
}

static void expression_begin(struct rules *rules, const char *name)
{
	rules->element = nest_begin(&rules->link, NFTA_LIST_ELEM);
	put_text(&rules->link, NFTA_EXPR_NAME, name);
	rules->data = nest_begin(&rules->link, NFTA_EXPR_DATA);
}

static void expression_end(struct rules *rules)
{
	nest_end(&rules->link, rules->data);
	nest_end(&rules->link, rules->element);
}

static void put_value(struct netlink *link, uint16_t type, const void *value, size_t length)
{
	struct nlattr *nest = nest_begin(link, type);
	put(link, NFTA_DATA_VALUE, value, length);
	nest_end(link, nest);
}

static void compare(struct rules *rules, uint32_t how, const void *value, size_t length)
{
	expression_begin(rules, "cmp");
	put_be32(&rules->link, NFTA_CMP_SREG, NFT_REG_1);
	put_be32(&rules->link, NFTA_CMP_OP, how);
	put_value(&rules->link, NFTA_CMP_DATA, value, length);
	expression_end(rules);
}

static void if_meta(struct rules *rules, uint32_t key, uint32_t how, uint8_t value)
{
	expression_begin(rules, "meta");
	put_be32(&rules->link, NFTA_META_DREG, NFT_REG_1);
	put_be32(&rules->link, NFTA_META_KEY, key);
	expression_end(rules);
	compare(rules, how, &value, sizeof value);
}

struct bytes_at {
	uint32_t base, offset;
	const void *value;
	size_t length;
};

static void if_bytes(struct rules *rules, struct bytes_at at)
{
	expression_begin(rules, "payload");
	put_be32(&rules->link, NFTA_PAYLOAD_DREG, NFT_REG_1);
	put_be32(&rules->link, NFTA_PAYLOAD_BASE, at.base);
	put_be32(&rules->link, NFTA_PAYLOAD_OFFSET, at.offset);
	put_be32(&rules->link, NFTA_PAYLOAD_LEN, (uint32_t)at.length);
	expression_end(rules);
	compare(rules, NFT_CMP_EQ, at.value, at.length);
}

static void if_to(struct rules *rules, uint8_t family, const void *address, size_t length)
{
	if_meta(rules, NFT_META_NFPROTO, NFT_CMP_EQ, family);
	uint32_t offset = family == NFPROTO_IPV4 ? 16 : 24;
	if_bytes(rules, (struct bytes_at){NFT_PAYLOAD_NETWORK_HEADER, offset, address, length});
}

static void if_port(struct rules *rules, uint16_t port)
{
	uint16_t value = htons(port);
	if_bytes(rules, (struct bytes_at){NFT_PAYLOAD_TRANSPORT_HEADER, 2, &value, sizeof value});
}

/* Only packets that some socket of the namespace takes go on in the rule. */
static void if_socket(struct rules *rules)
{
	expression_begin(rules, "socket");
	put_be32(&rules->link, NFTA_SOCKET_KEY, SOCKET_WILDCARD);
	put_be32(&rules->link, NFTA_SOCKET_DREG, NFT_REG_1);
	expression_end(rules);
}

static void give_to(struct rules *rules, uint32_t family, uint16_t port)
{
	uint16_t value = htons(port);
	expression_begin(rules, "immediate");
	put_be32(&rules->link, NFTA_IMMEDIATE_DREG, NFT_REG_1);
	put_value(&rules->link, NFTA_IMMEDIATE_DATA, &value, sizeof value);
	expression_end(rules);
	expression_begin(rules, "tproxy");
	put_be32(&rules->link, NFTA_TPROXY_FAMILY, family);
	put_be32(&rules->link, NFTA_TPROXY_REG_PORT, NFT_REG_1);
	expression_end(rules);
}

/* Ends the rule with a verdict: another chain, or NULL for acceptance. */
static void then(struct rules *rules, const char *chain)
{
	struct netlink *link = &rules->link;
	expression_begin(rules, "immediate");
	put_be32(link, NFTA_IMMEDIATE_DREG, NFT_REG_VERDICT);
	struct nlattr *data = nest_begin(link, NFTA_IMMEDIATE_DATA);
	struct nlattr *verdict = nest_begin(link, NFTA_DATA_VERDICT);
	put_be32(link, NFTA_VERDICT_CODE, chain == NULL ? NF_ACCEPT : (uint32_t)NFT_GOTO);
	if (chain != NULL)
		put_text(link, NFTA_VERDICT_CHAIN, chain);
	nest_end(link, verdict);
	nest_end(link, data);
	expression_end(rules);
	nest_end(link, rules->expressions);
	message_end(link, rules->message);
}

struct destination {
	uint8_t family;
	const void *address;
	size_t length;
};

static void add_rules(struct rules *rules, uint16_t port, const struct plan *plan)
{
	uint8_t own_v4[4], own_v6[16], loopback_v4 = 127;
	inet_pton(AF_INET, OWN_V4, own_v4);
	inet_pton(AF_INET6, OWN_V6, own_v6);
	const struct destination loopback[] = {
		{NFPROTO_IPV4, &loopback_v4, 1},
		{NFPROTO_IPV6, loopback_v6, sizeof loopback_v6},
	};
	const struct destination own[] = {
		loopback[0],
		loopback[1],
		{NFPROTO_IPV4, own_v4, sizeof own_v4},
		{NFPROTO_IPV6, own_v6, sizeof own_v6},
	};
	rule_begin(rules, entry);
	if_meta(rules, NFT_META_L4PROTO, NFT_CMP_NEQ, IPPROTO_TCP);
	then(rules, NULL);
	for (size_t i = 0; i < plan->loopback_count; i++) {
		for (size_t j = 0; j < sizeof loopback / sizeof *loopback; j++) {
			rule_begin(rules, entry);
			if_to(rules, loopback[j].family, loopback[j].address, loopback[j].length);
			if_port(rules, plan->loopback_ports[i]);
			then(rules, known);
		}
	}
	for (size_t i = 0; i < sizeof own / sizeof *own; i++) {
		rule_begin(rules, entry);
		if_to(rules, own[i].family, own[i].address, own[i].length);
		then(rules, NULL);
	}
	rule_begin(rules, entry);
	if_meta(rules, NFT_META_L4PROTO, NFT_CMP_EQ, IPPROTO_TCP);
	then(rules, to_us);

	rule_begin(rules, known);
	if_socket(rules);
	then(rules, NULL);
	rule_begin(rules, known);
	if_meta(rules, NFT_META_L4PROTO, NFT_CMP_EQ, IPPROTO_TCP);
	then(rules, to_us);

	for (size_t j = 0; j < sizeof loopback / sizeof *loopback; j++) {
		rule_begin(rules, to_us);
		if_meta(rules, NFT_META_NFPROTO, NFT_CMP_EQ, loopback[j].family);
		if_meta(rules, NFT_META_L4PROTO, NFT_CMP_EQ, IPPROTO_TCP);
		give_to(rules, loopback[j].family, port);
		then(rules, NULL);
	}
}

struct step steer(uint16_t port, const struct plan *plan)
{
	static struct rules rules;
	struct netlink *link = &rules.link;
	int error = netlink_open(link, NETLINK_NETFILTER);
	if (error != 0)
		return (struct step){"nf_tables", error};
	batch(link, NFNL_MSG_BATCH_BEGIN);
	add_table(link);
	add_chain(link, entry);
	add_chain(link, known);
	add_chain(link, to_us);
	add_rules(&rules, port, plan);
	rules.message->nlmsg_flags |= NLM_F_ACK; /* the last one; of the others only errors are told */
	uint32_t last = rules.message->nlmsg_seq;
	batch(link, NFNL_MSG_BATCH_END);
	error = netlink_do(link, last);
	close(link->fd);
	return (struct step){"nf_tables", error};
}
