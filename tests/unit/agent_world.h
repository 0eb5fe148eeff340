/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world for tests of the agent's core: the backend model in a directory of
 * its own, traced, with inventory, event loop and reconciler.
 */
#ifndef TEST_AGENT_WORLD_H
#define TEST_AGENT_WORLD_H

#include <event2/event.h>

#include "agent/base/clock.h"
#include "agent/reconcile/reconcile.h"
#include "cpu_limit.h"
#include "temp_dir.h"

#define ALL_LETTERS (LETTER_C | LETTER_M | LETTER_R)

struct world {
	struct temp_dir dir;
	struct paths paths;
	char set[PATHS_MAX], root[PATHS_MAX], trace[PATHS_MAX];
	char kernel_name[4 * PATHS_MAX];
	struct kernel_options kopt;
	struct event_base *base;
	struct children *children;
	struct jail_kernel *kernel;
	struct observer observer;
	struct inventory inventory;
	struct standing *standing; /* users' orders; NULL: none */
	struct reconciler reconciler;
	bool has_reconciler;
	unsigned told, failures; /* deeds, and those that failed */
	char deeds[4096];	 /* "create web;" ... */
	char error[ERROR_TEXT_MAX];
};

static inline const char *
world_path(struct world *w, const char *name)
{
	return temp_file(&w->dir, name);
}

/* Opens kernel and inventory, as a process that starts does. */
static inline void
world_open(struct world *w)
{
	struct error err;

	error_clear(&err);
	w->kernel = kernel_open(w->kernel_name, &w->kopt, &err);
	if (w->kernel == NULL)
		fail_msg("%s", err.text);
	if (observer_init(&w->observer, w->kernel, &err) != 0 ||
	    inventory_open(&w->inventory, &w->paths, NULL, w->observer.boot,
	    true, &err) != 0)
		fail_msg("%s", err.text);
	w->base = event_base_new();
	assert_non_null(w->base);
	w->children = children_new(w->base);
	assert_non_null(w->children);
}

static inline void
world_close(struct world *w)
{
	if (w->has_reconciler)
		reconciler_free(&w->reconciler);
	w->has_reconciler = false;
	children_free(w->children);
	event_base_free(w->base);
	inventory_close(&w->inventory);
	observer_free(&w->observer);
	kernel_close(w->kernel);
}

static inline void
world_restart(struct world *w)
{
	world_close(w);
	world_open(w);
}

static inline void
world_make(struct world *w, enum jail_generation generation)
{
	static const char *const dirs[] = { "state", "state/applied",
		"state/snapshots", "run", "run/applied", "run/console", "model", "set",
		"root" };
	struct paths *p = &w->paths;
	struct temp_dir made;

	memset(w, 0, sizeof *w);
	cpu_limit();
	temp_dir_make(&made);
	assert_non_null(realpath(made.path, w->dir.path));
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
		assert_int_equal(mkdir(world_path(w, dirs[i]), 0700), 0);
	snprintf(p->state, PATHS_MAX, "%s", world_path(w, "state"));
	snprintf(p->run, PATHS_MAX, "%s", world_path(w, "run"));
	snprintf(p->applied, PATHS_MAX, "%s", world_path(w, "run/applied"));
	snprintf(p->copies, PATHS_MAX, "%s", world_path(w, "state/applied"));
	snprintf(p->snapshots, PATHS_MAX, "%s",
	    world_path(w, "state/snapshots"));
	snprintf(p->key, PATHS_MAX, "%s", world_path(w, "state/key"));
	snprintf(p->public_key, PATHS_MAX, "%s",
	    world_path(w, "state/key.pub"));
	snprintf(p->control, PATHS_MAX, "%s", world_path(w, "run/control"));
	snprintf(p->removals, PATHS_MAX, "%s", world_path(w, "run/removals"));
	snprintf(p->journal, PATHS_MAX, "%s", world_path(w, "run/journal"));
	snprintf(p->console, PATHS_MAX, "%s", world_path(w, "run/console"));
	snprintf(w->set, PATHS_MAX, "%s", world_path(w, "set"));
	snprintf(w->root, PATHS_MAX, "%s", world_path(w, "root"));
	snprintf(w->trace, PATHS_MAX, "%s", world_path(w, "trace"));
	snprintf(w->kernel_name, sizeof w->kernel_name,
	    "trace:%s:model:%s/model", w->trace, w->dir.path);
	w->kopt.generation = generation;
	world_open(w);
}

static inline void
world_remove(struct world *w)
{
	world_close(w);
	temp_dir_remove(&w->dir);
}

/* For cmocka: a world of generation 15 for each test. */
static inline int
world_setup(void **state)
{
	struct world *w = malloc(sizeof *w);

	assert_non_null(w);
	world_make(w, JAIL_GEN_15);
	*state = w;
	return 0;
}

static inline int
world_teardown(void **state)
{
	world_remove(*state);
	free(*state);
	return 0;
}

#endif
