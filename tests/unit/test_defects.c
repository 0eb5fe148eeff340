/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Calls that FreeBSD 15.1 answers with a panic, a hang or a jail that never
 * ends are not made, whatever the specs say.  Every call that the agent makes
 * goes through a table here that looks at it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent_fixture.h"

#define META_LIMIT 4096

static struct {
	const struct jail_backend *inner;
	struct jail_backend table;
	unsigned creates, updates, removals, gets;
	unsigned refused; /* creations that the kernel itself refused */
} watch;

static const struct iovec *
option(const struct iovec *iov, unsigned niov, const char *name)
{
	for (unsigned i = 0; i + 1 < niov; i += 2)
		if (strcmp(iov[i].iov_base, name) == 0)
			return &iov[i + 1];
	return NULL;
}

/* A key of meta or env that is empty: jail_get(2) does not return. */
static void
check_keys(const struct iovec *iov, unsigned niov)
{
	for (unsigned i = 0; i < niov; i += 2) {
		const char *name = iov[i].iov_base;

		if (name[0] == '\0' || name[strlen(name) - 1] == '.')
			fail_msg("asked about \"%s\"", name);
	}
}

static int
watch_set(struct jail_kernel *k, struct iovec *iov, unsigned niov, int flags)
{
	int rc;

	check_keys(iov, niov);
	/* CREATE alone or UPDATE alone; attaching is another call. */
	assert_true(flags == JAIL_CREATE || flags == JAIL_UPDATE);
	assert_non_null(option(iov, niov, "name"));
	/* By jid a nested jail would be renamed, or checked as the host's. */
	if (flags == JAIL_UPDATE)
		assert_null(option(iov, niov, "jid"));
	assert_null(option(iov, niov, "desc"));
	rc = watch.inner->set(k, iov, niov, flags);
	if (flags == JAIL_CREATE) {
		watch.creates++;
		watch.refused += rc < 0;
	} else {
		watch.updates++;
	}
	return rc;
}

static int
watch_get(struct jail_kernel *k, struct iovec *iov, unsigned niov, int flags)
{
	check_keys(iov, niov);
	watch.gets++;
	return watch.inner->get(k, iov, niov, flags);
}

static int
watch_remove(struct jail_kernel *k, int jid)
{
	watch.removals++;
	return watch.inner->remove(k, jid);
}

static int
watch_remove_jd(struct jail_kernel *k, int fd)
{
	watch.removals++;
	return watch.inner->remove_jd(k, fd);
}

/* A jail that was entered so loses a reference. */
static int
watch_attach_jd(struct jail_kernel *k, int fd)
{
	(void)k;
	(void)fd;
	fail_msg("jail_attach_jd was called");
	return -1;
}

static int
setup(void **state)
{
	struct world *w = malloc(sizeof *w);

	world_make(w, JAIL_GEN_15);
	memset(&watch, 0, sizeof watch);
	watch.inner = w->kernel->backend;
	watch.table = *watch.inner;
	watch.table.set = watch_set;
	watch.table.get = watch_get;
	watch.table.remove = watch_remove;
	watch.table.remove_jd = watch_remove_jd;
	watch.table.attach_jd = watch_attach_jd;
	w->kernel->backend = &watch.table;
	*state = w;
	return 0;
}

static int
teardown(void **state)
{
	struct world *w = *state;

	w->kernel->backend = watch.inner;
	world_remove(w);
	free(w);
	return 0;
}

/* Create, change, restart, shrink and remove a tree of jails. */
static void
nested_jails(void **state)
{
	struct world *w = *state;

	world_apply(w, "name: p\npath: @\npersist: true\nchildren.max: 5\n"
	    "meta.owner: me\n---\n"
	    "name: p.c\npath: @\npersist: true\nchildren.max: 2\n"
	    "meta.owner: me\n---\n"
	    "name: p.c.g\npath: @\npersist: true\nenv.A: b\n");
	assert_int_equal(w->failures, 0);
	assert_int_equal(watch.creates, 3);
	world_apply(w, "name: p\npath: @\npersist: true\nchildren.max: 6\n"
	    "meta.owner: you\n---\n"
	    "name: p.c\npath: @\npersist: true\nchildren.max: 3\n"
	    "host.hostname: c\n---\n"
	    "name: p.c.g\npath: @\npersist: true\nenv.A: c\n"
	    "host.hostname: g\n");
	assert_int_equal(w->failures, 0);
	assert_int_equal(watch.creates, 3);
	assert_true(watch.updates >= 3);
	/* A name that changes is a removal and a creation, not a rename. */
	world_apply(w, "name: p\npath: @\npersist: true\nchildren.max: 6\n"
	    "---\nname: p.d\npath: @\npersist: true\n");
	assert_int_equal(w->failures, 0);
	assert_int_equal(watch.creates, 4);
	assert_int_equal(watch.removals, 2);
	world_apply(w, "");
	assert_int_equal(w->failures, 0);
	assert_int_equal(watch.removals, 4);
	assert_int_equal(watch.refused, 0);
	assert_true(watch.gets > 10);
}

