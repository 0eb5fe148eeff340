/* SPDX-License-Identifier: BSD-2-Clause */
/* What a plan of the whole set says; to be included after cmocka.h. */
#ifndef JA_TEST_FORESEEN_H
#define JA_TEST_FORESEEN_H

#include "agent/reconcile/foresee.h"
#include "agent_fixture.h"

/* "create web;blocked app;": all that is not `none`, in order of names. */
static inline const char *
foreseen(struct world *w, const char *yaml)
{
	static char text[2048];
	const struct reconcile_options opt = { .letters = ALL_LETTERS,
		.prune = true };
	struct action *actions;
	size_t n = 0;

	world_reconciler(w, &opt);
	world_want(w, yaml);
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

#endif
