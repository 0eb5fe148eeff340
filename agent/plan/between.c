/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/plan/between.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Digests are told from each other by their first digits. */
#define DIGEST_SHOWN 12

/* Texts of a struct that are compared, by the names they have in the file. */
struct field {
	const char *name;
	size_t offset;
	int shown; /* characters; 0: only that it changed */
};

static const struct field state_fields[] = {
	{ "host", offsetof(struct snapshot, host), -1 },
	{ "boot", offsetof(struct snapshot, boot), -1 },
	{ "kernel", offsetof(struct snapshot, kernel), -1 },
	{ "revision", offsetof(struct snapshot, revision), -1 },
	{ "set", offsetof(struct snapshot, set), -1 },
	{ NULL, 0, 0 },
};

static const struct field jail_fields[] = {
	{ "state", offsetof(struct snapshot_jail, state), -1 },
	{ "error", offsetof(struct snapshot_jail, error), -1 },
	{ "set", offsetof(struct snapshot_jail, set), -1 },
	{ "spec", offsetof(struct snapshot_jail, spec_digest), DIGEST_SHOWN },
	{ "applied", offsetof(struct snapshot_jail, applied_digest),
	    DIGEST_SHOWN },
	{ "token", offsetof(struct snapshot_jail, token), 0 },
	{ NULL, 0, 0 },
};

static const char *
field_of(const void *of, const struct field *f)
{
	const char *text;

	memcpy(&text, (const char *)of + f->offset, sizeof text);
	return text == NULL ? "" : text;
}

static int
no_memory(struct error *err)
{
	return error_sys(err, ENOMEM, "no memory for the differences");
}

static const struct text_list *
find_param(const struct snapshot_jail *j, const char *name)
{
	for (size_t i = 0; i < j->count; i++)
		if (strcmp(j->param[i].name, name) == 0)
			return &j->param[i].value;
	return NULL;
}

static int
add_param(struct action *a, const char *kernel, const char *name,
    const struct text_list *from, const struct text_list *to)
{
	const struct param_def *def = param_find(name);
	struct change *c = action_add(a, name, change_how_live(kernel, name,
	    def != NULL ? def->access : PARAM_RW, def));

	if (c == NULL)
		return -1;
	c->was_set = from != NULL;
	c->is_set = to != NULL;
	return (from == NULL || text_list_copy(&c->from, from) == 0) &&
	    (to == NULL || text_list_copy(&c->to, to) == 0) ? 0 : -1;
}

static int
add_params(struct action *a, const char *kernel,
    const struct snapshot_jail *from, const struct snapshot_jail *to)
{
	const struct text_list *other;

	for (size_t i = 0; i < from->count; i++) {
		const struct snapshot_param *p = &from->param[i];

		other = find_param(to, p->name);
		if ((other == NULL || !text_list_equal(&p->value, other)) &&
		    add_param(a, kernel, p->name, &p->value, other) != 0)
			return -1;
	}
	for (size_t i = 0; i < to->count; i++)
		if (find_param(from, to->param[i].name) == NULL &&
		    add_param(a, kernel, to->param[i].name, NULL,
		    &to->param[i].value) != 0)
			return -1;
	return 0;
}

/* "; state: ready -> failed", for each field that differs. */
static void
add_fields(struct buffer *b, const struct snapshot_jail *from,
    const struct snapshot_jail *to)
{
	for (const struct field *f = jail_fields; f->name != NULL; f++) {
		const char *was = field_of(from, f), *is = field_of(to, f);

		if (strcmp(was, is) == 0)
			continue;
		buffer_text(b, b->len == 0 ? "" : "; ");
		if (f->shown == 0)
			buffer_printf(b, "another %s", f->name);
		else
			buffer_printf(b, "%s: %.*s -> %.*s", f->name,
			    f->shown, *was == '\0' ? "(empty)" : was,
			    f->shown, *is == '\0' ? "(empty)" : is);
	}
}

