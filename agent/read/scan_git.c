/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Directories in a work tree that git is changing.  What is there then is
 * neither what was nor what will be, so nothing is looked at until git is done.
 * Who never ends keeps others waiting for ten seconds; from then on each file
 * counts for itself again, but nothing is removed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/read/scan.h"

#define PATIENCE_MS 10000
#define CALM_MS 1000 /* after more than that, before anything is removed */

/* Whether git is at work in one of the work trees that hold directories. */
static bool
at_work(const struct reader *r, struct git_work *w)
{
	char path[2 * PATH_MAX];
	struct git g;

	(void)git_find(r->dir, &g);
	if (g.dir[0] != '\0' && git_at_work(&g, w))
		return true;
	for (size_t i = 1; i < r->places.count; i++) {
		if (!r->places.place[i].own_tree)
			continue;
		snprintf(path, sizeof path, "%s/%s", r->dir,
		    r->places.place[i].name);
		(void)git_find(path, &g);
		if (g.dir[0] != '\0' && git_at_work(&g, w))
			return true;
	}
	return false;
}

/* For long, and no longer: whether it has been calm since. */
static bool
calm_again(struct reader *r, long long now)
{
	if (r->git_problem == NULL)
		return true;
	if (r->calm_ms == 0)
		r->calm_ms = now;
	return now - r->calm_ms >= CALM_MS;
}

static void
forget(struct reader *r)
{
	free(r->git_problem);
	r->git_problem = NULL;
	r->git_ms = r->calm_ms = 0;
}

bool
git_keeps(struct reader *r)
{
	long long now = monotonic_ms();
	char text[2 * PATH_MAX];
	struct git_work w;

	if (!at_work(r, &w)) {
		if (!calm_again(r, now))
			return true;
		forget(r);
		return false;
	}
	r->calm_ms = 0;
	if (r->git_ms == 0)
		r->git_ms = now;
	if (r->git_problem == NULL && now - r->git_ms < PATIENCE_MS &&
	    w.age_ms < PATIENCE_MS)
		return true;
	snprintf(text, sizeof text, "git has been at work for more than %d s "
	    "(%s is there), and no jail is removed until it is done; %s",
	    PATIENCE_MS / 1000, w.path, w.end);
	free(r->git_problem);
	r->git_problem = strdup(text);
	return r->git_problem == NULL;
}

bool
git_began(struct reader *r)
{
	struct git_work w;

	if (r->git_problem != NULL || !at_work(r, &w))
		return false;
	r->git_ms = monotonic_ms();
	return true;
}
