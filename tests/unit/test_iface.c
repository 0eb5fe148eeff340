/* SPDX-License-Identifier: BSD-2-Clause */
/* Aliases: taking their texts apart, and making them in a network of our own. */
#include <arpa/inet.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <errno.h>

#include <cmocka.h>

#include "kernel/iface.h"

static struct iface_alias
alias(int family, const char *text)
{
	struct iface_alias a;
	struct error err = { 0 };

	if (iface_parse(family, text, NULL, &a, &err) != 1)
		fail_msg("%s: %s", text, err.text);
	return a;
}

static void
texts_are_taken_apart(void **state)
{
	struct iface_alias a;
	struct error err = { 0 };

	(void)state;
	a = alias(AF_INET, "em0|192.0.2.1/24 vhid 1 pass x");
	assert_string_equal(a.interface, "em0");
	assert_string_equal(a.words, "vhid 1 pass x");
	assert_int_equal(a.prefix, 24);
	assert_memory_equal(a.address, "\xc0\x00\x02\x01", 4);
	a = alias(AF_INET6, "em0.12|2001:db8::1");
	assert_string_equal(a.interface, "em0.12");
	assert_string_equal(a.words, "");
	assert_int_equal(a.prefix, 128);
	assert_int_equal(a.address[0], 0x20);
	assert_int_equal(iface_parse(AF_INET, "192.0.2.1/8", "lo1", &a, &err),
	    1);
	assert_string_equal(a.interface, "lo1");
	assert_int_equal(a.prefix, 8);
	assert_int_equal(iface_parse(AF_INET, "em0|192.0.2.1", "lo1", &a,
	    &err), 1);
	assert_string_equal(a.interface, "em0");
	assert_int_equal(a.prefix, 32);
	assert_int_equal(iface_parse(AF_INET, "192.0.2.1", NULL, &a, &err), 0);
	assert_int_equal(iface_parse(AF_INET, "192.0.2.1", "", &a, &err), 0);
}

static void
bad_texts_are_refused(void **state)
{
	static const char *const bad[] = {
		"|192.0.2.1", "em0|", "em0|192.0.2.1/33", "em0|192.0.2.1/",
		"em0|192.0.2.1/x", "em0|nonsense", "em0|2001:db8::1",
		("an-interface-with-a-name-of-more-than-sixty-four-bytes-can-"
		"not-be-had|192.0.2.1"),
	};
	struct iface_alias a;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct error err = { 0 };

		assert_int_equal(iface_parse(AF_INET, bad[i], NULL, &a, &err),
		    -1);
		assert_int_equal(err.code, EINVAL);
		assert_non_null(strstr(err.text, bad[i]));
	}
}

/* An empty network in which nothing of the host can be changed. */
static void
enter_own_network(void)
{
	if (geteuid() != 0) {
		print_message("skip: needs root\n");
		skip();
	}
	assert_int_equal(unshare(CLONE_NEWNET), 0);
}

static void
must_add(const char *text)
{
	struct iface_alias a = alias(strchr(text, ':') != NULL ? AF_INET6 :
	    AF_INET, text);
	struct error err = { 0 };

	if (iface_add(&a, &err) != 0)
		fail_msg("%s: %s", text, err.text);
}

static void
must_remove(const char *text)
{
	struct iface_alias a = alias(strchr(text, ':') != NULL ? AF_INET6 :
	    AF_INET, text);
	struct error err = { 0 };

	if (iface_remove(&a, &err) != 0)
		fail_msg("%s: %s", text, err.text);
}

static bool
has(const char *text)
{
	struct iface_alias a = alias(strchr(text, ':') != NULL ? AF_INET6 :
	    AF_INET, text);
	struct error err = { 0 };
	int rc = iface_has(&a, &err);

	if (rc < 0)
		fail_msg("%s: %s", text, err.text);
	return rc > 0;
}

static void
aliases_come_and_go(void **state)
{
	static const char *const texts[] = {
		"lo|192.0.2.10/24", "lo|192.0.2.11/24", "lo|198.51.100.1",
		"lo|2001:db8::1/64", "lo|2001:db8::2",
	};
	size_t n = sizeof texts / sizeof *texts;

	(void)state;
	enter_own_network();
	for (size_t i = 0; i < n; i++) {
		assert_false(has(texts[i]));
		must_add(texts[i]);
		assert_true(has(texts[i]));
	}
	assert_false(has("lo|192.0.2.1/24"));
	/* The first of a subnet goes, the others stay. */
	for (size_t i = 0; i < n; i++) {
		must_remove(texts[i]);
		assert_false(has(texts[i]));
		for (size_t j = i + 1; j < n; j++)
			assert_true(has(texts[j]));
	}
	must_remove(texts[0]);
}

static int
count_entry(void *arg, const struct iface_alias *a)
{
	int *count = arg;

	assert_string_equal(a->interface, "lo");
	assert_string_equal(a->words, "");
	*count += a->prefix == 24 || a->prefix == 64 ? 1 : 100;
	return 0;
}

static int
stop_at_once(void *arg, const struct iface_alias *a)
{
	(void)arg;
	(void)a;
	return 7;
}

static void
all_addresses_are_listed(void **state)
{
	struct error err = { 0 };
	int count = 0;

	(void)state;
	enter_own_network();
	assert_int_equal(iface_list(count_entry, &count, &err), 0);
	assert_int_equal(count, 0);
	must_add("lo|192.0.2.10/24");
	must_add("lo|2001:db8::1/64");
	assert_int_equal(iface_list(count_entry, &count, &err), 0);
	assert_int_equal(count, 2);
	assert_int_equal(iface_list(stop_at_once, NULL, &err), 7);
}

static void
failures_say_why(void **state)
{
	struct iface_alias a = alias(AF_INET, "lo|192.0.2.10/24");
	struct error err = { 0 };

	(void)state;
	enter_own_network();
	must_add("lo|192.0.2.10/24");
	assert_int_equal(iface_add(&a, &err), -1);
	assert_int_equal(err.code, EEXIST);
	assert_non_null(strstr(err.text, "192.0.2.10/24 on lo"));
	a = alias(AF_INET, "none0|192.0.2.10/24");
	assert_int_equal(iface_add(&a, &err), -1);
	assert_int_equal(err.code, ENXIO);
	assert_non_null(strstr(err.text, "none0"));
	assert_int_equal(iface_has(&a, &err), -1);
	assert_int_equal(err.code, ENXIO);
	assert_int_equal(iface_remove(&a, &err), 0);
	a = alias(AF_INET, "a-name-longer-than-15|192.0.2.10/24");
	assert_int_equal(iface_add(&a, &err), -1);
	assert_int_equal(err.code, ENXIO);
	a = alias(AF_INET, "lo|192.0.2.11 vhid 1");
	assert_int_equal(iface_add(&a, &err), -1);
	assert_int_equal(err.code, EOPNOTSUPP);
	assert_non_null(strstr(err.text, "vhid 1"));
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_taken_apart),
		cmocka_unit_test(bad_texts_are_refused),
		cmocka_unit_test(aliases_come_and_go),
		cmocka_unit_test(all_addresses_are_listed),
		cmocka_unit_test(failures_say_why),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
