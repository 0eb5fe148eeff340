/* SPDX-License-Identifier: BSD-2-Clause */
/* What a snapshot is told of jails. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/daemon/record.h"
#include "agent/reconcile/unrecorded.h"
#include "agent_fixture.h"

static int
get_fails(struct jail_kernel *k, struct iovec *iov, unsigned niov, int flags)
{
	(void)k;
	(void)iov;
	(void)niov;
	(void)flags;
	errno = EIO;
	return -1;
}

/* The JSON of the next one, or "". */
static const char *
next_of(struct world *w, bool unseen, char text[4096])
{
	struct bytes_out b = { .data = NULL };
	struct bytes_in in;
	const unsigned char *json;
	struct error err;
	size_t len;
	int rc = record_next(&w->reconciler, NULL, unseen, &b, &err);

	if (rc == -1)
		fail_msg("%s", err.text);
	text[0] = '\0';
	if (rc == 1) {
		in = (struct bytes_in){ .data = b.data, .len = b.len };
		free(get_text(&in));
		json = get_block(&in, &len);
		snprintf(text, 4096, "%.*s", (int)len, (const char *)json);
	}
	free(b.data);
	return text;
}

static const char *
next(struct world *w, char text[4096])
{
	return next_of(w, false, text);
}

/* A jail that cannot be read keeps no other one from being recorded. */
static void
test_unreadable(void **state)
{
	struct world *w = *state;
	const struct jail_backend *whole = w->kernel->backend;
	struct jail_backend broken = *whole;
	char text[4096];

	world_apply(w, "name: db\npath: @\npersist: true\n---\n"
	    "name: web\npath: @\npersist: true\n");
	assert_int_equal(unrecorded_all(&w->reconciler), 0);
	assert_non_null(strstr(next(w, text), "\"name\":\"db\",\"params\":{\""));
	assert_non_null(strstr(next(w, text), "\"state\":\"ready\""));
	assert_string_equal(next(w, text), "");
	broken.get = get_fails;
	w->kernel->backend = &broken;
	assert_int_equal(unrecorded_all(&w->reconciler), 0);
	for (int i = 0; i < 2; i++) {
		next(w, text);
		assert_non_null(strstr(text, "Input/output error"));
		assert_non_null(strstr(text, "\"params\":{}"));
		assert_non_null(strstr(text, "\"state\":\"failed\""));
	}
	assert_string_equal(next(w, text), "");
	w->kernel->backend = whole;
}

/* What no file says any more is on its way out, before that is proven. */
static void
test_absent(void **state)
{
	struct world *w = *state;
	char text[4096];

	world_apply(w, "name: db\npath: @\npersist: true\n");
	assert_int_equal(unrecorded_all(&w->reconciler), 0);
	assert_non_null(strstr(next(w, text), "\"state\":\"ready\""));
	w->reconciler.jail[0]->absent_at = 1;
	assert_int_equal(unrecorded_all(&w->reconciler), 0);
	assert_non_null(strstr(next(w, text), "\"state\":\"progressing\""));
	/* Given up and kept it is what it is. */
	w->reconciler.jail[0]->unwanted = true;
	assert_int_equal(unrecorded_all(&w->reconciler), 0);
	assert_non_null(strstr(next(w, text), "\"state\":\"ready\""));
}

/* What cannot be seen to be wanted is told as users are told it. */
static void
test_unseen(void **state)
{
	struct world *w = *state;
	struct managed *m;
	char text[4096];

	world_apply(w, "name: db\npath: @\npersist: true\n");
	m = w->reconciler.jail[0];
	assert_int_equal(unrecorded_all(&w->reconciler), 0);
	assert_non_null(strstr(next_of(w, true, text), "\"state\":\"held\""));
	m->absent_at = 1;
	assert_int_equal(unrecorded_all(&w->reconciler), 0);
	assert_non_null(strstr(next_of(w, true, text), "\"state\":\"held\""));
	m->absent_at = 0;
	m->state = STATE_FAILED;
	assert_int_equal(unrecorded_all(&w->reconciler), 0);
	assert_non_null(strstr(next_of(w, true, text), "\"state\":\"failed\""));
}

/*
 * What nobody can tell to be no secret is not told: the agent may have given it,
 * by a spec that is lost.
 */
static void
test_lost(void **state)
{
	struct world *w = *state;
	struct entry *e;
	char text[4096];

	world_apply(w, "name: db\npath: @\npersist: true\nenv.TOKEN: plain\n"
	    "env.OTHER: else\n");
	assert_int_equal(unrecorded_all(&w->reconciler), 0);
	assert_non_null(strstr(next(w, text), "TOKEN=plain"));
	e = inventory_find(&w->inventory, "db");
	for (size_t i = 0; i < e->applied->count; i++)
		e->applied->param[i].secret |= strcmp("env.TOKEN",
		    e->applied->param[i].name) == 0;
	assert_int_equal(unrecorded_all(&w->reconciler), 0);
	assert_non_null(strstr(next(w, text), "TOKEN=(secret)"));
	assert_non_null(strstr(text, "OTHER=else"));
	spec_free(e->applied);
	e->applied = NULL;
	assert_int_equal(unrecorded_all(&w->reconciler), 0);
	assert_non_null(strstr(next(w, text), "TOKEN=(secret)"));
	assert_non_null(strstr(text, "OTHER=(secret)"));
	assert_null(strstr(text, "plain"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_unreadable, world_setup,
		    world_teardown),
		cmocka_unit_test_setup_teardown(test_absent, world_setup,
		    world_teardown),
		cmocka_unit_test_setup_teardown(test_unseen, world_setup,
		    world_teardown),
		cmocka_unit_test_setup_teardown(test_lost, world_setup,
		    world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
