/* SPDX-License-Identifier: BSD-2-Clause */
/* The reader as a process of its own, and its answers cut and damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <poll.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "agent/base/bytes.h"
#include "agent/base/channel.h"
#include "scan_world.h"

static void
ask(int fd, struct scan *s)
{
	struct message m;
	struct error err;

	assert_int_equal(channel_write(fd, READER_SCAN, 7, NULL, 0), 0);
	assert_int_equal(channel_read(fd, &m, &err), 1);
	assert_int_equal(m.type, READER_RESULT);
	assert_int_equal(m.number, 7);
	if (scan_decode(m.data, m.len, s, &err) != 0)
		fail_msg("%s", err.text);
	free(m.data);
}

static void
test_process(void **state)
{
	struct world *w = *state;
	struct error err;
	struct scan s;
	int fd, writer, status;
	pid_t pid;

	write_jail(w, "a.yaml", "a", "one");
	/* Confined, it still knows who writes, whoever owns the file. */
	w->opt.trust = false;
	if (geteuid() == 0)
		assert_int_equal(chown(spec_path(w, "a.yaml"), 12345, 12345),
		    0);
	fd = helper_start("reader", reader_body, &w->opt, NULL, &pid, &err);
	assert_int_not_equal(fd, -1);
	ask(fd, &s);
	assert_int_equal(s.state, SCAN_OK);
	assert_int_equal(s.changed_count, 1);
	assert_string_equal(s.changed[0]->name, "a");
	scan_free(&s);
	writer = open(spec_path(w, "a.yaml"), O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(writer, "#\n", 2), 2);
	ask(fd, &s);
	assert_int_equal(s.state, SCAN_UNSETTLED);
	scan_free(&s);
	/* Breaking a lease does not end it. */
	close(writer);
	write_jail(w, "a.yaml", "a", "two");
	ask(fd, &s);
	scan_free(&s);
	assert_int_equal(channel_write(fd, READER_ACCEPT, 0, NULL, 0), 0);
	ask(fd, &s);
	assert_int_equal(s.state, SCAN_OK);
	scan_free(&s);
	close(fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void
expect_message(int fd, unsigned type)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	struct message m;
	struct error err;

	assert_int_equal(poll(&p, 1, 5000), 1);
	assert_int_equal(channel_read(fd, &m, &err), 1);
	assert_int_equal(m.type, type);
	free(m.data);
}

/* It tells of changes by itself, once until somebody asks. */
static void
test_hints(void **state)
{
	struct world *w = *state;
	struct error err;
	struct pollfd p = { .events = POLLIN };
	struct scan s;
	pid_t pid;
	int status;

	w->opt.watch = w->opt.below = true;
	p.fd = helper_start("reader", reader_body, &w->opt, NULL, &pid, &err);
	assert_int_not_equal(p.fd, -1);
	ask(p.fd, &s);
	if (s.events[0] != '\0')
		skip();
	scan_free(&s);
	write_jail(w, "a.yaml", "a", "one");
	expect_message(p.fd, READER_HINT);
	usleep(20000);
	while (poll(&p, 1, 0) == 1)
		expect_message(p.fd, READER_HINT);
	ask(p.fd, &s);
	assert_int_equal(s.changed_count, 1);
	scan_free(&s);
	/* What is watched from now on may have changed meanwhile. */
	assert_int_equal(mkdir(spec_path(w, "sub"), 0755), 0);
	expect_message(p.fd, READER_HINT);
	usleep(20000);
	while (poll(&p, 1, 0) == 1)
		expect_message(p.fd, READER_HINT);
	ask(p.fd, &s);
	scan_free(&s);
	expect_message(p.fd, READER_HINT);
	write_jail(w, "sub/b.yaml", "b", "one");
	expect_message(p.fd, READER_HINT);
	close(p.fd);
	assert_int_equal(waitpid(pid, &status, 0), pid);
}

static void
answer(struct world *w, unsigned char **data, size_t *len)
{
	write_jail(w, "a.yaml", "a", "one");
	write_jail(w, "b.yaml", "b", "one");
	write_text(w, "c.yaml", "name: [\n");
	assert_int_equal(reader_scan(&w->r, data, len), 0);
}

