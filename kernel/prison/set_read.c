/* SPDX-License-Identifier: BSD-2-Clause */
/* jail_set(2), rows 1 to 36: what was passed, without a look at any jail. */
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "allow.h"
#include "desc.h"
#include "life.h"
#include "kernel/path.h"
#include "set.h"

#define ANY_DESC                                                               \
	(JAIL_USE_DESC | JAIL_AT_DESC | JAIL_GET_DESC | JAIL_OWN_DESC)
#define HOSTUUID_MAX 64
#define OSRELEASE_MAX 31 /* bytes with NUL (findings-kernel) */
#define HOSTNAME_MAX 256

static bool
is_old(const struct set_call *s)
{
	return s->op->t->generation == JAIL_GEN_13;
}

/* ENOENT only says that a parameter was not passed. */
static int
optional(int error)
{
	return error == ENOENT ? 0 : error;
}

static int
read_flags(struct set_call *s)
{
	int valid = is_old(s) ? 0x0f : 0xff;

	if ((s->flags & (JAIL_CREATE | JAIL_AT_DESC)) == JAIL_CREATE &&
	    s->my->children_max == 0)
		return EPERM;
	if ((s->flags & ~valid) != 0 ||
	    (s->flags & (JAIL_USE_DESC | JAIL_AT_DESC)) ==
	    (JAIL_USE_DESC | JAIL_AT_DESC))
		return EINVAL;
	return 0;
}

static int
read_desc(struct set_call *s)
{
	int error;

	if (is_old(s))
		return 0;
	error = option_copy(&s->opts, "desc", &s->desc, sizeof s->desc);
	if (error == ENOENT)
		return (s->flags & ANY_DESC) == 0 ? 0 :
		    op_fail(s->op, ENOENT, "missing desc");
	if (error != 0)
		return error;
	if ((s->flags & ANY_DESC) == 0)
		return op_fail(s->op, EINVAL, "unexpected desc");
	if ((s->flags & JAIL_AT_DESC) == 0)
		return 0;
	error = desc_find(s->op, s->desc, &s->my);
	if (error == 0 && (s->flags & JAIL_CREATE) != 0 &&
	    s->my->children_max == 0)
		error = EPERM;
	return error;
}

static int
read_int(struct set_call *s, const char *name, struct maybe_int *v)
{
	int error = option_copy(&s->opts, name, &v->value, sizeof v->value);

	v->given = error == 0;
	return optional(error);
}

static int
read_numbers(struct set_call *s)
{
	int error;

	error = optional(option_copy(&s->opts, "jid", &s->jid, sizeof s->jid));
	if (error == 0)
		error = read_int(s, "securelevel", &s->securelevel);
	if (error == 0)
		error = read_int(s, "children.max", &s->children_max);
	if (error == 0)
		error = read_int(s, "enforce_statfs", &s->enforce_statfs);
	if (error == 0 && s->enforce_statfs.given &&
	    (s->enforce_statfs.value < 0 || s->enforce_statfs.value > 2))
		error = EINVAL;
	if (error == 0)
		error = read_int(s, "devfs_ruleset", &s->devfs_ruleset);
	return error;
}

static const struct {
	const char *name;
	uint32_t flag;
} flag_names[] = {
	{ "persist", PR_PERSIST },
	{ "ip4.saddrsel", PR_IP4_SADDRSEL },
	{ "ip6.saddrsel", PR_IP6_SADDRSEL },
};

static uint32_t
flag_of(const char *name)
{
	for (size_t i = 0; i < sizeof flag_names / sizeof *flag_names; i++)
		if (strcmp(flag_names[i].name, name) == 0)
			return flag_names[i].flag;
	return 0;
}

/* Booleans count by presence, whatever their value is. */
static void
read_booleans(struct set_call *s)
{
	for (size_t i = 0; i < s->opts.count; i++) {
		struct option *o = &s->opts.opt[i];
		uint64_t allow = 0;
		uint32_t flag = 0;

		if (o->extra != 0) {
			s->extra_mentioned |= o->extra;
			s->extra_on |= o->negative ? 0 : o->extra;
			o->seen = true;
		}
		if (o->def == NULL || o->def->type != PARAM_BOOL ||
		    o->def->access == PARAM_RD)
			continue;
		flag = flag_of(o->def->name);
		allow = allow_bit(o->def->name);
		s->mentioned |= flag;
		s->allow_mentioned |= allow;
		if (!o->negative) {
			s->on |= flag;
			s->allow_on |= allow;
		}
		o->seen = true;
	}
}

