/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/plan/observe.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/clock.h"
#include "kernel/path.h"

/* Which limits are impossible here, and why. */
static int
ask_limits(struct observer *o, struct error *err)
{
	const struct jail_backend *b = o->kernel->backend;
	struct error *no;

	if (b->limitable == NULL)
		return 0;
	no = calloc(LIMIT_COUNT + 1, sizeof *no);
	if (no == NULL)
		return error_sys(err, ENOMEM, "limits");
	for (int i = 0; i < LIMIT_COUNT; i++)
		(void)b->limitable(o->kernel, i, true, &no[i]);
	(void)b->limitable(o->kernel, LIMIT_SWAP, false, &no[LIMIT_COUNT]);
	o->params.no_limit = no;
	return 0;
}

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
	if (k->backend->addresses != NULL)
		(void)k->backend->addresses(k, &o->params.no_addresses);
	return ask_limits(o, err);
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

static bool
has_limits(const struct spec *s)
{
	const struct spec_limits *l = s != NULL ? &s->agent.limits : NULL;

	return l != NULL && (l->cpu != 0 || l->memory != 0 ||
	    l->processes != 0 || l->swap != 0);
}

/* Whether the jail has no address although the spec says some. */
static bool
lacks_addresses(const struct spec *s, const struct jail_row *row)
{
	return s != NULL && (spec_param_find(s, "ip4.addr") != NULL ||
	    spec_param_find(s, "ip6.addr") != NULL ||
	    spec_bool(s, "ip_hostname")) &&
	    row_int(row, "vnet", JAIL_SYS_INHERIT) == JAIL_SYS_INHERIT &&
	    row_int(row, "ip4", JAIL_SYS_DISABLE) == JAIL_SYS_DISABLE &&
	    row_int(row, "ip6", JAIL_SYS_DISABLE) == JAIL_SYS_DISABLE;
}

/* One that has ended since it was read is not there: 0, 1, -1. */
static int
read_limits(const struct observer *o, const char *name, struct live *live,
    struct error *err)
{
	const struct jail_backend *b = o->kernel->backend;

	if (b->limits == NULL)
		return 0;
	live->limits_known = true;
	if (b->limits(o->kernel, live->jid, name, &live->limits, err) == 0)
		return 0;
	return err != NULL && err->code == EINVAL ? 1 : -1;
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
	live->secluded = o->kernel->backend->secluded != NULL &&
	    lacks_addresses(desired, &live->row) &&
	    o->kernel->backend->secluded(o->kernel, live->jid);
	if (has_limits(desired) || has_limits(applied))
		rc = read_limits(o, name, live, err);
	if (rc != 0)
		live_free(live);
	return rc;
}

void
live_free(struct live *live)
{
	row_free(&live->row);
	memset(live, 0, sizeof *live);
}

bool
live_is(const struct live *live, bool marked, const char *token, int jid,
    const char *path)
{
	if (marked)
		return live->token != NULL && token != NULL &&
		    strcmp(live->token, token) == 0;
	return live->jid == jid && (path == NULL ||
	    (live->path != NULL && strcmp(live->path, path) == 0));
}

void
live_digest(const struct live *live, unsigned char digest[LIVE_DIGEST])
{
	crypto_generichash_state h;

	crypto_generichash_init(&h, NULL, 0, LIVE_DIGEST);
	for (size_t i = 0; i < live->row.count; i++) {
		const struct jail_value *v = &live->row.value[i];
		size_t len = v->data == NULL ? 0 : v->len;

		crypto_generichash_update(&h, (const unsigned char *)&len,
		    sizeof len);
		crypto_generichash_update(&h, v->data, len);
	}
	crypto_generichash_final(&h, digest, LIVE_DIGEST);
}

static int
read_name(const struct observer *o, int jid, const char *token, char *buf,
    size_t size, struct error *err)
{
	static const char *const with_token[] = { TOKEN_KEY, NULL };
	const struct jail_param_info *info = params_find(&o->params, "name");
	struct jail_param_info copy = info != NULL ? *info :
	    (struct jail_param_info){ 0 };
	const struct jail_params one = { .info = &copy,
		.count = info != NULL };
	struct jail_row row;
	int rc = row_read(o->kernel, &one, jid, NULL,
	    token != NULL ? with_token : NULL, 0, &row, err);
	const char *found;

	if (rc != 0)
		return rc;
	found = token != NULL ? row_text(&row, TOKEN_KEY) : NULL;
	rc = token != NULL && (found == NULL || strcmp(found, token) != 0);
	snprintf(buf, size, "%s", row_text(&row, "name") != NULL ?
	    row_text(&row, "name") : "");
	row_free(&row);
	return rc;
}

int
live_name(const struct observer *o, int jid, char *buf, size_t size,
    struct error *err)
{
	return read_name(o, jid, NULL, buf, size, err);
}

