/* SPDX-License-Identifier: BSD-2-Clause */
/* Hints about a directory and the way to it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>

#include "agent/read/watch.h"
#include "temp_dir.h"

struct world {
	struct temp_dir top;
	char dir[PATH_MAX];
	struct watch *w;
};

static int
setup(void **state)
{
	struct world *x = calloc(1, sizeof *x);

	if (x == NULL)
		return -1;
	temp_dir_make(&x->top);
	snprintf(x->dir, sizeof x->dir, "%s", temp_file(&x->top, "a/specs"));
	if (mkdir(temp_file(&x->top, "a"), 0755) != 0 ||
	    mkdir(x->dir, 0755) != 0)
		return -1;
	x->w = watch_new(x->dir);
	*state = x;
	return x->w == NULL || watch_fd(x->w) == -1 ? -1 : 0;
}

static int
teardown(void **state)
{
	struct world *x = *state;

	watch_free(x->w);
	temp_dir_remove(&x->top);
	free(x);
	return 0;
}

/* Whether a hint comes; waits for none longer than 25 ms. */
static bool
hinted(const struct world *x)
{
	struct pollfd p = { .fd = watch_fd(x->w), .events = POLLIN };
	bool hint = false;

	while (poll(&p, 1, 25) == 1)
		hint |= watch_drain(x->w);
	return hint;
}

static void
touch(const struct world *x, const char *name)
{
	char path[PATH_MAX + 64];

	snprintf(path, sizeof path, "%s/%s", x->dir, name);
	temp_write(path, 0644, "x", 1);
}

static void
test_files(void **state)
{
	struct world *x = *state;
	char from[PATH_MAX + 64], to[PATH_MAX + 64];

	assert_false(hinted(x));
	touch(x, "a.yaml");
	assert_true(hinted(x));
	touch(x, "a.yaml");
	assert_true(hinted(x));
	snprintf(from, sizeof from, "%s/a.yaml", x->dir);
	snprintf(to, sizeof to, "%s/b.yaml", x->dir);
	assert_int_equal(rename(from, to), 0);
	assert_true(hinted(x));
	assert_int_equal(chmod(to, 0600), 0);
	assert_true(hinted(x));
	assert_int_equal(unlink(to), 0);
	assert_true(hinted(x));
	assert_string_equal(watch_why(x->w), "");
}

/* One that is made hidden counts when it gets its name; Kubernetes' link does. */
static void
test_hidden_files(void **state)
{
	struct world *x = *state;
	char from[PATH_MAX + 64], to[PATH_MAX + 64];

	touch(x, ".a.yaml.new");
	assert_false(hinted(x));
	snprintf(from, sizeof from, "%s/.a.yaml.new", x->dir);
	snprintf(to, sizeof to, "%s/a.yaml", x->dir);
	assert_int_equal(rename(from, to), 0);
	assert_true(hinted(x));
	touch(x, "..data");
	assert_true(hinted(x));
}

static void
test_other_files_of_the_way(void **state)
{
	struct world *x = *state;

	temp_write(temp_file(&x->top, "other"), 0644, "x", 1);
	temp_write(temp_file(&x->top, "a/other.yaml"), 0644, "x", 1);
	assert_false(hinted(x));
}

static void
test_directory_replaced(void **state)
{
	struct world *x = *state;

	assert_int_equal(rename(x->dir, temp_file(&x->top, "aside")), 0);
	assert_true(hinted(x));
	assert_int_equal(mkdir(x->dir, 0755), 0);
	assert_true(hinted(x));
	touch(x, "a.yaml");
	assert_true(hinted(x));
	assert_int_equal(rename(temp_file(&x->top, "a"),
	    temp_file(&x->top, "b")), 0);
	assert_true(hinted(x));
	assert_int_equal(rename(temp_file(&x->top, "b"),
	    temp_file(&x->top, "a")), 0);
	assert_true(hinted(x));
	touch(x, "a.yaml");
	assert_true(hinted(x));
}