static const struct {
	const char *name;
	uint32_t flag;
	bool disable; /* 0 is a value, and the same as 1 */
} jailsys_names[] = {
	{ "host", PR_HOST, false },
	{ "vnet", PR_VNET, false },
	{ "ip4", PR_IP4_USER, true },
	{ "ip6", PR_IP6_USER, true },
};

static int
read_jailsys(struct set_call *s)
{
	for (size_t i = 0; i < sizeof jailsys_names / sizeof *jailsys_names;
	    i++) {
		int value;
		int error = option_copy(&s->opts, jailsys_names[i].name,
		    &value, sizeof value);

		if (error == ENOENT)
			continue;
		if (error != 0)
			return error;
		if (value < (jailsys_names[i].disable ? JAIL_SYS_DISABLE :
		    JAIL_SYS_NEW) || value > JAIL_SYS_INHERIT)
			return EINVAL;
		s->mentioned |= jailsys_names[i].flag;
		if (value != JAIL_SYS_INHERIT)
			s->on |= jailsys_names[i].flag;
	}
	return 0;
}

static int
check_modes(struct set_call *s)
{
	if ((s->flags & (JAIL_CREATE | JAIL_ATTACH)) == JAIL_CREATE &&
	    (s->on & PR_PERSIST) == 0)
		return op_fail(s->op, EINVAL,
		    "new jail must persist or attach");
	if ((s->flags & JAIL_UPDATE) == 0)
		return 0;
	if ((s->mentioned & PR_VNET) != 0)
		return op_fail(s->op, EINVAL,
		    "vnet cannot be changed after creation");
	if ((s->mentioned & PR_IP4_USER) != 0)
		return op_fail(s->op, EINVAL,
		    "ip4 cannot be changed after creation");
	if ((s->mentioned & PR_IP6_USER) != 0)
		return op_fail(s->op, EINVAL,
		    "ip6 cannot be changed after creation");
	return 0;
}

/* Texts that are not empty, each with its NUL. */
static int
read_extra_list(struct set_call *s)
{
	const char *name = s->op->t->effects != NULL ?
	    s->op->t->effects->extra_list : NULL;
	const struct option *o = name == NULL ? NULL :
	    option_find(&s->opts, name);
	const char *text = o != NULL ? o->value : NULL;

	if (o == NULL)
		return 0;
	if (o->len > EXTRA_LIST_MAX)
		return op_fail(s->op, E2BIG, "%s: more than %d bytes", name,
		    EXTRA_LIST_MAX);
	for (size_t at = 0; at < o->len;) {
		size_t n = strnlen(text + at, o->len - at);

		if (n == 0 || at + n == o->len)
			return EINVAL;
		at += n + 1;
	}
	s->extra_list = (struct list){ o->value, (uint32_t)o->len };
	return 0;
}

static int
read_texts(struct set_call *s)
{
	struct {
		const char *name;
		size_t max;
		const char **text;
		bool host;
	} texts[] = {
		{ "name", HOSTNAME_MAX, &s->name, false },
		{ "host.hostname", HOSTNAME_MAX, &s->hostname, true },
		{ "host.domainname", HOSTNAME_MAX, &s->domainname, true },
		{ "host.hostuuid", HOSTUUID_MAX, &s->hostuuid, true },
	};
	unsigned long hostid;
	int error;

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		error = option_text(&s->opts, texts[i].name, texts[i].max,
		    texts[i].text);
		if (error == 0 && texts[i].host) {
			s->mentioned |= PR_HOST;
			s->on |= PR_HOST;
		}
		if (optional(error) != 0)
			return error;
	}
	error = option_copy(&s->opts, "host.hostid", &hostid, sizeof hostid);
	if (error == 0) {
		s->have_hostid = true;
		s->hostid = hostid;
		s->mentioned |= PR_HOST;
		s->on |= PR_HOST;
	}
	return optional(error);
}

static int
read_addresses(struct set_call *s, int which)
{
	const struct family *f = &families[which];
	struct option *o = option_find(&s->opts, f->parameter);

	if (o == NULL)
		return 0;
	if (o->len % f->size != 0)
		return EINVAL;
	s->have_list[which] = true;
	s->mentioned |= f->user;
	s->on |= f->user;
	if (o->len / f->size > ADDR_FAMILY_MAX)
		return op_fail(s->op, EINVAL, "too many %s addresses",
		    f->word);
	return addr_read(s->op, f, o->value, o->len, &s->list[which]);
}

