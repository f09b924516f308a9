/*
 * A network namespace holds sockets of the internet families. Others reach past it (AF_VSOCK talks to the hypervisor), so that
 * only families that stay inside may be made; and nothing that makes sockets behind a filter's back (io_uring).
 */
#include "launcher.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of 32-bit programs: the call of its own, and the one that takes its arguments from memory, where no filter can look. */
enum { I386_SOCKET = 359, I386_SOCKETPAIR = 360, I386_SOCKETCALL = 102, X32_BIT = 0x40000000 };

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define IF(value, then, otherwise) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, then, otherwise)
#define REFUSE(error) BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static struct sock_filter filter[] = {
	LOAD(arch),
	IF(AUDIT_ARCH_I386, 6, 0),
	/* x86-64, the calls of x32 among them */
	LOAD(nr),
	BPF_STMT(BPF_ALU | BPF_AND | BPF_K, ~(unsigned)X32_BIT),
	IF(SYS_socket, 9, 0),
	IF(SYS_socketpair, 8, 0),
	IF(SYS_io_uring_setup, 6, 0),
	ALLOW,
	/* i386 */
	LOAD(nr),
	IF(I386_SOCKET, 4, 0),
	IF(I386_SOCKETPAIR, 3, 0),
	IF(I386_SOCKETCALL, 1, 0),
	IF(SYS_io_uring_setup, 0, 10),
	REFUSE(ENOSYS),
	/* the family */
	LOAD(args[0]),
	IF(AF_UNIX, 6, 0),
	IF(AF_INET, 5, 0),
	IF(AF_INET6, 4, 0),
	IF(AF_NETLINK, 3, 0),
	IF(AF_PACKET, 2, 0),
	IF(AF_ALG, 1, 0),
	REFUSE(EAFNOSUPPORT),
	ALLOW,
	ALLOW,
};

/* A root without a user namespace of its own could walk back to the namespaces of the machine. */
static void give_up_rights(void)
{
	const int rights[] = {CAP_SYS_ADMIN, CAP_SYS_PTRACE, CAP_SYS_MODULE, CAP_SYS_RAWIO, CAP_MKNOD, 39 /* CAP_BPF */};
	for (size_t i = 0; i < sizeof rights / sizeof *rights; i++)
		prctl(PR_CAPBSET_DROP, rights[i]);
}

int confine(bool has_own_users)
{
	struct sock_fprog program = {.len = sizeof filter / sizeof *filter, .filter = filter};
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return errno;
	if (!has_own_users)
		give_up_rights();
	return 0;
}
