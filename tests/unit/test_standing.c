/* SPDX-License-Identifier: BSD-2-Clause */
/* Orders of users about jails: kept on disk, ended by time. */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/reconcile/standing.h"
#include "temp_dir.h"

struct world {
	struct temp_dir dir;
	struct paths paths;
	struct standing s;
};

static int
setup(void **state)
{
	static struct world w;
	struct error err;

	memset(&w, 0, sizeof w);
	temp_dir_make(&w.dir);
	snprintf(w.paths.orders, sizeof w.paths.orders, "%.900s/orders.json",
	    w.dir.path);
	assert_int_equal(standing_open(&w.s, &w.paths, NULL, &err), 0);
	*state = &w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	standing_close(&w->s);
	temp_dir_remove(&w->dir);
	return 0;
}

static void
give(struct world *w, const char *name, enum standing_kind kind,
    const char *reason, int64_t until)
{
	struct standing_order o = { (char *)(uintptr_t)name, kind,
		(char *)(uintptr_t)reason, until, false };
	struct error err;

	assert_int_equal(standing_give(&w->s, &o, &err), 0);
}

static void
again(struct world *w)
{
	struct error err;

	standing_close(&w->s);
	assert_int_equal(standing_open(&w->s, &w->paths, NULL, &err), 0);
}

