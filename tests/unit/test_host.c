/* SPDX-License-Identifier: BSD-2-Clause */
/* When the addresses of the host's interfaces are asked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fault_host.h"

/* How often they are while each of two jails is looked at three times. */
static unsigned
lists_of(bool told)
{
	const struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true };
	unsigned lists;
	struct world w;

	world_make(&w, JAIL_GEN_15);
	host_reset(-1, -1);
	host_behind(&w);
	world_reconciler(&w, &opt);
	w.reconciler.addresses.told = told;
	world_want(&w, JAIL("a", "interface: em0\nip4.addr: [192.0.2.1]\n")
	    "---\n" JAIL("b", "interface: em0\nip4.addr: [192.0.2.2]\n"));
	world_rest(&w);
	assert_string_equal(world_state(&w, "b"), "ready");
	host.lists = 0;
	for (int i = 0; i < 3; i++) {
		reconciler_look(&w.reconciler, w.reconciler.jail[0]);
		world_rest(&w);
		reconciler_look(&w.reconciler, w.reconciler.jail[1]);
		world_rest(&w);
	}
	lists = host.lists;
	assert_int_equal(w.told, 2);
	world_remove(&w);
	return lists;
}

static void
once_while_the_kernel_tells_of_changes(void **state)
{
	(void)state;
	assert_int_equal(lists_of(false), 6);
	assert_in_range(lists_of(true), 0, 1);
}

/* A rescan believes nobody; a jail that was changed has others now. */
static void
anew_after_a_change(void **state)
{
	const struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .healing = true };
	struct world w;

	(void)state;
	world_make(&w, JAIL_GEN_15);
	host_reset(-1, -1);
	host_behind(&w);
	world_reconciler(&w, &opt);
	w.reconciler.addresses.told = true;
	world_want(&w, JAIL("a", "interface: em0\nip4.addr: [192.0.2.1]\n"));
	world_rest(&w);
	assert_string_equal(w.deeds, "create a;");
	host_put("alias", "em0|192.0.2.1", false);
	reconciler_look(&w.reconciler, w.reconciler.jail[0]);
	world_rest(&w);
	assert_string_equal(w.deeds, "create a;");
	reconciler_look_all(&w.reconciler);
	world_rest(&w);
	assert_string_equal(w.deeds, "create a;modify a;");
	world_want(&w, JAIL("a", "interface: em0\nip4.addr: [192.0.2.3]\n"));
	world_rest(&w);
	assert_string_equal(w.deeds, "create a;modify a;modify a;");
	assert_string_equal(world_state(&w, "a"), "ready");
	world_remove(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(once_while_the_kernel_tells_of_changes),
		cmocka_unit_test(anew_after_a_change),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
