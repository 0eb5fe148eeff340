/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "allow.h"
#include "get.h"
#include "keyvalue.h"
#include "life.h"
#include "tree.h"

static int
put_fixed(struct option *o, const void *value, size_t size)
{
	if (o->value == NULL)
		o->len = size;
	else if (o->len != size)
		return EINVAL;
	else
		memcpy(o->value, value, size);
	return 0;
}

static int
put_int(struct option *o, int value)
{
	return put_fixed(o, &value, sizeof value);
}

static int
put_text(struct option *o, const char *text)
{
	size_t n = strlen(text) + 1;

	if (o->value == NULL)
		o->len = n;
	else if (o->len < n)
		return EINVAL;
	else
		memcpy(o->value, text, n);
	return 0;
}

static int
put_list(struct option *o, const struct list *l, size_t size)
{
	size_t n = l->count * size;

	if (o->value != NULL) {
		if (o->len < n)
			return EINVAL;
		if (n > 0)
			memcpy(o->value, l->data, n);
	}
	o->len = n;
	return 0;
}

/* meta and env have no length queries (findings-kernel). */
static int
put_keyvalue(struct option *o, const char *text)
{
	const char *key = keyvalue_key(o), *value = text;
	size_t n = strlen(text);

	if (key != NULL && (value = keyvalue_get(text, key, &n)) == NULL) {
		o->value = NULL;
		o->len = 0;
		return 0;
	}
	if (o->value == NULL || o->len < n + 1)
		return EINVAL;
	memcpy(o->value, value, n);
	((char *)o->value)[n] = '\0';
	return 0;
}

/* Where a plain value is in a record. */
struct place {
	const char *name;
	size_t offset;
	uint32_t flag; /* for booleans and jailsys parameters */
	int (*put)(struct get_call *g, struct option *o,
	    const struct place *p);
};

static int
at_int(struct get_call *g, struct option *o, const struct place *p)
{
	int32_t value;

	memcpy(&value, (const char *)g->target + p->offset, sizeof value);
	return put_int(o, value);
}

static int
at_text(struct get_call *g, struct option *o, const struct place *p)
{
	const char *text;

	memcpy(&text, (const char *)g->target + p->offset, sizeof text);
	if (o->def->type == PARAM_KEYVALUE)
		return put_keyvalue(o, text);
	return put_text(o, text);
}

/* The names of a prison that has its own, as they are outside the record. */
static int
know_names(struct get_call *g)
{
	const struct prison_effects *e = g->op->t->effects;
	const struct record *r = g->target;
	struct prison p;
	char hostname[sizeof p.hostname], domainname[sizeof p.domainname];

	if (g->hostname != NULL)
		return 0;
	g->hostname = r->hostname;
	g->domainname = r->domainname;
	if (e->names_now == NULL || r->state != PRISON_ALIVE ||
	    (r->flags & PR_HOST) == 0)
		return 0;
	life_view(g->op, g->target, &p);
	memcpy(hostname, p.hostname, sizeof hostname);
	memcpy(domainname, p.domainname, sizeof domainname);
	e->names_now(g->op->t->effects_arg, &p, hostname, domainname);
	g->hostname = arena_copy(&g->op->arena, hostname,
	    strlen(hostname));
	g->domainname = arena_copy(&g->op->arena, domainname,
	    strlen(domainname));
	return g->hostname == NULL || g->domainname == NULL ? ENOMEM : 0;
}

static int
at_hostname(struct get_call *g, struct option *o, const struct place *p)
{
	int error = know_names(g);

	(void)p;
	return error != 0 ? error : put_text(o, g->hostname);
}

static int
at_domainname(struct get_call *g, struct option *o, const struct place *p)
{
	int error = know_names(g);

	(void)p;
	return error != 0 ? error : put_text(o, g->domainname);
}

static int
at_list(struct get_call *g, struct option *o, const struct place *p)
{
	return put_list(o, (const void *)((const char *)g->target + p->offset),
	    o->def->size);
}

static int
at_flag(struct get_call *g, struct option *o, const struct place *p)
{
	bool on = (g->target->flags & p->flag) != 0;

	return put_int(o, on != o->negative);
}

/* A list of its own reads as "disable", also when it has addresses. */
static int
at_restriction(struct get_call *g, struct option *o, const struct place *p)
{
	return put_int(o, (g->target->flags & p->flag) != 0 ?
	    JAIL_SYS_DISABLE : JAIL_SYS_INHERIT);
}

static int
at_jailsys(struct get_call *g, struct option *o, const struct place *p)
{
	return put_int(o, (g->target->flags & p->flag) != 0 ? JAIL_SYS_NEW :
	    JAIL_SYS_INHERIT);
}

static int
at_sysv(struct get_call *g, struct option *o, const struct place *p)
{
	uint64_t owner = g->target->sysv[p->offset];

	return put_int(o, owner == 0 ? JAIL_SYS_DISABLE :
	    owner == g->target->serial ? JAIL_SYS_NEW : JAIL_SYS_INHERIT);
}

