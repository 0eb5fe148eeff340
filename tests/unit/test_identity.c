/* SPDX-License-Identifier: BSD-2-Clause */
/* A jail that took the name of one of the agent's is never hit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>

#include "agent/reconcile/realise.h"
#include "agent_fixture.h"

/* The agent's jail was ended by somebody who made one of that name. */
struct taken_name {
	struct spec *spec;
	struct entry *entry;
	int jid; /* that the agent knows */
	int his;
};

static void
take_name(struct world *w, struct taken_name *t, const char *yaml)
{
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "create web;");
	t->spec = spec_of_text(w, yaml);
	t->entry = inventory_find(&w->inventory, "web");
	t->jid = kernel_jid(w, "web");
	kernel_kill(w, "web");
	t->his = kernel_make(w, "web");
	assert_true(t->his > 0 && t->his != t->jid);
	trace_clear(w);
}

static void
is_left_alone(struct world *w, struct taken_name *t, int rc, int code)
{
	assert_int_equal(rc, -1);
	assert_int_equal(code, ESTALE);
	assert_int_equal(kernel_jid(w, "web"), t->his);
	assert_int_equal(trace_mutations(w), 0);
	spec_free(t->spec);
}

static void
end_of_a_start(void **state)
{
	struct world *w = *state;
	struct taken_name t;
	struct error err;
	int rc;

	error_clear(&err);
	take_name(w, &t, JAIL("web", ""));
	spec_free(t.spec);
	t.spec = spec_of_text(w, "name: web\npath: @\nexec.start: x\n");
	rc = realise_settle(&w->observer, t.spec, t.jid, t.entry, &err);
	is_left_alone(w, &t, rc, err.code);
}

static void
change(void **state)
{
	struct world *w = *state;
	char name[] = "host.hostname", jail[] = "web", mine[] = "mine";
	char *text[] = { mine };
	struct change one = { .name = name, .to = { text, 1 }, .is_set = true,
		.how = HOW_LIVE };
	struct action a = { .name = jail, .kind = ACTION_MODIFY,
		.change = &one, .count = 1 };
	struct taken_name t;
	struct error err;
	int rc;

	error_clear(&err);
	take_name(w, &t, JAIL("web", "host.hostname: mine\n"));
	a.jid = t.jid;
	rc = realise_modify(&w->observer, &a, t.spec, t.entry, &err);
	is_left_alone(w, &t, rc, err.code);
}

static void
removal(void **state)
{
	struct world *w = *state;
	struct taken_name t;
	struct error err;
	int rc;

	error_clear(&err);
	take_name(w, &t, JAIL("web", ""));
	rc = realise_remove(&w->observer, t.his, t.entry, &err);
	is_left_alone(w, &t, rc, err.code);
}

/* A kernel that keeps no marks gives the name and the jid to another jail. */
static void
same_jid(void **state)
{
	const char *yaml = JAIL("web", "jid: 77\n");
	struct world *w = *state;
	struct jail_call c = { 0 };
	struct error err;
	int jid = 77;

	error_clear(&err);
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "create web;");
	world_restart(w);
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "");
	kernel_kill(w, "web");
	assert_int_equal(call_add_text(&c, "name", "web"), 0);
	assert_int_equal(call_add_text(&c, "path", "/"), 0);
	assert_int_equal(call_add(&c, "jid", &jid, sizeof jid), 0);
	assert_int_equal(call_add_bool(&c, "persist", true), 0);
	assert_int_equal(call_set(w->kernel, &c, JAIL_CREATE, NULL), 77);
	call_finish(&c);
	trace_clear(w);
	assert_int_equal(realise_remove(&w->observer, 77,
	    inventory_find(&w->inventory, "web"), &err), -1);
	assert_int_equal(err.code, ESTALE);
	world_restart(w);
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "");
	assert_string_equal(world_state(w, "web"), "conflict");
	world_apply(w, "");
	assert_int_equal(trace_mutations(w), 0);
}

static int
setup_13(void **state)
{
	struct world *w = malloc(sizeof *w);

	assert_non_null(w);
	world_make(w, JAIL_GEN_13);
	*state = w;
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(end_of_a_start),
		TEST(change),
		TEST(removal),
		cmocka_unit_test_setup_teardown(same_jid, setup_13,
		    world_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
