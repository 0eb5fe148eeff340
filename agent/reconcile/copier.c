/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/copier.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/reconcile/console.h"
#include "kernel/confine.h"

#define PIECE 16384
#define PIECES_OF_TAIL 8 /* more than a pipe holds when its command ended */

struct stream {
	int in;	    /* -1: at its end */
	int own, log; /* the own file is cut at CONSOLE_MAX; log: -1 if none */
	uint64_t id;
	bool held; /* the agent may ask for its tail */
	size_t len;
	char tail[COPIER_TAIL];
};

struct copier {
	int sock; /* -1: the agent has ended */
	struct stream **stream;
	struct pollfd *poll; /* the socket's, then one a stream */
	size_t count, room;
};

union control {
	struct cmsghdr head;
	char room[CMSG_SPACE(COPIER_FDS * sizeof(int))];
};

int
copier_send(int sock, const struct copier_request *r,
    const int fd[COPIER_FDS], size_t count)
{
	union control control;
	struct iovec v = { (void *)(uintptr_t)r, sizeof *r };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1 };

	if (count > 0) {
		memset(&control, 0, sizeof control);
		m.msg_control = &control;
		m.msg_controllen = (socklen_t)CMSG_SPACE(count * sizeof(int));
		control.head.cmsg_level = SOL_SOCKET;
		control.head.cmsg_type = SCM_RIGHTS;
		control.head.cmsg_len = (socklen_t)CMSG_LEN(count *
		    sizeof(int));
		memcpy(CMSG_DATA(&control.head), fd, count * sizeof(int));
	}
	return sendmsg(sock, &m, MSG_NOSIGNAL | MSG_DONTWAIT) ==
	    (ssize_t)sizeof *r ? 0 : -1;
}

