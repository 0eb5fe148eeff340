/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A world for tests of the agent's core: the backend model in a directory of
 * its own, traced, with inventory, event loop and reconciler.
 */
#ifndef TEST_AGENT_FIXTURE_H
#define TEST_AGENT_FIXTURE_H

#include <event2/event.h>

#include "agent/base/clock.h"
#include "agent/reconcile/reconcile.h"
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

static inline void
world_told(void *arg, const struct managed *m, const struct action *a,
    const struct outcome *o)
{
	struct world *w = arg;
	size_t n = strlen(w->deeds);

	(void)m;
	if (++w->told > 200)
		fail_msg("no end: %.400s", w->deeds);
	if (!o->ok) {
		w->failures++;
		snprintf(w->error, sizeof w->error, "%s", o->error);
	}
	if (n < sizeof w->deeds)
		snprintf(w->deeds + n, sizeof w->deeds - n, "%s%s %s;",
		    o->ok ? "" : "!", action_word(a->kind), a->name);
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
	    inventory_open(&w->inventory, &w->paths, w->observer.boot, true,
	    &err) != 0)
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
		"state/snapshots", "run", "run/console", "model", "set",
		"root" };
	struct paths *p = &w->paths;
	struct temp_dir made;

	memset(w, 0, sizeof *w);
	alarm(100); /* a loop without end fails */
	temp_dir_make(&made);
	assert_non_null(realpath(made.path, w->dir.path));
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
		assert_int_equal(mkdir(world_path(w, dirs[i]), 0700), 0);
	snprintf(p->state, PATHS_MAX, "%s", world_path(w, "state"));
	snprintf(p->run, PATHS_MAX, "%s", world_path(w, "run"));
	snprintf(p->applied, PATHS_MAX, "%s", world_path(w, "state/applied"));
	snprintf(p->snapshots, PATHS_MAX, "%s",
	    world_path(w, "state/snapshots"));
	snprintf(p->key, PATHS_MAX, "%s", world_path(w, "state/key"));
	snprintf(p->public_key, PATHS_MAX, "%s",
	    world_path(w, "state/key.pub"));
	snprintf(p->control, PATHS_MAX, "%s", world_path(w, "run/control"));
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

static inline void
world_reconciler(struct world *w, const struct reconcile_options *opt)
{
	struct workshop shop = { .base = w->base, .children = w->children,
		.observer = &w->observer, .inventory = &w->inventory,
		.paths = &w->paths, .set = w->set };
	struct reconcile_options o = *opt;

	if (w->has_reconciler)
		reconciler_free(&w->reconciler);
	o.told = world_told;
	o.arg = w;
	assert_int_equal(reconciler_init(&w->reconciler, &shop, &o, NULL), 0);
	w->has_reconciler = true;
	assert_int_equal(reconciler_adopt_inventory(&w->reconciler), 0);
}

/*
 * Specs of YAML text, in which @ stands for a directory that exists.  The
 * caller frees the set.
 */
static inline void
specs_parse(const struct world *w, const char *yaml, struct spec_set *set)
{
	struct spec_docs docs = { 0 };
	char *text = calloc(1, strlen(yaml) * 2 + 64 * PATHS_MAX), *to = text;

	assert_non_null(text);
	for (; *yaml != '\0'; yaml++) {
		if (*yaml == '@')
			to = stpcpy(to, w->root);
		else
			*to++ = *yaml;
	}
	memset(set, 0, sizeof *set);
	if (to == text) {
		free(text);
		return;
	}
	spec_parse("test.yaml", text, strlen(text), &docs, &set->errors);
	spec_resolve(&docs, set);
	for (size_t i = 0; i < set->errors.count; i++)
		if (!set->errors.error[i].warning)
			fail_msg("%s in\n%s", set->errors.error[i].message,
			    text);
	spec_docs_free(&docs);
	free(text);
}

/* One spec, to be freed with spec_free. */
static inline struct spec *
spec_of_text(const struct world *w, const char *yaml)
{
	struct spec_set set;
	struct spec *s;

	specs_parse(w, yaml, &set);
	assert_int_equal(set.count, 1);
	s = spec_copy(set.spec[0]);
	assert_non_null(s);
	spec_set_free(&set);
	return s;
}

/* What the reconciler shall want; jails that the text leaves out go. */
static inline void
world_want(struct world *w, const char *yaml)
{
	struct reconciler *r = &w->reconciler;
	struct spec_set set;

	for (size_t i = 0; i < r->count; i++)
		r->jail[i]->said = false;
	specs_parse(w, yaml, &set);
	for (size_t i = 0; i < set.count; i++)
		assert_int_equal(reconciler_want(r, spec_copy(set.spec[i])), 0);
	spec_set_free(&set);
	for (size_t i = 0; i < r->count; i++)
		if (!r->jail[i]->said && r->opt.prune)
			reconciler_unwant(r, r->jail[i]);
}

