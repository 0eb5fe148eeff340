/* SPDX-License-Identifier: BSD-2-Clause */
/* The inventory's part that is about things on the host: see inventory.h. */
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
