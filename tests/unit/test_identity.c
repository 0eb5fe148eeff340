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
	rc = realise_settle(&w->observer, t.spec, t.jid, t.entry->token, &err);
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
	rc = realise_modify(&w->observer, &a, t.spec, t.entry->token, &err);
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
	rc = realise_remove(&w->observer, "web", t.his, t.entry->token, &err);
	is_left_alone(w, &t, rc, err.code);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(end_of_a_start),
		TEST(change),
		TEST(removal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