static int
add_action(struct between *b, const char *name, struct action **a)
{
	struct action *grown = realloc(b->action,
	    (b->count + 1) * sizeof *grown);

	if (grown == NULL)
		return -1;
	b->action = grown;
	*a = &grown[b->count++];
	**a = (struct action){ .name = strdup(name) };
	return (*a)->name == NULL ? -1 : 0;
}

/* One of both may be NULL. */
static enum action_kind
kind_of(const struct snapshot_jail *from, const struct snapshot_jail *to)
{
	int was = from == NULL ? 0 : from->jid, is = to == NULL ? 0 : to->jid;

	if (was == 0 && is != 0)
		return ACTION_CREATE;
	if (was != 0 && is == 0)
		return ACTION_REMOVE;
	return was != is ? ACTION_RESTART : ACTION_NONE;
}

static int
add_jail(struct between *b, const char *kernel,
    const struct snapshot_jail *from, const struct snapshot_jail *to)
{
	struct buffer reason = { .data = NULL };
	enum action_kind kind = kind_of(from, to);
	struct action *a;
	int rc = add_action(b, from != NULL ? from->name : to->name, &a);

	if (rc == 0 && (kind == ACTION_RESTART || kind == ACTION_NONE) &&
	    from != NULL && to != NULL)
		rc = add_params(a, kernel, from, to);
	if (rc != 0)
		return -1;
	if (from == NULL)
		buffer_text(&reason, "it was not there before");
	else if (to == NULL)
		buffer_text(&reason, "it is not there any more");
	else if (kind == ACTION_RESTART)
		buffer_printf(&reason, "jid: %d -> %d", from->jid, to->jid);
	else if (kind != ACTION_NONE)
		buffer_text(&reason, kind == ACTION_CREATE ?
		    "it did not run" : "it does not run any more");
	if (from != NULL && to != NULL)
		add_fields(&reason, from, to);
	if (kind == ACTION_NONE && a->count > 0) {
		kind = ACTION_MODIFY;
		if (reason.len == 0)
			buffer_text(&reason, "its parameters differ");
	}
	a->jid = to != NULL ? to->jid : 0;
	rc = reason.failed ? -1 : action_decide(a, kind, "%s",
	    reason.len == 0 ? "" : reason.data);
	buffer_free(&reason);
	/* Nothing differs: it is not among them. */
	if (rc == 0 && kind == ACTION_NONE && a->reason[0] == '\0') {
		action_free(a);
		b->count--;
	}
	return rc;
}

static int
add_states(struct between *b, const struct snapshot *from,
    const struct snapshot *to)
{
	struct change *c;

	for (const struct field *f = state_fields; f->name != NULL; f++) {
		const char *was = field_of(from, f), *is = field_of(to, f);

		if (strcmp(was, is) == 0)
			continue;
		c = action_add(&b->states, f->name, HOW_LIVE);
		if (c == NULL || text_list_add(&c->from, was) != 0 ||
		    text_list_add(&c->to, is) != 0)
			return -1;
		c->was_set = c->is_set = true;
	}
	return 0;
}

int
between(const struct snapshot *from, const struct snapshot *to,
    struct between *b, struct error *err)
{
	size_t i = 0, k = 0;
	int rc;

	*b = (struct between){ .count = 0 };
	rc = add_states(b, from, to);
	/* Both are sorted by name. */
	while (rc == 0 && (i < from->count || k < to->count)) {
		int order = i == from->count ? 1 : k == to->count ? -1 :
		    strcmp(from->jail[i].name, to->jail[k].name);

		rc = add_jail(b, to->kernel,
		    order <= 0 ? &from->jail[i] : NULL,
		    order >= 0 ? &to->jail[k] : NULL);
		i += order <= 0;
		k += order >= 0;
	}
	if (rc == 0)
		return 0;
	between_free(b);
	return no_memory(err);
}

void
between_free(struct between *b)
{
	for (size_t i = 0; i < b->count; i++)
		action_free(&b->action[i]);
	free(b->action);
	action_free(&b->states);
	*b = (struct between){ .count = 0 };
}
