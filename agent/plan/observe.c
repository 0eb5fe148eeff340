/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/plan/observe.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int
observer_init(struct observer *o, struct jail_kernel *k, struct error *err)
{
	memset(o, 0, sizeof *o);
	o->kernel = k;
	if (kernel_boot_id(o->boot, sizeof o->boot, err) != 0)
		return -1;
	if (params_read(k, &o->params, err) != 0)
		return -1;
	o->has_meta = params_find(&o->params, "meta") != NULL;
	return 0;
}

void
observer_free(struct observer *o)
{
	params_free(&o->params);
	memset(o, 0, sizeof *o);
}

/* Adds the meta.K and env.K names of a spec that are not in the list yet. */
static size_t
add_keys(const struct spec *s, const char **keys, size_t n, size_t room)
{
	if (s == NULL)
		return n;
	for (size_t i = 0; i < s->count && n < room; i++) {
		const struct spec_param *p = &s->param[i];
		bool known = false;

		if (p->def == NULL || p->def->type != PARAM_KEYVALUE ||
		    strcmp(p->name, p->def->name) == 0)
			continue;
		for (size_t j = 0; j < n; j++)
			known |= strcmp(keys[j], p->name) == 0;
		if (!known)
			keys[n++] = p->name;
	}
	return n;
}

int
live_read(const struct observer *o, const char *name,
    const struct spec *desired, const struct spec *applied, struct live *live,
    struct error *err)
{
	size_t room = 2 + (desired != NULL ? desired->count : 0) +
	    (applied != NULL ? applied->count : 0);
	const char **keys = calloc(room, sizeof *keys);
	size_t n = 0;
	int rc;

	memset(live, 0, sizeof *live);
	if (keys == NULL)
		return error_sys(err, ENOMEM, "%s", name);
	if (o->has_meta) {
		keys[n++] = TOKEN_KEY;
		n = add_keys(desired, keys, n, room - 1);
		n = add_keys(applied, keys, n, room - 1);
	}
	keys[n] = NULL;
	rc = row_read(o->kernel, &o->params, 0, name, keys, 0, &live->row, err);
	free(keys);
	if (rc != 0)
		return rc;
	live->jid = live->row.jid;
	live->name = row_text(&live->row, "name");
	live->path = row_text(&live->row, "path");
	live->token = o->has_meta ? row_text(&live->row, TOKEN_KEY) : NULL;
	return 0;
}

void
live_free(struct live *live)
{
	row_free(&live->row);
	memset(live, 0, sizeof *live);
}

int
live_texts(const struct live *live, const char *name, struct text_list *texts,
    struct error *err)
{
	const struct jail_value *v = row_find(&live->row, name);

	memset(texts, 0, sizeof *texts);
	if (v == NULL || v->data == NULL)
		return 0;
	return value_export(v->info != NULL ? v->info->type : PARAM_STRING,
	    v->data, v->len, texts, err);
}

int
observe_all(const struct observer *o,
    void (*each)(void *arg, const struct seen *s), void *arg, struct error *err)
{
	static const char *const with_token[] = { TOKEN_KEY, NULL };
	static const char *const names[] = { "name", "path", "dying" };
	struct jail_param_info info[3];
	struct jail_params few = { info, 0 };
	int jid = 0, count = 0, rc;

	for (size_t i = 0; i < 3; i++) {
		const struct jail_param_info *p =
		    params_find(&o->params, names[i]);

		if (p != NULL)
			info[few.count++] = *p;
	}
	for (;;) {
		struct jail_row row;
		struct seen s;

		rc = row_read(o->kernel, &few, -jid, NULL,
		    o->has_meta ? with_token : NULL, JAIL_DYING, &row, err);
		if (rc != 0)
			return rc < 0 ? -1 : count;
		s.jid = jid = row.jid;
		s.name = row_text(&row, "name");
		s.path = row_text(&row, "path");
		s.dying = row_int(&row, "dying", 0) != 0;
		s.token = o->has_meta ? row_text(&row, TOKEN_KEY) : NULL;
		each(arg, &s);
		row_free(&row);
		count++;
	}
}

int
canonical_path(const char *path, char *buf, size_t size)
{
	char *real = realpath(path, NULL);
	int n;

	if (real == NULL)
		return errno;
	n = snprintf(buf, size, "%s", real);
	free(real);
	return n < 0 || (size_t)n >= size ? ENAMETOOLONG : 0;
}
