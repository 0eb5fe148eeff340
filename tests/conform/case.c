/* SPDX-License-Identifier: BSD-2-Clause */
/* A case: start state, steps, comparison, clean-up. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "conform.h"
#include "kernel/prison/prison.h"

#define GONE_MS 5000

/* The jail after `last`, dying ones too; -1 when there is none. */
static int
next_jail(struct conform *c, int last)
{
	struct iovec iov[] = {
		{ (char[]){ "lastjid" }, 8 }, { &last, sizeof last },
	};

	return c->k->backend->get(c->k, iov, 2, JAIL_DYING);
}

bool
case_host_is_empty(struct conform *c)
{
	return next_jail(c, 0) < 0;
}

static void
clean_up(struct conform *c, bool leak)
{
	struct timespec ms = { 0, 1000000 };

	while (c->ninmates > 0)
		inmate_kill(c, c->inmates[0].pid);
	for (size_t i = 0; i < c->nfds; i++)
		if (c->fds[i] >= 0)
			close(c->fds[i]);
	c->nfds = 0;
	for (int jid = 0; (jid = next_jail(c, jid)) > 0; )
		c->k->backend->remove(c->k, jid);
	if (leak && c->hooks)
		prison_drop_leaks(prison_table_of(c->k));
	for (int i = 0; i < GONE_MS && !case_host_is_empty(c); i++)
		nanosleep(&ms, NULL);
	json_decref(c->bindings);
}

/* Whether it tells a number that a kernel gives to a renumbered dying jail. */
static bool
mentions_renumbered(const json_t *value)
{
	json_t *member;
	const char *name;
	size_t i;

	json_array_foreach(value, i, member)
		if (mentions_renumbered(member))
			return true;
	json_object_foreach((json_t *)value, name, member)
		if (mentions_renumbered(member))
			return true;
	return json_is_integer(value) &&
	    json_integer_value(value) >= JIDS_END &&
	    json_integer_value(value) <= JID_MAX;
}

/* Why a case cannot be run on a kernel whose counters nothing sets, or NULL. */
static const char *
needs_hooks(const json_t *vector)
{
	json_t *step, *jails;
	size_t i;

	if (json_is_true(json_object_get(vector, "leak")))
		return "the recorded kernel kept a dying jail after it until "
		    "the next boot";
	json_array_foreach(json_object_get(vector, "steps"), i, step) {
		jails = json_object_get(json_object_get(step, "result"),
		    "jails");
		if (strcmp(json_string_value(json_object_get(step, "call")),
		    "jidcounter") == 0)
			return "nothing can set this kernel's counter of jids";
		if (mentions_renumbered(jails))
			return "it shows numbers of dying jails, which the "
			    "kernel counts down from each boot on";
	}
	return NULL;
}

/* Values that were not recorded are not compared. */
static void
drop_unlisted(json_t *got, const json_t *recorded)
{
	json_t *values = json_object_get(got, "values"), *value;
	const json_t *listed = json_object_get(recorded, "values");
	const char *name;
	void *next;

	if (values == NULL || listed == NULL)
		return;
	json_object_foreach_safe(values, next, name, value)
		if (json_object_get(listed, name) == NULL)
			json_object_del(values, name);
}

static void
report(const char *id, size_t step, const json_t *call, const json_t *want,
    const json_t *got)
{
	char *text[3] = {
		json_dumps(call, JSON_ENCODE_ANY | JSON_SORT_KEYS),
		json_dumps(want, JSON_ENCODE_ANY | JSON_SORT_KEYS),
		got == NULL ? NULL :
		    json_dumps(got, JSON_ENCODE_ANY | JSON_SORT_KEYS),
	};

	printf("FAIL %s step %zu\n  call     %s\n  recorded %s\n  got      "
	    "%s\n", id, step, text[0], text[1],
	    text[2] == NULL ? "(the step could not be run)" : text[2]);
	for (size_t i = 0; i < 3; i++)
		free(text[i]);
}

/* Returns whether the step gave what was recorded; else there may be an excuse. */
static bool
run_step(struct conform *c, const char *id, size_t number, const json_t *step,
    char **excuse)
{
	json_t *got = step_run(c, step);
	json_t *recorded = expand_result(c, json_object_get(step, "result"));
	bool same;

	drop_unlisted(got, recorded);
	host_translate(c, got, recorded);
	same = got != NULL && json_equal(got, recorded);
	if (!same)
		*excuse = host_excuse(c, got, recorded);
	if (!same && *excuse == NULL && exception_find(c, id) == NULL)
		report(id, number, step, recorded, got);
	json_decref(got);
	json_decref(recorded);
	return same;
}

/* Whether all steps give what was recorded. */
static bool
run_steps(struct conform *c, const char *id, const json_t *steps,
    char **excuse)
{
	json_t *step;
	size_t i;

	json_array_foreach((json_t *)(uintptr_t)steps, i, step)
		if (!run_step(c, id, i + 1, step, excuse))
			return false;
	return true;
}

static void
count_case(struct conform *c, const char *id, bool passed, const char *excuse)
{
	const char *reason = exception_find(c, id);

	if (reason == NULL)
		reason = excuse;

	if (reason != NULL && passed) {
		printf("FAIL %s passes, but is listed as an exception: %s\n",
		    id, reason);
		c->failed++;
	} else if (reason != NULL) {
		printf("skip - %s: %s\n", id, reason);
		c->skipped++;
	} else if (passed) {
		c->passed++;
		if (c->verbose)
			printf("ok   %s\n", id);
	} else
		c->failed++;
}

void
case_run(struct conform *c, const json_t *vector)
{
	const char *id = json_string_value(json_object_get(vector, "id"));
	bool leak = json_is_true(json_object_get(vector, "leak")), passed;
	const char *reason;
	char *excuse = NULL;

	reason = c->hooks ? NULL : needs_hooks(vector);
	if (reason != NULL) {
		printf("skip - %s: %s\n", id, reason);
		c->skipped++;
		return;
	}
	c->bindings = json_object();
	if (c->hooks)
		prison_set_counters(prison_table_of(c->k), FIRST_JID, 0);
	passed = run_steps(c, id, json_object_get(vector, "steps"), &excuse);
	count_case(c, id, passed, excuse);
	free(excuse);
	clean_up(c, leak);
	if (!case_host_is_empty(c))
		printf("     %s left jails behind\n", id);
}