static void
test_made_later(void **state)
{
	struct world *x = *state;

	assert_int_equal(rmdir(x->dir), 0);
	assert_int_equal(rmdir(temp_file(&x->top, "a")), 0);
	assert_true(hinted(x));
	assert_int_equal(mkdir(temp_file(&x->top, "a"), 0755), 0);
	assert_true(hinted(x));
	assert_int_equal(mkdir(x->dir, 0755), 0);
	assert_true(hinted(x));
	touch(x, "a.yaml");
	assert_true(hinted(x));
}

static void
test_link_swapped(void **state)
{
	struct world *x = *state;

	assert_int_equal(rename(x->dir, temp_file(&x->top, "one")), 0);
	assert_int_equal(mkdir(temp_file(&x->top, "two"), 0755), 0);
	assert_int_equal(symlink("../one", x->dir), 0);
	assert_true(hinted(x));
	touch(x, "a.yaml");
	assert_true(hinted(x));
	assert_int_equal(symlink("../two", temp_file(&x->top, "new")), 0);
	assert_int_equal(rename(temp_file(&x->top, "new"), x->dir), 0);
	assert_true(hinted(x));
	touch(x, "a.yaml");
	assert_true(hinted(x));
	/* The old one is no longer looked at. */
	temp_write(temp_file(&x->top, "one/b.yaml"), 0644, "x", 1);
	assert_false(hinted(x));
}

/* What is set up anew and stays the same gives no hints of its own. */
static void
test_silent(void **state)
{
	struct world *x = *state;

	assert_false(hinted(x));
	assert_false(watch_refresh(x->w));
	assert_false(hinted(x));
	touch(x, "a.yaml");
	assert_true(hinted(x));
}

/* More events than the queue holds: a hint, and watching goes on. */
static void
test_overflow(void **state)
{
	struct world *x = *state;
	char path[PATH_MAX + 64];
	FILE *f = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
	int limit = 0, fd;

	if (f == NULL)
		skip();
	if (fscanf(f, "%d", &limit) != 1 || limit > 100000)
		limit = 0;
	fclose(f);
	if (limit == 0)
		skip();
	snprintf(path, sizeof path, "%s/a.yaml", x->dir);
	for (int i = 0; i <= limit / 2; i++) {
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		assert_int_not_equal(fd, -1);
		close(fd);
		assert_int_equal(unlink(path), 0);
	}
	assert_true(hinted(x));
	touch(x, "b.yaml");
	assert_true(hinted(x));
}

/* Without an instance there is a reason, and a later try can succeed. */
static void
test_no_events(void **state)
{
	struct world *x = *state;
	struct rlimit old, none;
	struct watch *w;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none = old;
	none.rlim_cur = 0;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	w = watch_new(x->dir);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	assert_non_null(w);
	assert_int_equal(watch_fd(w), -1);
	assert_non_null(strstr(watch_why(w), "limit"));
	assert_false(watch_drain(w));
	assert_true(watch_refresh(w));
	assert_string_equal(watch_why(w), "");
	assert_false(watch_refresh(w));
	watch_free(w);
}

/* A commit that changes no spec. */
static void
test_git(void **state)
{
	struct world *x = *state;
	char command[2 * PATH_MAX];
	static const char git[] = "git -c user.name=a -c user.email=a@b";

	if (system("git --version >/dev/null 2>&1") != 0)
		skip();
	snprintf(command, sizeof command, "cd %s && git init -q . && "
	    "%s commit -q --allow-empty -m 1", x->top.path, git);
	assert_int_equal(system(command), 0);
	(void)watch_refresh(x->w);
	(void)hinted(x);
	assert_false(hinted(x));
	snprintf(command, sizeof command, "cd %s && %s commit -q "
	    "--allow-empty -m 2", x->top.path, git);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(system(command), 0);
		assert_true(hinted(x));
	}
}

int
main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(test_files),
		TEST(test_hidden_files),
		TEST(test_other_files_of_the_way),
		TEST(test_directory_replaced),
		TEST(test_made_later),
		TEST(test_link_swapped),
		TEST(test_git),
		TEST(test_silent),
		TEST(test_overflow),
		TEST(test_no_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
