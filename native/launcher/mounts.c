/*
 * What the command finds at some paths: files of ours in place of the machine's, nothing in place of sockets of others, and
 * processes of its own namespace only.
 */
#include "launcher.h"

#include <errno.h>
#include <sys/mount.h>

struct step make_mounts(const struct plan *plan)
{
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
		return (struct step){"mounts", errno};
	/* In a container that hides parts of /proc it may not be mounted; the one that is there does, with other numbers. */
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
		tell("{\"kind\":\"unmounted\",\"index\":-1,\"errno\":%d}", errno);
	for (size_t i = 0; i < plan->mount_count; i++) {
		const struct mounted *each = &plan->mounts[i];
		if (mount(each->from == NULL ? "/dev/null" : each->from, each->over, NULL, MS_BIND, NULL) < 0)
			tell("{\"kind\":\"unmounted\",\"index\":%zu,\"errno\":%d}", i, errno);
	}
	return (struct step){"mounts", 0};
}
