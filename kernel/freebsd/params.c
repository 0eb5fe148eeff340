/* SPDX-License-Identifier: BSD-2-Clause */
/* Which parameters the running kernel has: a walk over security.jail.param. */
#include "freebsd.h"

#include <sys/sysctl.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "pure/format.h"

/* The questions of sysctl(3) about the tree itself. */
enum { ASK_NAME = 1, ASK_NEXT = 2, ASK_FORMAT = 4 };

#define NODE_NAME_MAX 512

struct node {
	int oid[CTL_MAXNAME];
	size_t len;
};

struct found {
	struct jail_param_info *info; /* names are allocated */
	size_t count, room;
};

/* Asks about a node: the answer's length, -1/errno. */
static ssize_t
ask(int question, const struct node *n, void *answer, size_t size)
{
	int mib[CTL_MAXNAME + 2] = { 0, question };

	memcpy(mib + 2, n->oid, n->len * sizeof *n->oid);
	if (sysctl(mib, (u_int)n->len + 2, answer, &size, NULL, 0) != 0)
		return -1;
	return (ssize_t)size;
}

/* Goes on to the next leaf.  Returns 1, 0 after the last one, -1/errno. */
static int
next_node(struct node *n)
{
	struct node next;
	ssize_t size = ask(ASK_NEXT, n, next.oid, sizeof next.oid);

	if (size < 0)
		return errno == ENOENT ? 0 : -1;
	next.len = (size_t)size / sizeof *next.oid;
	*n = next;
	return 1;
}

static bool
is_below(const struct node *n, const struct node *root)
{
	return n->len > root->len &&
	    memcmp(n->oid, root->oid, root->len * sizeof *n->oid) == 0;
}

/* Fills in what a node says; `name` gets the text that info->name is. */
static int
describe(const struct node *n, char name[NODE_NAME_MAX],
    struct jail_param_info *info)
{
	char node[NODE_NAME_MAX], value[64];
	struct {
		unsigned kind;
		char format[256];
	} what;
	size_t len = sizeof value;
	ssize_t size;

	size = ask(ASK_NAME, n, node, sizeof node - 1);
	if (size < 0)
		return -1;
	node[size] = '\0';
	size = ask(ASK_FORMAT, n, &what, sizeof what - 1);
	if (size <= (ssize_t)sizeof what.kind)
		return -1;
	((char *)&what)[size] = '\0';
	if (sysctl(n->oid, (u_int)n->len, value, &len, NULL, 0) != 0)
		len = 0;
	if (format_name(node, name, NODE_NAME_MAX) != 0 ||
	    format_param(what.kind, what.format, value, len, info) != 0)
		return -1;
	info->name = name;
	return 0;
}

static int
keep(struct found *f, const struct jail_param_info *info)
{
	struct jail_param_info *grown, *one;

	if (f->count == f->room) {
		size_t room = f->room == 0 ? 64 : f->room * 2;

		grown = realloc(f->info, room * sizeof *grown);
		if (grown == NULL)
			return -1;
		f->info = grown;
		f->room = room;
	}
	one = &f->info[f->count];
	*one = *info;
	one->name = strdup(info->name);
	if (one->name == NULL)
		return -1;
	f->count++;
	return 0;
}

/*
 * What cannot be described is left out: a parameter whose module goes away
 * during the walk, or one of a type that nobody could give a value.
 */
static int
collect(struct found *f)
{
	struct node root = { .len = CTL_MAXNAME }, n;
	int more;

	if (sysctlnametomib(PARAM_NODE, root.oid, &root.len) != 0)
		return -1;
	n = root;
	while ((more = next_node(&n)) > 0 && is_below(&n, &root)) {
		char name[NODE_NAME_MAX];
		struct jail_param_info info;

		if (describe(&n, name, &info) == 0 && keep(f, &info) != 0)
			return -1;
	}
	return more < 0 ? -1 : 0;
}

static int
by_name(const void *a, const void *b)
{
	const struct jail_param_info *x = a, *y = b;

	return strcmp(x->name, y->name);
}

int
freebsd_params(struct jail_kernel *k,
    int (*each)(void *arg, const struct jail_param_info *info), void *arg)
{
	struct found f = { NULL, 0, 0 };
	int rc = collect(&f);
	int code = errno;

	(void)k;
	if (rc == 0 && f.count > 0)
		qsort(f.info, f.count, sizeof *f.info, by_name);
	for (size_t i = 0; rc == 0 && i < f.count; i++) {
		rc = each(arg, &f.info[i]);
		code = errno;
	}
	for (size_t i = 0; i < f.count; i++)
		free((char *)(uintptr_t)f.info[i].name);
	free(f.info);
	errno = code;
	return rc;
}
