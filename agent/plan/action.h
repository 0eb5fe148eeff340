/* SPDX-License-Identifier: BSD-2-Clause */
/* What is to be done about one jail: the answer of a plan. */
#ifndef JA_ACTION_H
#define JA_ACTION_H

#include <stdbool.h>
#include <stddef.h>

#include "specs/spec.h"

enum action_kind {
	ACTION_NONE,
	ACTION_CREATE,
	ACTION_MODIFY,
	ACTION_RESTART,
	ACTION_REMOVE,
	ACTION_BLOCKED,	 /* something stands against it: reason says what */
	ACTION_CONFLICT, /* somebody else's jail has the name */
};

/* In the place of a value that nobody is shown. */
#define SECRET_SHOWN "(secret)"

/* Name of a difference in the agent's own settings alone, without texts. */
#define CHANGE_AGENT "agent"

/* How a difference is dealt with. */
enum change_how { HOW_LIVE, HOW_RESTART, HOW_USERLAND };

struct change {
	char *name;
	struct text_list from, to;
	bool was_set, is_set; /* false: the default */
	bool secret; /* texts stand for values that nobody is shown */
	enum change_how how;
};

struct action {
	char *name;
	enum action_kind kind;
	char *reason;
	struct change *change;
	size_t count;
	struct text_list waits; /* MODIFY: what else differs, see meanwhile.h */
	struct text_list lost; /* aliases it was given, and the host has no more */
	int jid;      /* the living jail's, 0 if none */
	bool paused;  /* somebody paused the jail: BLOCKED, or as wanted */
	bool lodged;  /* BLOCKED: strangers in it, who would end with it */
	bool put_off; /* BLOCKED: a change or a restart that others keep from it */
	const char *state; /* BLOCKED: what apply and status call it; NULL: so */
	bool stays;   /* REMOVE, and yet wanted: kept down by hand */
	bool cleanup; /* a dead jail's after-removal hooks are due first */
	bool heals;   /* RESTART of a jail that is unhealthy */
	bool forgets; /* NONE: it is the agent's no more, and that is all */
};

void action_free(struct action *a);
void change_free(struct change *c); /* what is in it */

/* What is to be done, and why (formatted); -1: no memory. */
int action_decide(struct action *out, enum action_kind kind, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));

/* Another change, empty; NULL when memory is out. */
struct change *action_add(struct action *a, const char *name,
    enum change_how how);

/* Whether something differs that is dealt with so. */
bool action_has(const struct action *a, enum change_how how);
/* "host.hostname, path and 2 more": what that is. */
void action_list(const struct action *a, enum change_how how, char *buf,
    size_t size);
/* What differs and can be dealt with while the jail runs, as a reason. */
void action_differs(const struct action *a, char *buf, size_t size);

/* "create", "modify" ...: the words of plan --json and of messages. */
const char *action_word(enum action_kind kind);
/* The same for people: what is not done has the word of its state, "paused". */
const char *action_shown(const struct action *a);
const char *how_word(enum change_how how);

#endif
