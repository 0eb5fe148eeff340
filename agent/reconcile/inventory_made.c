/* SPDX-License-Identifier: BSD-2-Clause */
/* The inventory's part that is about things on the host: see inventory.h. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/reconcile/inventory.h"
#include "agent/reconcile/things.h"

bool
entry_made(const struct entry *e, const char *what)
{
	for (size_t i = 0; i < e->made.count; i++)
		if (strcmp(e->made.text[i], what) == 0)
			return true;
	return false;
}

const char *
inventory_shared(const struct inventory *inv, const struct entry *e,
    const char *what)
{
	for (size_t i = 0; i < inv->count; i++) {
		const struct entry *other = inv->entry[i];

		for (size_t j = 0; other != e && j < other->made.count; j++)
			if (thing_same(other->made.text[j], what))
				return other->made.text[j];
	}
	return NULL;
}

/* Among what is made, until the entry's next stage. */
#define BEGUN "begun" /* that it is told what began */
#define BEGUN_HOOK "begun %s"
#define RAN_HOOK "ran %s" /* of what cleans up, to the end */
#define BEGUN_SIZE 64

int
inventory_begins(struct inventory *inv, struct entry *e, const char *undo,
    struct error *err)
{
	char what[BEGUN_SIZE] = BEGUN;

	if (undo != NULL)
		snprintf(what, sizeof what, BEGUN_HOOK, undo);
	return entry_made(e, what) ? 0 : inventory_making(inv, e, what, err);
}

bool
entry_began(const struct entry *e, const char *undo)
{
	char what[BEGUN_SIZE];

	snprintf(what, sizeof what, BEGUN_HOOK, undo);
	return e->stage != ENTRY_PREPARING || !entry_made(e, BEGUN) ||
	    entry_made(e, what);
}

int
inventory_ran(struct inventory *inv, struct entry *e, const char *param,
    struct error *err)
{
	char what[BEGUN_SIZE];

	snprintf(what, sizeof what, RAN_HOOK, param);
	return entry_made(e, what) ? 0 : inventory_making(inv, e, what, err);
}

bool
entry_ran(const struct entry *e, const char *param)
{
	char what[BEGUN_SIZE];

	snprintf(what, sizeof what, RAN_HOOK, param);
	return entry_made(e, what);
}

static bool
is_about_hooks(const char *what)
{
	return strncmp(what, BEGUN, strlen(BEGUN)) == 0 ||
	    strncmp(what, RAN_HOOK, strcspn(RAN_HOOK, "%")) == 0;
}

void
entry_begun_forget(struct entry *e)
{
	size_t kept = 0;

	for (size_t i = 0; i < e->made.count; i++)
		if (is_about_hooks(e->made.text[i]))
			free(e->made.text[i]);
		else
			e->made.text[kept++] = e->made.text[i];
	e->made.count = kept;
}

int
entry_path(struct entry *e, const char *path)
{
	char *copy = path != NULL ? strdup(path) : NULL;

	if (path != NULL && copy == NULL)
		return -1;
	free(e->path);
	e->path = copy;
	return 0;
}
