/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/git_history.h"

#include <sodium.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "agent/read/git_object.h"

#define COMMITS_MAX 1000
#define TREE_LINE 46 /* "tree ", 40 digits, newline */
#define PARENT "parent "
#define PARENT_LINE 48

/* Commits as they are met, from HEAD on; each is there once. */
struct history {
	unsigned char (*name)[SHA1_SIZE];
	size_t count;
};

static bool
is_met(const struct history *h, const unsigned char name[SHA1_SIZE])
{
	for (size_t i = 0; i < h->count; i++)
		if (memcmp(h->name[i], name, SHA1_SIZE) == 0)
			return true;
	return false;
}

static bool
name_of(const char *hex, unsigned char name[SHA1_SIZE])
{
	size_t n;

	return sodium_hex2bin(name, SHA1_SIZE, hex, 2 * SHA1_SIZE, NULL, &n,
	    NULL) == 0 && n == SHA1_SIZE;
}

static void
add_parents(const struct git *g, struct history *h, size_t at)
{
	unsigned char *data, name[SHA1_SIZE];
	size_t len, line = TREE_LINE;

	/* The history may begin there (a shallow clone). */
	if (git_object(g, h->name[at], GIT_COMMIT, &data, &len) != 0)
		return;
	for (; len >= line + PARENT_LINE && h->count < COMMITS_MAX &&
	    memcmp(data + line, PARENT, sizeof PARENT - 1) == 0;
	    line += PARENT_LINE)
		if (name_of((char *)data + line + sizeof PARENT - 1, name) &&
		    !is_met(h, name))
			memcpy(h->name[h->count++], name, sizeof name);
	free(data);
}

/* Whether it is here: what is still to come is no ancestor. */
static bool
is_here(const struct git *g, const char *hex)
{
	unsigned char *data, name[SHA1_SIZE];
	size_t len;

	if (strlen(hex) != 2 * SHA1_SIZE || !name_of(hex, name) ||
	    git_object(g, name, GIT_COMMIT, &data, &len) != 0)
		return false;
	free(data);
	return true;
}

int
git_passed(const struct git *g, const struct text_list *awaited,
    struct text_list *passed)
{
	struct history h = { 0 };
	unsigned char name[SHA1_SIZE];
	bool any = false;
	int rc = 0;

	for (size_t i = 0; !any && i < awaited->count; i++)
		any = strcmp(awaited->text[i], g->head) != 0 &&
		    is_here(g, awaited->text[i]);
	if (!any || !name_of(g->head, name))
		return 0;
	h.name = calloc(COMMITS_MAX, sizeof *h.name);
	if (h.name == NULL)
		return -1;
	memcpy(h.name[h.count++], name, sizeof name);
	for (size_t at = 0; at < h.count; at++)
		add_parents(g, &h, at);
	for (size_t i = 0; rc == 0 && i < awaited->count; i++)
		if (strcmp(awaited->text[i], g->head) != 0 &&
		    name_of(awaited->text[i], name) && is_met(&h, name))
			rc = text_list_add(passed, awaited->text[i]);
	free(h.name);
	return rc;
}
