/* SPDX-License-Identifier: BSD-2-Clause */
/* Status as JSON, whose names are stable, and the messages of deeds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/reconcile/message.h"
#include "agent/daemon/status.h"
#include "agent_fixture.h"

/* Whether the object has all the names. */
static void
has_names(json_t *o, const char *const *names)
{
	assert_true(json_is_object(o));
	for (; *names != NULL; names++)
		if (json_object_get(o, *names) == NULL)
			fail_msg("no \"%s\"", *names);
}

static json_t *
status_of(struct world *w, bool running, const struct scan *scan)
{
	struct status_source src = { .reconciler = &w->reconciler,
		.scan = scan, .revision = "r1", .running = running,
		.pid = 7 };
	json_t *o = status_build(&src);

	assert_non_null(o);
	return o;
}

static json_t *
jail_of(json_t *status, const char *name)
{
	json_t *value;
	size_t i;

	json_array_foreach (json_object_get(status, "jails"), i, value)
		if (strcmp(json_string_value(json_object_get(value, "name")),
		    name) == 0)
			return value;
	fail_msg("%s is not in the status", name);
	return NULL;
}

static const char *
text(json_t *o, const char *name)
{
	const char *t = json_string_value(json_object_get(o, name));

	return t != NULL ? t : "(none)";
}

static void
names_are_stable(void **state)
{
	static const char *const top[] = { "agent", "summary", "jails",
		"files", NULL };
	static const char *const agent[] = { "version", "pid", "running",
		"kernel", "specs", "revision", NULL };
	static const char *const summary[] = { "jails", "ready", "matching",
		"progressing", "failed", "held", "paused", "stopped",
		"blocked", "quarantined", "conflict", "invalid", "dying",
		"unmanaged", NULL };
	static const char *const jail[] = { "name", "jid", "state", "reason",
		"since", "file", "line", "spec_digest", "applied_digest",
		"last_change", "restarts", "next_retry", NULL };
	static const char *const change[] = { "action", "params", "reason",
		"at", NULL };
	struct world *w = *state;
	json_t *o, *sums;

	kernel_make(w, "theirs");
	kernel_make(w, "taken");
	world_apply(w, JAIL("web", "") "---\n" JAIL("taken", "") "---\n"
	    NO_ROOT("bad", "") "---\n"
	    JAIL("lazy", "agent: {paused: \"why not\"}\n"));
	o = status_of(w, true, NULL);
	has_names(o, top);
	has_names(json_object_get(o, "agent"), agent);
	sums = json_object_get(o, "summary");
	has_names(sums, summary);
	has_names(jail_of(o, "web"), jail);
	has_names(json_object_get(jail_of(o, "web"), "last_change"), change);
	assert_string_equal(text(jail_of(o, "web"), "state"), "ready");
	assert_string_equal(text(jail_of(o, "web"), "spec_digest"),
	    text(jail_of(o, "web"), "applied_digest"));
	assert_string_equal(text(jail_of(o, "taken"), "state"), "conflict");
	assert_string_equal(text(jail_of(o, "bad"), "state"), "failed");
	assert_string_equal(text(jail_of(o, "lazy"), "state"), "paused");
	assert_non_null(strstr(text(jail_of(o, "lazy"), "reason"),
	    "why not"));
	assert_string_equal(text(jail_of(o, "theirs"), "state"), "unmanaged");
	assert_int_equal(json_integer_value(json_object_get(sums, "ready")),
	    1);
	assert_int_equal(json_integer_value(json_object_get(sums, "jails")),
	    4);
	assert_int_equal(json_integer_value(json_object_get(sums,
	    "unmanaged")), 1);
	json_decref(o);
	/* Without an agent nothing is ever ready. */
	o = status_of(w, false, NULL);
	assert_string_equal(text(jail_of(o, "web"), "state"), "matching");
	assert_true(json_is_null(json_object_get(jail_of(o, "web"),
	    "spec_digest")));
	json_decref(o);
}

