/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What tests do in a world: give it specs, let the reconciler settle, look at
 * what it said and at what the kernel was told.
 */
#ifndef TEST_AGENT_FIXTURE_H
#define TEST_AGENT_FIXTURE_H

#include "agent_world.h"

/* A spec that is valid by itself, and more lines of it. */
#define JAIL(name, more) "name: " name "\npath: @\npersist: true\n" more

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

static inline void
world_reconciler(struct world *w, const struct reconcile_options *opt)
{
	struct workshop shop = { .base = w->base, .children = w->children,
		.observer = &w->observer, .inventory = &w->inventory,
		.paths = &w->paths, .set = w->set, .standing = w->standing };
	struct reconcile_options o = *opt;

	if (w->has_reconciler)
		reconciler_free(&w->reconciler);
	o.told = world_told;
	o.arg = w;
	assert_int_equal(reconciler_init(&w->reconciler, &shop, &o, NULL), 0);
	/* What happens in one turn must not hang on how fast that is. */
	w->reconciler.turn_us = 60000000;
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

/* Runs the loop until no jail is under way, or about to be looked at. */
static inline void
world_rest(struct world *w)
{
	const struct reconciler *r = &w->reconciler;

	for (int quiet = 0; quiet < 3;) {
		assert_int_not_equal(event_base_loop(w->base,
		    EVLOOP_NONBLOCK), -1);
		quiet = r->working == 0 && TAILQ_EMPTY(&r->dirty) ?
		    quiet + 1 : 0;
		usleep(500);
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

#define OTHER_SET "/etc/other"

/* Carries a set out as if it were that of another directory. */
static inline void
world_apply_other(struct world *w, const char *yaml)
{
	char own[PATHS_MAX];

	memcpy(own, w->set, sizeof own);
	snprintf(w->set, sizeof w->set, OTHER_SET);
	world_apply(w, yaml);
	assert_int_equal(w->failures, 0);
	memcpy(w->set, own, sizeof own);
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

/* A spec whose jail cannot be made, which shows when that is tried. */
#define NO_ROOT(name, more) "name: " name "\npath: /does/not/exist\n" \
    "persist: true\nexec.prestart: b\n" more

/* A jail made behind the agent's back, or a parameter of one changed. */
static inline int
kernel_make_at(struct world *w, const char *name, const char *path)
{
	struct jail_call c = { 0 };
	int jid;

	assert_int_equal(call_add_text(&c, "name", name), 0);
	assert_int_equal(call_add_text(&c, "path", path), 0);
	assert_int_equal(call_add_bool(&c, "persist", true), 0);
	jid = call_set(w->kernel, &c, JAIL_CREATE, NULL);
	call_finish(&c);
	return jid;
}

static inline int
kernel_make(struct world *w, const char *name)
{
	return kernel_make_at(w, name, w->root);
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
