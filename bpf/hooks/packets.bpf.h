/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Bytes that were sent and never lay in the process's memory (sendfile, splice): taken from the packets they leave in, by
 * their numbers in the sequence. Only of sockets that have sent so; the program lets every packet pass. What a call has
 * sent is known at its end, when packets with it may be gone already: so bytes of a call that is not over are taken as
 * well, and where their call turns out to be one that can be read they come twice, under the same positions.
 */
#pragma once

/* The largest packet the kernel makes (BIG TCP) is 512 KiB. */
#define PACKET_CHUNKS 17

/* Whether the program below is attached; set by native/ once it is. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, u32);
} wt_packets_on SEC(".maps");

static __always_inline bool takes_packets(void)
{
	u32 key = 0;
	u32 *on = bpf_map_lookup_elem(&wt_packets_on, &key);
	return on && *on;
}

#ifdef STATE_IN_HASHES
static __always_inline bool sends_pages(u64 sk)
{
	return false;
}
#else
/* The thread that runs is in a call that sends to this socket what is not in its memory. */
static __always_inline bool sends_pages(u64 sk)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	u64 call = CALL_NUMBER(regs);
	if (call != CALL_SENDFILE && call != CALL_SPLICE)
		return false;
	return socket_behind(task, call == CALL_SENDFILE ? CALL_FIRST(regs) : CALL_THIRD(regs)) == sk;
}
#endif

#ifndef STATE_IN_HASHES
/* Where the payload of a packet lies, and the number of its first byte. */
struct payload {
	u32 offset;
	u32 length;
	u32 number;
};

static __always_inline bool find_payload(struct __sk_buff *skb, struct payload *payload)
{
	u8 ip[48] = {};
	u8 tcp[14] = {};
	u32 offset;
	if (bpf_skb_load_bytes(skb, 0, ip, 20))
		return false;
	if (ip[0] >> 4 == 4) {
		offset = (ip[0] & 15) * 4;
		if (ip[9] != IPPROTO_TCP)
			return false;
	} else {
		if (bpf_skb_load_bytes(skb, 0, ip, 42))
			return false;
		/* Only packets of more than 64 KiB have something in between: their true length, 8 bytes. */
		bool is_jumbo = ip[6] == 0 && ip[40] == IPPROTO_TCP && ip[41] == 0;
		offset = is_jumbo ? 48 : 40;
		if (!is_jumbo && ip[6] != IPPROTO_TCP)
			return false;
	}
	if (bpf_skb_load_bytes(skb, offset, tcp, sizeof(tcp)))
		return false;
	payload->offset = offset + (tcp[12] >> 4) * 4;
	payload->number = (u32)tcp[4] << 24 | (u32)tcp[5] << 16 | (u32)tcp[6] << 8 | tcp[7];
	payload->length = skb->len - payload->offset;
	return skb->len > payload->offset;
}

/* What of a packet is still to be sent out. */
struct payload_cursor {
	struct __sk_buff *skb;
	struct socket_state *state;
	u64 offset;
	u64 position;
	u64 end;
};

/* One chunk into a slot of `room` bytes. 1 ends the loop. */
#define SEND_PAYLOAD(cursor, room, length)                                                                             \
	do {                                                                                                           \
		struct wire_header *event = reserve_data(sizeof(struct wire_header) + (room));                        \
		if (!event) {                                                                                          \
			count(COUNT_RING_FULL_EVENTS, 1);                                                              \
			count(COUNT_RING_FULL_BYTES, length);                                                          \
			return 0;                                                                                      \
		}                                                                                                      \
		u64 copied = at_least_one(clamp(length, room));                                                        \
		fill_payload_header(event, cursor, copied);                                                            \
		if (bpf_skb_load_bytes((cursor)->skb, (cursor)->offset, event + 1, copied)) {                          \
			count(COUNT_FAULTS, 1);                                                                        \
			bpf_ringbuf_discard(event, 0);                                                                 \
			return 1;                                                                                      \
		}                                                                                                      \
		count(COUNT_BYTES, copied);                                                                            \
		submit(event);                                                                                         \
	} while (0)

static __always_inline void fill_payload_header(struct wire_header *event, struct payload_cursor *cursor, u32 length)
{
	struct socket_state *state = cursor->state;
	__builtin_memset(event, 0, sizeof(*event));
	event->version = WIRE_VERSION;
	event->type = WIRE_DATA;
	event->direction = WIRE_SENT;
	event->flags = WIRE_FROM_PACKET;
	event->tgid = state->tgid;
	event->at_ns = bpf_ktime_get_ns();
	event->socket = state->generation;
	event->position = cursor->position;
	event->size = length;
	event->captured = length;
}

static __always_inline long send_payload(struct payload_cursor *cursor, u64 length)
{
	if (length <= 448)
		SEND_PAYLOAD(cursor, 448, length);
	else if (length <= 1472)
		SEND_PAYLOAD(cursor, 1472, length);
	else if (length <= 8192)
		SEND_PAYLOAD(cursor, 8192, length);
	else
		SEND_PAYLOAD(cursor, CHUNK_MOST, length);
	return 0;
}

static long send_payload_step(u64 step, void *context)
{
	struct payload_cursor *cursor = context;
	if (cursor->position >= cursor->end)
		return 1;
	u64 length = cursor->end - cursor->position;
	if (length > CHUNK_MOST)
		length = CHUNK_MOST;
	long failed = send_payload(cursor, length);
	cursor->position += length;
	cursor->offset += length;
	return failed;
}

static __always_inline bool may_be_plain(struct socket_state *state)
{
	u32 others = SOCKET_TLS | SOCKET_IGNORED | SOCKET_NOT_SAMPLED | SOCKET_MAYBE_SENT | SOCKET_MAYBE_RECEIVED;
	return state->flags & SOCKET_OPENED && !(state->flags & others) && !state->turns.left_out;
}

static __always_inline void take_payload(struct __sk_buff *skb, struct socket_state *state)
{
	struct payload payload = {};
	if (!find_payload(skb, &payload))
		return;
	u64 told = state->sent;
	/* Below 0: from before the recording. */
	long long position = (long long)told + (s32)(payload.number - state->written_before - (u32)told);
	long long next = state->packets_next;
	long long end = position + payload.length;
	long long from = next > position ? next : position;
	/* Sent once more, or not to be recorded. */
	if (end <= next)
		return;
	state->packets_next = end;
	if ((u64)end <= told && (u64)from >= state->packets_end)
		return;
	struct payload_cursor cursor = {
		.skb = skb,
		.state = state,
		.offset = payload.offset + (from - position),
		.position = from,
		.end = end,
	};
	bpf_loop(PACKET_CHUNKS, send_payload_step, &cursor, 0);
}

SEC("cgroup_skb/egress")
int wt_packet_out(struct __sk_buff *skb)
{
	struct bpf_sock *sk = skb->sk;
	if (!sk)
		return 1;
	sk = bpf_sk_fullsock(sk);
	if (!sk || sk->protocol != IPPROTO_TCP)
		return 1;
	struct socket_state *state = bpf_sk_storage_get(&wt_sockets, sk, 0, 0);
	if (!state || !may_be_plain(state))
		return 1;
	if (!state->packets) {
		if (!sends_pages((u64)sk))
			return 1;
		state->packets = 1;
	}
	take_payload(skb, state);
	return 1;
}
#endif
