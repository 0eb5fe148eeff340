/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Parameters that only the running kernel knows: they have the type that it
 * tells, stand in specs like all others, and a plan for a kernel without them
 * refuses them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "agent/plan/plan.h"

static const struct jail_param_info news[] = {
	{ "allow.mount.newfs", PARAM_BOOL, PARAM_RW, sizeof(int) },
	{ "host.planet", PARAM_STRING, PARAM_RW, 8 },
	{ "newmod", PARAM_JAILSYS, PARAM_RDTUN, sizeof(int) },
	{ "newmod.depth", PARAM_INT, PARAM_RW, sizeof(int) },
	{ "newmod.seen", PARAM_INT, PARAM_RD, sizeof(int) },
	/* In the table: that one counts. */
	{ "persist", PARAM_STRING, PARAM_RD, 1 },
};

#define NEWS (sizeof news / sizeof *news)

static int
learn(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * NEWS; i++) {
		if (param_add(&news[i % NEWS]) != 0)
			return -1;
	}
	return 0;
}

/* Parses one text; the caller frees docs and set. */
static void
parse(const char *text, struct spec_docs *docs, struct spec_set *set)
{
	*docs = (struct spec_docs){ 0 };
	*set = (struct spec_set){ 0 };
	(void)spec_parse("a.yaml", text, strlen(text), docs, &set->errors);
	spec_resolve(docs, set);
}

static void
expect_error(const char *line, const char *message)
{
	struct spec_docs docs;
	struct spec_set set;
	char text[256];

	snprintf(text, sizeof text, "name: a\npath: /\npersist: true\n%s\n",
	    line);
	parse(text, &docs, &set);
	if (set.errors.count != 1 ||
	    strstr(set.errors.error[0].message, message) == NULL)
		fail_msg("%s: %s", line, set.errors.count == 0 ? "valid" :
		    set.errors.error[0].message);
	assert_int_equal(set.count, 0);
	spec_docs_free(&docs);
	spec_set_free(&set);
}

static void
known_once(void **state)
{
	size_t n = 0;

	(void)state;
	while (param_added(n) != NULL)
		assert_int_equal(param_index(param_added(n++)), param_count);
	assert_int_equal(n, NEWS - 1);
	assert_int_equal(param_find("persist")->type, PARAM_BOOL);
	assert_int_equal(param_find("newmod.depth")->type, PARAM_INT);
	assert_null(param_find("newmod.dept"));
	assert_string_equal(param_nearest("newmod.dept"), "newmod.depth");
}

static void
types_are_the_kernels(void **state)
{
	(void)state;
	expect_error("allow.mount.newfs: 1", "expected true or false");
	expect_error("newmod.depth: deep", "expected an integer");
	expect_error("newmod.depth: 2147483648", "expected an integer from");
	expect_error("newmod: maybe", "disable, new or inherit");
	expect_error("host: {planet: jupiters}", "at most 7 bytes");
	expect_error("newmod.seen: 1", "read-only");
	expect_error("allow.mount.nonewfs: true", "write allow.mount.newfs");
	expect_error("newmod.dept: 1", "did you mean newmod.depth?");
	expect_error("newmod.depth: 1\nnewmod: {depth: 2}", "given twice");
}

static const char whole[] = "name: a\n"
    "zfs.dataset: pool/a\n"
    "newmod: {depth: 007}\n"
    "newmod: new\n"
    "path: /\n"
    "vars: {p: mars}\n"
    "host: {planet: \"${p}\", hostname: \"${newmod.depth}\"}\n"
    "allow.mount: {newfs: TRUE, zfs: true}\n"
    "persist: true\n"
    "meta.k: v\n";

static void
in_specs_like_others(void **state)
{
	static const char canonical[] = "name: a\n"
	    "path: /\n"
	    "allow.mount.newfs: true\n"
	    "allow.mount.zfs: true\n"
	    "host.hostname: 7\n"
	    "host.planet: mars\n"
	    "meta.k: v\n"
	    "newmod: new\n"
	    "newmod.depth: 7\n"
	    "persist: true\n"
	    "zfs.dataset:\n"
	    "  - pool/a\n";
	struct spec_docs docs, again_docs;
	struct spec_set set, again;
	struct error err = { 0 };
	unsigned char *data;
	struct spec *decoded;
	size_t len;
	char *text;

	(void)state;
	parse(whole, &docs, &set);
	assert_int_equal(set.count, 1);
	text = spec_print(set.spec[0]);
	assert_string_equal(text, canonical);
	/* Valid, with a warning for each. */
	assert_int_equal(set.errors.count, 4);
	for (size_t i = 0; i < set.errors.count; i++) {
		assert_true(set.errors.error[i].warning);
		assert_non_null(strstr(set.errors.error[i].message,
		    "known to this host's kernel only"));
	}
	parse(text, &again_docs, &again);
	assert_int_equal(again.count, 1);
	assert_true(spec_same(again.spec[0], set.spec[0]));
	assert_int_equal(spec_encode(set.spec[0], &data, &len), 0);
	decoded = spec_decode(data, len, &err);
	assert_non_null(decoded);
	assert_int_equal(spec_int(decoded, "newmod.depth"), 7);
	free(data);
	free(text);
	spec_free(decoded);
	spec_docs_free(&docs);
	spec_set_free(&set);
	spec_docs_free(&again_docs);
	spec_set_free(&again);
}

/* Defaults and jail meet in the order of names, too. */
static void
defaults_merge(void **state)
{
	static const char text[] = "name: '*'\nnewmod.depth: 1\n"
	    "persist: true\nallow.mount.newfs: true\npath: /\n---\n"
	    "name: a\nnewmod.depth: 2\nosrelease: x\n";
	struct spec_docs docs;
	struct spec_set set;

	(void)state;
	parse(text, &docs, &set);
	assert_int_equal(set.count, 1);
	assert_int_equal(spec_int(set.spec[0], "newmod.depth"), 2);
	assert_true(spec_bool(set.spec[0], "allow.mount.newfs"));
	assert_true(spec_bool(set.spec[0], "persist"));
	spec_docs_free(&docs);
	spec_set_free(&set);
}

static void
plans_ask_the_kernel(void **state)
{
	struct jail_param_info infos[] = {
		{ "newmod.depth", PARAM_INT, PARAM_RW, sizeof(int) },
		{ "persist", PARAM_BOOL, PARAM_RW, sizeof(int) },
	};
	struct jail_params with = { .info = infos, .count = 2 };
	struct jail_params without = { .info = infos + 1, .count = 1 };
	struct spec_docs docs;
	struct spec_set set;
	char buf[ERROR_TEXT_MAX];

	(void)state;
	parse("name: a\npersist: true\nnewmod.depth: 1\n", &docs, &set);
	assert_int_equal(set.count, 1);
	assert_null(rules_refuse(set.spec[0], "freebsd", &with, buf,
	    sizeof buf));
	assert_non_null(rules_refuse(set.spec[0], "freebsd", &without, buf,
	    sizeof buf));
	assert_non_null(strstr(buf, "newmod.depth: this kernel does not"));
	spec_docs_free(&docs);
	spec_set_free(&set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(known_once),
		cmocka_unit_test(types_are_the_kernels),
		cmocka_unit_test(in_specs_like_others),
		cmocka_unit_test(defaults_merge),
		cmocka_unit_test(plans_ask_the_kernel),
	};

	return cmocka_run_group_tests(tests, learn, NULL);
}