static int
at_name(struct get_call *g, struct option *o, const struct place *p)
{
	(void)p;
	return put_text(o, name_seen_from(g->my, g->target));
}

static int
at_path(struct get_call *g, struct option *o, const struct place *p)
{
	(void)p;
	return put_text(o, path_seen_from(g->my, g->target));
}

static int
at_parent(struct get_call *g, struct option *o, const struct place *p)
{
	(void)p;
	return put_int(o, g->target->parent == g->my->jid ? 0 :
	    g->target->parent);
}

static int
at_dying(struct get_call *g, struct option *o, const struct place *p)
{
	(void)p;
	return put_int(o, (g->target->state != PRISON_ALIVE) != o->negative);
}

static int
at_children(struct get_call *g, struct option *o, const struct place *p)
{
	life_look_below(g->op, g->target);
	return at_int(g, o, p);
}

static int
at_hostid(struct get_call *g, struct option *o, const struct place *p)
{
	unsigned long id = (unsigned long)g->target->hostid;

	(void)p;
	return put_fixed(o, &id, sizeof id);
}

#define AT(n, field, put) { n, offsetof(struct record, field), 0, put }
#define FLAG(n, flag, put) { n, 0, flag, put }

/* Sorted by name. */
static const struct place places[] = {
	AT("children.cur", children_cur, at_children),
	AT("children.max", children_max, at_int),
	AT("cpuset.id", cpuset, at_int),
	AT("devfs_ruleset", devfs_ruleset, at_int),
	AT("dying", state, at_dying),
	AT("enforce_statfs", enforce_statfs, at_int),
	AT("env", env, at_text),
	FLAG("host", PR_HOST, at_jailsys),
	AT("host.domainname", domainname, at_domainname),
	AT("host.hostid", hostid, at_hostid),
	AT("host.hostname", hostname, at_hostname),
	AT("host.hostuuid", hostuuid, at_text),
	FLAG("ip4", PR_IP4_USER, at_restriction),
	AT("ip4.addr", ip4, at_list),
	FLAG("ip4.saddrsel", PR_IP4_SADDRSEL, at_flag),
	FLAG("ip6", PR_IP6_USER, at_restriction),
	AT("ip6.addr", ip6, at_list),
	FLAG("ip6.saddrsel", PR_IP6_SADDRSEL, at_flag),
	AT("jid", jid, at_int),
	AT("meta", meta, at_text),
	AT("name", name, at_name),
	AT("osreldate", osreldate, at_int),
	AT("osrelease", osrelease, at_text),
	AT("parent", parent, at_parent),
	AT("path", path, at_path),
	FLAG("persist", PR_PERSIST, at_flag),
	AT("securelevel", securelevel, at_int),
	{ "sysvmsg", SYSV_MSG, 0, at_sysv },
	{ "sysvsem", SYSV_SEM, 0, at_sysv },
	{ "sysvshm", SYSV_SHM, 0, at_sysv },
	FLAG("vnet", PR_VNET, at_jailsys),
};

static int
compare_place(const void *name, const void *place)
{
	return strcmp(name, ((const struct place *)place)->name);
}

/* What the prison was given, as far as it has it still. */
static int
know_extra(struct get_call *g)
{
	const struct prison_effects *e = g->op->t->effects;
	const struct record *r = g->target;
	size_t len = r->extra_list.count;
	struct prison p;

	if (g->extra_known)
		return 0;
	g->extra_known = true;
	g->extra = r->extra;
	g->extra_list = r->extra_list;
	if ((r->extra == 0 && len == 0) || e->extra_now == NULL ||
	    r->state != PRISON_ALIVE)
		return 0;
	if (len > 0)
		g->extra_list.data = arena_copy(&g->op->arena,
		    r->extra_list.data, len);
	if (len > 0 && g->extra_list.data == NULL)
		return ENOMEM;
	life_view(g->op, g->target, &p);
	e->extra_now(g->op->t->effects_arg, &p, &g->extra, g->extra_list.data,
	    &len);
	g->extra_list.count = (uint32_t)len;
	return 0;
}

static int
put_extra(struct get_call *g, struct option *o)
{
	int error = know_extra(g);

	if (error != 0)
		return error;
	return o->extra == EXTRA_LIST ? put_list(o, &g->extra_list, 1) :
	    put_int(o, ((g->extra & o->extra) != 0) != o->negative);
}

int
get_value(struct get_call *g, struct option *o)
{
	const struct place *p;
	uint64_t allow;

	if (o->extra != 0)
		return put_extra(g, o);
	if (o->def == NULL)
		return ENOENT;
	allow = allow_bit(o->def->name);
	if (allow != 0)
		return put_int(o, ((g->target->allow & allow) != 0) !=
		    o->negative);
	p = bsearch(o->def->name, places, sizeof places / sizeof *places,
	    sizeof *places, compare_place);
	return p == NULL ? ENOENT : p->put(g, o, p);
}