/* "name: web ... KEY: xxx": a value of this many bytes. */
static void
apply_value(struct world *w, const char *key, size_t size)
{
	char *yaml = malloc(size + 256), *at = yaml;

	assert_non_null(yaml);
	at += sprintf(yaml, "name: web\npath: @\npersist: true\n%s: \"", key);
	memset(at, 'x', size);
	memcpy(at + size, "\"\n", 3);
	world_apply(w, yaml);
	free(yaml);
}

/*
 * The greatest texts that fit are found by creating jails; one byte more is
 * refused, and the kernel is not even asked.
 */
static void
great_texts(void **state)
{
	static const struct {
		const char *key;
		size_t fits;
	} cases[] = {
		{ "env.K", META_LIMIT - 1 - 2 },
		/* Beside "jailagent=" and 32 digits, and a newline. */
		{ "meta", META_LIMIT - 1 - 43 },
		{ "meta.K", META_LIMIT - 1 - 43 - 2 },
	};
	struct world *w = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		unsigned before = watch.creates;

		apply_value(w, cases[i].key, cases[i].fits + 1);
		assert_int_equal(watch.creates, before);
		assert_non_null(strstr(world_reason(w, "web"), "shorten"));
		apply_value(w, cases[i].key, cases[i].fits);
		if (w->failures != 0)
			fail_msg("%s: %s", cases[i].key, w->error);
		assert_int_equal(watch.creates, before + 1);
		world_apply(w, "");
	}
	assert_int_equal(watch.refused, 0);
}

/* Several keys count together, each with its name and newline. */
static void
many_keys(void **state)
{
	struct world *w = *state;
	char *yaml = malloc(2 * META_LIMIT), *at = yaml;

	assert_non_null(yaml);
	at += sprintf(at, "name: web\npath: @\npersist: true\n");
	for (int i = 0; i < 256; i++)
		at += sprintf(at, "env.k%03d: \"0123456789\"\n", i);
	/* 256 lines of 16 bytes, the last one's newline being the NUL. */
	world_apply(w, yaml);
	assert_int_equal(w->failures, 0);
	assert_int_equal(watch.creates, 1);
	world_apply(w, "");
	sprintf(at, "env.one: \"\"\n");
	world_apply(w, yaml);
	assert_int_equal(watch.creates, 1);
	if (strstr(world_reason(w, "web"), "shorten") == NULL)
		fail_msg("%s: %s", world_state(w, "web"),
		    world_reason(w, "web"));
	free(yaml);
}

/* Specs cannot say what would begin a line of its own or has no name. */
static void
odd_keys(void **state)
{
	static const char *const texts[] = {
		"name: w\npath: /\nmeta.: x\n",
		"name: w\npath: /\nenv.: x\n",
		"name: w\npath: /\nmeta: {\"\": x}\n",
		"name: w\npath: /\nmeta.a: \"x\\ny\"\n",
		"name: w\npath: /\nenv.a: \"x\\ny=z\"\n",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct spec_docs docs = { 0 };
		struct spec_set set = { 0 };

		spec_parse("t.yaml", texts[i], strlen(texts[i]), &docs,
		    &set.errors);
		spec_resolve(&docs, &set);
		if (set.errors.count == 0)
			fail_msg("accepted: %s", texts[i]);
		spec_docs_free(&docs);
		spec_set_free(&set);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nested_jails, setup, teardown),
		cmocka_unit_test_setup_teardown(great_texts, setup, teardown),
		cmocka_unit_test_setup_teardown(many_keys, setup, teardown),
		cmocka_unit_test(odd_keys),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