static int
receive(int sock, struct copier_request *r, int fd[COPIER_FDS])
{
	union control control;
	struct iovec v = { r, sizeof *r };
	struct msghdr m = { .msg_iov = &v, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof control };
	struct cmsghdr *c;

	fd[0] = fd[1] = fd[2] = -1;
	if (recvmsg(sock, &m, MSG_WAITALL) != (ssize_t)sizeof *r)
		return -1;
	c = CMSG_FIRSTHDR(&m);
	if (c != NULL && c->cmsg_type == SCM_RIGHTS &&
	    c->cmsg_len <= CMSG_LEN(COPIER_FDS * sizeof(int)))
		memcpy(fd, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
	return 0;
}

/* Keeps the last bytes. */
static void
keep_tail(struct stream *s, const char *data, size_t n)
{
	const size_t room = sizeof s->tail - 1;
	size_t keep;

	if (n > room) {
		data += n - room;
		n = room;
	}
	keep = s->len + n > room ? room - n : s->len;
	memmove(s->tail, s->tail + s->len - keep, keep);
	for (size_t i = 0; i < n; i++) /* NUL would end the text */
		s->tail[keep + i] = data[i] != '\0' ? data[i] : ' ';
	s->len = keep + n;
	s->tail[s->len] = '\0';
}

/* What a full disk does not take is lost: the writer is never held up. */
static void
store(int fd, const char *data, size_t n)
{
	while (n > 0) {
		ssize_t did = write(fd, data, n);

		if (did <= 0)
			return;
		data += did;
		n -= (size_t)did;
	}
}

static void
store_both(const struct stream *s, const char *data, size_t n)
{
	struct stat st;

	store(s->own, data, n);
	if (fstat(s->own, &st) == 0 && st.st_size > CONSOLE_MAX)
		(void)!ftruncate(s->own, 0);
	if (s->log != -1)
		store(s->log, data, n);
}

static void
close_all(const int fd[COPIER_FDS])
{
	for (size_t i = 0; i < COPIER_FDS; i++)
		if (fd[i] != -1)
			close(fd[i]);
}

static void
stream_end(struct stream *s)
{
	const int fd[COPIER_FDS] = { s->in, s->own, s->log };

	close_all(fd);
	s->in = s->own = s->log = -1;
}

/* Copies one piece.  Returns whether there may be more. */
static bool
copy(struct stream *s)
{
	char data[PIECE];
	ssize_t n;

	if (s->in == -1)
		return false;
	n = read(s->in, data, sizeof data);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (n <= 0) {
		stream_end(s);
		return false;
	}
	store_both(s, data, (size_t)n);
	keep_tail(s, data, (size_t)n);
	return true;
}

static int
add(struct copier *c, const struct copier_request *r,
    const int fd[COPIER_FDS])
{
	struct stream *s = calloc(1, sizeof *s);

	if (c->count == c->room) {
		size_t room = c->room * 2 + 8;
		struct stream **streams = realloc(c->stream,
		    room * sizeof *streams);
		struct pollfd *polls = realloc(c->poll,
		    (room + 1) * sizeof *polls);

		c->stream = streams != NULL ? streams : c->stream;
		c->poll = polls != NULL ? polls : c->poll;
		if (streams == NULL || polls == NULL) {
			free(s);
			return -1;
		}
		c->room = room;
	}
	if (s == NULL)
		return -1;
	*s = (struct stream){ .in = fd[0], .own = fd[1], .log = fd[2],
		.id = r->id, .held = true };
	c->stream[c->count++] = s;
	return 0;
}

static void
answer(struct copier *c, uint64_t id, struct stream *s)
{
	struct copier_reply reply = { .id = id };

	for (int i = 0; s != NULL && i < PIECES_OF_TAIL && copy(s); i++)
		;
	if (s != NULL)
		memcpy(reply.tail, s->tail, sizeof reply.tail);
	(void)!send(c->sock, &reply, sizeof reply, MSG_NOSIGNAL);
}

/* Returns -1 when the agent has ended. */
static int
serve(struct copier *c)
{
	struct copier_request r;
	struct stream *s = NULL;
	int fd[COPIER_FDS];

	if (receive(c->sock, &r, fd) != 0)
		return -1;
	if (r.kind == COPIER_ADD) {
		if (fd[1] == -1 || add(c, &r, fd) != 0)
			close_all(fd);
		return 0;
	}
	for (size_t i = 0; i < c->count; i++)
		if (c->stream[i]->id == r.id)
			s = c->stream[i];
	if (r.kind == COPIER_TAIL_OF)
		answer(c, r.id, s);
	if (s != NULL)
		s->held = false;
	return 0;
}

static void
drop_ended(struct copier *c)
{
	size_t kept = 0;

	for (size_t i = 0; i < c->count; i++) {
		struct stream *s = c->stream[i];

		if (s->in == -1 && (!s->held || c->sock == -1))
			free(s);
		else
			c->stream[kept++] = s;
	}
	c->count = kept;
}

static void
turn(struct copier *c)
{
	size_t n = c->count;

	c->poll[0] = (struct pollfd){ .fd = c->sock, .events = POLLIN };
	for (size_t i = 0; i < n; i++)
		c->poll[i + 1] = (struct pollfd){ .fd = c->stream[i]->in,
			.events = POLLIN };
	if (poll(c->poll, (nfds_t)n + 1, -1) <= 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (c->poll[i + 1].revents != 0)
			copy(c->stream[i]);
	if (c->poll[0].revents != 0 && serve(c) != 0) {
		close(c->sock);
		c->sock = -1;
	}
	drop_ended(c);
}

/* It must hold nothing that others wait for the end of. */
static void
detach(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; fd < 3; fd++)
		if (null == -1 || dup2(null, fd) == -1)
			close(fd);
	if (null > 2)
		close(null);
	(void)setsid();
	(void)!chdir("/");
}

int
copier_main(int sock, void *unused)
{
	struct copier c = { .sock = sock };
	struct error err;

	(void)unused;
	detach();
	error_clear(&err);
	if (helper_confine(HELPER_SIGNER, &err) != 0 ||
	    (c.poll = malloc(sizeof *c.poll)) == NULL)
		return 1;
	while (c.sock != -1 || c.count > 0)
		turn(&c);
	free(c.stream);
	free(c.poll);
	return 0;
}
