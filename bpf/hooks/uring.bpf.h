/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/*
 * Requests of io_uring move bytes outside of any system call of their own: as the ring is entered, at the end of whatever
 * call the thread is in, or in a thread of the kernel's. So the requests of each socket are known from when they are
 * submitted; where one of them has moved just as many bytes as a send or a receive tells, its own note of where it stands
 * in the user's memory (6.10 and newer) says which bytes.
 */
#pragma once

/* struct io_uring_sqe of the ABI: flags */
#define REQUEST_FIXED_FILE 0x1
#define REQUEST_BUFFER_SELECT 0x20
#define MORE_TO_COME 0x2 /* IORING_CQE_F_MORE */
#define FILE_POINTER (~7ull)

enum io_uring_op {
	OP_READV = 1,
	OP_WRITEV = 2,
	OP_READ_FIXED = 4,
	OP_WRITE_FIXED = 5,
	OP_SENDMSG = 9,
	OP_RECVMSG = 10,
	OP_READ = 22,
	OP_WRITE = 23,
	OP_SEND = 26,
	OP_RECV = 27,
	OP_SEND_ZC = 47,
	OP_SENDMSG_ZC = 48,
	OP_READ_MULTISHOT = 49,
};

static __always_inline bool is_sending(u8 op)
{
	return op == OP_WRITEV || op == OP_WRITE_FIXED || op == OP_SENDMSG || op == OP_WRITE || op == OP_SEND ||
	       op == OP_SEND_ZC || op == OP_SENDMSG_ZC;
}

static __always_inline bool is_receiving(u8 op)
{
	return op == OP_READV || op == OP_READ_FIXED || op == OP_RECVMSG || op == OP_READ || op == OP_RECV ||
	       op == OP_READ_MULTISHOT;
}

/* Those through the file's own functions: their note is from before the call, that of the others from after it. */
static __always_inline bool is_of_file(u8 op)
{
	return op == OP_READV || op == OP_WRITEV || op == OP_READ_FIXED || op == OP_WRITE_FIXED || op == OP_READ ||
	       op == OP_WRITE || op == OP_READ_MULTISHOT;
}

static __always_inline u64 socket_of_file(struct file *file)
{
	if (!file || (BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	struct socket *socket = BPF_CORE_READ(file, private_data);
	return (u64)BPF_CORE_READ(socket, sk);
}

static __always_inline u64 socket_behind(struct task_struct *task, u32 fd)
{
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file *file = 0;
	if (fd >= BPF_CORE_READ(table, max_fds))
		return 0;
	bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + fd);
	return socket_of_file(file);
}

/* The thread has used io_uring: what moves bytes in it need not be the call it is in. */
static __always_inline bool uses_uring(struct task_struct *task)
{
	return bpf_core_field_exists(task->io_uring) && READ(task, io_uring) != 0;
}

#ifndef STATE_IN_HASHES
#define REQUESTS_MOST 4

struct known_request {
	u64 request; /* address of its struct io_kiocb; 0: the place is free */
	u64 told;    /* bytes of it that were told of */
};

struct socket_requests {
	struct known_request of[REQUESTS_MOST];
	u32 next; /* the place that is taken where all are */
	u32 padding;
};

/* By address of the socket; a request that is over, or is of another socket by now, is known by what it says itself. */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, u64);
	__type(value, struct socket_requests);
} wt_requests SEC(".maps");

/* At submission the request has its descriptor, not yet its file. */
static __always_inline u64 socket_of_new_request(struct io_kiocb *request)
{
	u32 fd = BPF_CORE_READ(request, cqe.fd);
	if (!(BPF_CORE_READ(request, flags) & REQUEST_FIXED_FILE))
		return socket_behind(bpf_get_current_task_btf(), fd);
	if (!bpf_core_field_exists(((struct io_rsrc_data *)0)->nodes))
		return 0;
	struct io_ring_ctx *ring = BPF_CORE_READ(request, ctx);
	struct io_rsrc_node **nodes = BPF_CORE_READ(ring, file_table.data.nodes);
	struct io_rsrc_node *node = 0;
	if (fd >= BPF_CORE_READ(ring, file_table.data.nr))
		return 0;
	bpf_probe_read_kernel(&node, sizeof(node), nodes + fd);
	return node ? socket_of_file((struct file *)(BPF_CORE_READ(node, file_ptr) & FILE_POINTER)) : 0;
}