static int
read_release(struct set_call *s)
{
	bool update = (s->flags & JAIL_UPDATE) != 0;
	struct option *o = option_find(&s->opts, "osrelease");
	int error;

	if (o != NULL && update)
		return op_fail(s->op, EINVAL,
		    "osrelease cannot be changed after creation");
	error = option_text(&s->opts, "osrelease", OSRELEASE_MAX,
	    &s->osrelease);
	if (error == ENAMETOOLONG)
		return op_fail(s->op, error,
		    "osrelease string must be 1-31 bytes long");
	if (optional(error) != 0)
		return error;
	error = read_int(s, "osreldate", &s->osreldate);
	if (error != 0 || !s->osreldate.given)
		return error;
	if (update)
		return op_fail(s->op, EINVAL,
		    "osreldate cannot be changed after creation");
	if (s->osreldate.value == 0)
		return op_fail(s->op, EINVAL, "osreldate cannot be 0");
	return 0;
}

/*
 * A link below the root of a jail.  Jails that have the caller's whole root
 * are masters of the caller's files anyway.
 */
static bool
link_is_jailed(void *arg, const char *link)
{
	struct set_call *s = arg;
	const struct prison_table *t = s->op->t;
	char host[PRISON_PATH_MAX + PATH_MAX];

	snprintf(host, sizeof host, "%s%s", t->inside ? t->root : "", link);
	for (int jid = 0; (jid = jid_after(s->op, jid)) > 0;) {
		const struct record *r = record_get(s->op, jid);

		if (r == NULL || strcmp(r->path, "/") == 0 ||
		    strcmp(r->path, t->root) == 0 ||
		    path_below(t->root, r->path) || !path_below(host, r->path))
			continue;
		op_fail(s->op, ELOOP, "path: %s is a symbolic link below the "
		    "root of jail %s", link, r->name);
		return true;
	}
	return false;
}

static int
read_path(struct set_call *s)
{
	const struct prison_table *t = s->op->t;
	const char *root = t->root, *path;
	char seen[PRISON_PATH_MAX];
	struct option *o = option_find(&s->opts, "path");
	const struct path_guard guard = { link_is_jailed, s };
	size_t room = sizeof s->path;
	int error;

	if (o == NULL)
		return 0;
	if ((s->flags & JAIL_UPDATE) != 0)
		return op_fail(s->op, EINVAL,
		    "path cannot be changed after creation");
	error = option_text(&s->opts, "path", room, &path);
	if (error != 0)
		return error;
	/* An absolute path grows by the caller's root. */
	if (path[0] == '/' && o->len + strlen(root) > room)
		return ENAMETOOLONG;
	if (!t->inside)
		return path_resolve(root, path, &guard, s->path, room);
	error = path_resolve("", path, &guard, seen, sizeof seen);
	if (error == 0 && snprintf(s->path, room, "%s%s", root,
	    strcmp(seen, "/") == 0 && root[0] != '\0' ? "" : seen) >=
	    (int)room)
		error = ENAMETOOLONG;
	return error;
}

int
set_read(struct set_call *s, const struct iovec *iov, unsigned niov)
{
	int error;

	s->my = life_get(s->op, s->op->t->self);
	if (s->my == NULL || s->my->serial != s->op->t->self_serial)
		return EAGAIN;
	if (niov % 2 != 0)
		return EINVAL;
	error = read_flags(s);
	if (error == 0)
		error = options_read(s->op, iov, niov, &s->opts);
	if (error != 0)
		return error;
	s->mode = s->flags & (JAIL_CREATE | JAIL_UPDATE);
	if (s->mode == 0)
		return op_fail(s->op, EINVAL,
		    "no valid operation (create or update)");
	error = read_desc(s);
	if (error == 0)
		error = read_numbers(s);
	read_booleans(s);
	if (error == 0)
		error = read_jailsys(s);
	if (error == 0)
		error = check_modes(s);
	if (error == 0)
		error = read_texts(s);
	if (error == 0)
		error = read_extra_list(s);
	for (int i = 0; i < 2 && error == 0; i++)
		error = read_addresses(s, i);
	if (error == 0 && (s->mentioned & PR_VNET) != 0 &&
	    (s->mentioned & (PR_IP4_USER | PR_IP6_USER)) != 0)
		error = op_fail(s->op, EINVAL,
		    "vnet jails cannot have IP address restrictions");
	if (error == 0)
		error = read_release(s);
	return error == 0 ? read_path(s) : error;
}