/* In as many pieces as can be, with files, and jails that come and go between. */
static void
written_in_parts(void **state)
{
	struct world *w = *state;
	struct scan_file file[2] = { { .path = (char *)(uintptr_t)"a.yaml" },
		{ .path = (char *)(uintptr_t)"b.yaml", .valid = true } };
	struct scan scan = { .file = file, .file_count = 2 };
	struct status_source src = { .reconciler = &w->reconciler,
		.scan = &scan, .revision = "r1", .running = true, .pid = 7 };
	struct status_part part = { 0 };
	struct buffer out = { 0 };
	unsigned parts = 0;
	json_t *o, *whole;

	kernel_make(w, "theirs");
	kernel_make(w, "others");
	world_apply(w, JAIL("a", "") "---\n" JAIL("b", "") "---\n"
	    JAIL("d", ""));
	whole = status_of(w, true, &scan);
	while (status_write(&part, &src, 0, &out))
		assert_in_range(++parts, 1, 100);
	assert_in_range(parts, 7, 100);
	assert_false(out.failed);
	o = status_ordered(json_loadb(out.data, out.len, 0, NULL));
	assert_true(json_equal(o, whole));
	json_decref(o);
	json_decref(whole);
	buffer_free(&out);
	/* The one that it stopped at goes, and others come before and behind it. */
	memset(&part, 0, sizeof part);
	assert_true(status_write(&part, &src, 0, &out));
	assert_true(status_write(&part, &src, 0, &out));
	reconciler_drop(&w->reconciler, reconciler_jail(&w->reconciler, "b",
	    false));
	world_want(w, JAIL("a", "") "---\n" JAIL("aa", "") "---\n"
	    JAIL("c", "") "---\n" JAIL("d", ""));
	while (status_write(&part, &src, 0, &out))
		;
	o = json_loadb(out.data, out.len, 0, NULL);
	for (const char *name = "abcd"; *name != '\0'; name++)
		jail_of(o, (const char[]){ *name, '\0' });
	json_decref(o);
	buffer_free(&out);
}

/* Since when a jail is up: its own time, whoever asks, and no other jail's. */
static void
age_of_a_jail(void **state)
{
	struct world *w = *state;
	char since[32], began[32];
	json_t *o;

	status_time(time(NULL), began);
	world_apply(w, JAIL("web", ""));
	o = status_of(w, true, NULL);
	snprintf(since, sizeof since, "%s", text(jail_of(o, "web"), "since"));
	json_decref(o);
	assert_true(strcmp(since, began) >= 0);
	/* Signals cut a sleep short. */
	do {
		usleep(50000);
		status_time(time(NULL), began);
	} while (strcmp(since, began) >= 0);
	world_restart(w);
	world_apply(w, JAIL("web", "host.hostname: b\n"));
	o = status_of(w, true, NULL);
	assert_string_equal(text(jail_of(o, "web"), "since"), since);
	json_decref(o);
	kernel_kill(w, "web");
	o = status_of(w, true, NULL);
	assert_string_equal(text(jail_of(o, "web"), "since"), "(none)");
	json_decref(o);
	world_apply(w, JAIL("web", "host.hostname: b\n"));
	o = status_of(w, true, NULL);
	assert_true(strcmp(text(jail_of(o, "web"), "since"), since) > 0);
	json_decref(o);
}

/* The kernel is asked now, not remembered. */
static void
drift_is_seen(void **state)
{
	struct world *w = *state;
	json_t *o;

	world_apply(w, JAIL("web", "host.hostname: a\n") "---\n"
	    JAIL("dead", ""));
	kernel_set_text(w, "web", "host.hostname", "b");
	kernel_kill(w, "dead");
	o = status_of(w, true, NULL);
	assert_string_equal(text(jail_of(o, "web"), "state"), "progressing");
	assert_int_equal(json_array_size(json_object_get(jail_of(o, "web"),
	    "drift")), 1);
	assert_string_not_equal(text(jail_of(o, "dead"), "state"), "ready");
	json_decref(o);
}

/* Kernels and programs give any bytes; a jail must not vanish for that. */
static void
bytes_that_are_no_text(void **state)
{
	struct world *w = *state;
	struct managed *m;
	json_t *o;

	world_apply(w, NO_ROOT("web", "") "---\n" JAIL("two", ""));
	m = reconciler_jail(&w->reconciler, "web", false);
	managed_state(&w->reconciler, m, STATE_FAILED, "Gr\xfc\xdf" "e");
	free(m->last.reason);
	m->last.reason = strdup("\xff");
	kernel_make(w, "odd\xe4");
	kernel_set_text(w, "two", "host.hostname", "h\xe9");
	o = status_of(w, true, NULL);
	assert_non_null(strstr(text(jail_of(o, "web"), "reason"), "Gr"));
	assert_int_equal(json_array_size(json_object_get(o, "jails")), 3);
	json_decref(o);
}

