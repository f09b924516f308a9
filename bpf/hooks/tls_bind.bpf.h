/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Which socket carries which TLS stream. Certain only: a socket call nested in the TLS call, or ciphertext that the
 * library and the socket both had in hand. What neither shows stays unbound and is reported as such.
 */
#pragma once

static __always_inline bool opens_tls_record(const u8 *bytes)
{
	return bytes[0] >= 20 && bytes[0] <= 23 && bytes[1] == 3 && bytes[2] <= 4;
}

/*
 * How TLS begins, also on a connection that spoke plaintext before (STARTTLS). Libraries that read from a descriptor ask
 * for the five bytes of the header first.
 */
static __always_inline bool opens_client_hello(const u8 *bytes, u32 length)
{
	return bytes[0] == 22 && bytes[1] == 3 && bytes[2] <= 4 && (length <= RECORD_HEADER_BYTES || bytes[5] == 1);
}

static __always_inline void send_bind(struct tls_state *tls, u32 tgid, u8 how)
{
	struct wire_header *event = reserve_small(sizeof(*event));
	if (!event)
		return;
	fill_header(event, WIRE_TLS_BIND, tgid);
	event->layer = WIRE_TLS;
	event->role = tls->library;
	event->reason = how;
	event->tls = tls->generation;
	event->socket = tls->socket;
	submit(event);
}

static __always_inline struct object_key key_of(u64 address, u32 tgid)
{
	struct object_key key = { .address = address, .tgid = tgid, .image = image_of(tgid) };
	return key;
}

/*
 * A forked process goes on with the TLS objects it inherited: the same streams, under its own name. What its parent made
 * since is at addresses where its own objects are as likely to be: the two began with the same memory.
 */
static __always_inline struct tls_state *inherited_tls(const struct object_key *own)
{
	u32 tgid = own->tgid;
	struct config_target *target = bpf_map_lookup_elem(&wt_targets, &tgid);
	if (!target || !target->parent)
		return 0;
	struct object_key key = { .address = own->address, .tgid = target->parent, .image = target->image };
	struct tls_state *tls = bpf_map_lookup_elem(&wt_tls, &key);
	return tls && !tls->gone && tls->generation <= target->generations ? tls : 0;
}

/* Only ever read. */
static struct tls_state gone_tls = { .gone = 1 };

/* The object is no more. Where there was one before the fork, what is at its address later is not that one. */
static __always_inline void forget_object(struct object_key *key)
{
	bpf_map_delete_elem(&wt_tls, key);
	if (inherited_tls(key))
		bpf_map_update_elem(&wt_tls, key, &gone_tls, BPF_ANY);
}

static __always_inline struct tls_state *tls_at(struct object_key *key, u32 library)
{
	struct tls_state *tls = bpf_map_lookup_elem(&wt_tls, key);
	if (tls && !tls->gone)
		return tls;
	struct tls_state *inherited = tls ? 0 : inherited_tls(key);
	struct tls_state fresh = {};
	if (inherited)
		fresh = *inherited;
	else
		fresh.generation = next_generation();
	fresh.library = library;
	bpf_map_update_elem(&wt_tls, key, &fresh, tls ? BPF_ANY : BPF_NOEXIST);
	tls = bpf_map_lookup_elem(&wt_tls, key);
	if (!tls)
		count(COUNT_STATE_FULL, 1);
	return tls;
}

static __always_inline struct tls_state *tls_of(u64 ssl, u32 tgid, u32 library)
{
	struct object_key key = key_of(ssl, tgid);
	return tls_at(&key, library);
}

static __always_inline void forget_tls(u64 ssl, u32 tgid)
{
	struct object_key key = key_of(ssl, tgid);
	forget_object(&key);
}

static __always_inline bool is_live_socket(u64 socket)
{
	return bpf_map_lookup_elem(&wt_seals, &socket);
}

static __always_inline bool is_bound(u64 ssl, u32 tgid)
{
	struct object_key key = key_of(ssl, tgid);
	struct tls_state *tls = bpf_map_lookup_elem(&wt_tls, &key);
	return tls && tls->socket;
}

/*
 * Binds. A TLS object found on another socket than before is a new stream whose end was missed; but while that socket
 * lives, the stream stays where it is, and the call belonged to somebody else.
 */
static __always_inline struct tls_state *bind_at(struct object_key *key, u64 socket, u32 library, u8 how)
{
	struct tls_state *tls = tls_at(key, library);
	if (!tls || tls->socket == socket)
		return tls;
	if (tls->socket) {
		if (is_live_socket(tls->socket))
			return tls;
		library = tls->library;
		forget_object(key);
		tls = tls_at(key, library);
		if (!tls)
			return tls;
	}
	tls->socket = socket;
	send_bind(tls, key->tgid, how);
	return tls;
}

static __always_inline struct tls_state *bind_tls(u64 ssl, u32 tgid, u64 socket, u32 library, u8 how)
{
	struct object_key key = key_of(ssl, tgid);
	return bind_at(&key, socket, library, how);
}

/* The bytes after the header of the first record at `from`; false where there are too few, or no record. */
static __always_inline bool read_prefix(struct prefix_key *key, u64 from, u64 length)
{
	u8 header[8] = {};
	if (length < RECORD_HEADER_BYTES + PREFIX_BYTES)
		return false;
	if (bpf_probe_read_user(header, RECORD_HEADER_BYTES, (void *)from) || !opens_tls_record(header))
		return false;
	return !bpf_probe_read_user(key->bytes, PREFIX_BYTES, (void *)(from + RECORD_HEADER_BYTES));
}

/*
 * A socket sent a record that begins at `from`: whose is it? Where a library has an object for each direction, the other one
 * is still to be found.
 */
static __always_inline void match_sent(struct socket_state *state, u64 from, u64 length)
{
	struct prefix_key key = { .tgid = state->tgid, .direction = WIRE_SENT };
	if (!read_prefix(&key, from, length))
		return;
	u64 *object = bpf_map_lookup_elem(&wt_prefixes, &key);
	if (!object)
		return;
	struct tls_state *tls = bind_tls(*object, state->tgid, state->generation, WIRE_OPENSSL, WIRE_BOUND_CIPHERTEXT_SENT);
	if (tls && tls->library != WIRE_RUSTLS)
		state->flags |= SOCKET_BOUND;
}

/* A socket received a record: remembered until a library is given the same bytes. */
static __always_inline void remember_received(struct socket_state *state, u64 from, u64 length)
{
	struct prefix_key key = { .tgid = state->tgid, .direction = WIRE_RECEIVED };
	if (read_prefix(&key, from, length))
		bpf_map_update_elem(&wt_prefixes, &key, &state->generation, BPF_ANY);
}
