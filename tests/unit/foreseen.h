/* SPDX-License-Identifier: BSD-2-Clause */
/* What a plan of the whole set says; to be included after cmocka.h. */
#ifndef JA_TEST_FORESEEN_H
#define JA_TEST_FORESEEN_H

#include "agent/reconcile/foresee.h"
#include "agent_fixture.h"

/* Without --prune nobody speaks of what is not said. */
static inline void
world_leave_unsaid(struct world *w)
{
	struct reconciler *r = &w->reconciler;

	for (size_t i = 0; !r->opt.prune && i < r->count; i++) {
		if (r->jail[i]->said)
			continue;
		spec_free(r->jail[i]->desired);
		r->jail[i]->desired = NULL;
	}
}

/* "create web;blocked app;": all that is not `none`, in order of names. */
static inline const char *
foreseen_with(struct world *w, const char *yaml,
    const struct reconcile_options *opt)
{
	static char text[2048];
	struct action *actions;
	size_t n = 0;

	world_reconciler(w, opt);
	world_want(w, yaml);
	world_leave_unsaid(w);
	actions = foresee(&w->reconciler);
	assert_non_null(actions);
	text[0] = '\0';
	for (size_t i = 0; i < w->reconciler.count; i++) {
		if (actions[i].kind != ACTION_NONE)
			n += (size_t)snprintf(text + n, sizeof text - n,
			    "%s %s;", action_word(actions[i].kind),
			    actions[i].name);
		action_free(&actions[i]);
	}
	free(actions);
	return text;
}

static inline const char *
foreseen(struct world *w, const char *yaml)
{
	const struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true };

	return foreseen_with(w, yaml, &opt);
}

/* The same where an agent uses the state directory. */
static inline const char *
foreseen_for_agent(struct world *w, const char *yaml)
{
	const struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true, .for_agent = true };

	return foreseen_with(w, yaml, &opt);
}

/* What a jail has now: the texts of a parameter, with blanks between them. */
static inline const char *
live_text(struct world *w, const char *name, const char *param)
{
	static char text[512];
	struct text_list have = { 0 };
	struct live live;

	assert_int_equal(live_read(&w->observer, name, NULL, NULL, &live, NULL),
	    0);
	assert_int_equal(live_texts(&live, param, &have, NULL), 0);
	text[0] = '\0';
	for (size_t i = 0; i < have.count; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text),
		    "%s%s", i > 0 ? " " : "", have.text[i]);
	text_list_free(&have);
	live_free(&live);
	return text;
}

#endif
