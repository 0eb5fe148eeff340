/* SPDX-License-Identifier: BSD-2-Clause */
/* The opener's side: starting the spawner and asking it. */
#include "spawner.h"

#include <sys/socket.h>

#include <signal.h>
#include <stdio.h>

#include "message.h"
#include "serve.h"
#include "sys.h"

/* The socket buffer counts the kernel's overhead too. */
#define SOCKET_BUFFER (2 * MESSAGE_MAX)

static int
make_sockets(int sock[2], struct error *err)
{
	int size = SOCKET_BUFFER;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sock) != 0)
		return error_sys(err, errno, "a socket to the spawner");
	for (int i = 0; i < 2; i++)
		setsockopt(sock[i], SOL_SOCKET, SO_SNDBUFFORCE, &size,
		    sizeof size);
	return 0;
}

static int
receive_reply(struct spawner *s, struct reply *r, int *fd, struct error *err)
{
	int fds[MESSAGE_FDS];
	ssize_t n;

	n = message_receive(s->sock, r, sizeof *r, fds);
	if (n < 0)
		return error_sys(err, errno, "reading from the spawner");
	if ((size_t)n != sizeof *r)
		return error_set(err, EPIPE, "the spawner of jails has ended; "
		    "nothing can be started until the next start");
	r->text[sizeof r->text - 1] = '\0';
	if (fd != NULL)
		*fd = fds[0];
	else
		close_fd(&fds[0]);
	return 0;
}

int
spawner_start(struct spawner *s, struct error *err)
{
	pid_t opener = getpid();
	struct reply r;
	int sock[2];

	s->pid = -1;
	s->sock = -1;
	if (make_sockets(sock, err) != 0)
		return -1;
	fflush(NULL);
	s->pid = fork();
	if (s->pid == 0)
		serve(sock[1], opener);
	if (s->pid < 0)
		error_sys(err, errno, "starting the spawner of jails");
	close(sock[1]);
	s->sock = sock[0];
	if (s->pid > 0 && receive_reply(s, &r, NULL, err) == 0) {
		if (r.error == 0)
			return 0;
		error_set(err, r.error, "%s", r.text);
	}
	spawner_stop(s);
	return -1;
}

void
spawner_stop(struct spawner *s)
{
	close_fd(&s->sock);
	if (s->pid > 0)
		while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
			;
	s->pid = -1;
}

int
spawner_call(struct spawner *s, const void *request, size_t len,
    const int *fds, size_t nfds, int *fd, struct error *err)
{
	struct reply r;

	if (message_send(s->sock, request, len, fds, nfds) != 0) {
		if (errno == E2BIG || errno == EMSGSIZE)
			return error_set(err, E2BIG, "arguments and environment"
			    " are longer than %d KiB", MESSAGE_MAX / 1024);
		return error_sys(err, errno, "asking the spawner of jails");
	}
	if (receive_reply(s, &r, fd, err) != 0)
		return -1;
	if (r.error == 0)
		return r.value;
	if (r.value > 0)
		while (waitpid(r.value, NULL, __WALL) < 0 && errno == EINTR)
			;
	return error_set(err, r.error, "%s", r.text);
}
