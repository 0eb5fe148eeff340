/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Addresses that jails share, and those that change while a jail runs, on a
 * host where calls fail and the agent is killed.
 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fault_stage.h"

/* Two jails may have the same address if it is the only one of both. */
static void
a_shared_address_goes_with_the_last(void **state)
{
	static const char db[] = "name: db\npath: @\npersist: true\n"
	    "ip4.addr: [em0|192.0.2.1]\n";
	static const char web[] = "name: web\npath: @\npersist: true\n"
	    "interface: em0\nip4.addr: [192.0.2.1/24]\n";
	char both[1024];
	struct world w;
	char *before;

	(void)state;
	snprintf(both, sizeof both, "%s---\n%s", db, web);
	stage_make(&w);
	before = host_listing();
	for (int last = 0; last < 2; last++) {
		world_apply(&w, both);
		if (kernel_jid(&w, "db") == 0 || kernel_jid(&w, "web") == 0)
			fail_msg("%s %s", w.deeds, w.error);
		stage_again(&w);
		world_apply(&w, last == 0 ? db : web);
		assert_true(host_there("alias", "em0|192.0.2.1"));
		/* The one that stays can be made anew meanwhile. */
		stage_again(&w);
		world_apply(&w, both);
		world_apply(&w, last == 0 ? web : db);
		assert_true(host_there("alias", "em0|192.0.2.1"));
		stage_again(&w);
		world_apply(&w, "");
		gone(&w, before);
	}
	free(before);
	world_remove(&w);
}

/* Aliases come and go while the jail runs. */
static void
aliases_change_live(void **state)
{
	static const char head[] = "name: web\npath: @\npersist: true\n";
	struct world w;
	char *before, text[512];
	int jid;

	(void)state;
	stage_make(&w);
	before = host_listing();
	snprintf(text, sizeof text, "%sinterface: em0\n"
	    "ip4.addr: [192.0.2.1, 192.0.2.2]\n", head);
	world_apply(&w, text);
	jid = kernel_jid(&w, "web");
	snprintf(text, sizeof text, "%sinterface: em0\n"
	    "ip4.addr: [192.0.2.1, 192.0.2.3]\n", head);
	/* When the kernel refuses it, all is as it was. */
	host_reset(4, -1);
	world_apply(&w, text);
	assert_string_equal(w.deeds, "!modify web;");
	assert_string_equal(host.failed, "update");
	assert_false(host_there("alias", "em0|192.0.2.3"));
	assert_true(host_there("alias", "em0|192.0.2.2"));
	host_reset(-1, -1);
	world_apply(&w, text);
	assert_string_equal(w.deeds, "modify web;");
	assert_true(host_there("alias", "em0|192.0.2.3"));
	assert_false(host_there("alias", "em0|192.0.2.2"));
	/* Another interface alone. */
	snprintf(text, sizeof text, "%sinterface: em1\n"
	    "ip4.addr: [192.0.2.1, em0|192.0.2.3]\n", head);
	world_apply(&w, text);
	assert_string_equal(w.deeds, "modify web;");
	assert_true(host_there("alias", "em1|192.0.2.1"));
	assert_false(host_there("alias", "em0|192.0.2.1"));
	assert_true(host_there("alias", "em0|192.0.2.3"));
	world_apply(&w, text);
	assert_string_equal(w.deeds, "");
	/* None: the jail has the address, and the host has not. */
	snprintf(text, sizeof text, "%sip4.addr: [192.0.2.1, em0|192.0.2.3]\n",
	    head);
	world_apply(&w, text);
	assert_string_equal(w.deeds, "modify web;");
	assert_false(host_there("alias", "em1|192.0.2.1"));
	assert_true(host_there("alias", "em0|192.0.2.3"));
	assert_int_equal(kernel_jid(&w, "web"), jid);
	stage_again(&w);
	world_apply(&w, "");
	gone(&w, before);
	free(before);
	world_remove(&w);
}

