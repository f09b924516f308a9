/* SPDX-License-Identifier: GPL-2.0-only OR MIT */
/* TLS objects that lead to the descriptor of their socket. */
#pragma once

/* The socket that this descriptor of the running process is; 0 where it is none. */
static __always_inline struct sock *sock_at(s32 fd)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	struct fdtable *table = BPF_CORE_READ(task, files, fdt);
	struct file **files = BPF_CORE_READ(table, fd);
	struct file *file = 0;
	if (fd < 0 || (u32)fd >= BPF_CORE_READ(table, max_fds) || bpf_probe_read_kernel(&file, sizeof(file), files + fd) || !file)
		return 0;
	if ((BPF_CORE_READ(file, f_inode, i_mode) & S_IFMT) != S_IFSOCK)
		return 0;
	struct socket *socket = BPF_CORE_READ(file, private_data);
	return BPF_CORE_READ(socket, sk);
}

/* The socket's own state is not at hand: its seal says that it needs no search for a stream any more. */
static __always_inline void tie_to(struct tls_state *tls, u32 tgid, u64 socket, u8 how)
{
	struct seal *seal = seal_of(socket);
	if (seal)
		seal->bound = 1;
	tls->socket = socket;
	send_bind(tls, tgid, how);
}
