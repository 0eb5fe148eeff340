/* SPDX-License-Identifier: BSD-2-Clause */
/* Values as text and as bytes (kernel/value.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kernel/value.h"

/* Texts of one list, separated by ";"; "" is no text at all. */
static struct text_list
list_of(const char *texts)
{
	struct text_list l = { 0 };
	char *copy = strdup(texts), *next = copy, *text;

	while (*texts != '\0' && (text = strsep(&next, ";")) != NULL)
		assert_int_equal(text_list_add(&l, text), 0);
	free(copy);
	return l;
}

static void
join(const struct text_list *l, char *buf, size_t size)
{
	buf[0] = '\0';
	for (size_t i = 0; i < l->count; i++) {
		size_t used = strlen(buf);

		snprintf(buf + used, size - used, "%s%s", i > 0 ? ";" : "",
		    l->text[i]);
	}
}

/* Checks `texts` as a value of `name`: expects the canonical texts, or for
   "!WORDS" an error that contains WORDS. */
static void
expect(const char *name, const char *texts, const char *expected)
{
	const struct param_def *def = param_find(name);
	struct text_list l = list_of(texts);
	struct error err = { 0 };
	char found[8192];
	size_t which = 99;
	int rc;

	assert_non_null(def);
	rc = value_check(def, &l, &which, &err);
	join(&l, found, sizeof found);
	if (*expected == '!') {
		assert_int_equal(rc, -1);
		assert_int_not_equal(err.code, 0);
		if (strstr(err.text, expected + 1) == NULL)
			fail_msg("%s: %s: \"%s\" lacks \"%s\"", name, texts,
			    err.text, expected + 1);
	} else {
		if (rc != 0)
			fail_msg("%s: %s: %s", name, texts, err.text);
		assert_string_equal(found, expected);
	}
	text_list_free(&l);
}

static void
scalars(void **state)
{
	(void)state;
	expect("persist", "true", "true");
	expect("persist", "False", "false");
	expect("persist", "yes", "!expected true or false, found \"yes\"");
	expect("persist", "", "!expected one value, found none");
	expect("persist", "true;true", "!found several");
	expect("children.max", "007", "7");
	expect("children.max", "-1", "-1");
	expect("children.max", "-0", "0");
	expect("children.max", "+1", "!expected an integer");
	expect("children.max", "0x5", "!expected an integer");
	expect("children.max", " 5", "!expected an integer");
	expect("children.max", "99999999999999999999", "!from -2147483648 to");
	expect("enforce_statfs", "3", "!expected an integer from 0 to 2");
	expect("jid", "0", "!expected an integer from 1 to 2147483647");
	expect("host.hostid", "4294967296", "4294967296");
	expect("host.hostid", "-1", "!non-negative");
	expect("host.hostid", "99999999999999999999", "!up to");
	expect("ip4", "disable", "disable");
	expect("vnet", "disable", "!expected new or inherit, found");
	expect("sysvmsg", "1", "!expected disable, new or inherit");
	expect("host.hostname", "a b", "a b");
}

static void
long_texts(void **state)
{
	char text[300];

	(void)state;
	memset(text, 'x', sizeof text);
	text[255] = '\0';
	expect("host.hostname", text, text);
	text[255] = 'x';
	text[256] = '\0';
	expect("host.hostname", text, "!at most 255 bytes, found 256");
	expect("exec.start", text, text);
	expect("vnet.interface", text, "!at most 15 bytes");
}

static void
addresses(void **state)
{
	(void)state;
	expect("ip4.addr", "", "");
	expect("ip4.addr", "192.0.2.1;192.0.2.2", "192.0.2.1;192.0.2.2");
	expect("ip4.addr", "em0|192.0.2.1/24", "em0|192.0.2.1/24");
	expect("ip4.addr", "em0|192.0.2.1/255.255.255.0  vhid  3 ",
	    "em0|192.0.2.1/24 vhid 3");
	expect("ip4.addr", "192.0.2.1/0", "192.0.2.1/0");
	expect("ip4.addr", "192.0.2.1/33", "!from 0 to 32");
	expect("ip4.addr", "192.0.2.1/255.0.255.0", "!or a netmask");
	expect("ip4.addr", "192.0.2.1/", "!after /");
	expect("ip4.addr", "192.0.2.1/abc", "!after /");
	expect("ip4.addr", "|192.0.2.1", "!interface name");
	expect("ip4.addr", "averyverylongname0|192.0.2.1", "!interface name");
	expect("ip4.addr", "192.0.2", "!expected an IPv4 address");
	expect("ip4.addr", " 192.0.2.1", "!expected an IPv4 address");
	expect("ip4.addr", "2001:db8::1", "!belongs into ip6.addr");
	expect("ip6.addr", "192.0.2.1", "!belongs into ip4.addr");
	expect("ip4.addr", "0.0.0.0", "!cannot be the address");
	expect("ip4.addr", "255.255.255.255", "!cannot be the address");
	expect("ip6.addr", "::", "!cannot be the address");
	expect("ip6.addr", "0:0::0", "!cannot be the address");
	expect("ip6.addr", "em0|2001:DB8:0::01/64", "em0|2001:db8::1/64");
	expect("ip6.addr", "2001:db8::1/129", "!from 0 to 128");
	expect("ip4.addr", "192.0.2.1;em0|192.0.2.1/24", "!there twice");
	expect("ip4.addr", "192.0.2.1 a\nb", "!control characters");
}

