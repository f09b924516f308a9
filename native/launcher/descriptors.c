/* Descriptors that travel beside bytes over a socket of this machine (SCM_RIGHTS). */
#include "launcher.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

void put_beside(struct msghdr *message, struct descriptor_room *room, int fd)
{
	message->msg_control = room->bytes;
	message->msg_controllen = sizeof room->bytes;
	struct cmsghdr *beside = CMSG_FIRSTHDR(message);
	beside->cmsg_level = SOL_SOCKET;
	beside->cmsg_type = SCM_RIGHTS;
	beside->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(beside), &fd, sizeof fd);
}

bool send_descriptor(int over, int fd)
{
	struct descriptor_room room = {0};
	struct iovec piece = {.iov_base = "", .iov_len = 1};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	put_beside(&message, &room, fd);
	return sendmsg(over, &message, MSG_NOSIGNAL) == 1;
}

int receive_descriptor(int over)
{
	struct descriptor_room room = {0};
	char byte;
	int fd = -1;
	struct iovec piece = {.iov_base = &byte, .iov_len = 1};
	struct msghdr message = {
		.msg_iov = &piece, .msg_iovlen = 1, .msg_control = room.bytes, .msg_controllen = sizeof room.bytes};
	if (recvmsg(over, &message, MSG_CMSG_CLOEXEC) <= 0)
		return -1;
	struct cmsghdr *beside = CMSG_FIRSTHDR(&message);
	if (beside != NULL && beside->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(beside), sizeof fd);
	return fd;
}
