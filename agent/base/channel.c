/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/base/channel.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <event2/event.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What precedes each message's bytes; host order, both ends are one program. */
struct header {
	uint32_t len;
	uint32_t type;
	uint64_t number;
};

/* Memory is taken in steps that follow what has arrived, not what is claimed */
#define GROW_FIRST (1024u * 1024)
/* Bytes taken in one round of the loop, so that one peer starves no other. */
#define ROUND_MAX (4u * 1024 * 1024)

/* A message that did not fit into the socket yet. */
struct pending {
	struct pending *next;
	size_t len, sent;
	unsigned char bytes[];
};

struct channel {
	int fd;
	struct event *readable, *writable;
	channel_message_fn *on_message;
	channel_closed_fn *on_closed;
	void *arg;
	struct header header;
	size_t header_got;
	struct message in; /* in.len is what the header said */
	size_t in_got, in_room;
	struct pending *first, **last;
	size_t queued; /* bytes not sent yet */
	bool closed;   /* on_closed was or is being called */
	bool busy;     /* a callback runs: free later */
	bool freed;
};

/* Sends what it can of two pieces; -1/errno. */
static ssize_t
send_pieces(int fd, const void *a, size_t a_len, const void *b, size_t b_len)
{
	struct iovec iov[2] = {
		{ .iov_base = (void *)(uintptr_t)a, .iov_len = a_len },
		{ .iov_base = (void *)(uintptr_t)b, .iov_len = b_len },
	};
	struct msghdr mh = {
		.msg_iov = iov,
		.msg_iovlen = b_len == 0 ? 1 : 2,
	};
	ssize_t n;

	do
		n = sendmsg(fd, &mh, MSG_NOSIGNAL);
	while (n == -1 && errno == EINTR);
	return n;
}

int
channel_write(int fd, uint32_t type, uint64_t number, const void *data,
    size_t len)
{
	struct header h = { .len = (uint32_t)len, .type = type,
		.number = number };
	size_t sent = 0, part;
	ssize_t n;

	if (len > CHANNEL_MAX) {
		errno = EMSGSIZE;
		return -1;
	}
	while (sent < sizeof h + len) {
		part = sent < sizeof h ? sizeof h - sent : 0;
		if (part > 0)
			n = send_pieces(fd, (char *)&h + sent, part, data, len);
		else
			n = send_pieces(fd,
			    (const char *)data + (sent - sizeof h),
			    len - (sent - sizeof h), NULL, 0);
		if (n == -1)
			return -1;
		sent += (size_t)n;
	}
	return 0;
}