static void
many_addresses(void **state)
{
	const struct param_def *def = param_find("ip4.addr");
	struct text_list l = { 0 };
	struct error err = { 0 };
	char text[32];
	size_t which;

	(void)state;
	for (int i = 1; i <= 255; i++) {
		snprintf(text, sizeof text, "10.0.0.%d", i);
		text_list_add(&l, text);
	}
	assert_int_equal(value_check(def, &l, &which, &err), 0);
	text_list_add(&l, "10.0.1.1");
	assert_int_equal(value_check(def, &l, &which, &err), -1);
	assert_int_equal(which, 255);
	text_list_free(&l);
}

/* Text -> bytes -> text; `len` is how many bytes there must be. */
static void
round_trip(enum param_type type, const char *texts, size_t len,
    const char *back)
{
	struct text_list l = list_of(texts), got;
	struct error err = { 0 };
	char found[1024];
	void *data;
	size_t n;

	assert_int_equal(value_import(type, &l, &data, &n, &err), 0);
	assert_int_equal(n, len);
	assert_int_equal(value_export(type, data, n, &got, &err), 0);
	join(&got, found, sizeof found);
	assert_string_equal(found, back);
	free(data);
	text_list_free(&l);
	text_list_free(&got);
}

static void
bytes(void **state)
{
	struct text_list l = list_of("true"), got;
	void *data = &l;
	size_t len = 9;
	int on = 1;

	(void)state;
	round_trip(PARAM_INT, "-7", 4, "-7");
	round_trip(PARAM_ULONG, "7", sizeof(unsigned long), "7");
	round_trip(PARAM_JAILSYS, "inherit", 4, "inherit");
	round_trip(PARAM_STRING, "a b", 4, "a b");
	round_trip(PARAM_KEYVALUE, "a=1\nb=2", 8, "a=1\nb=2");
	round_trip(PARAM_LIST, "a;;bc", 6, "a;;bc");
	round_trip(PARAM_LIST, "", 0, "");
	round_trip(PARAM_IP4, "em0|10.0.0.1/24 x;10.0.0.2", 8,
	    "10.0.0.1;10.0.0.2");
	round_trip(PARAM_IP6, "2001:db8::1", 16, "2001:db8::1");
	round_trip(PARAM_IP4, "", 0, "");
	assert_int_equal(value_import(PARAM_BOOL, &l, &data, &len, NULL), 0);
	assert_null(data);
	assert_int_equal(len, 0);
	assert_int_equal(value_export(PARAM_BOOL, &on, sizeof on, &got, NULL),
	    0);
	assert_string_equal(got.text[0], "true");
	text_list_free(&got);
	assert_int_equal(value_export(PARAM_INT, &on, 3, &got, NULL), -1);
	assert_int_equal(value_export(PARAM_IP4, &on, 3, &got, NULL), -1);
	/* jail_get(2) leaves the length of the whole buffer. */
	assert_int_equal(value_export(PARAM_STRING, "ab\0\0", 4, &got, NULL),
	    0);
	assert_string_equal(got.text[0], "ab");
	text_list_free(&got);
	text_list_free(&l);
}

static bool
same(const char *name, const char *a, const char *b)
{
	struct text_list x = list_of(a), y = list_of(b);
	bool is = value_same(name, param_find(name)->type, &x, &y);

	text_list_free(&x);
	text_list_free(&y);
	return is;
}

static void
sameness(void **state)
{
	(void)state;
	assert_true(same("ip4", "new", "disable"));
	assert_false(same("ip4", "new", "inherit"));
	assert_false(same("host", "new", "inherit"));
	assert_true(same("ip4.addr", "10.0.0.1;10.0.0.3;10.0.0.2",
	    "em0|10.0.0.1/24;10.0.0.2;10.0.0.3"));
	assert_false(same("ip4.addr", "10.0.0.1;10.0.0.2",
	    "10.0.0.2;10.0.0.1"));
	assert_false(same("ip4.addr", "10.0.0.1", "10.0.0.1;10.0.0.2"));
	assert_true(same("ip4.addr", "", ""));
	assert_false(same("exec.start", "a;b", "b;a"));
	assert_true(same("exec.start", "a;b", "a;b"));
}

static void
parts(void **state)
{
	char buf[16];

	(void)state;
	assert_int_equal(address_part("em0|10.0.0.1/8 x", buf, sizeof buf), 0);
	assert_string_equal(buf, "10.0.0.1");
	assert_int_equal(address_part("10.0.0.1", buf, 9), 0);
	assert_int_equal(address_part("10.0.0.1", buf, 8), -1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars),
		cmocka_unit_test(long_texts),
		cmocka_unit_test(addresses),
		cmocka_unit_test(many_addresses),
		cmocka_unit_test(bytes),
		cmocka_unit_test(sameness),
		cmocka_unit_test(parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
