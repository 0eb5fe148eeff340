/* SPDX-License-Identifier: BSD-2-Clause */
/* What security.jail.param of recorded kernels says, understood. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "kernel/freebsd/pure/format.h"

static unsigned
kind_of(const char *type, const char *access)
{
	unsigned kind = KIND_INT;

	if (strcmp(type, "string") == 0 || strcmp(type, "keyvalue") == 0)
		kind = KIND_STRING;
	else if (strcmp(type, "ulong") == 0)
		kind = KIND_ULONG;
	else if (strncmp(type, "ip", 2) == 0 || strcmp(type, "array") == 0)
		kind = KIND_STRUCT;
	kind |= KIND_READ;
	if (strcmp(access, "RW") == 0)
		kind |= KIND_WRITE;
	if (strcmp(access, "RDTUN") == 0)
		kind |= KIND_TUNABLE;
	return kind;
}

/* Each recorded parameter gives the type that the program's table has. */
static void
test_recorded(void **state)
{
	static const char *const files[] = {
		"tests/vectors/params-13.2.json",
		"tests/vectors/params-15.1.json",
	};
	size_t seen = 0;

	(void)state;
	for (size_t f = 0; f < 2; f++) {
		json_t *root = json_load_file(files[f], 0, NULL), *p;
		size_t i;

		assert_non_null(root);
		json_array_foreach(json_object_get(root, "params"), i, p) {
			const char *name, *type, *format, *access;
			struct jail_param_info info;
			const struct param_def *def;
			char text[32];
			int size;

			assert_int_equal(json_unpack(p, "{s:s,s:s,s:s,s:s,s:i}",
			    "name", &name, "type", &type, "format", &format,
			    "access", &access, "size", &size), 0);
			snprintf(text, sizeof text, "%d", size);
			if (strstr(format, "in_addr") != NULL ||
			    strstr(format, "in6_addr") != NULL)
				type = "array";
			assert_int_equal(format_param(kind_of(type, access),
			    format, text, strlen(text), &info), 0);
			def = param_find(name);
			assert_non_null(def);
			assert_int_equal(info.type, def->type);
			assert_int_equal(info.size, size);
			assert_int_equal(info.access,
			    strcmp(access, "RW") == 0 ? PARAM_RW :
			    strcmp(access, "RDTUN") == 0 ? PARAM_RDTUN :
			    PARAM_RD);
			seen++;
		}
		json_decref(root);
	}
	assert_true(seen > 80);
}

static void
test_refused(void **state)
{
	struct jail_param_info info;

	(void)state;
	/* A MAC label, and kinds that do not go with their formats. */
	assert_int_equal(format_param(KIND_STRUCT, "S,mac", "", 0, &info), -1);
	assert_int_equal(format_param(KIND_INT, "A", "10", 2, &info), -1);
	assert_int_equal(format_param(KIND_STRING, "I", "10", 2, &info), -1);
	assert_int_equal(format_param(KIND_INT, "", "", 0, &info), -1);
	/* A string whose length is not told, is nothing, or is absurd. */
	assert_int_equal(format_param(KIND_STRING, "A", "", 0, &info), -1);
	assert_int_equal(format_param(KIND_STRING, "A", "0", 1, &info), -1);
	assert_int_equal(format_param(KIND_STRING, "A", "99999999999999999999",
	    20, &info), -1);
	/* No NUL behind it. */
	assert_int_equal(format_param(KIND_STRING, "A", "2569", 3, &info), 0);
	assert_int_equal(info.size, 256);
}

static void
test_names(void **state)
{
	static const struct {
		const char *node, *name;
	} cases[] = {
		{ "security.jail.param.ip4.addr", "ip4.addr" },
		{ "security.jail.param.ip4.", "ip4" },
		{ "security.jail.param.allow.mount.", "allow.mount" },
		{ "security.jail.param.jid", "jid" },
		{ "security.jail.param.", NULL },
		{ "security.jail.param", NULL },
		{ "security.jail.paramount", NULL },
		{ "security.jail.param.a-very-long-name", NULL },
	};
	char name[16];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int rc = format_name(cases[i].node, name, sizeof name);

		assert_int_equal(rc, cases[i].name != NULL ? 0 : -1);
		if (rc == 0)
			assert_string_equal(name, cases[i].name);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_recorded),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
