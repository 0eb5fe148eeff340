/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/git_specs.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/read/git_object.h"
#include "specs/tree.h"

#define ENTRIES_MAX 1000000 /* looked at; trees can be told to hold any number */

struct walk {
	const struct git *g;
	struct git_specs *to;
	bool below;
	size_t entries;
};

/* One entry of a tree: "100644 NAME", a NUL, and the object's name. */
struct entry {
	unsigned mode;
	const char *name;
	const unsigned char *object;
};

/* Returns 1, 0 behind the last one, -1. */
static int
next_entry(const unsigned char *tree, size_t len, size_t *at, struct entry *e)
{
	const unsigned char *nul = *at == len ? NULL :
	    memchr(tree + *at, '\0', len - *at);
	const char *text = (const char *)tree + *at;
	char *space;
	size_t end;

	if (*at == len)
		return 0;
	if (nul == NULL)
		return -1;
	end = (size_t)(nul - tree) + 1;
	e->mode = (unsigned)strtoul(text, &space, 8);
	if (*space != ' ' || len - end < SHA1_SIZE)
		return -1;
	e->name = space + 1;
	e->object = tree + end;
	*at = end + SHA1_SIZE;
	return 1;
}

static bool
is_tree(const struct entry *e)
{
	return (e->mode & 0170000) == 0040000;
}

static int
add(struct git_specs *s, const char *name, const struct entry *e)
{
	struct git_spec *grown;

	if (s->count == s->room) {
		s->room = s->room == 0 ? 16 : s->room * 2;
		grown = realloc(s->spec, s->room * sizeof *grown);
		if (grown == NULL)
			return -1;
		s->spec = grown;
	}
	grown = &s->spec[s->count];
	grown->name = strdup(name);
	grown->regular = (e->mode & 0170000) == 0100000;
	memcpy(grown->blob, e->object, SHA1_SIZE);
	s->count += grown->name != NULL;
	return grown->name != NULL ? 0 : -1;
}

/* All of a tree; `prefix` is "" or ends with a slash. */
static int
read_tree(struct walk *w, const unsigned char object[SHA1_SIZE],
    const char *prefix, unsigned depth)
{
	unsigned char *tree;
	char name[PATH_MAX];
	struct entry e;
	size_t len, at = 0;
	int rc;

	if (git_object(w->g, object, GIT_TREE, &tree, &len) != 0)
		return -1;
	while ((rc = next_entry(tree, len, &at, &e)) == 1) {
		int n = snprintf(name, sizeof name, "%s%s%s", prefix, e.name,
		    is_tree(&e) ? "/" : "");

		if (n >= PATH_MAX || ++w->entries > ENTRIES_MAX)
			rc = -1;
		else if (is_tree(&e) && w->below && e.name[0] != '.' &&
		    e.name[0] != '#' && depth < TREE_DEPTH_MAX)
			rc = read_tree(w, e.object, name, depth + 1);
		else if (!is_tree(&e) && tree_names_spec(name, w->below))
			rc = add(w->to, name, &e);
		if (rc == -1)
			break;
	}
	free(tree);
	return rc == 0 ? 0 : -1;
}

/* Goes from a tree to one in it.  Returns 1, 0 when there is none, -1. */
static int
step_down(const struct git *g, unsigned char object[SHA1_SIZE],
    const char *name, size_t name_len)
{
	unsigned char *tree;
	struct entry e;
	size_t len, at = 0;
	int rc;

	if (git_object(g, object, GIT_TREE, &tree, &len) != 0)
		return -1;
	while ((rc = next_entry(tree, len, &at, &e)) == 1)
		if (is_tree(&e) && strncmp(e.name, name, name_len) == 0 &&
		    e.name[name_len] == '\0') {
			memcpy(object, e.object, SHA1_SIZE);
			break;
		}
	free(tree);
	return rc;
}

/* The tree of a commit, which its first line names. */
static int
tree_of(const struct git *g, unsigned char object[SHA1_SIZE])
{
	unsigned char commit[SHA1_SIZE], *data;
	size_t len, n;
	int rc = -1;

	if (sodium_hex2bin(commit, sizeof commit, g->head, strlen(g->head),
	    NULL, &n, NULL) != 0 || n != sizeof commit ||
	    git_object(g, commit, GIT_COMMIT, &data, &len) != 0)
		return -1;
	if (len > 46 && memcmp(data, "tree ", 5) == 0 && data[45] == '\n' &&
	    sodium_hex2bin(object, SHA1_SIZE, (char *)data + 5, 40, NULL, &n,
	    NULL) == 0 && n == SHA1_SIZE)
		rc = 0;
	free(data);
	return rc;
}

static int
compare_specs(const void *a, const void *b)
{
	const struct git_spec *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int
read_all(struct walk *w)
{
	unsigned char object[SHA1_SIZE];
	int rc = tree_of(w->g, object) == 0 ? 1 : -1;

	for (const char *p = w->g->prefix; rc == 1 && *p != '\0';) {
		size_t n = strcspn(p, "/");

		rc = step_down(w->g, object, p, n);
		p += n + (p[n] == '/');
	}
	return rc == 1 ? read_tree(w, object, "", 0) : rc;
}

int
git_specs_read(const struct git *g, bool below, struct git_specs *s)
{
	struct walk w = { .g = g, .to = s, .below = below };

	if (strcmp(s->head, g->head) == 0 &&
	    strcmp(s->common, g->common) == 0 &&
	    strcmp(s->prefix, g->prefix) == 0)
		return 0;
	git_specs_free(s);
	if (read_all(&w) != 0) {
		git_specs_free(s);
		return -1;
	}
	if (s->count > 1)
		qsort(s->spec, s->count, sizeof *s->spec, compare_specs);
	memcpy(s->head, g->head, sizeof s->head);
	memcpy(s->common, g->common, sizeof s->common);
	memcpy(s->prefix, g->prefix, sizeof s->prefix);
	return 0;
}

void
git_specs_free(struct git_specs *s)
{
	for (size_t i = 0; i < s->count; i++)
		free(s->spec[i].name);
	free(s->spec);
	memset(s, 0, sizeof *s);
}
