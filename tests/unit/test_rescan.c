/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a rescan costs: of many files only those that changed are opened, read
 * and parsed again.  The kernel counts: inotify(7) tells of each file opened.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <sys/inotify.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "scan_world.h"

#define FILES 300

static int
watch(const struct world *w)
{
	int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);

	assert_true(fd >= 0);
	assert_true(inotify_add_watch(fd, w->opt.dir, IN_OPEN | IN_ACCESS) >=
	    0);
	return fd;
}

/* How often files were opened since the last call; `name` is the last one. */
static unsigned
opened(int fd, char *name, size_t size)
{
	_Alignas(struct inotify_event) char buf[4096];
	unsigned count = 0;
	ssize_t n;

	while ((n = read(fd, buf, sizeof buf)) > 0) {
		for (char *at = buf; at < buf + n;) {
			const struct inotify_event *e = (void *)at;

			at += sizeof *e + e->len;
			/* Without a name it is the directory. */
			if (e->len == 0 || (e->mask & IN_ISDIR) != 0)
				continue;
			count += (e->mask & IN_OPEN) != 0;
			snprintf(name, size, "%s", e->name);
		}
	}
	return count;
}

/* Until a file that was written just now can be told from its next version. */
static void
settle(struct world *w)
{
	struct timespec t = { 0, 100 * 1000 * 1000 };

	nanosleep(&t, NULL);
	scan(w);
	expect(w, SCAN_OK, "");
}

static void
test_unchanged_is_not_read(void **state)
{
	const struct content *parsed[FILES];
	struct world *w = *state;
	char name[64], last[256] = "";
	unsigned anew = 0;
	int fd;

	for (int i = 0; i < FILES; i++) {
		char file[80];

		snprintf(name, sizeof name, "jail%d", i);
		snprintf(file, sizeof file, "%s.yaml", name);
		write_jail(w, file, name, "one");
	}
	scan(w);
	assert_int_equal(w->s.jails, FILES);
	settle(w);
	fd = watch(w);
	scan(w);
	expect(w, SCAN_OK, "");
	assert_int_equal(opened(fd, last, sizeof last), 0);
	for (int i = 0; i < FILES; i++)
		parsed[i] = w->r.files.file[i].now;
	write_jail(w, ".new", "jail7", "two");
	assert_int_equal(rename(spec_path(w, ".new"),
	    spec_path(w, "jail7.yaml")), 0);
	(void)opened(fd, last, sizeof last);
	scan(w);
	expect(w, SCAN_OK, "+jail7 ");
	assert_int_equal(opened(fd, last, sizeof last), 1);
	assert_string_equal(last, "jail7.yaml");
	/* What was parsed of the others is what it was. */
	for (int i = 0; i < FILES; i++)
		anew += w->r.files.file[i].now != parsed[i];
	assert_int_equal(anew, 1);
	close(fd);
}

/* A file that only has other times is read, and not parsed again. */
static void
test_same_text_is_not_parsed(void **state)
{
	struct world *w = *state;
	const struct content *before;

	write_jail(w, "a.yaml", "a", "one");
	scan(w);
	settle(w);
	before = w->r.files.file[0].now;
	write_jail(w, ".new", "a", "one");
	assert_int_equal(rename(spec_path(w, ".new"),
	    spec_path(w, "a.yaml")), 0);
	scan(w);
	expect(w, SCAN_OK, "");
	assert_ptr_equal(w->r.files.file[0].now, before);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unchanged_is_not_read,
		    world_setup, world_teardown),
		cmocka_unit_test_setup_teardown(test_same_text_is_not_parsed,
		    world_setup, world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
