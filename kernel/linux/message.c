/* SPDX-License-Identifier: BSD-2-Clause */
#include "message.h"

#include <sys/socket.h>

#include "sys.h"

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(MESSAGE_FDS * sizeof(int))];
};

int
message_send(int sock, const void *data, size_t len, const int *fds,
    size_t nfds)
{
	struct iovec iov = { .iov_base = (void *)(uintptr_t)data,
		.iov_len = len };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union control control;
	struct cmsghdr *c;
	ssize_t n;

	if (nfds > MESSAGE_FDS || len > MESSAGE_MAX) {
		errno = E2BIG;
		return -1;
	}
	if (nfds > 0) {
		memset(&control, 0, sizeof control);
		msg.msg_control = control.bytes;
		msg.msg_controllen = CMSG_SPACE(nfds * sizeof(int));
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(nfds * sizeof(int));
		memcpy(CMSG_DATA(c), fds, nfds * sizeof(int));
	}
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -1 : 0;
}

static void
take_fds(struct msghdr *msg, int fds[MESSAGE_FDS])
{
	struct cmsghdr *c;
	size_t count;

	for (size_t i = 0; i < MESSAGE_FDS; i++)
		fds[i] = -1;
	c = CMSG_FIRSTHDR(msg);
	if (c == NULL || c->cmsg_level != SOL_SOCKET ||
	    c->cmsg_type != SCM_RIGHTS || c->cmsg_len < CMSG_LEN(0))
		return;
	count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	if (count > MESSAGE_FDS)
		count = MESSAGE_FDS;
	memcpy(fds, CMSG_DATA(c), count * sizeof(int));
}

ssize_t
message_receive(int sock, void *data, size_t size, int fds[MESSAGE_FDS])
{
	struct iovec iov = { .iov_base = data, .iov_len = size };
	union control control;
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof control.bytes,
	};
	ssize_t n;

	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -1;
	take_fds(&msg, fds);
	if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0)
		return n;
	for (size_t i = 0; i < MESSAGE_FDS; i++)
		close_fd(&fds[i]);
	errno = EMSGSIZE;
	return -1;
}
