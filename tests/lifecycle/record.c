/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lifecycle.h"

#define TRIES_A_SECOND 5

static bool
write_files(struct replay *r, const json_t *record)
{
	const struct world *w = &r->world;
	json_t *files = json_object_get(record, "files"), *text;
	json_t *all = json_object();
	const char *name;
	bool ok = true;

	json_object_update(all, files);
	json_object_set(all, "jail.conf", json_object_get(record, "conf"));
	json_object_foreach (all, name, text) {
		char path[512], *expanded;

		if (!json_is_string(text))
			continue;
		expanded = world_expand(w, json_string_value(text));
		snprintf(path, sizeof path, "s/%s", name);
		if (expanded != NULL)
			differences_without(r, expanded);
		ok = ok && expanded != NULL &&
		    world_write(w, path, expanded) == 0;
		free(expanded);
	}
	json_decref(all);
	return ok;
}

static bool
run_setup(struct replay *r, const json_t *record)
{
	const char *setup = json_string_value(json_object_get(record,
	    "setup"));
	char *command, *said;
	int status;

	if (setup == NULL)
		return true;
	command = world_expand(&r->world, setup);
	status = world_run(&r->world, command);
	free(command);
	if (status == 0)
		return true;
	said = world_read(&r->world, "err", 0);
	printf("FAIL %s: its setup: status %d: %s\n", r->id, status, said);
	free(said);
	return false;
}

static char *
log_since(struct replay *r, long from)
{
	char *text = world_read(&r->world, "log", from), *folded;

	folded = world_fold(&r->world, text);
	free(text);
	return folded;
}

/*
 * What follows a step by itself (a command in the background) is given the
 * time that it had in the recording, and a little more on a busy host.
 */
static void
run_step(struct replay *r, json_t *step, long *seen)
{
	struct timespec pause = { .tv_nsec = 1000000000L / TRIES_A_SECOND };
	double settle = json_number_value(json_object_get(step, "settle"));
	char *command = world_expand(&r->world, json_string_value(
	    json_object_get(step, "cmd"))), *log, *raw;
	int status = world_run(&r->world, command);
	int tries = (int)(2 * settle * TRIES_A_SECOND) + TRIES_A_SECOND;
	char *out = world_read(&r->world, "out", 0);
	char *err = world_read(&r->world, "err", 0);

	log = log_since(r, *seen);
	while (tries-- > 0 && !compare_quietly(r, step, status, log)) {
		nanosleep(&pause, NULL);
		free(log);
		log = log_since(r, *seen);
	}
	(void)world_write(&r->world, "out", out); /* the command's, not list's */
	compare_step(r, step, status, log);
	if (r->wrong && err[0] != '\0')
		printf("  said:   %s", err);
	raw = world_read(&r->world, "log", *seen);
	*seen += (long)strlen(raw);
	free(raw);
	free(log);
	free(out);
	free(err);
	free(command);
}

static void
run_steps(struct replay *r, const json_t *record)
{
	json_t *steps = json_object_get(record, "steps"), *step;
	long seen = 0;
	size_t i;

	json_array_foreach (steps, i, step) {
		r->step = i + 1;
		run_step(r, step, &seen);
	}
	r->wrong |= differences_stale(r, i);
	r->passed += !r->wrong;
	r->failed += r->wrong;
	if (r->verbose && !r->wrong)
		printf("ok - %s\n", r->id);
}

void
record_run(struct replay *r, const json_t *record)
{
	const struct difference *whole;

	r->id = json_string_value(json_object_get(record, "id"));
	r->step = 0;
	r->wrong = false;
	whole = differences_whole(r);
	if (whole != NULL) {
		r->skipped++;
		printf("skip - %s: %s\n", r->id, whole->reason);
		return;
	}
	r->jids = json_object();
	r->unordered = json_is_true(json_object_get(record, "unordered"));
	if (world_reset(&r->world) != 0) {
		perror("lifecycle: the world");
		exit(2);
	}
	if (!write_files(r, record) || !run_setup(r, record))
		r->failed++;
	else
		run_steps(r, record);
	json_decref(r->jids);
}
