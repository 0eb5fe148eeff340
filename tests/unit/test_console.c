/* SPDX-License-Identifier: BSD-2-Clause */
/* The output of hooks: what is kept of it, and which logs are refused. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "agent/reconcile/console.h"
#include "temp_dir.h"

struct place {
	struct temp_dir dir;
	struct console console;
};

static int
setup(void **state)
{
	struct place *p = calloc(1, sizeof *p);

	temp_dir_make(&p->dir);
	signal(SIGPIPE, SIG_IGN);
	alarm(60);
	*state = p;
	return 0;
}

static int
teardown(void **state)
{
	struct place *p = *state;
	pid_t pid = p->console.pid;

	console_stop(&p->console);
	if (pid > 0)
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	temp_dir_remove(&p->dir);
	free(p);
	return 0;
}

/* A command that writes `text`; its last line is in `tail`. */
static void
command_of(struct place *p, const char *text, size_t len, char *tail,
    size_t size)
{
	struct error err;
	uint64_t id;
	int fd = console_open(&p->console, p->dir.path, "web", NULL, &id,
	    &err);

	if (fd == -1)
		fail_msg("%s", err.text);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
	console_close(&p->console, id, tail, size);
}

static void
command(struct place *p, const char *text, char *tail, size_t size)
{
	command_of(p, text, strlen(text), tail, size);
}

static void
last_line_of_each_command(void **state)
{
	struct place *p = *state;
	char tail[200], *text;
	size_t len;

	command(p, "one\ntwo\tthree\n", tail, sizeof tail);
	assert_string_equal(tail, "two three");
	command(p, "", tail, sizeof tail);
	assert_string_equal(tail, "");
	command(p, "four", NULL, 0);
	command(p, "five\n", tail, sizeof tail);
	assert_string_equal(tail, "five");
	text = temp_read(temp_file(&p->dir, "web.log"), &len);
	assert_non_null(strstr(text, "one\ntwo\tthree\n"));
	free(text);
}

static void
nul_hides_nothing(void **state)
{
	static const char first[] = "one\0two\nthr\0ee\n";
	struct place *p = *state;
	char tail[200], *text;

	command_of(p, first, sizeof first - 1, tail, sizeof tail);
	assert_string_equal(tail, "thr ee");
	command(p, "four\n", tail, sizeof tail);
	text = console_last(p->dir.path, "web");
	assert_string_equal(text, "one\1two\nthr\1ee\nfour");
	free(text);
}

static void
no_file_in_the_hands_of_a_command(void **state)
{
	struct place *p = *state;
	struct stat st;
	struct error err;
	uint64_t id;
	int fd = console_open(&p->console, p->dir.path, "web", NULL, &id,
	    &err);

	assert_int_equal(fstat(fd, &st), 0);
	assert_true(S_ISFIFO(st.st_mode));
	close(fd);
}

static void
file_is_cut_while_it_is_written(void **state)
{
	static char block[65536];
	struct place *p = *state;
	struct error err;
	struct stat st;
	uint64_t id;
	char tail[64];
	int fd = console_open(&p->console, p->dir.path, "web", NULL, &id,
	    &err);

	memset(block, 'y', sizeof block);
	for (int i = 0; i < 200; i++) {
		assert_int_equal(write(fd, block, sizeof block), sizeof block);
		assert_int_equal(stat(temp_file(&p->dir, "web.log"), &st), 0);
		assert_true(st.st_size <= CONSOLE_MAX + (off_t)sizeof block);
	}
	close(fd);
	console_close(&p->console, id, tail, sizeof tail);
}

static void
killed_copier_is_replaced(void **state)
{
	struct place *p = *state;
	char tail[64];
	pid_t pid;

	command(p, "one\n", tail, sizeof tail);
	pid = p->console.pid;
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	command(p, "two\n", tail, sizeof tail);
	assert_string_equal(tail, "two");
	assert_int_not_equal(p->console.pid, pid);
}

/* What a daemon goes on to write is kept when the agent has ended. */
static void
outlives_its_agent(void **state)
{
	struct place *p = *state;
	struct error err;
	uint64_t id;
	size_t len;
	char *text;
	int fd = console_open(&p->console, p->dir.path, "web", NULL, &id,
	    &err);
	pid_t pid = p->console.pid;

	console_close(&p->console, id, NULL, 0);
	console_stop(&p->console);
	assert_int_equal(write(fd, "late\n", 5), 5);
	close(fd);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	text = temp_read(temp_file(&p->dir, "web.log"), &len);
	assert_string_equal(text, "late\n");
	free(text);
}

static void
logs_that_are_refused(void **state)
{
	struct place *p = *state;
	char root[256], path[8192], out[256], link[256];
	struct error err;
	int fd;

	snprintf(root, sizeof root, "%s", temp_file(&p->dir, "root"));
	snprintf(out, sizeof out, "%s", temp_file(&p->dir, "out"));
	snprintf(link, sizeof link, "%s", temp_file(&p->dir, "link"));
	assert_int_equal(mkdir(root, 0700) | mkdir(out, 0700), 0);
	snprintf(path, sizeof path, "%s/log", root);
	fd = console_log(path, &err);
	assert_true(fd >= 0);
	close(fd);
	/* A link: above the jail's path, below it, or the file itself. */
	assert_int_equal(symlink(out, link), 0);
	snprintf(path, sizeof path, "%s/log", link);
	assert_int_equal(console_log(path, &err), -1);
	snprintf(path, sizeof path, "%s/var", root);
	assert_int_equal(symlink(out, path), 0);
	snprintf(path, sizeof path, "%s/var/bad", root);
	assert_int_equal(console_log(path, &err), -1);
	assert_non_null(strstr(err.text, "symbolic link"));
	assert_int_not_equal(access(temp_file(&p->dir, "out/bad"), F_OK), 0);
	snprintf(path, sizeof path, "%s/var", root);
	assert_int_equal(console_log(path, &err), -1);
	snprintf(path, sizeof path, "%s/../out/log", root);
	assert_int_equal(console_log(path, &err), -1);
	assert_int_equal(console_log("log", &err), -1);
	assert_int_equal(console_log("/dev/null", &err), -1);
	assert_int_equal(console_log(root, &err), -1);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(last_line_of_each_command),
		TEST(nul_hides_nothing),
		TEST(no_file_in_the_hands_of_a_command),
		TEST(file_is_cut_while_it_is_written),
		TEST(killed_copier_is_replaced),
		TEST(outlives_its_agent),
		TEST(logs_that_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