static void
kept_on_disk(void **state)
{
	struct world *w = *state;
	struct standing_order const *o;
	struct error err;
	struct stat st;

	give(w, "web", STANDING_PAUSE, "a \"reason\"\nof two lines", 0);
	give(w, "db", STANDING_STOP, "", 0);
	give(w, "web.a", STANDING_PAUSE, "x", 4000000000);
	give(w, "db", STANDING_PAUSE, "now paused", 0);
	again(w);
	assert_int_equal(w->s.count, 3);
	o = standing_find(&w->s, "web", 1000);
	assert_non_null(o);
	assert_int_equal(o->kind, STANDING_PAUSE);
	assert_string_equal(o->reason, "a \"reason\"\nof two lines");
	o = standing_find(&w->s, "db", 1000);
	assert_non_null(o);
	assert_int_equal(o->kind, STANDING_PAUSE);
	assert_string_equal(o->reason, "now paused");
	assert_null(standing_find(&w->s, "we", 1000));
	assert_int_equal(standing_take_back(&w->s, "db", &err), 0);
	assert_int_equal(standing_take_back(&w->s, "db", &err), 0);
	again(w);
	assert_int_equal(w->s.count, 2);
	assert_null(standing_find(&w->s, "db", 1000));
	assert_int_equal(stat(w->paths.orders, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
ended_by_time(void **state)
{
	struct world *w = *state;
	char text[256];

	give(w, "a", STANDING_PAUSE, "", 0);
	assert_int_equal(standing_next_end(&w->s, 0), 0);
	give(w, "b", STANDING_PAUSE, "disks", 2000000000);
	give(w, "c", STANDING_PAUSE, "", 1900000000);
	assert_int_equal(standing_next_end(&w->s, 1000), 1900000000);
	assert_int_equal(standing_next_end(&w->s, 1900000000), 2000000000);
	assert_int_equal(standing_next_end(&w->s, 2000000000), 0);
	assert_non_null(standing_find(&w->s, "c", 1899999999));
	assert_null(standing_find(&w->s, "c", 1900000000));
	assert_non_null(standing_find(&w->s, "a", INT64_MAX));
	assert_string_equal(standing_text(standing_find(&w->s, "b", 0), text,
	    sizeof text), "paused by hand: disks (until "
	    "2033-05-18T03:33:20Z)");
	assert_string_equal(standing_text(standing_find(&w->s, "a", 0), text,
	    sizeof text), "paused by hand");
}

/* What makes an order to kill stays with it. */
static void
forced(void **state)
{
	struct world *w = *state;
	struct standing_order o = { (char *)(uintptr_t)"web", STANDING_STOP,
		(char *)(uintptr_t)"", 0, true };
	struct error err;

	assert_false(standing_forces(NULL));
	give(w, "db", STANDING_STOP, "", 0);
	assert_int_equal(standing_give(&w->s, &o, &err), 0);
	again(w);
	assert_true(standing_forces(standing_find(&w->s, "web", 0)));
	assert_false(standing_forces(standing_find(&w->s, "db", 0)));
	give(w, "web", STANDING_STOP, "", 0);
	again(w);
	assert_false(standing_forces(standing_find(&w->s, "web", 0)));
}

/* What is over is not written down any more. */
static void
tidied(void **state)
{
	struct world *w = *state;
	struct error err;

	give(w, "a", STANDING_PAUSE, "", 1900000000);
	give(w, "b", STANDING_STOP, "disks", 0);
	give(w, "c", STANDING_PAUSE, "", 2000000000);
	assert_int_equal(standing_tidy(&w->s, 1899999999, &err), 0);
	assert_int_equal(w->s.count, 3);
	assert_int_equal(standing_tidy(&w->s, 1900000000, &err), 0);
	again(w);
	assert_int_equal(w->s.count, 2);
	assert_string_equal(w->s.order[0].name, "b");
	assert_int_equal(standing_tidy(&w->s, 2000000000, &err), 0);
	again(w);
	assert_int_equal(w->s.count, 1);
	assert_non_null(standing_find(&w->s, "b", INT64_MAX));
}

static void
damaged_files(void **state)
{
	static const char *const texts[] = {
		"", "{}", "[]", "{\"format\":\"jailagent-orders/2\","
		"\"orders\":[]}", "{\"format\":\"jailagent-orders/1\"}",
		"{\"format\":\"jailagent-orders/1\",\"orders\":[{}]}",
		"{\"format\":\"jailagent-orders/1\",\"orders\":[{\"jail\":"
		"\"a\",\"order\":\"dance\",\"reason\":\"\",\"until\":0}]}",
		"{\"format\":\"jailagent-orders/1\",\"orders\":[{\"jail\":"
		"\"a\",\"order\":\"stop\",\"reason\":\"\",\"until\":\"0\"}]}",
		"{\"format\":\"jailagent-orders/1\",\"orders\":[{\"jail\":"
		"\"a\",\"order\":\"stop\",\"reason\":\"\",\"until\":0,"
		"\"no_hooks\":\"yes\"}]}",
	};
	struct world *w = *state;
	struct error err;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		FILE *f = fopen(w->paths.orders, "w");

		assert_non_null(f);
		assert_int_equal(fwrite(texts[i], 1, strlen(texts[i]), f),
		    strlen(texts[i]));
		assert_int_equal(fclose(f), 0);
		standing_close(&w->s);
		assert_int_equal(standing_open(&w->s, &w->paths, NULL, &err), -1);
		assert_non_null(strstr(err.text, w->paths.orders));
		assert_int_equal(w->s.count, 0);
	}
}

/* What cannot be written is not believed. */
static void
unwritable(void **state)
{
	struct world *w = *state;
	struct standing_order o = { (char *)(uintptr_t)"a", STANDING_PAUSE,
		(char *)(uintptr_t)"", 0, false };
	char file[sizeof w->paths.orders];
	struct error err;
	FILE *f;

	give(w, "b", STANDING_STOP, "", 0);
	snprintf(file, sizeof file, "%.900s/file", w->dir.path);
	f = fopen(file, "w");
	assert_non_null(f);
	fclose(f);
	snprintf(w->paths.orders, sizeof w->paths.orders, "%.900s/file/orders",
	    w->dir.path);
	assert_int_equal(standing_give(&w->s, &o, &err), -1);
	assert_null(standing_find(&w->s, "a", 0));
	assert_int_equal(standing_take_back(&w->s, "b", &err), -1);
	assert_non_null(standing_find(&w->s, "b", 0));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(kept_on_disk),
		TEST(ended_by_time),
		TEST(forced),
		TEST(tidied),
		TEST(damaged_files),
		TEST(unwritable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
