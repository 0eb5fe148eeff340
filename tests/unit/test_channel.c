/* SPDX-License-Identifier: BSD-2-Clause */
/* Messages between processes, and the start of helpers. */
#include <sys/socket.h>
#include <sys/wait.h>

#include <event2/event.h>

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/base/channel.h"

enum { ECHO = 7, DESCRIPTORS = 8, OPEN = 9 };

static void
make_pair(int end[2])
{
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, end), 0);
}

static void
test_blocking_round_trip(void **state)
{
	struct message m;
	struct error err;
	int end[2];

	(void)state;
	make_pair(end);
	assert_int_equal(channel_write(end[0], 3, 99, "hello", 5), 0);
	assert_int_equal(channel_write(end[0], 4, UINT64_MAX, NULL, 0), 0);
	close(end[0]);
	assert_int_equal(channel_read(end[1], &m, &err), 1);
	assert_int_equal(m.type, 3);
	assert_int_equal(m.number, 99);
	assert_int_equal(m.len, 5);
	assert_string_equal((char *)m.data, "hello");
	free(m.data);
	assert_int_equal(channel_read(end[1], &m, &err), 1);
	assert_int_equal(m.type, 4);
	assert_true(m.number == UINT64_MAX);
	assert_int_equal(m.len, 0);
	assert_non_null(m.data);
	free(m.data);
	assert_int_equal(channel_read(end[1], &m, &err), 0);
	close(end[1]);
}

/* Header and body cut at every place: only nothing at all is a clean end. */
static void
test_cut_short(void **state)
{
	unsigned char bytes[64];
	struct message m;
	struct error err;
	ssize_t whole;
	size_t cut;
	int end[2];

	(void)state;
	make_pair(end);
	assert_int_equal(channel_write(end[0], 1, 2, "abc", 3), 0);
	whole = read(end[1], bytes, sizeof bytes);
	assert_true(whole > 3);
	close(end[0]);
	close(end[1]);
	for (cut = 1; cut < (size_t)whole; cut++) {
		make_pair(end);
		assert_int_equal(write(end[0], bytes, cut), (ssize_t)cut);
		close(end[0]);
		error_clear(&err);
		assert_int_equal(channel_read(end[1], &m, &err), -1);
		assert_int_equal(err.code, EPROTO);
		assert_null(m.data);
		close(end[1]);
	}
}

static void
test_too_long(void **state)
{
	uint32_t header[4] = { CHANNEL_MAX + 1, 1, 0, 0 };
	struct message m;
	struct error err;
	int end[2];

	(void)state;
	make_pair(end);
	assert_int_equal(
	    channel_write(end[0], 1, 1, "", (size_t)CHANNEL_MAX + 1), -1);
	assert_int_equal(errno, EMSGSIZE);
	assert_int_equal(write(end[0], header, sizeof header), sizeof header);
	assert_int_equal(channel_read(end[1], &m, &err), -1);
	assert_int_equal(err.code, EMSGSIZE);
	close(end[0]);
	close(end[1]);
}

/* What the event side saw. */
struct seen {
	struct event_base *base;
	uint64_t next;	  /* number expected */
	uint64_t stop_at; /* ends the loop after this many; 0: never */
	size_t bytes;
	bool closed, wrong, free_it;
};

static void
seen_message(void *arg, struct channel *c, const struct message *m)
{
	struct seen *s = arg;
	size_t i;

	if (m->number != s->next++ || m->type != ECHO)
		s->wrong = true;
	for (i = 0; i < m->len; i += 997)
		if (m->data[i] != (unsigned char)(m->number + i))
			s->wrong = true;
	s->bytes += m->len;
	if (s->free_it) {
		channel_free(c);
		event_base_loopbreak(s->base);
	}
	if (s->next == s->stop_at)
		event_base_loopbreak(s->base);
}

