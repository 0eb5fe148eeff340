/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ip_hostname on a host that is a directory (fault_host.h), where each name has
 * the address 192.0.2.7: what was found is the jail's like what its spec says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fault_host.h"
#include "agent/plan/hostname.h"

#define HEAD "name: web\npath: @\npersist: true\nip_hostname: true\n"
static const char plain[] = HEAD "host.hostname: web.example\n"
    "interface: em0\nip4.addr: [192.0.2.1]\n";

static void
open_again(struct world *w)
{
	world_restart(w);
	host_reset(-1, -1);
	host_behind(w);
}

static void
stage_make(struct world *w)
{
	world_make(w, JAIL_GEN_15);
	host_reset(-1, -1);
	host_behind(w);
}

/* The jail's IPv4 addresses, with blanks. */
static const char *
addresses(struct world *w, const char *name)
{
	static char text[512];
	struct text_list l;
	struct live live;

	text[0] = '\0';
	assert_int_equal(live_read(&w->observer, name, NULL, NULL, &live,
	    NULL), 0);
	assert_int_equal(live_texts(&live, "ip4.addr", &l, NULL), 0);
	for (size_t i = 0; i < l.count; i++)
		strcat(strcat(text, i > 0 ? " " : ""), l.text[i]);
	text_list_free(&l);
	live_free(&live);
	return text;
}

static void
nothing_to_do(struct world *w, const char *yaml)
{
	open_again(w);
	world_apply(w, yaml);
	assert_string_equal(w->deeds, "");
	assert_string_equal(world_plan(w, "web"), "none: no difference []");
}

static void
what_was_found_is_the_jails(void **state)
{
	struct world w;

	(void)state;
	stage_make(&w);
	world_apply(&w, plain);
	assert_string_equal(w.deeds, "create web;");
	assert_string_equal(addresses(&w, "web"), "192.0.2.1 192.0.2.7");
	assert_true(host_there("alias", "em0|192.0.2.7"));
	nothing_to_do(&w, plain);
	/* Said by the spec, too, it is there once. */
	world_apply(&w, HEAD "host.hostname: web.example\ninterface: em0\n"
	    "ip4.addr: [192.0.2.1, 192.0.2.7]\n");
	assert_string_equal(w.deeds, "modify web;");
	assert_string_equal(addresses(&w, "web"), "192.0.2.1 192.0.2.7");
	world_apply(&w, plain);
	/* Another interface, while it runs. */
	world_apply(&w, HEAD "host.hostname: web.example\ninterface: em1\n"
	    "ip4.addr: [192.0.2.1]\n");
	assert_string_equal(w.deeds, "modify web;");
	assert_true(host_there("alias", "em1|192.0.2.7"));
	assert_false(host_there("alias", "em0|192.0.2.7"));
	world_apply(&w, "");
	assert_false(host_there("alias", "em1|192.0.2.7"));
	world_remove(&w);
}

static void
what_needs_a_restart(void **state)
{
	struct world w;

	(void)state;
	stage_make(&w);
	world_apply(&w, plain);
	world_apply(&w, HEAD "host.hostname: other.example\n");
	assert_string_equal(w.deeds, "restart web;");
	assert_string_equal(addresses(&w, "web"), "192.0.2.7");
	world_apply(&w, "name: web\npath: @\npersist: true\n"
	    "host.hostname: other.example\n");
	assert_string_equal(w.deeds, "restart web;");
	assert_string_equal(addresses(&w, "web"), "");
	world_remove(&w);
}

/* Without the applied spec what the jail has is what was found. */
static void
what_was_found_is_lost(void **state)
{
	struct world w;

	(void)state;
	stage_make(&w);
	world_apply(&w, plain);
	assert_int_equal(unlink(world_path(&w, "run/applied/web.yaml")), 0);
	open_again(&w);
	world_apply(&w, plain);
	assert_string_equal(w.deeds, "modify web;");
	assert_string_equal(addresses(&w, "web"), "192.0.2.1 192.0.2.7");
	assert_true(host_there("alias", "em0|192.0.2.7"));
	nothing_to_do(&w, plain);
	world_apply(&w, "");
	assert_false(host_there("alias", "em0|192.0.2.7"));
	world_remove(&w);
}

/* Jails with several addresses cannot share one: it has to be given up first. */
static void
moves_to_another_jail(void **state)
{
	struct world w;

	(void)state;
	stage_make(&w);
	world_apply(&w, plain);
	world_apply(&w, "name: a\npath: @\npersist: true\n"
	    "ip4.addr: [192.0.2.7, 192.0.2.8]\n---\n"
	    "name: web\npath: @\npersist: true\n");
	assert_int_equal(w.failures, 0);
	assert_string_equal(addresses(&w, "a"), "192.0.2.7 192.0.2.8");
	world_remove(&w);
}

static int
family(struct world *w, const char *more)
{
	char yaml[512];
	struct spec *s;
	int number;

	snprintf(yaml, sizeof yaml, "%s%s", plain, more);
	s = spec_of_text(w, yaml);
	number = hostname_family(s, &w->observer.params);
	spec_free(s);
	return number;
}

static void
families_that_are_asked_for(void **state)
{
	struct world w;

	(void)state;
	stage_make(&w);
	assert_int_equal(family(&w, ""), AF_UNSPEC);
	assert_int_equal(family(&w, "ip6: inherit\n"), AF_INET);
	assert_int_equal(family(&w, "ip6: disable\n"), AF_INET);
	assert_int_equal(family(&w, "ip6: new\n"), AF_UNSPEC);
	world_remove(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_found_is_the_jails),
		cmocka_unit_test(what_needs_a_restart),
		cmocka_unit_test(what_was_found_is_lost),
		cmocka_unit_test(moves_to_another_jail),
		cmocka_unit_test(families_that_are_asked_for),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