static bool
decodes(const unsigned char *data, size_t len)
{
	/* A block of exactly this size, so that a step over the end shows. */
	unsigned char *copy = malloc(len > 0 ? len : 1);
	struct scan s;
	struct error err;
	bool good;

	assert_non_null(copy);
	memcpy(copy, data, len);
	good = scan_decode(copy, len, &s, &err) == 0;
	if (good)
		scan_free(&s);
	free(copy);
	return good;
}

static void
test_cut_short(void **state)
{
	struct world *w = *state;
	unsigned char *data;
	size_t len;

	answer(w, &data, &len);
	assert_true(decodes(data, len));
	for (size_t i = 0; i < len; i++)
		assert_false(decodes(data, i));
	data = realloc(data, len + 1);
	assert_non_null(data);
	data[len] = 0;
	assert_false(decodes(data, len + 1));
	free(data);
}

/* Whatever arrives, decoding ends and frees what it took. */
static void
test_damaged(void **state)
{
	struct world *w = *state;
	unsigned char *data, noise[512];
	unsigned seed = 1;
	size_t len;

	answer(w, &data, &len);
	for (size_t i = 0; i < len; i++)
		for (int bit = 0; bit < 8; bit++) {
			data[i] ^= (unsigned char)(1 << bit);
			(void)decodes(data, len);
			data[i] ^= (unsigned char)(1 << bit);
		}
	for (int i = 0; i < 20000; i++) {
		for (size_t k = 0; k < sizeof noise; k++) {
			seed = seed * 1103515245 + 12345;
			noise[k] = k % 4 == 3 ? 0 :
			    (unsigned char)(seed >> 16 & 7);
		}
		(void)decodes(noise, (size_t)i % sizeof noise);
	}
	free(data);
}

static void
test_bytes(void **state)
{
	struct bytes_out out = { 0 };
	struct bytes_in in;
	char *text;
	size_t len;

	(void)state;
	put_number(&out, 0xfedcba98);
	put_text(&out, "text");
	put_text(&out, NULL);
	put_text(&out, "");
	put_block(&out, "\0\1", 2);
	assert_false(out.failed);
	in = (struct bytes_in){ .data = out.data, .len = out.len };
	assert_int_equal(get_number(&in), 0xfedcba98);
	text = get_text(&in);
	assert_string_equal(text, "text");
	free(text);
	assert_null(get_text(&in));
	text = get_text(&in);
	assert_string_equal(text, "");
	free(text);
	assert_memory_equal(get_block(&in, &len), "\0\1", 2);
	assert_int_equal(len, 2);
	assert_false(in.failed);
	assert_int_equal(in.len, 0);
	assert_int_equal(get_number(&in), 0);
	assert_true(in.failed);
	free(out.data);
}

static void
test_set_name(void **state)
{
	struct world *w = *state;
	char name[PATH_MAX], text[PATH_MAX + 32], cwd[PATH_MAX];
	struct error err;

	assert_int_equal(set_name("/a//b/./c/", name, &err), 0);
	assert_string_equal(name, "/a/b/c");
	assert_int_equal(set_name("/", name, &err), 0);
	assert_string_equal(name, "/");
	snprintf(text, sizeof text, "%s/../specs", w->opt.dir);
	assert_int_equal(set_name(text, name, &err), 0);
	assert_string_equal(name, w->opt.dir);
	assert_non_null(getcwd(cwd, sizeof cwd));
	assert_int_equal(set_name("x/y..z", name, &err), 0);
	snprintf(text, sizeof text, "%s/x/y..z", cwd);
	assert_string_equal(name, text);
	memset(text, 'a', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_int_equal(set_name(text, name, &err), -1);
}

int
main(void)
{
#define TEST(f) \
	cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_process),
		TEST(test_hints),
		TEST(test_cut_short),
		TEST(test_damaged),
		TEST(test_bytes),
		TEST(test_set_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