static void
seen_closed(void *arg, struct channel *c)
{
	struct seen *s = arg;

	(void)c;
	s->closed = true;
	event_base_loopbreak(s->base);
}

static void
fill(unsigned char *buf, size_t len, uint64_t number)
{
	size_t i;

	for (i = 0; i < len; i++)
		buf[i] = (unsigned char)(number + i);
}

static int
echo_body(int fd, void *arg)
{
	struct message m;
	int end;

	(void)arg;
	while ((end = channel_read(fd, &m, NULL)) == 1) {
		if (channel_write(fd, m.type, m.number, m.data, m.len) == -1)
			return 2;
		free(m.data);
	}
	return end == 0 ? 5 : 1;
}

static int
wait_exit(pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void
send_filled(struct channel *c, size_t len, uint64_t number)
{
	unsigned char *buf = malloc(len + 1);

	assert_non_null(buf);
	fill(buf, len, number);
	assert_int_equal(channel_send(c, ECHO, number, buf, len), 0);
	free(buf);
}

/* More than a socket holds, both ways, in order, without blocking. */
static void
test_event_echo(void **state)
{
	static const size_t len[] = { 0, 1, 100, 70000, 5000001, 3, 0, 9000000 };
	struct seen s = { .stop_at = sizeof len / sizeof len[0] };
	struct channel *c;
	struct error err;
	size_t i, sum = 0;
	pid_t pid;
	int fd;

	(void)state;
	s.base = event_base_new();
	fd = helper_start("echo", echo_body, NULL, NULL, &pid, &err);
	assert_true(fd >= 0);
	c = channel_new(s.base, fd, seen_message, seen_closed, &s);
	assert_non_null(c);
	for (i = 0; i < s.stop_at; i++) {
		send_filled(c, len[i], i);
		sum += len[i];
	}
	event_base_dispatch(s.base);
	assert_int_equal(s.next, s.stop_at);
	assert_int_equal(s.bytes, sum);
	assert_false(s.wrong);
	assert_false(s.closed);
	channel_free(c);
	assert_int_equal(wait_exit(pid), 5);
	event_base_free(s.base);
}

/* The other end went away: told once, from the loop; sending then fails. */
static void
test_event_closed(void **state)
{
	struct seen s = { .next = 0 };
	struct channel *c;
	int end[2], i;

	(void)state;
	s.base = event_base_new();
	make_pair(end);
	c = channel_new(s.base, end[0], seen_message, seen_closed, &s);
	send_filled(c, 4000000, 0);
	close(end[1]);
	for (i = 0; i < 3; i++)
		(void)channel_send(c, ECHO, 1, "x", 1);
	assert_false(s.closed);
	event_base_dispatch(s.base);
	assert_true(s.closed);
	assert_int_equal(channel_send(c, ECHO, 1, "x", 1), -1);
	channel_free(c);
	event_base_free(s.base);
}

static void
test_event_bad_header(void **state)
{
	uint32_t header[4] = { CHANNEL_MAX + 1, 1, 0, 0 };
	struct seen s = { .next = 0 };
	struct channel *c;
	int end[2];

	(void)state;
	s.base = event_base_new();
	make_pair(end);
	c = channel_new(s.base, end[0], seen_message, seen_closed, &s);
	assert_int_equal(write(end[1], header, sizeof header), sizeof header);
	event_base_dispatch(s.base);
	assert_true(s.closed);
	assert_int_equal(s.next, 0);
	channel_free(c);
	close(end[1]);
	event_base_free(s.base);
}

static void
test_free_in_callback(void **state)
{
	struct seen s = { .free_it = true };
	struct channel *c;
	int end[2];

	(void)state;
	s.base = event_base_new();
	make_pair(end);
	c = channel_new(s.base, end[0], seen_message, seen_closed, &s);
	assert_non_null(c);
	assert_int_equal(channel_write(end[1], ECHO, 0, NULL, 0), 0);
	assert_int_equal(channel_write(end[1], ECHO, 1, NULL, 0), 0);
	event_base_dispatch(s.base);
	assert_int_equal(s.next, 1);
	close(end[1]);
	event_base_free(s.base);
}

/* An end that does not read: the queue has a limit. */
static void
test_queue_limit(void **state)
{
	const size_t len = 60u * 1024 * 1024;
	unsigned char *buf = calloc(1, len);
	struct seen s = { .next = 0 };
	struct channel *c;
	int end[2], i;

	(void)state;
	assert_non_null(buf);
	s.base = event_base_new();
	make_pair(end);
	c = channel_new(s.base, end[0], seen_message, seen_closed, &s);
	for (i = 0; i < 5; i++)
		if (channel_send(c, ECHO, 0, buf, len) == -1)
			break;
	assert_int_equal(i, 4);
	assert_int_equal(errno, ENOBUFS);
	free(buf);
	channel_free(c);
	close(end[1]);
	event_base_free(s.base);
}

/* Answers which of the descriptors 0..255 are open, as that many bytes. */
static int
descriptors_body(int fd, void *arg)
{
	unsigned char open[256];
	struct message m;
	int i;

	(void)arg;
	if (channel_read(fd, &m, NULL) != 1)
		return 1;
	free(m.data);
	for (i = 0; i < 256; i++)
		open[i] = fcntl(i, F_GETFD) != -1;
	open[fd] = OPEN;
	if (channel_write(fd, DESCRIPTORS, 1, open, sizeof open) == -1)
		return 2;
	return 0;
}

static void
test_helper_descriptors(void **state)
{
	int keep[3], extra, fd, i;
	struct message m;
	struct error err;
	pid_t pid;

	(void)state;
	extra = open("/dev/null", O_RDWR | O_CLOEXEC);
	assert_true(extra > 2);
	keep[0] = fcntl(extra, F_DUPFD_CLOEXEC, 100);
	keep[1] = fcntl(extra, F_DUPFD_CLOEXEC, 50);
	keep[2] = -1;
	fd = helper_start("test", descriptors_body, NULL, keep, &pid, &err);
	assert_true(fd >= 0);
	assert_int_equal(channel_write(fd, DESCRIPTORS, 1, NULL, 0), 0);
	assert_int_equal(channel_read(fd, &m, &err), 1);
	assert_int_equal(m.len, 256);
	for (i = 3; i < 256; i++)
		if (i == keep[0] || i == keep[1])
			assert_int_equal(m.data[i], 1);
		else
			assert_true(m.data[i] == 0 || m.data[i] == OPEN);
	free(m.data);
	assert_int_equal(wait_exit(pid), 0);
	close(fd);
	close(extra);
	close(keep[0]);
	close(keep[1]);
}

/* Lives through what a terminal sends; ends when the agent's end closes. */
static void
test_helper_life(void **state)
{
	struct message m;
	struct error err;
	pid_t pid;
	int fd;

	(void)state;
	fd = helper_start("echo", echo_body, NULL, NULL, &pid, &err);
	assert_true(fd >= 0);
	assert_int_equal(channel_write(fd, ECHO, 1, "a", 1), 0);
	assert_int_equal(channel_read(fd, &m, &err), 1);
	free(m.data);
	assert_int_equal(kill(pid, SIGINT), 0);
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(channel_write(fd, ECHO, 2, "b", 1), 0);
	assert_int_equal(channel_read(fd, &m, &err), 1);
	assert_string_equal((char *)m.data, "b");
	free(m.data);
	close(fd);
	assert_int_equal(wait_exit(pid), 5);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_blocking_round_trip),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_event_echo),
		cmocka_unit_test(test_event_closed),
		cmocka_unit_test(test_event_bad_header),
		cmocka_unit_test(test_free_in_callback),
		cmocka_unit_test(test_queue_limit),
		cmocka_unit_test(test_helper_descriptors),
		cmocka_unit_test(test_helper_life),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