static __always_inline void know_request(u64 sk, u64 request)
{
	struct socket_requests fresh = {};
	struct socket_requests *known = bpf_map_lookup_elem(&wt_requests, &sk);
	if (!known) {
		bpf_map_update_elem(&wt_requests, &sk, &fresh, BPF_NOEXIST);
		known = bpf_map_lookup_elem(&wt_requests, &sk);
	}
	if (!known)
		return;
	u32 place = known->next++ % REQUESTS_MOST;
	for (u32 i = 0; i < REQUESTS_MOST; i++)
		if (!known->of[i].request || known->of[i].request == request)
			place = i;
	known->of[place % REQUESTS_MOST] = (struct known_request){ .request = request };
}

SEC("tp_btf/io_uring_submit_req")
int BPF_PROG(wt_uring_submit, struct io_kiocb *request)
{
	hold_cpu();
	u8 op = BPF_CORE_READ(request, opcode);
	u64 sk = (is_sending(op) || is_receiving(op)) && is_target(current_tgid()) ? socket_of_new_request(request) : 0;
	if (sk)
		know_request(sk, (u64)request);
	release_cpu();
	return 0;
}

static __always_inline void forget_request(struct io_kiocb *request, u32 cqe_flags)
{
	u8 op = BPF_CORE_READ(request, opcode);
	if ((!is_sending(op) && !is_receiving(op)) || (is_receiving(op) && cqe_flags & MORE_TO_COME))
		return;
	u64 sk = socket_of_file(BPF_CORE_READ(request, file));
	struct socket_requests *known = bpf_map_lookup_elem(&wt_requests, &sk);
	for (u32 i = 0; known && i < REQUESTS_MOST; i++)
		if (known->of[i].request == (u64)request)
			known->of[i].request = 0;
}

SEC("tp_btf/io_uring_complete")
int BPF_PROG(wt_uring_complete, struct io_ring_ctx *ring, void *request, struct io_uring_cqe *cqe)
{
	hold_cpu();
	if (request && is_target(current_tgid()))
		forget_request(request, BPF_CORE_READ(cqe, flags));
	release_cpu();
	return 0;
}

/* The kernel's copy of the vector a request was given. */
static __always_inline u64 vector_of(void *note, bool of_file)
{
	struct iovec *vector;
	struct io_async_rw *rw = note;
	struct io_async_msghdr *message = note;
	struct io_async_rw___older *older_rw = note;
	struct io_async_msghdr___older *older_message = note;
	if (of_file) {
		vector = bpf_core_field_exists(rw->vec) ? BPF_CORE_READ(rw, vec.iovec) : BPF_CORE_READ(older_rw, free_iovec);
		return (u64)(vector ? vector : &rw->fast_iov);
	}
	vector = bpf_core_field_exists(message->vec) ? BPF_CORE_READ(message, vec.iovec) :
						       BPF_CORE_READ(older_message, free_iov);
	return (u64)(vector ? vector : &message->fast_iov);
}

#define SEGMENTS_ADDED 16

/* Whether a vector, gone through up to its `segments`th segment and `offset` bytes of it, has moved `length`. */
static __always_inline bool has_moved(u64 vector, u64 segments, u64 offset, u64 length)
{
	u64 total = offset;
	if (segments > SEGMENTS_ADDED)
		return false;
	for (u32 i = 0; i < SEGMENTS_ADDED; i++) {
		u64 segment[2] = {};
		if (i >= segments)
			break;
		bpf_probe_read_kernel(segment, sizeof(segment), (void *)(vector + i * sizeof(segment)));
		total += segment[1];
	}
	return total == length;
}

static __always_inline bool point_at_vector(struct copy_cursor *cursor, u64 vector, u64 segments)
{
	cursor->segments = vector;
	cursor->segment_count = clamp(segments, IOV_MOST);
	cursor->kernel_segments = 1;
	return true;
}

static __always_inline bool point_at(struct copy_cursor *cursor, u64 from, u64 length)
{
	cursor->from = from;
	cursor->segment_left = length;
	return true;
}

struct request_state {
	u64 vector;
	u64 at; /* in the user's memory, or in the vector */
	u64 offset;
	u64 left;
	u64 segments;
	u64 buffer; /* what it was told to move, where that is one piece */
	u64 length;
	u8 type;
	u8 of_file;
	u8 selects;
};

