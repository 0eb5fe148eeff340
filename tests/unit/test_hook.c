/* SPDX-License-Identifier: BSD-2-Clause */
/* Commands of hooks: words, shell, background, environment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/reconcile/hook.h"
#include "agent_fixture.h"

/* The words joined by `|'. */
static const char *
words(const char *command, bool *background)
{
	static char text[512];
	char **w = hook_words(command, background);

	assert_non_null(w);
	text[0] = '\0';
	for (size_t i = 0; w[i] != NULL; i++) {
		size_t n = strlen(text);

		snprintf(text + n, sizeof text - n, "%s%s", i == 0 ? "" : "|",
		    w[i]);
	}
	free(w);
	return text;
}

static void
splits_or_uses_the_shell(void **state)
{
	static const struct {
		const char *command, *words;
		bool background;
	} cases[] = {
		{ "/bin/sh /etc/rc", "/bin/sh|/etc/rc", false },
		{ "  a\t b  c ", "a|b|c", false },
		{ "a b\n", "a|b", false },
		{ "a\f\nb\v c\r\n", "a|b|c", false },
		{ "a", "a", false },
		{ "a b&", "a|b", true },
		{ "a b &", "a|b", true },
		{ "&", "/bin/sh|-c|&", false },
		{ "a & b", "/bin/sh|-c|a & b", false },
		{ "a && b &", "/bin/sh|-c|a && b &", false },
		{ "echo $x", "/bin/sh|-c|echo $x", false },
		{ "a=b c", "a=b|c", false },
		{ "a #b", "a|#b", false },
		{ "a %1 ^ @ - + , . / : _", "a|%1|^|@|-|+|,|.|/|:|_", false },
	};
	static const char special[] = "!\"$&'()*;<>?[\\]`{|}~";
	bool background;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_string_equal(words(cases[i].command, &background),
		    cases[i].words);
		assert_int_equal(background, cases[i].background);
	}
	for (const char *c = special; *c != '\0'; c++) {
		char command[8] = { 'a', ' ', *c, ' ', 'b' }, want[32];

		snprintf(want, sizeof want, "/bin/sh|-c|%s", command);
		assert_string_equal(words(command, &background), want);
		assert_false(background);
	}
}

/* Many one-letter words: the block has room for each. */
static void
has_room_for_all_words(void **state)
{
	char command[2001], **w;
	bool background;
	size_t n = 0;

	(void)state;
	for (size_t i = 0; i < 2000; i++)
		command[i] = i % 2 == 0 ? 'x' : ' ';
	command[2000] = '\0';
	w = hook_words(command, &background);
	assert_non_null(w);
	while (w[n] != NULL)
		n++;
	assert_int_equal(n, 1000);
	free(w);
}

static bool
holds(char *const *env, const char *text)
{
	for (size_t i = 0; env[i] != NULL; i++)
		if (strcmp(env[i], text) == 0)
			return true;
	return false;
}

static size_t
count(char *const *env)
{
	size_t n = 0;

	while (env[n] != NULL)
		n++;
	return n;
}