/* Returns how many bytes came before the end, -1/errno. */
static ssize_t
read_full(int fd, void *buf, size_t len)
{
	size_t got = 0;
	ssize_t n;

	while (got < len) {
		n = read(fd, (char *)buf + got, len - got);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return (ssize_t)got;
}

static int
cut_short(ssize_t n, struct error *err)
{
	if (n == -1)
		return error_sys(err, errno, "cannot read a message");
	return error_set(err, EPROTO, "the other end closed the channel in the "
	    "middle of a message");
}

/* Makes room for more of a body of `len` bytes; doubles what is there. */
static int
grow_body(unsigned char **data, size_t *room, size_t len)
{
	size_t want = *room == 0 ? GROW_FIRST : *room * 2;
	unsigned char *p;

	if (want > len)
		want = len;
	/* One byte more: a text can be ended in place. */
	if ((p = realloc(*data, want + 1)) == NULL)
		return -1;
	*data = p;
	*room = want;
	return 0;
}

static int
read_body(int fd, struct message *m, struct error *err)
{
	size_t got = 0, room = 0;
	ssize_t n;

	do {
		if (grow_body(&m->data, &room, m->len) == -1)
			return error_sys(err, ENOMEM,
			    "no memory for a message of %zu bytes", m->len);
		n = read_full(fd, m->data + got, room - got);
		if (n == -1 || (size_t)n < room - got)
			return cut_short(n, err);
		got = room;
	} while (got < m->len);
	m->data[got] = '\0';
	return 0;
}

int
channel_read(int fd, struct message *m, struct error *err)
{
	struct header h;
	ssize_t n;

	memset(m, 0, sizeof *m);
	n = read_full(fd, &h, sizeof h);
	if (n == 0 || (n == -1 && errno == ECONNRESET))
		return 0;
	if (n != (ssize_t)sizeof h)
		return cut_short(n, err);
	if (h.len > CHANNEL_MAX)
		return error_set(err, EMSGSIZE,
		    "a message of %u bytes was announced, the limit is %u",
		    h.len, CHANNEL_MAX);
	m->type = h.type;
	m->number = h.number;
	m->len = h.len;
	if (read_body(fd, m, err) == -1) {
		free(m->data);
		memset(m, 0, sizeof *m);
		return -1;
	}
	return 1;
}

static void
drop_pending(struct channel *c)
{
	struct pending *p;

	while ((p = c->first) != NULL) {
		c->first = p->next;
		free(p);
	}
	c->last = &c->first;
	c->queued = 0;
}

static void
destroy(struct channel *c)
{
	drop_pending(c);
	if (c->readable != NULL)
		event_free(c->readable);
	if (c->writable != NULL)
		event_free(c->writable);
	free(c->in.data);
	close(c->fd);
	free(c);
}

static void
close_channel(struct channel *c)
{
	if (c->closed)
		return;
	c->closed = true;
	event_del(c->readable);
	event_del(c->writable);
	drop_pending(c);
	c->on_closed(c->arg, c);
}

/* The write side failed: makes the read side see the end, in the loop. */
static void
give_up_writing(struct channel *c)
{
	drop_pending(c);
	event_del(c->writable);
	(void)shutdown(c->fd, SHUT_RDWR);
}

static void
handle_writable(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;
	struct pending *p;
	ssize_t n;

	(void)what;
	while ((p = c->first) != NULL) {
		n = send_pieces(fd, p->bytes + p->sent, p->len - p->sent, NULL,
		    0);
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n == -1) {
			give_up_writing(c);
			return;
		}
		p->sent += (size_t)n;
		c->queued -= (size_t)n;
		if (p->sent < p->len)
			return;
		if ((c->first = p->next) == NULL)
			c->last = &c->first;
		free(p);
	}
	event_del(c->writable);
}

/* A message is complete: hands it over and begins the next one. */
static void
dispatch(struct channel *c)
{
	struct message m = c->in;

	memset(&c->in, 0, sizeof c->in);
	c->header_got = c->in_got = c->in_room = 0;
	m.data[m.len] = '\0';
	c->on_message(c->arg, c, &m);
	free(m.data);
}

/* Decides where the next bytes go; -1 when there is no place for them. */
static int
next_place(struct channel *c, unsigned char **to, size_t *room)
{
	if (c->header_got < sizeof c->header) {
		*to = (unsigned char *)&c->header + c->header_got;
		*room = sizeof c->header - c->header_got;
		return 0;
	}
	if (c->in_got == c->in_room &&
	    grow_body(&c->in.data, &c->in_room, c->in.len) == -1)
		return -1;
	*to = c->in.data + c->in_got;
	*room = c->in_room - c->in_got;
	return 0;
}

/* Counts `n` bytes that arrived; -1 when the header announces too much. */
static int
account(struct channel *c, size_t n)
{
	if (c->header_got == sizeof c->header) {
		c->in_got += n;
	} else {
		c->header_got += n;
		if (c->header_got < sizeof c->header)
			return 0;
		if (c->header.len > CHANNEL_MAX)
			return -1;
		c->in.len = c->header.len;
		c->in.type = c->header.type;
		c->in.number = c->header.number;
		if (c->in.len == 0 &&
		    grow_body(&c->in.data, &c->in_room, 0) == -1)
			return -1;
	}
	if (c->in_got == c->in.len)
		dispatch(c);
	return 0;
}