static __always_inline bool read_request(struct io_kiocb *request, u8 op, struct request_state *state)
{
	void *note = BPF_CORE_READ(request, async_data);
	if (!note)
		return false;
	state->of_file = is_of_file(op);
	struct io_async_rw *rw = note;
	struct io_async_msghdr *message = note;
	struct iov_iter *iter = state->of_file ? &rw->iter : &message->msg.msg_iter;
	state->type = BPF_CORE_READ(iter, iter_type);
	state->offset = BPF_CORE_READ(iter, iov_offset);
	state->left = BPF_CORE_READ(iter, count);
	state->at = (u64)BPF_CORE_READ(iter, ubuf);
	state->segments = BPF_CORE_READ(iter, nr_segs);
	state->vector = vector_of(note, state->of_file);
	state->selects = (BPF_CORE_READ(request, flags) & REQUEST_BUFFER_SELECT) != 0;
	struct io_rw *file_part = (struct io_rw *)request;
	struct io_sr_msg *message_part = (struct io_sr_msg *)request;
	state->buffer = state->of_file ? BPF_CORE_READ(file_part, addr) : (u64)BPF_CORE_READ(message_part, buf);
	state->length = state->of_file ? BPF_CORE_READ(file_part, len) : (u32)BPF_CORE_READ(message_part, len);
	return true;
}

/* Points the cursor at the `length` bytes that the request has just moved; false where it has not moved them. */
static __always_inline bool locate_moved(struct copy_cursor *cursor, struct request_state *state, u64 told, u64 length)
{
	if (state->type == bpf_core_enum_value(enum iter_type, ITER_UBUF)) {
		bool moved = state->offset == told + length || (state->selects && state->offset == length);
		return moved && point_at(cursor, state->at + state->offset - length, length);
	}
	if (state->type == bpf_core_enum_value(enum iter_type, ITER_BVEC))
		return state->length - state->left == told + length && point_at(cursor, state->buffer + told, length);
	if (state->type != bpf_core_enum_value(enum iter_type, ITER_IOVEC) || told || state->at < state->vector)
		return false;
	u64 passed = (state->at - state->vector) / 16;
	return has_moved(state->vector, passed, state->offset, length) &&
	       point_at_vector(cursor, state->vector, passed + state->segments);
}

/* The same where the note is from before the call: nothing in it tells that it was this request. */
static __always_inline bool locate_moving(struct copy_cursor *cursor, struct request_state *state, u64 length)
{
	if (state->left < length)
		return false;
	if (state->type == bpf_core_enum_value(enum iter_type, ITER_UBUF))
		return point_at(cursor, state->at + state->offset, length);
	if (state->type == bpf_core_enum_value(enum iter_type, ITER_BVEC))
		return point_at(cursor, state->buffer + state->length - state->left, length);
	return state->type == bpf_core_enum_value(enum iter_type, ITER_IOVEC) && !state->offset &&
	       point_at_vector(cursor, state->at, state->segments);
}

struct request_search {
	struct thread_state *thread;
	struct known_request *found;
	u64 sk;
	u32 length;
	u32 sending;
	u32 candidates; /* requests of that direction under way */
	u32 matches;
	u32 unproven;
	u32 selects;
};

static __always_inline void try_request(struct request_search *search, struct known_request *known)
{
	struct io_kiocb *request = (struct io_kiocb *)known->request;
	struct copy_cursor *cursor = &search->thread->cursor;
	struct request_state state = {};
	if (!request)
		return;
	u8 op = BPF_CORE_READ(request, opcode);
	if (!(search->sending ? is_sending(op) : is_receiving(op)))
		return;
	if (socket_of_file(BPF_CORE_READ(request, file)) != search->sk)
		return;
	search->candidates++;
	if (!read_request(request, op, &state))
		return;
	if (!(state.of_file ? locate_moving(cursor, &state, search->length) :
			      locate_moved(cursor, &state, known->told, search->length)))
		return;
	search->matches++;
	search->unproven = state.of_file;
	search->selects = state.selects;
	search->found = known;
}

static long search_step(u64 i, void *context)
{
	struct request_search *search = context;
	u64 sk = search->sk;
	struct socket_requests *known = bpf_map_lookup_elem(&wt_requests, &sk);
	if (!known)
		return 1;
	try_request(search, &known->of[i & (REQUESTS_MOST - 1)]);
	return 0;
}

/*
 * Points the cursor at what a request has just moved on the socket; false where no request, or more than one, may have.
 */
static __always_inline bool locate_request(struct thread_state *thread, u64 sk, u32 length, bool sending)
{
	/* Before 6.10 requests keep no such note. */
	if (!bpf_core_field_exists(((struct io_async_rw *)0)->iter))
		return false;
	struct request_search search = { .thread = thread, .sk = sk, .length = length, .sending = sending };
	thread->cursor.segment_count = 0;
	thread->cursor.segment_left = 0;
	thread->cursor.kernel_segments = 0;
	bpf_loop(REQUESTS_MOST, search_step, &search, 0);
	if (search.matches != 1 || (search.unproven && search.candidates != 1) || !search.found)
		return false;
	if (!search.selects)
		search.found->told += length;
	return true;
}
#endif
