/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/sign/defaults.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/sorted.h"
#include "kernel/params.h"

static const char *
name_of(const void *table, size_t i)
{
	return ((const struct snapshot_params *)table)->param[i].name;
}

static void
forget(struct snapshot_param *p)
{
	free(p->name);
	text_list_free(&p->value);
}

/* A text of the table, as the kernel tells it; but nearly all jails persist. */
static int
table_value(const struct snapshot_param *p, struct text_list *value)
{
	const struct param_def *def = param_find(p->name);
	const char *text = def == NULL ? NULL :
	    strcmp(p->name, "persist") == 0 ? "true" : def->dflt;
	bool list;

	*value = (struct text_list){ .count = 0 };
	if (text == NULL)
		return text_list_copy(value, &p->value);
	list = def->type == PARAM_IP4 || def->type == PARAM_IP6 ||
	    def->type == PARAM_LIST;
	return list && text[0] == '\0' ? 0 : text_list_add(value, text);
}

static int
by_name(const void *a, const void *b)
{
	const struct snapshot_param *x = a, *y = b;

	return strcmp(x->name, y->name);
}

static int
make(struct snapshot_params *d, const struct snapshot_jail *j)
{
	d->param = calloc(j->count + 1, sizeof *d->param);
	if (d->param == NULL)
		return -1;
	for (size_t i = 0; i < j->count; i++) {
		struct snapshot_param *p = &d->param[d->count++];

		p->name = strdup(j->param[i].name);
		if (p->name == NULL ||
		    table_value(&j->param[i], &p->value) != 0) {
			snapshot_params_free(d);
			return -1;
		}
	}
	if (d->count > 1)
		qsort(d->param, d->count, sizeof *d->param, by_name);
	return 0;
}

int
defaults_take_out(struct snapshot_params *d, struct snapshot_jail *j)
{
	size_t at, left = 0;
	bool found;

	if (d->param == NULL && make(d, j) == -1)
		return -1;
	for (size_t i = 0; i < j->count; i++) {
		struct snapshot_param *p = &j->param[i];

		at = sorted_position(d, d->count, name_of, p->name, &found);
		if (found && text_list_equal(&d->param[at].value, &p->value))
			forget(p);
		else
			j->param[left++] = *p;
	}
	j->count = left;
	return 0;
}

static const char *
name_in_jail(const void *jail, size_t i)
{
	return ((const struct snapshot_jail *)jail)->param[i].name;
}

static int
put_in(struct snapshot_jail *j, const struct snapshot_params *d)
{
	size_t own = j->count;
	struct snapshot_param *p = realloc(j->param,
	    (own + d->count + 1) * sizeof *p);
	bool found;

	if (p == NULL)
		return -1;
	j->param = p;
	for (size_t i = 0; i < d->count; i++) {
		(void)sorted_position(j, own, name_in_jail, d->param[i].name,
		    &found);
		if (found)
			continue;
		p = &j->param[j->count];
		*p = (struct snapshot_param){ .name =
		    strdup(d->param[i].name) };
		if (p->name == NULL || text_list_copy(&p->value,
		    &d->param[i].value) != 0) {
			free(p->name);
			return -1;
		}
		j->count++;
	}
	if (j->count > 1)
		qsort(j->param, j->count, sizeof *j->param, by_name);
	return 0;
}

int
defaults_put_in(struct snapshot *s, struct error *err)
{
	for (size_t i = 0; i < s->count; i++)
		if (s->jail[i].jid != 0 &&
		    put_in(&s->jail[i], &s->defaults) == -1)
			return error_sys(err, ENOMEM, "no memory for the "
			    "parameters");
	snapshot_params_free(&s->defaults);
	return 0;
}