static void
environment(void **state)
{
	static char path[] = "PATH=/x", term[] = "TERM=vt100", foo[] = "FOO=1",
	    jid[] = "JID=99";
	char *inherited[] = { path, term, foo, jid, NULL };
	char long_path[2000], **env;
	struct world w;
	struct spec *s;
	struct hook h = { .jid = 7 };

	(void)state;
	memset(&w, 0, sizeof w);
	snprintf(w.root, sizeof w.root, "/jails/web");
	h.spec = s = spec_of_text(&w, "name: web\npath: @\npersist: true\n"
	    "agent: {environment: {FOO: \"2\", BAR: \"\"}}\n");
	env = hook_environment(&h, inherited);
	assert_true(holds(env, "PATH=/x") && holds(env, "TERM=vt100"));
	assert_true(holds(env, "FOO=2") && holds(env, "BAR="));
	assert_true(holds(env, "JID=7") && holds(env, "JNAME=web") &&
	    holds(env, "JPATH=/jails/web"));
	assert_int_equal(count(env), 7);
	hook_environment_free(env);
	/* Inside: nothing about the jail as the host sees it. */
	h.in_jail = true;
	env = hook_environment(&h, inherited);
	assert_false(holds(env, "JNAME=web") || holds(env, "JID=7"));
	hook_environment_free(env);
	spec_free(s);

	h.in_jail = false;
	h.jid = 0;
	h.spec = s = spec_of_text(&w, "name: web\npath: @\npersist: true\n"
	    "exec.clean: true\n");
	env = hook_environment(&h, inherited);
	assert_true(holds(env, "TERM=vt100") &&
	    holds(env, "PATH=/bin:/usr/bin"));
	assert_false(holds(env, "FOO=1") || holds(env, "JID=99"));
	assert_true(holds(env, "USER=") && holds(env, "HOME=") &&
	    holds(env, "SHELL="));
	hook_environment_free(env);
	spec_free(s);

	/* A jid that is asked for is known before there is a jail. */
	h.spec = s = spec_of_text(&w, "name: web\npath: @\npersist: true\n"
	    "jid: 42\nexec.system_user: op\n"
	    "agent: {environment: {HOME: /else}}\n");
	env = hook_environment(&h, inherited);
	assert_true(holds(env, "JID=42"));
	assert_true(holds(env, "FOO=1") && holds(env, "USER=") &&
	    holds(env, "HOME=/else") && holds(env, "SHELL="));
	hook_environment_free(env);
	h.in_jail = true;
	env = hook_environment(&h, inherited);
	assert_false(holds(env, "USER=") || holds(env, "JID=42"));
	hook_environment_free(env);
	h.in_jail = false;
	spec_free(s);

	/* The longest path is not cut. */
	memset(w.root, 'p', 1000);
	w.root[0] = '/';
	w.root[1000] = '\0';
	h.spec = s = spec_of_text(&w, "name: web\npath: @\npersist: true\n");
	env = hook_environment(&h, inherited);
	snprintf(long_path, sizeof long_path, "JPATH=%s", w.root);
	assert_true(holds(env, long_path));
	hook_environment_free(env);
	spec_free(s);
}

/* What a kernel was asked to run last. */
static struct {
	int fib; /* -1: none was said */
} asked;

static pid_t
note(struct jail_kernel *k, const struct jail_exec *x, struct error *err)
{
	(void)k;
	(void)err;
	asked.fib = x->fib != NULL ? *x->fib : -1;
	return 1;
}

/* Of commands in the jail alone, and 0 is a table, too. */
static void
routing_tables(void **state)
{
	static const struct {
		const char *spec;
		bool in_jail;
		int fib;
	} cases[] = {
		{ "exec.fib: 3\n", true, 3 },
		{ "exec.fib: 0\n", true, 0 },
		{ "exec.fib: 3\n", false, -1 },
		{ "", true, -1 },
	};
	const struct jail_backend backend = { .spawn = note };
	struct jail_kernel kernel = { .backend = &backend };
	struct world w;

	(void)state;
	memset(&w, 0, sizeof w);
	snprintf(w.root, sizeof w.root, "/jails/web");
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct hook h = { .kernel = &kernel, .command = "/bin/true",
			.in_jail = cases[i].in_jail, .jid = 7 };
		char yaml[200];
		struct spec *s;
		bool background;

		snprintf(yaml, sizeof yaml, "name: web\npath: @\n"
		    "persist: true\n%s", cases[i].spec);
		h.spec = s = spec_of_text(&w, yaml);
		assert_int_equal(hook_start(&h, &background, NULL), 1);
		assert_int_equal(asked.fib, cases[i].fib);
		spec_free(s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(splits_or_uses_the_shell),
		cmocka_unit_test(has_room_for_all_words),
		cmocka_unit_test(environment),
		cmocka_unit_test(routing_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