int
live_marked(const struct observer *o, int jid, const char *token, char *buf,
    size_t size, struct error *err)
{
	return read_name(o, jid, token, buf, size, err);
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
observe_some(const struct observer *o, int *jid, int64_t until,
    void (*each)(void *arg, const struct seen *s), void *arg, struct error *err)
{
	static const char *const with_token[] = { TOKEN_KEY, NULL };
	/* Sorted, as row_read wants them. */
	static const char *const names[] = { "dying", "name", "path" };
	struct jail_param_info info[3];
	struct jail_params few = { .info = info };
	int rc;

	for (size_t i = 0; i < 3; i++) {
		const struct jail_param_info *p =
		    params_find(&o->params, names[i]);

		if (p != NULL)
			info[few.count++] = *p;
	}
	do {
		struct jail_row row;
		struct seen s;

		rc = row_read(o->kernel, &few, -*jid, NULL,
		    o->has_meta ? with_token : NULL, JAIL_DYING, &row, err);
		if (rc != 0)
			return rc < 0 ? -1 : 0;
		s.jid = *jid = row.jid;
		s.name = row_text(&row, "name");
		s.path = row_text(&row, "path");
		s.dying = row_int(&row, "dying", 0) != 0;
		s.token = o->has_meta ? row_text(&row, TOKEN_KEY) : NULL;
		each(arg, &s);
		row_free(&row);
	} while (clock_us() < until);
	return 1;
}

struct counting {
	void (*each)(void *arg, const struct seen *s);
	void *arg;
	int count;
};

static void
count_one(void *arg, const struct seen *s)
{
	struct counting *c = arg;

	c->count++;
	c->each(c->arg, s);
}

int
observe_all(const struct observer *o,
    void (*each)(void *arg, const struct seen *s), void *arg, struct error *err)
{
	struct counting c = { each, arg, 0 };
	int jid = 0;

	return observe_some(o, &jid, INT64_MAX, count_one, &c, err) < 0 ? -1 :
	    c.count;
}

void
jail_roots_forget(struct jail_roots *roots)
{
	for (size_t i = 0; i < roots->count; i++) {
		free(roots->root[i].name);
		free(roots->root[i].path);
	}
	free(roots->root);
	memset(roots, 0, sizeof *roots);
}

struct root_reading {
	struct jail_roots *roots;
	bool failed; /* memory is out */
};

static void
keep_root(void *arg, const struct seen *s)
{
	struct root_reading *reading = arg;
	struct jail_roots *roots = reading->roots;
	size_t n = roots->count;
	struct jail_root *more;

	/* Who has the host's root is master of the host's files anyway. */
	if (s->name == NULL || s->path == NULL || strcmp(s->path, "/") == 0)
		return;
	if ((n & (n + 1)) == 0) {
		more = realloc(roots->root, (2 * n + 1) * sizeof *more);
		if (more == NULL) {
			reading->failed = true;
			return;
		}
		roots->root = more;
	}
	roots->root[n].name = strdup(s->name);
	roots->root[n].path = strdup(s->path);
	roots->count++;
	reading->failed |= roots->root[n].name == NULL ||
	    roots->root[n].path == NULL;
}

static int
read_roots(const struct observer *o, struct jail_roots *roots,
    struct error *err)
{
	struct root_reading reading = { roots, false };

	if (roots->known)
		return 0;
	if (observe_all(o, keep_root, &reading, err) < 0) {
		jail_roots_forget(roots);
		return -1;
	}
	if (reading.failed) {
		jail_roots_forget(roots);
		return error_sys(err, ENOMEM, "reading the roots of jails");
	}
	roots->known = true;
	return 0;
}

struct link_judge {
	const struct observer *observer;
	struct jail_roots *roots;
	struct error *err; /* says why a link is refused */
};

static bool
link_is_jailed(void *arg, const char *link)
{
	struct link_judge *j = arg;

	if (read_roots(j->observer, j->roots, j->err) != 0)
		return true;
	for (size_t i = 0; i < j->roots->count; i++) {
		const struct jail_root *r = &j->roots->root[i];

		if (!path_below(link, r->path))
			continue;
		error_set(j->err, ELOOP, "%s is a symbolic link below the "
		    "root of jail %s, whose processes could change it; give "
		    "the path without it", link, r->name);
		return true;
	}
	return false;
}

static int
canonical(const struct observer *o, struct jail_roots *roots,
    const char *path, bool directory, char *buf, size_t size,
    struct error *err)
{
	struct link_judge judge = { o, roots, err };
	const struct path_guard guard = { link_is_jailed, &judge };
	int code;

	error_clear(err);
	code = directory ? path_resolve("", path, &guard, buf, size) :
	    path_resolve_any("", path, &guard, buf, size);
	if (code == 0)
		return 0;
	return err->code != 0 ? -1 : error_sys(err, code, "%s", path);
}

int
canonical_path(const struct observer *o, struct jail_roots *roots,
    const char *path, char *buf, size_t size, struct error *err)
{
	return canonical(o, roots, path, true, buf, size, err) == 0 ? 0 :
	    error_wrap(err, "path");
}

int
canonical_source(const struct observer *o, struct jail_roots *roots,
    const char *path, char *buf, size_t size, struct error *err)
{
	return canonical(o, roots, path, false, buf, size, err);
}

int
jail_roots_hold(const struct observer *o, struct jail_roots *roots,
    const char *path, const char **jail, struct error *err)
{
	if (read_roots(o, roots, err) != 0)
		return -1;
	for (size_t i = 0; i < roots->count; i++)
		if (path_below(path, roots->root[i].path)) {
			*jail = roots->root[i].name;
			return 1;
		}
	return 0;
}
