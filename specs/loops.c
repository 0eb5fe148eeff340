/* SPDX-License-Identifier: BSD-2-Clause */
/* Jails that wait for each other: none of them can ever be started. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "specs/spec.h"

#define LOOPS_MAX 10000 /* errors of a set that loops are added to */
#define NEW 0
#define DONE SIZE_MAX

struct visit {
	const struct spec *spec;
	size_t next; /* dependency to be looked at */
};

struct search {
	struct spec_set *set;
	size_t *met; /* by index: NEW, DONE, or its place on the way */
	struct visit *way;
	size_t depth, loops;
};

static int
compare_name(const void *name, const void *spec)
{
	return strcmp(name, (*(struct spec *const *)spec)->name);
}

static bool
index_of(const struct spec_set *set, const char *name, size_t *at)
{
	struct spec **found = set->count == 0 ? NULL : bsearch(name, set->spec,
	    set->count, sizeof *found, compare_name);

	if (found == NULL)
		return false;
	*at = (size_t)(found - set->spec);
	return true;
}

/* The i-th thing that a spec waits for: `depend`, then its parent. */
static bool
waits_for(const struct search *s, const struct spec *spec, size_t i,
    size_t *at)
{
	const char *dot = strrchr(spec->name, '.');
	char *parent;
	bool found;

	if (i < spec->depend.count)
		return index_of(s->set, spec->depend.text[i], at);
	if (dot == NULL)
		return false;
	parent = strndup(spec->name, (size_t)(dot - spec->name));
	found = parent != NULL && index_of(s->set, parent, at);
	free(parent);
	return found;
}

static void
report(struct search *s, size_t at)
{
	const struct spec *goal = s->set->spec[at];
	char chain[512];
	size_t used, i = s->met[at];

	s->loops++;
	if (s->set->errors.count >= LOOPS_MAX)
		return;
	used = (size_t)snprintf(chain, sizeof chain, "%s", goal->name);
	for (; i < s->depth && used < sizeof chain; i++)
		used += (size_t)snprintf(chain + used, sizeof chain - used,
		    " -> %s", s->way[i].spec->name);
	spec_error_add(&s->set->errors, goal->place, false, "jail \"%s\": "
	    "dependency loop: %s -> %s", goal->name, chain, goal->name);
}

/* Depth first, each spec once. */
static void
walk(struct search *s, size_t start)
{
	s->way[0] = (struct visit){ s->set->spec[start], 0 };
	s->depth = 1;
	s->met[start] = s->depth;
	while (s->depth > 0) {
		struct visit *v = &s->way[s->depth - 1];
		size_t at;

		if (v->next > v->spec->depend.count) {
			if (index_of(s->set, v->spec->name, &at))
				s->met[at] = DONE;
			s->depth--;
		} else if (waits_for(s, v->spec, v->next++, &at)) {
			if (s->met[at] != NEW && s->met[at] != DONE)
				report(s, at);
			if (s->met[at] != NEW)
				continue;
			s->way[s->depth++] =
			    (struct visit){ s->set->spec[at], 0 };
			s->met[at] = s->depth;
		}
	}
}

size_t
spec_set_loops(struct spec_set *set)
{
	struct search s = { .set = set };

	s.met = calloc(set->count + 1, sizeof *s.met);
	s.way = calloc(set->count + 1, sizeof *s.way);
	for (size_t i = 0; s.met != NULL && s.way != NULL && i < set->count;
	    i++)
		if (s.met[i] == NEW)
			walk(&s, i);
	free(s.met);
	free(s.way);
	return s.loops;
}