/* Whatever happened: with another apply the jail has the prefix that it says. */
static void
has_prefix(struct world *w, const char *yaml, int jid, int prefix)
{
	host_reset(-1, -1);
	world_apply(w, yaml);
	assert_string_equal(w->error, "");
	assert_int_equal(kernel_jid(w, "web"), jid);
	assert_int_equal(alias_prefix("em0|192.0.2.1"), prefix);
	assert_int_equal(inventory_find(&w->inventory, "web")->made.count, 1);
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "");
}

/* Another prefix is given to the running jail's address, or all is as it was. */
static void
prefixes_change_live(void **state)
{
	static const char before[] = JAIL("web",
	    "ip4.addr: [em0|192.0.2.1/24]\n");
	static const char after[] = JAIL("web",
	    "ip4.addr: [em0|192.0.2.1/32]\n");
	struct world w;
	int jid, last = 0;

	(void)state;
	stage_make(&w);
	world_apply(&w, before);
	jid = kernel_jid(&w, "web");
	for (int n = 0; n <= last; n++) {
		host_reset(n, -1);
		world_apply(&w, after);
		last = host.points > last ? host.points : last;
		if (host.failed != NULL) {
			assert_string_equal(w.deeds, "!modify web;");
			assert_int_equal(alias_prefix("em0|192.0.2.1"), 24);
		}
		has_prefix(&w, after, jid, 32);
		killed_at(&w, n, after, before);
		has_prefix(&w, before, jid, 24);
	}
	assert_true(last > 4);
	world_apply(&w, "");
	assert_int_equal(alias_prefix("em0|192.0.2.1"), -1);
	world_remove(&w);
}

/* Killed anywhere in it, and not wanted any more. */
static void
a_change_that_was_cut_off_leaves_nothing(void **state)
{
	static const char *const other[] = {
		"[em0|192.0.2.1, em0|192.0.2.2]", "[em0|192.0.2.2]",
		"[em1|192.0.2.1]", "[em0|192.0.2.1/28]",
	};
	static const char first[] = "name: web\npath: @\npersist: true\n"
	    "ip4.addr: [em0|192.0.2.1]\n";
	char second[256];
	struct world w;
	char *before;

	(void)state;
	stage_make(&w);
	world_apply(&w, first);
	before = host_listing();
	for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
		snprintf(second, sizeof second, "name: web\npath: @\n"
		    "persist: true\nip4.addr: %s\n", other[i]);
		for (int n = 0; killed_at(&w, n, first, second); n++) {
			world_apply(&w, first);
			same_host(before, other[i]);
			trace_clear(&w);
			world_apply(&w, first);
			assert_string_equal(w.deeds, "");
		}
		world_apply(&w, first);
	}
	free(before);
	world_remove(&w);
}

static uint64_t
processes(struct world *w)
{
	struct jail_limits l;

	assert_int_equal(w->kernel->backend->limits(w->kernel,
	    kernel_jid(w, "web"), "web", &l, NULL), 0);
	return l.most[LIMIT_PROCESSES];
}

/* Limits are changed first, and changed back when the kernel refuses the rest. */
static void
limits_go_back(void **state)
{
	static const char text[] = "name: web\npath: @\npersist: true\n"
	    "host.hostname: %s\nagent: {limits: {processes: %d}}\n";
	char yaml[256];
	struct world w;

	(void)state;
	stage_make(&w);
	snprintf(yaml, sizeof yaml, text, "one", 10);
	world_apply(&w, yaml);
	assert_int_equal(processes(&w), 10);
	snprintf(yaml, sizeof yaml, text, "two", 20);
	host_reset(2, -1);
	world_apply(&w, yaml);
	assert_string_equal(w.deeds, "!modify web;");
	assert_string_equal(host.failed, "update");
	assert_int_equal(processes(&w), 10);
	host_reset(-1, -1);
	world_apply(&w, yaml);
	assert_string_equal(w.deeds, "modify web;");
	assert_int_equal(processes(&w), 20);
	world_remove(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_shared_address_goes_with_the_last),
		cmocka_unit_test(aliases_change_live),
		cmocka_unit_test(a_change_that_was_cut_off_leaves_nothing),
		cmocka_unit_test(limits_go_back),
		cmocka_unit_test(prefixes_change_live),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