/* Runs the loop until all is settled; a loop without end fails. */
static inline void
world_settle(struct world *w)
{
	int64_t end = clock_ms() + 20000;
	unsigned turns = 0;

	while (!reconciler_settled(&w->reconciler)) {
		int rc;

		if (clock_ms() > end)
			fail_msg("no end: %.400s", w->deeds);
		rc = event_base_loop(w->base, EVLOOP_NONBLOCK);
		assert_int_not_equal(rc, -1);
		if (++turns % 16 == 0)
			usleep(200);
	}
}

/* One-shot apply of the whole set with --prune. */
static inline void
world_apply_with(struct world *w, const char *yaml, unsigned letters,
    unsigned parallel)
{
	struct reconcile_options opt = { .letters = letters, .prune = true,
		.parallel = parallel };

	w->told = w->failures = 0;
	w->deeds[0] = w->error[0] = '\0';
	world_reconciler(w, &opt);
	world_want(w, yaml);
	world_settle(w);
}

static inline void
world_apply(struct world *w, const char *yaml)
{
	world_apply_with(w, yaml, ALL_LETTERS, 16);
}

/* What plan would say of a jail now: "modify: REASON [a b]"; static buffer. */
static inline const char *
world_plan(struct world *w, const char *name)
{
	static char text[2048];
	struct managed *m = reconciler_jail(&w->reconciler, name, false);
	struct action a;
	size_t n;

	if (m == NULL)
		return "unknown";
	assert_int_equal(reconciler_plan(&w->reconciler, m, &a), 0);
	n = (size_t)snprintf(text, sizeof text, "%s: %s [",
	    action_word(a.kind), a.reason);
	for (size_t i = 0; i < a.count && n < sizeof text; i++)
		n += (size_t)snprintf(text + n, sizeof text - n, "%s%s:%s",
		    i == 0 ? "" : " ", a.change[i].name,
		    how_word(a.change[i].how));
	if (n < sizeof text)
		snprintf(text + n, sizeof text - n, "]");
	action_free(&a);
	return text;
}

static inline const char *
world_state(struct world *w, const char *name)
{
	struct managed *m = reconciler_jail(&w->reconciler, name, false);

	return m == NULL ? "unknown" : jail_state_word[m->state];
}

static inline const char *
world_reason(struct world *w, const char *name)
{
	struct managed *m = reconciler_jail(&w->reconciler, name, false);

	return m == NULL || m->reason == NULL ? "" : m->reason;
}

/* Lines of the trace that begin with a word, since the file was emptied. */
static inline unsigned
trace_count(struct world *w, const char *word)
{
	FILE *f = fopen(w->trace, "r");
	char line[8192];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof line, f) != NULL)
		n += strncmp(line, word, strlen(word)) == 0;
	fclose(f);
	return n;
}

static inline unsigned
trace_mutations(struct world *w)
{
	return trace_count(w, "set") + trace_count(w, "remove") +
	    trace_count(w, "attach") + trace_count(w, "spawn") +
	    trace_count(w, "signal");
}

static inline void
trace_clear(struct world *w)
{
	assert_int_equal(truncate(w->trace, 0), 0);
}

/* A jail made behind the agent's back, or a parameter of one changed. */
static inline int
kernel_make(struct world *w, const char *name)
{
	struct jail_call c = { 0 };
	int jid;

	assert_int_equal(call_add_text(&c, "name", name), 0);
	assert_int_equal(call_add_text(&c, "path", w->root), 0);
	assert_int_equal(call_add_bool(&c, "persist", true), 0);
	jid = call_set(w->kernel, &c, JAIL_CREATE, NULL);
	call_finish(&c);
	return jid;
}

static inline int
kernel_set_text(struct world *w, const char *name, const char *param,
    const char *value)
{
	struct jail_call c = { 0 };
	int jid;

	assert_int_equal(call_add_text(&c, "name", name), 0);
	assert_int_equal(call_add_text(&c, param, value), 0);
	jid = call_set(w->kernel, &c, JAIL_UPDATE, NULL);
	call_finish(&c);
	return jid;
}

/* The jid of a living jail, 0 when there is none. */
static inline int
kernel_jid(struct world *w, const char *name)
{
	struct live live;
	int rc = live_read(&w->observer, name, NULL, NULL, &live, NULL), jid;

	assert_true(rc >= 0);
	jid = rc == 0 ? live.jid : 0;
	live_free(&live);
	return jid;
}

static inline void
kernel_kill(struct world *w, const char *name)
{
	int jid = kernel_jid(w, name);

	assert_true(jid > 0);
	assert_int_equal(w->kernel->backend->remove(w->kernel, jid), 0);
}

#endif
