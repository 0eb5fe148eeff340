/* SPDX-License-Identifier: BSD-2-Clause */
#include "options.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define IOVEC_MAX 1024
#define LIST_MAX 65536	  /* of all names and values */
#define OPTION_OVERHEAD 48 /* that the kernel adds for each (findings-kernel) */

/* Whether one of the names, from a common prefix on, is the other with "no". */
static bool
negates(const char *a, const char *b)
{
	return strncmp(a, "no", 2) == 0 && strcmp(a + 2, b) == 0;
}

static bool
same_option(const char *a, const char *b)
{
	const char *dot;
	size_t n;

	if (strcmp(a, b) == 0)
		return true;
	for (;;) {
		if (negates(a, b) || negates(b, a))
			return true;
		dot = strchr(a, '.');
		if (dot == NULL)
			return false;
		n = (size_t)(dot + 1 - a);
		if (strncmp(a, b, n) != 0)
			return false;
		a += n;
		b += n;
	}
}

static unsigned
generation_bit(const struct op *op)
{
	return op->t->generation == JAIL_GEN_13 ? GEN_13 : GEN_15;
}

static const struct param_def *
find_def(const struct op *op, const char *name)
{
	const struct param_def *def = param_find(name);

	if (def == NULL || def->kind != PARAM_KERNEL ||
	    (def->generations & generation_bit(op)) == 0)
		return NULL;
	return def;
}

static uint32_t
find_extra(const struct op *op, const char *name)
{
	const struct prison_effects *e = op->t->effects;

	for (size_t i = 0; e != NULL && i < e->extra_count; i++)
		if (strcmp(e->extra[i], name) == 0)
			return (uint32_t)1 << i;
	return e != NULL && e->extra_list != NULL &&
	    strcmp(e->extra_list, name) == 0 ? EXTRA_LIST : 0;
}

/* The positive form of "noX" or "a.noX"; NULL when it is no such name. */
static const char *
positive(struct op *op, const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t prefix = dot == NULL ? 0 : (size_t)(dot + 1 - name);
	char *p;

	if (strncmp(name + prefix, "no", 2) != 0 ||
	    (p = arena_copy(&op->arena, name, strlen(name))) == NULL)
		return NULL;
	memmove(p + prefix, p + prefix + 2, strlen(p + prefix + 2) + 1);
	return p;
}

/* "meta." and "env." belong to meta and env, though the key is missing. */
static const struct param_def *
find_keyless(const struct op *op, const char *name)
{
	if (strcmp(name, "meta.") == 0)
		return find_def(op, "meta");
	return strcmp(name, "env.") == 0 ? find_def(op, "env") : NULL;
}

static void
classify(struct op *op, struct option *o)
{
	const char *name;

	o->def = find_def(op, o->name);
	o->extra = find_extra(op, o->name);
	if (o->def == NULL)
		o->def = find_keyless(op, o->name);
	if (o->def != NULL || o->extra != 0 ||
	    (name = positive(op, o->name)) == NULL)
		return;
	o->negative = true;
	o->def = find_def(op, name);
	o->extra = find_extra(op, name) & ~EXTRA_LIST;
	if (o->def != NULL && o->def->type != PARAM_BOOL)
		o->def = NULL;
}

static int
read_option(struct op *op, const struct iovec *iov, struct option *o)
{
	const char *name = iov[0].iov_base;

	if (iov[0].iov_len == 0 || name == NULL ||
	    name[iov[0].iov_len - 1] != '\0')
		return EINVAL;
	o->name = arena_copy(&op->arena, name, iov[0].iov_len);
	if (iov[1].iov_len > 0) {
		if (iov[1].iov_base == NULL)
			return EFAULT;
		o->len = iov[1].iov_len;
		o->value = arena_copy(&op->arena, iov[1].iov_base, o->len);
	}
	return op->arena.failed ? ENOMEM : 0;
}

/* Known names are spelt in no other way than as themselves and with "no". */
static bool
is_duplicate(const struct option *a, const struct option *b)
{
	if (a->def != NULL && b->def != NULL && a->def != b->def)
		return false;
	return same_option(a->name, b->name);
}

static void
drop_duplicates(struct options *list)
{
	size_t kept = 0;

	for (size_t i = 0; i < list->count; i++) {
		bool again = false;

		for (size_t j = i + 1; j < list->count && !again; j++)
			again = is_duplicate(&list->opt[i], &list->opt[j]);
		if (!again)
			list->opt[kept++] = list->opt[i];
	}
	list->count = kept;
}

int
options_read(struct op *op, const struct iovec *iov, unsigned niov,
    struct options *list)
{
	size_t total = 0;
	int error;

	if (niov % 2 != 0 || niov > IOVEC_MAX)
		return EINVAL;
	list->count = 0;
	list->errmsg = NULL;
	list->opt = arena_alloc(&op->arena, niov / 2 * sizeof *list->opt);
	if (list->opt == NULL)
		return ENOMEM;
	for (unsigned i = 0; i < niov; i += 2) {
		struct option *o = &list->opt[list->count++];

		if (iov[i].iov_len > LIST_MAX || iov[i + 1].iov_len > LIST_MAX)
			return EINVAL;
		total += iov[i].iov_len + iov[i + 1].iov_len + OPTION_OVERHEAD;
		if (total > LIST_MAX)
			return EINVAL;
		error = read_option(op, iov + i, o);
		if (error != 0)
			return error;
		o->index = i;
	}
	for (size_t i = 0; i < list->count; i++)
		classify(op, &list->opt[i]);
	drop_duplicates(list);
	list->errmsg = option_find(list, "errmsg");
	return 0;
}

struct option *
option_find(struct options *list, const char *name)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->opt[i].name, name) == 0) {
			list->opt[i].seen = true;
			return &list->opt[i];
		}
	return NULL;
}

int
option_copy(struct options *list, const char *name, void *value, size_t size)
{
	struct option *o = option_find(list, name);

	if (o == NULL)
		return ENOENT;
	if (o->len != size)
		return EINVAL;
	memcpy(value, o->value, size);
	return 0;
}

int
option_text(struct options *list, const char *name, size_t max,
    const char **text)
{
	struct option *o = option_find(list, name);

	if (o == NULL)
		return ENOENT;
	*text = o->value;
	if (o->len == 0 || (*text)[o->len - 1] != '\0')
		return EINVAL;
	return o->len > max ? ENAMETOOLONG : 0;
}

void
options_write_message(const struct op *op, const struct options *list,
    struct iovec *iov)
{
	struct iovec *to;

	if (!op->has_message || list->errmsg == NULL)
		return;
	to = &iov[list->errmsg->index + 1];
	if (to->iov_len > 0 && to->iov_base != NULL)
		snprintf(to->iov_base, to->iov_len, "%s", op->message);
}