static void
invalid_file_is_shown(void **state)
{
	struct world *w = *state;
	struct scan_file file = { .path = (char []){ "test.yaml" } };
	struct scan scan;
	json_t *o, *first;

	world_apply(w, JAIL("web", ""));
	memset(&scan, 0, sizeof scan);
	scan.file = &file;
	scan.file_count = 1;
	spec_error_add(&scan.errors, (struct spec_place){ "test.yaml", 3, 4 },
	    false, "no such key");
	o = status_of(w, true, &scan);
	assert_string_equal(text(jail_of(o, "web"), "state"), "invalid");
	assert_non_null(strstr(text(jail_of(o, "web"), "reason"),
	    "test.yaml:3:4: no such key"));
	first = json_array_get(json_object_get(o, "files"), 0);
	assert_string_equal(text(first, "path"), "test.yaml");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(
	    first, "error"), "line")), 3);
	json_decref(o);
	spec_errors_free(&scan.errors);
}

/* Nobody can see whether a jail should be there: nothing is done about it. */
static void
missing_directory_is_shown(void **state)
{
	struct world *w = *state;
	struct scan scan;
	json_t *o;

	world_apply(w, JAIL("web", ""));
	memset(&scan, 0, sizeof scan);
	scan.state = SCAN_MISSING;
	scan.why = (char []){ "directory /specs: not there" };
	o = status_of(w, true, &scan);
	assert_string_equal(text(jail_of(o, "web"), "state"), "held");
	assert_non_null(strstr(text(jail_of(o, "web"), "reason"),
	    "/specs: not there"));
	assert_int_equal(json_integer_value(json_object_get(json_object_get(o,
	    "summary"), "held")), 1);
	json_decref(o);
}

static void
plan_names(void **state)
{
	struct world *w = *state;
	struct action a;
	json_t *o, *p;

	world_apply(w, JAIL("web", "host.hostname: a\nexec.stop: x\n"));
	world_reconciler(w, &(struct reconcile_options){
	    .letters = ALL_LETTERS });
	world_want(w, JAIL("web", "host.hostname: b\nip4: inherit\n"));
	assert_int_equal(reconciler_plan(&w->reconciler, reconciler_jail(
	    &w->reconciler, "web", false), &a), 0);
	o = status_action(&a);
	assert_string_equal(text(o, "jail"), "web");
	assert_string_equal(text(o, "action"), "restart");
	assert_non_null(strstr(text(o, "reason"), "ip4"));
	assert_int_equal(json_array_size(json_object_get(o, "params")), 3);
	p = json_array_get(json_object_get(o, "params"), 0);
	assert_string_equal(text(p, "name"), "host.hostname");
	assert_string_equal(text(p, "from"), "a");
	assert_string_equal(text(p, "to"), "b");
	assert_string_equal(text(p, "how"), "live");
	json_decref(o);
	action_free(&a);
}

static void
times(void **state)
{
	char buf[32];

	(void)state;
	assert_string_equal(status_time(0, buf), "1970-01-01T00:00:00Z");
	assert_string_equal(status_time(1795341600, buf),
	    "2026-11-22T10:00:00Z");
}

static void
messages(void **state)
{
	struct action a = { .name = (char []){ "web" },
		.reason = (char []){ "path changed" } };
	struct outcome o = { .ok = true, .up = true, .jid = 7,
		.took_us = 12345 };
	char buf[256], tiny[12];

	(void)state;
	a.kind = ACTION_CREATE;
	assert_string_equal(message_of(&a, &o, false, buf, sizeof buf),
	    "web: created");
	assert_string_equal(message_of(&a, &o, true, buf, sizeof buf),
	    "web: created (jid 7): path changed; 12.3 ms");
	a.kind = ACTION_RESTART;
	assert_string_equal(message_of(&a, &o, false, buf, sizeof buf),
	    "web: restarted");
	o.up = false;
	assert_string_equal(message_of(&a, &o, false, buf, sizeof buf),
	    "web: stopped");
	a.kind = ACTION_MODIFY;
	o.ok = false;
	snprintf(o.error, sizeof o.error, "it broke");
	assert_string_equal(message_of(&a, &o, true, buf, sizeof buf),
	    "web: modify failed: it broke");
	assert_string_equal(message_of(&a, &o, true, tiny, sizeof tiny),
	    "web: modify");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(names_are_stable),
		TEST(written_in_parts),
		TEST(age_of_a_jail),
		TEST(drift_is_seen),
		TEST(bytes_that_are_no_text),
		TEST(invalid_file_is_shown),
		TEST(missing_directory_is_shown),
		TEST(plan_names),
		cmocka_unit_test(times),
		cmocka_unit_test(messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