/* Reads until there is no more for now.  Returns -1 when the channel ended. */
static int
read_round(struct channel *c)
{
	size_t total = 0, room;
	unsigned char *to;
	ssize_t n;

	while (total < ROUND_MAX && !c->freed) {
		if (next_place(c, &to, &room) == -1)
			return -1;
		n = read(c->fd, to, room);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n <= 0 || account(c, (size_t)n) == -1)
			return -1;
		total += (size_t)n;
	}
	return 0;
}

static void
handle_readable(evutil_socket_t fd, short what, void *arg)
{
	struct channel *c = arg;

	(void)fd;
	(void)what;
	c->busy = true;
	if (read_round(c) == -1 && !c->freed)
		close_channel(c);
	c->busy = false;
	if (c->freed)
		destroy(c);
}

struct channel *
channel_new(struct event_base *base, int fd, channel_message_fn *on_message,
    channel_closed_fn *on_closed, void *arg)
{
	struct channel *c;

	if ((c = calloc(1, sizeof *c)) == NULL) {
		close(fd);
		return NULL;
	}
	c->fd = fd;
	c->on_message = on_message;
	c->on_closed = on_closed;
	c->arg = arg;
	c->last = &c->first;
	c->readable = event_new(base, fd, EV_READ | EV_PERSIST, handle_readable,
	    c);
	c->writable = event_new(base, fd, EV_WRITE | EV_PERSIST,
	    handle_writable, c);
	if (c->readable == NULL || c->writable == NULL ||
	    evutil_make_socket_nonblocking(fd) == -1 ||
	    event_add(c->readable, NULL) == -1) {
		destroy(c);
		return NULL;
	}
	return c;
}

/* Keeps the bytes behind the first `sent` ones of header and data. */
static int
queue_rest(struct channel *c, const struct header *h, const void *data,
    size_t len, size_t sent)
{
	struct pending *p;

	if ((p = malloc(sizeof *p + sizeof *h + len)) == NULL) {
		errno = ENOMEM;
		return -1;
	}
	p->next = NULL;
	p->len = sizeof *h + len;
	p->sent = sent;
	memcpy(p->bytes, h, sizeof *h);
	if (len > 0)
		memcpy(p->bytes + sizeof *h, data, len);
	*c->last = p;
	c->last = &p->next;
	c->queued += p->len - sent;
	return event_add(c->writable, NULL);
}

int
channel_send(struct channel *c, uint32_t type, uint64_t number,
    const void *data, size_t len)
{
	struct header h = { .len = (uint32_t)len, .type = type,
		.number = number };
	ssize_t n = 0;

	if (c->closed || len > CHANNEL_MAX) {
		errno = c->closed ? EPIPE : EMSGSIZE;
		return -1;
	}
	if (c->queued > 0 && c->queued + len > CHANNEL_MAX) {
		errno = ENOBUFS;
		return -1;
	}
	if (c->first == NULL)
		n = send_pieces(c->fd, &h, sizeof h, data, len);
	if (n == -1 && errno != EAGAIN && errno != EWOULDBLOCK) {
		give_up_writing(c);
		return -1;
	}
	if (n == -1)
		n = 0;
	if ((size_t)n == sizeof h + len)
		return 0;
	if (queue_rest(c, &h, data, len, (size_t)n) == -1) {
		/* Half a message may be out: nothing can follow it. */
		give_up_writing(c);
		return -1;
	}
	return 0;
}

void
channel_serve(struct channel *c, int64_t ms)
{
	struct pollfd p = { .fd = c->fd, .events = POLLIN };

	if (c->first != NULL)
		p.events |= POLLOUT;
	if (c->closed || poll(&p, 1, ms > INT_MAX ? INT_MAX : (int)ms) <= 0)
		return;
	if ((p.revents & POLLOUT) != 0)
		handle_writable(c->fd, EV_WRITE, c);
	if ((p.revents & ~POLLOUT) != 0)
		handle_readable(c->fd, EV_READ, c);
}

void
channel_free(struct channel *c)
{
	if (c == NULL)
		return;
	if (c->busy) {
		c->freed = true;
		return;
	}
	destroy(c);
}
