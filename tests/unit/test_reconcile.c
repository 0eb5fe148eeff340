/* SPDX-License-Identifier: BSD-2-Clause */
/* The reconciler on the backend model: order, failures, letters, ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent_fixture.h"

static int
setup(void **state)
{
	struct world *w = malloc(sizeof *w);

	world_make(w, JAIL_GEN_15);
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	world_remove(*state);
	free(*state);
	return 0;
}

/* ------------------------------------------------- an apply has an end */

static void
failing_create_is_tried_once(void **state)
{
	struct world *w = *state;

	kernel_make(w, "other");
	world_apply(w, "name: web\npath: @\npersist: true\njid: 1\n");
	assert_int_equal(w->told, 1);
	assert_int_equal(w->failures, 1);
	assert_string_equal(world_state(w, "web"), "failed");
	assert_int_equal(kernel_jid(w, "web"), 0);
	assert_int_equal(w->inventory.count, 0);
}

static void
jail_that_ends_at_once_is_made_once(void **state)
{
	struct world *w = *state;

	world_apply(w, "name: web\npath: @\nexec.start: true\n");
	assert_string_equal(w->deeds, "create web;");
	assert_string_equal(world_state(w, "web"), "failed");
	assert_non_null(strstr(world_reason(w, "web"), "ended"));
}

static void
letters_restart_restarts_once(void **state)
{
	struct world *w = *state;
	const char *yaml = "name: web\npath: @\npersist: true\n";
	int jid;

	world_apply_with(w, yaml, LETTER_C | LETTER_R, 16);
	assert_string_equal(w->deeds, "create web;");
	jid = kernel_jid(w, "web");
	world_apply_with(w, yaml, LETTER_C | LETTER_R, 16);
	assert_string_equal(w->deeds, "restart web;");
	assert_string_equal(world_state(w, "web"), "ready");
	assert_int_not_equal(kernel_jid(w, "web"), jid);
}

static void
letter_create_creates(void **state)
{
	struct world *w = *state;
	const char *yaml = "name: web\npath: @\npersist: true\n";

	world_apply_with(w, yaml, LETTER_C, 16);
	assert_string_equal(w->deeds, "create web;");
	assert_string_equal(world_state(w, "web"), "ready");
	world_apply_with(w, yaml, LETTER_C, 16);
	assert_string_equal(w->deeds, "");
	assert_string_equal(world_state(w, "web"), "blocked");
}

static void
letter_remove_removes(void **state)
{
	struct world *w = *state;

	world_apply(w, "name: web\npath: @\npersist: true\n");
	world_apply_with(w, "name: web\npath: /does/not/exist\n"
	    "persist: true\n", LETTER_R, 16);
	assert_string_equal(w->deeds, "remove web;");
	assert_string_equal(world_state(w, "web"), "stopped");
	assert_int_equal(kernel_jid(w, "web"), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(failing_create_is_tried_once,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(
		    jail_that_ends_at_once_is_made_once, setup, teardown),
		cmocka_unit_test_setup_teardown(letters_restart_restarts_once,
		    setup, teardown),
		cmocka_unit_test_setup_teardown(letter_create_creates, setup,
		    teardown),
		cmocka_unit_test_setup_teardown(letter_remove_removes, setup,
		    teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
