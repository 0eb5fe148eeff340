/* SPDX-License-Identifier: BSD-2-Clause */
#include "answer.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "request.h"

static const struct iovec *
find_option(const struct iovec *iov, unsigned niov, const char *name)
{
	size_t len = strlen(name) + 1;

	for (unsigned i = 0; i + 1 < niov; i += 2)
		if (iov[i].iov_len == len &&
		    memcmp(iov[i].iov_base, name, len) == 0)
			return &iov[i + 1];
	return NULL;
}

/* The number that is a key; `dflt` when it is not given. */
static bool
key_number(const struct iovec *iov, unsigned niov, const char *name, int dflt,
    int *value)
{
	const struct iovec *v = find_option(iov, niov, name);

	*value = dflt;
	if (v == NULL || v->iov_base == NULL)
		return true;
	if (v->iov_len != sizeof *value)
		return false;
	memcpy(value, v->iov_base, sizeof *value);
	return true;
}

static const char *
key_name(const struct iovec *iov, unsigned niov)
{
	const struct iovec *v = find_option(iov, niov, "name");

	return v != NULL && v->iov_base != NULL && v->iov_len > 0 &&
	    memchr(v->iov_base, '\0', v->iov_len) != NULL ? v->iov_base : NULL;
}

static bool
visible(const struct dragonfly_jail *j, int flags)
{
	return !j->dying || (flags & JAIL_DYING) != 0;
}

static const struct dragonfly_jail *
next_after(const struct dragonfly_jail *jails, size_t count, int last,
    int flags)
{
	const struct dragonfly_jail *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (jails[i].jid > last && visible(&jails[i], flags) &&
		    (best == NULL || jails[i].jid < best->jid))
			best = &jails[i];
	return best;
}

/* A living one is preferred to dying ones of the same name. */
static const struct dragonfly_jail *
with_name(const struct dragonfly_jail *jails, size_t count, const char *name)
{
	const struct dragonfly_jail *best = NULL;

	for (size_t i = 0; i < count; i++)
		if (strcmp(jails[i].name, name) == 0 &&
		    (best == NULL || best->dying))
			best = &jails[i];
	return best;
}

static const struct dragonfly_jail *
with_jid(const struct dragonfly_jail *jails, size_t count, int jid)
{
	for (size_t i = 0; i < count; i++)
		if (jails[i].jid == jid)
			return &jails[i];
	return NULL;
}

const struct dragonfly_jail *
answer_find(struct iovec *iov, unsigned niov, int flags,
    const struct dragonfly_jail *jails, size_t count)
{
	const struct dragonfly_jail *j = NULL;
	const char *name = key_name(iov, niov);
	int last, jid;

	if (niov % 2 != 0 || (flags & ~JAIL_DYING) != 0 ||
	    !key_number(iov, niov, "lastjid", INT_MIN, &last) ||
	    !key_number(iov, niov, "jid", 0, &jid)) {
		errno = EINVAL;
		return NULL;
	}
	if (last != INT_MIN) {
		j = next_after(jails, count, last, flags);
		if (j == NULL)
			request_fail(iov, niov, ENOENT, "no jail after %d",
			    last);
		return j;
	}
	if (jid != 0)
		j = with_jid(jails, count, jid);
	else if (name != NULL)
		j = with_name(jails, count, name);
	if (j != NULL && visible(j, flags))
		return j;
	if (jid != 0)
		request_fail(iov, niov, ENOENT, j != NULL ?
		    "jail %d is dying" : "jail %d not found", jid);
	else if (name != NULL)
		request_fail(iov, niov, ENOENT, j != NULL ?
		    "jail \"%s\" is dying" : "jail \"%s\" not found", name);
	else
		request_fail(iov, niov, ENOENT, "no jail specified");
	return NULL;
}

static int
number_of(const struct dragonfly_jail *j, const struct dragonfly_param *p)
{
	switch (p->kind) {
	case DRAGONFLY_CAPABILITY:
		return (j->capabilities & dragonfly_bit(p)) != 0;
	case DRAGONFLY_SYSV:
		return (j->capabilities & dragonfly_sysv_bit()) != 0 ?
		    JAIL_SYS_INHERIT : JAIL_SYS_DISABLE;
	case DRAGONFLY_JID:
		return j->jid;
	case DRAGONFLY_PERSIST:
		return j->persist;
	case DRAGONFLY_DYING:
		return j->dying;
	default: /* a mode reads as disable, like FreeBSD's */
		return p->fixed;
	}
}

/* The bytes of a value; *exact: the buffer must have just this size. */
static const void *
value_of(const struct dragonfly_jail *j, const struct dragonfly_param *p,
    int *number, size_t *len, bool *exact)
{
	const char *text = p->kind == DRAGONFLY_NAME ? j->name :
	    p->kind == DRAGONFLY_PATH ? j->path :
	    p->kind == DRAGONFLY_HOSTNAME ? j->hostname : NULL;

	*exact = false;
	if (text != NULL) {
		*len = strlen(text) + 1;
		return text;
	}
	if (p->kind == DRAGONFLY_IP4) {
		*len = j->ip4_count * sizeof *j->ip4;
		return j->ip4;
	}
	if (p->kind == DRAGONFLY_IP6) {
		*len = j->ip6_count * sizeof *j->ip6;
		return j->ip6;
	}
	*exact = true;
	*number = number_of(j, p);
	*len = sizeof *number;
	return number;
}

static int
fill_one(struct iovec *v, const struct dragonfly_jail *j,
    const struct dragonfly_param *p, bool on)
{
	const void *value;
	bool exact, array = p->kind == DRAGONFLY_IP4 ||
	    p->kind == DRAGONFLY_IP6;
	size_t len;
	int number;

	value = value_of(j, p, &number, &len, &exact);
	if (!on)
		number = !number;
	if (v->iov_base == NULL || (v->iov_len == 0 && !array)) {
		v->iov_len = len;
		return 0;
	}
	if (exact ? v->iov_len != len : v->iov_len < len)
		return -1;
	if (len > 0)
		memcpy(v->iov_base, value, len);
	if (array)
		v->iov_len = len;
	return 0;
}

int
answer_fill(struct iovec *iov, unsigned niov, const struct dragonfly_jail *j)
{
	for (unsigned i = 0; i + 1 < niov; i += 2) {
		const char *name = iov[i].iov_base;
		const struct dragonfly_param *p;
		bool on;

		if (iov[i].iov_len == 0 || name[iov[i].iov_len - 1] != '\0') {
			errno = EINVAL;
			return -1;
		}
		if (strcmp(name, "errmsg") == 0 || strcmp(name, "lastjid") == 0)
			continue;
		p = dragonfly_param(name, &on);
		if (p == NULL)
			return request_fail(iov, niov, EINVAL,
			    "unknown parameter: %s", name);
		if (fill_one(&iov[i + 1], j, p, on) != 0) {
			errno = EINVAL;
			return -1;
		}
	}
	return j->jid;
}
