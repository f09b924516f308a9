/*
 * The channel Node.js opens to a child it may send messages to (stdio 'ipc'): lines of JSON both ways, and descriptors beside
 * lines of {"cmd":"NODE_HANDLE"}. To us only texts are said, which come in quotes; acknowledgements are objects, and passed over.
 */
#include "launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int channel = -1;

static char *heard;
static size_t heard_length, heard_room, heard_taken;

/* Nobody who becomes the command may keep it, or know of it. */
void open_channel(void)
{
	const char *number = getenv("NODE_CHANNEL_FD");
	channel = number == NULL ? -1 : atoi(number);
	unsetenv("NODE_CHANNEL_FD");
	unsetenv("NODE_CHANNEL_SERIALIZATION_MODE");
	if (channel < 3 || fcntl(channel, F_SETFD, FD_CLOEXEC) < 0) {
		fprintf(stderr, "launcher: no channel\n");
		exit(2);
	}
	fcntl(channel, F_SETFL, fcntl(channel, F_GETFL) & ~O_NONBLOCK);
}

static void send_whole(const char *text, size_t length, int fd)
{
	struct descriptor_room room = {0};
	struct iovec piece = {.iov_base = (void *)text, .iov_len = length};
	struct msghdr message = {.msg_iov = &piece, .msg_iovlen = 1};
	if (fd >= 0)
		put_beside(&message, &room, fd);
	while (piece.iov_len > 0) {
		ssize_t sent = sendmsg(channel, &message, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0)
			_exit(1); /* nobody is there any more */
		piece.iov_base = (char *)piece.iov_base + sent;
		piece.iov_len -= (size_t)sent;
		message.msg_control = NULL;
		message.msg_controllen = 0;
	}
}

static char line[160 * 1024];

void tell(const char *format, ...)
{
	va_list values;
	va_start(values, format);
	int length = vsnprintf(line, sizeof line - 1, format, values);
	va_end(values);
	if (length < 0 || (size_t)length >= sizeof line - 1)
		return;
	line[length++] = '\n';
	send_whole(line, (size_t)length, -1);
}

void hand_over(int fd, const char *type, const char *format, ...)
{
	char about[128];
	va_list values;
	va_start(values, format);
	vsnprintf(about, sizeof about, format, values);
	va_end(values);
	int length = snprintf(line, sizeof line, "{\"cmd\":\"NODE_HANDLE\",\"type\":\"%s\",\"msg\":%s}\n", type, about);
	send_whole(line, (size_t)length, fd);
	close(fd);
}

bool listen_to_channel(void)
{
	if (heard_taken > 0) {
		memmove(heard, heard + heard_taken, heard_length - heard_taken);
		heard_length -= heard_taken;
		heard_taken = 0;
	}
	if (heard_room - heard_length < 4096) {
		heard_room = heard_room * 2 + 8192;
		heard = realloc(heard, heard_room);
		if (heard == NULL)
			_exit(1);
	}
	ssize_t got = read(channel, heard + heard_length, heard_room - heard_length);
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (got <= 0)
		return false;
	heard_length += (size_t)got;
	return true;
}

char *next_line(void)
{
	while (heard_taken < heard_length) {
		char *from = heard + heard_taken;
		char *end = memchr(from, '\n', heard_length - heard_taken);
		if (end == NULL)
			return NULL;
		heard_taken = (size_t)(end - heard) + 1;
		*end = '\0';
		if (from[0] != '"' || end - from < 2)
			continue;
		end[-1] = '\0';
		return from + 1;
	}
	return NULL;
}
