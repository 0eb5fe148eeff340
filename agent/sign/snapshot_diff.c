/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/sign/snapshot_diff.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

struct diff {
	void (*each)(void *arg, const struct snapshot_change *c);
	void *arg;
};

/* Texts of a struct that are compared, by the names they have in the file. */
struct field {
	const char *name;
	size_t offset;
};

static const struct field snapshot_fields[] = {
	{ "host", offsetof(struct snapshot, host) },
	{ "boot", offsetof(struct snapshot, boot) },
	{ "kernel", offsetof(struct snapshot, kernel) },
	{ "revision", offsetof(struct snapshot, revision) },
	{ "set", offsetof(struct snapshot, set) },
	{ NULL, 0 },
};

static const struct field jail_fields[] = {
	{ "state", offsetof(struct snapshot_jail, state) },
	{ "set", offsetof(struct snapshot_jail, set) },
	{ "token", offsetof(struct snapshot_jail, token) },
	{ "spec", offsetof(struct snapshot_jail, spec_digest) },
	{ "applied", offsetof(struct snapshot_jail, applied_digest) },
	{ "error", offsetof(struct snapshot_jail, error) },
	{ NULL, 0 },
};

static void
diff_text(const struct diff *d, const char *jail, const char *name,
    const char *from, const char *to)
{
	/* Lists are of texts that could be changed; these are not. */
	char *one = (char *)(uintptr_t)from, *other = (char *)(uintptr_t)to;
	const struct text_list was = { &one, 1 }, is = { &other, 1 };

	if (strcmp(from, to) != 0)
		d->each(d->arg, &(struct snapshot_change){ CHANGE_FIELD, jail,
		    name, &was, &is });
}

static const char *
field_of(const void *of, const struct field *f)
{
	const char *text;

	memcpy(&text, (const char *)of + f->offset, sizeof text);
	return text == NULL ? "" : text;
}

static void
diff_fields(const struct diff *d, const char *jail, const struct field *f,
    const void *a, const void *b)
{
	for (; f->name != NULL; f++)
		diff_text(d, jail, f->name, field_of(a, f), field_of(b, f));
}

static void
diff_jid(const struct diff *d, const char *jail, int a, int b)
{
	char from[16], to[16];

	snprintf(from, sizeof from, "%d", a);
	snprintf(to, sizeof to, "%d", b);
	diff_text(d, jail, "jid", from, to);
}

static const struct text_list *
find_param(const struct snapshot_jail *j, const char *name)
{
	for (size_t i = 0; i < j->count; i++)
		if (strcmp(j->param[i].name, name) == 0)
			return &j->param[i].value;
	return NULL;
}

static void
diff_params(const struct diff *d, const struct snapshot_jail *a,
    const struct snapshot_jail *b)
{
	struct snapshot_change c = { .kind = CHANGE_PARAM, .jail = a->name };
	size_t i;

	for (i = 0; i < a->count; i++) {
		c.name = a->param[i].name;
		c.from = &a->param[i].value;
		c.to = find_param(b, c.name);
		if (c.to == NULL || !text_list_equal(c.from, c.to))
			d->each(d->arg, &c);
	}
	c.from = NULL;
	for (i = 0; i < b->count; i++) {
		c.name = b->param[i].name;
		c.to = &b->param[i].value;
		if (find_param(a, c.name) == NULL)
			d->each(d->arg, &c);
	}
}

static void
diff_jail(const struct diff *d, const struct snapshot_jail *a,
    const struct snapshot_jail *b)
{
	diff_jid(d, a->name, a->jid, b->jid);
	diff_fields(d, a->name, jail_fields, a, b);
	diff_params(d, a, b);
}

static void
diff_presence(const struct diff *d, enum change_kind kind, const char *jail)
{
	d->each(d->arg, &(struct snapshot_change){ .kind = kind,
	    .jail = jail });
}

void
snapshot_diff(const struct snapshot *a, const struct snapshot *b,
    void (*each)(void *arg, const struct snapshot_change *c), void *arg)
{
	const struct diff d = { each, arg };
	size_t i = 0, k = 0;
	int order;

	diff_fields(&d, NULL, snapshot_fields, a, b);
	/* Both are sorted by name. */
	while (i < a->count || k < b->count) {
		if (i == a->count)
			order = 1;
		else if (k == b->count)
			order = -1;
		else
			order = strcmp(a->jail[i].name, b->jail[k].name);
		if (order < 0)
			diff_presence(&d, CHANGE_REMOVED, a->jail[i++].name);
		else if (order > 0)
			diff_presence(&d, CHANGE_ADDED, b->jail[k++].name);
		else
			diff_jail(&d, &a->jail[i++], &b->jail[k++]);
	}
}
