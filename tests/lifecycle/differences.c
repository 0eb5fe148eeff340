/* SPDX-License-Identifier: BSD-2-Clause */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lifecycle.h"

#define FIELDS (sizeof((struct difference *)0)->field / sizeof(char *))

/* Takes the line, which becomes the pattern and what follows it. */
static int
take_line(struct replay *r, char *line)
{
	struct difference *grown, d = { 0 };
	char *fields, *save = NULL;
	size_t n = 0;

	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '\0' || line[0] == '#') {
		free(line);
		return 0;
	}
	d.pattern = strtok_r(line, " \t", &save);
	fields = strtok_r(NULL, " \t", &save);
	d.reason = save;
	if (d.pattern != line || fields == NULL || d.reason == NULL ||
	    *d.reason == '\0')
		return -1;
	for (char *f; (f = strsep(&fields, ",")) != NULL;) {
		if (n == FIELDS)
			return -1;
		d.field[n++] = f;
	}
	grown = realloc(r->difference, (r->differences + 1) * sizeof *grown);
	if (grown == NULL)
		return -1;
	r->difference = grown;
	grown[r->differences++] = d;
	return 0;
}

int
differences_read(struct replay *r, const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0, number = 0;
	int rc = 0;

	if (f == NULL) {
		perror(path);
		return -1;
	}
	while (rc == 0 && getline(&line, &room, f) >= 0) {
		number++;
		rc = take_line(r, line);
		if (rc != 0)
			break;
		line = NULL; /* the difference has it */
		room = 0;
	}
	free(line);
	fclose(f);
	if (rc != 0)
		fprintf(stderr, "lifecycle: %s:%zu: not PATTERN FIELDS "
		    "REASON\n", path, number);
	return rc;
}

/* Whether one of the patterns, which commas divide, matches. */
static bool
matches(const char *patterns, const char *place)
{
	char one[128];

	for (size_t n; *patterns != '\0'; patterns += n + (patterns[n] == ',')) {
		n = strcspn(patterns, ",");
		snprintf(one, sizeof one, "%.*s", (int)n, patterns);
		if (fnmatch(one, place, 0) == 0)
			return true;
	}
	return false;
}

static bool
speaks_of(const struct replay *r, const struct difference *d, size_t step)
{
	char place[128];

	snprintf(place, sizeof place, "%s/%zu", r->id, step);
	return matches(d->pattern, place);
}

const struct difference *
differences_whole(struct replay *r)
{
	for (size_t i = 0; i < r->differences; i++)
		if (strcmp(r->difference[i].field[0], "all") == 0 &&
		    matches(r->difference[i].pattern, r->id))
			return &r->difference[i];
	return NULL;
}

/* Cuts statements "NAME...;" that begin a line. */
static bool
cut_statements(char *text, const char *name)
{
	size_t len = strlen(name);
	bool cut = false;

	for (char *line = text; *line != '\0';) {
		char *begin = line + strspn(line, " \t");
		char *end = line + strcspn(line, "\n");

		end += *end == '\n';
		if (strncmp(begin, name, len) == 0 &&
		    strchr(" =;", begin[len]) != NULL) {
			memmove(line, end, strlen(end) + 1);
			cut = true;
		} else
			line = end;
	}
	return cut;
}

void
differences_without(struct replay *r, char *text)
{
	static const char word[] = "without:";

	for (size_t i = 0; i < r->differences; i++) {
		struct difference *d = &r->difference[i];

		for (size_t k = 0; k < FIELDS && d->field[k] != NULL; k++)
			if (strncmp(d->field[k], word, strlen(word)) == 0 &&
			    matches(d->pattern, r->id))
				d->used[k] |= cut_statements(text,
				    d->field[k] + strlen(word));
	}
}

bool
difference_known(struct replay *r, const char *field, bool use)
{
	bool known = false;

	for (size_t i = 0; i < r->differences; i++) {
		struct difference *d = &r->difference[i];

		if (!speaks_of(r, d, r->step))
			continue;
		for (size_t k = 0; k < FIELDS && d->field[k] != NULL; k++)
			if (fnmatch(d->field[k], field, 0) == 0) {
				d->used[k] |= use;
				known = true;
			}
	}
	return known;
}

static bool
speaks_of_record(const struct replay *r, const struct difference *d,
    size_t steps)
{
	for (size_t i = 1; i <= steps; i++)
		if (speaks_of(r, d, i))
			return true;
	return false;
}

bool
differences_stale(struct replay *r, size_t steps)
{
	bool stale = false;

	for (size_t i = 0; i < r->differences; i++) {
		struct difference *d = &r->difference[i];

		for (size_t k = 0; k < FIELDS && d->field[k] != NULL; k++) {
			if (d->used[k] || !speaks_of_record(r, d, steps))
				continue;
			printf("FAIL %s: %s is not different, and is to be "
			    "taken out of the line: %s %s\n", r->id,
			    d->field[k], d->pattern, d->reason);
			stale = true;
		}
		memset(d->used, 0, sizeof d->used);
	}
	return stale;
}

void
differences_free(struct replay *r)
{
	for (size_t i = 0; i < r->differences; i++)
		free(r->difference[i].pattern); /* all of its line */
	free(r->difference);
}
