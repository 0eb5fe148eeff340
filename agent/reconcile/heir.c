/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/heir.h"

#include <sys/socket.h>

#include <stdio.h>
#include <string.h>

#include "kernel/iface.h"

#define FEW 3 /* parameters that are asked for */

/* Whether an array of addresses as the kernel tells it has this one. */
static bool
among(const struct jail_value *v, const unsigned char *address, size_t size)
{
	const unsigned char *at = v != NULL ? v->data : NULL;

	for (size_t i = 0; at != NULL && i + size <= v->len; i += size)
		if (memcmp(at + i, address, size) == 0)
			return true;
	return false;
}

/* Whether nobody noted the jid it was made with, be it ended since or not. */
static bool
half_made(const struct entry *e)
{
	return e->stage == ENTRY_CREATING ||
	    (e->stage == ENTRY_REMOVING && e->jid == 0);
}

/*
 * The entry of a jail that was met in the kernel's list; NULL: not our own.
 * What live_is says, before the jid is known, too.
 */
static struct entry *
entry_of(const struct workshop *w, const char *name, const struct jail_row *row)
{
	struct entry *e = inventory_find(w->inventory, name);
	const char *path = row_text(row, "path"), *token;
	bool own;

	if (e == NULL)
		return NULL;
	if (w->observer->has_meta) {
		token = row_text(row, TOKEN_KEY);
		own = token != NULL && strcmp(token, e->token) == 0;
	} else {
		own = half_made(e) || (e->jid == row->jid &&
		    (e->path == NULL || (path != NULL &&
		    strcmp(path, e->path) == 0)));
	}
	return own ? e : NULL;
}

/*
 * Whether a jail of ours has the address on other interfaces: it is not in need
 * of this one.  1, 0; -1 with err.
 */
static int
has_elsewhere(const struct workshop *w, const struct entry *e, enum thing kind,
    const struct iface_alias *a, struct error *err)
{
	struct text_list l = { 0 };
	struct iface_alias b;
	bool here = false, elsewhere = false;
	int rc = e->applied == NULL ? 0 :
	    things_wanted(w->observer, e->applied, kind, &l, err);

	for (size_t i = 0; rc >= 0 && i < l.count; i++) {
		rc = iface_parse(a->family, l.text[i], NULL, &b, err);
		if (rc <= 0 || memcmp(a->address, b.address, kind ==
		    THING_ALIAS4 ? 4 : 16) != 0)
			continue;
		if (strcmp(a->interface, b.interface) == 0)
			here = true;
		else
			elsewhere = true;
	}
	text_list_free(&l);
	return rc < 0 ? -1 : elsewhere && !here;
}

/*
 * The same of a jail that was met, be it because one of ours around it has the
 * address on other interfaces: it has that where this one has it.
 */
static int
is_elsewhere(const struct workshop *w, const char *name,
    const struct entry *own, enum thing kind, const struct iface_alias *a,
    struct error *err)
{
	char up[JAIL_NAME_MAX];
	int rc = own == NULL ? 0 : has_elsewhere(w, own, kind, a, err);

	snprintf(up, sizeof up, "%s", name);
	for (char *dot; rc == 0 && (dot = strrchr(up, '.')) != NULL;) {
		const struct entry *e;

		*dot = '\0';
		e = inventory_find(w->inventory, up);
		if (e != NULL && e->stage == ENTRY_UP)
			rc = has_elsewhere(w, e, kind, a, err);
	}
	return rc;
}

/* Whether a jail is in that of `e`: it has its addresses where that one has them. */
static bool
is_inside(const struct entry *e, const char *name)
{
	size_t len = strlen(e->name);

	return strncmp(name, e->name, len) == 0 && name[len] == '.';
}

/* Name, path and addresses of a family: all that is asked of each jail. */
static int
few_params(const struct observer *o, const char *param,
    struct jail_param_info few[FEW])
{
	/* Sorted, as row_read wants them. */
	const char *const wanted[FEW] = { param, "name", "path" };

	for (size_t i = 0; i < FEW; i++) {
		const struct jail_param_info *info = params_find(&o->params,
		    wanted[i]);

		if (info == NULL)
			return -1;
		few[i] = *info;
	}
	return 0;
}

/*
 * One of the agent's own is preferred: what it takes over is taken away when it
 * goes.
 */
int
heir_find(const struct workshop *w, const struct entry *e, enum thing kind,
    const char *text, struct entry **heir, struct error *err)
{
	static const char *const with_token[] = { TOKEN_KEY, NULL };
	const struct observer *o = w->observer;
	const char *param = kind == THING_ALIAS4 ? "ip4.addr" : "ip6.addr";
	struct jail_param_info few[FEW];
	const struct jail_params p = { .info = few, .count = FEW };
	struct iface_alias a;
	struct jail_row row;
	int jid = 0, found = 0, rc = 0;

	*heir = NULL;
	if (iface_parse(kind == THING_ALIAS4 ? AF_INET : AF_INET6, text, NULL,
	    &a, err) <= 0)
		return error_wrap(err, "journal");
	if (few_params(o, param, few) != 0)
		return 0;
	while (*heir == NULL && (rc = row_read(o->kernel, &p, -jid, NULL,
	    o->has_meta ? with_token : NULL, 0, &row, err)) == 0) {
		const char *name = row_text(&row, "name");
		struct entry *own = NULL;
		int other = 0;

		jid = row.jid;
		if (name != NULL && strcmp(name, e->name) != 0 &&
		    !is_inside(e, name) && among(row_find(&row, param), a.address,
		    kind == THING_ALIAS4 ? 4 : 16)) {
			own = entry_of(w, name, &row);
			other = is_elsewhere(w, name, own, kind, &a, err);
			if (other == 0) {
				found = 1;
				*heir = own;
			}
		}
		row_free(&row);
		if (other < 0)
			return -1;
	}
	return *heir == NULL && rc < 0 ? -1 : found;
}
