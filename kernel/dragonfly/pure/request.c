/* SPDX-License-Identifier: BSD-2-Clause */
#include "request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One parameter of a list. */
struct option {
	const struct dragonfly_param *param;
	bool on;
	const void *value;
	size_t len;
};

int
request_fail(struct iovec *iov, unsigned niov, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	for (unsigned i = 0; i + 1 < niov; i += 2)
		if (iov[i].iov_len == sizeof "errmsg" &&
		    memcmp(iov[i].iov_base, "errmsg", sizeof "errmsg") == 0 &&
		    iov[i + 1].iov_base != NULL && iov[i + 1].iov_len > 0)
			(void)vsnprintf(iov[i + 1].iov_base,
			    iov[i + 1].iov_len, fmt, ap);
	va_end(ap);
	errno = code;
	return -1;
}

static bool
get_int(const struct option *o, int *value)
{
	if (o->len != sizeof *value)
		return false;
	memcpy(value, o->value, sizeof *value);
	return true;
}

static bool
get_text(const struct option *o, char *buf, size_t size)
{
	if (o->len == 0 || o->len > size ||
	    ((const char *)o->value)[o->len - 1] != '\0')
		return false;
	memcpy(buf, o->value, o->len);
	return true;
}

static bool
get_array(const struct option *o, void *to, size_t one, size_t *count)
{
	if (o->len % one != 0 || o->len / one > DRAGONFLY_ADDRESSES)
		return false;
	if (o->len > 0)
		memcpy(to, o->value, o->len);
	*count = o->len / one;
	return true;
}

static void
tell_capability(struct dragonfly_request *r, unsigned bit, bool on)
{
	r->capabilities |= bit;
	r->jail.capabilities &= ~bit;
	if (on)
		r->jail.capabilities |= bit;
}

/* A boolean is told by its presence, whatever its value. */
static bool
read_number(struct dragonfly_request *r, const struct option *o)
{
	int value = o->on;

	if (o->param->info.type != PARAM_BOOL && !get_int(o, &value))
		return false;
	switch (o->param->kind) {
	case DRAGONFLY_FIXED:
		return value == o->param->fixed &&
		    o->param->info.access != PARAM_RD;
	case DRAGONFLY_SYSV:
		tell_capability(r, dragonfly_sysv_bit(),
		    value == JAIL_SYS_INHERIT);
		return value == JAIL_SYS_INHERIT || value == JAIL_SYS_DISABLE;
	case DRAGONFLY_MODE:
		return value == JAIL_SYS_DISABLE || value == JAIL_SYS_NEW;
	case DRAGONFLY_JID:
		r->jail.jid = value;
		r->given |= value != 0 ? GIVEN_JID : 0;
		return value >= 0;
	case DRAGONFLY_PERSIST:
		r->jail.persist = o->on;
		r->given |= GIVEN_PERSIST;
		return true;
	case DRAGONFLY_CAPABILITY:
		tell_capability(r, dragonfly_bit(o->param), o->on);
		return true;
	default: /* dying is read only */
		return false;
	}
}

static bool
read_option(struct dragonfly_request *r, const struct option *o)
{
	struct dragonfly_jail *j = &r->jail;

	switch (o->param->kind) {
	case DRAGONFLY_NAME:
		r->given |= GIVEN_NAME;
		return get_text(o, j->name, sizeof j->name);
	case DRAGONFLY_PATH:
		r->given |= GIVEN_PATH;
		return get_text(o, j->path, sizeof j->path);
	case DRAGONFLY_HOSTNAME:
		r->given |= GIVEN_HOSTNAME;
		return get_text(o, j->hostname, sizeof j->hostname);
	case DRAGONFLY_IP4:
		r->given |= GIVEN_IP4;
		return get_array(o, j->ip4, sizeof *j->ip4, &j->ip4_count);
	case DRAGONFLY_IP6:
		r->given |= GIVEN_IP6;
		return get_array(o, j->ip6, sizeof *j->ip6, &j->ip6_count);
	default:
		return read_number(r, o);
	}
}

/* What the parameters mean together, with the kernel's words. */
static int
check(const struct dragonfly_request *r, struct iovec *iov, unsigned niov,
    int flags)
{
	const char *name = r->jail.name;

	if (flags == JAIL_UPDATE && (r->given & (GIVEN_JID | GIVEN_NAME)) == 0)
		return request_fail(iov, niov, ENOENT,
		    "update specified no jail");
	if (flags == JAIL_UPDATE)
		return 0;
	if ((r->given & GIVEN_PERSIST) == 0 || !r->jail.persist)
		return request_fail(iov, niov, EINVAL,
		    "new jail must persist or attach");
	if ((r->given & GIVEN_JID) != 0)
		return request_fail(iov, niov, EINVAL,
		    "jid: DragonFly chooses the numbers of jails itself");
	if (strchr(name, '.') != NULL)
		return request_fail(iov, niov, EINVAL,
		    "name \"%s\": DragonFly has no nested jails", name);
	if (name[0] != '\0' && strspn(name, "0123456789") == strlen(name))
		return request_fail(iov, niov, EINVAL,
		    "name cannot be numeric (unless it is the jid)");
	return 0;
}

int
request_read(struct iovec *iov, unsigned niov, int flags,
    struct dragonfly_request *r)
{
	memset(r, 0, sizeof *r);
	memcpy(r->jail.path, "/", sizeof "/");
	if (niov % 2 != 0 || (flags != JAIL_CREATE && flags != JAIL_UPDATE))
		return request_fail(iov, niov, EINVAL,
		    "no valid operation (create or update)");
	for (unsigned i = 0; i < niov; i += 2) {
		const char *name = iov[i].iov_base;
		struct option o = { .value = iov[i + 1].iov_base,
			.len = iov[i + 1].iov_len };

		if (iov[i].iov_len == 0 ||
		    name[iov[i].iov_len - 1] != '\0') {
			errno = EINVAL;
			return -1;
		}
		if (strcmp(name, "errmsg") == 0)
			continue;
		o.param = dragonfly_param(name, &o.on);
		if (o.param == NULL)
			return request_fail(iov, niov, EINVAL,
			    "unknown parameter: %s", name);
		if (!read_option(r, &o))
			return request_fail(iov, niov, EINVAL, "%s: DragonFly "
			    "cannot give a jail this value", name);
	}
	return check(r, iov, niov, flags);
}

const char *
request_fixed(const struct dragonfly_request *r,
    const struct dragonfly_jail *jail)
{
	const struct dragonfly_jail *want = &r->jail;

	if ((r->given & GIVEN_PATH) != 0)
		return "path";
	if ((r->given & GIVEN_HOSTNAME) != 0 &&
	    strcmp(want->hostname, jail->hostname) != 0)
		return "host.hostname";
	if ((r->given & GIVEN_IP4) != 0 &&
	    (want->ip4_count != jail->ip4_count || memcmp(want->ip4, jail->ip4,
	    want->ip4_count * sizeof *want->ip4) != 0))
		return "ip4.addr";
	if ((r->given & GIVEN_IP6) != 0 &&
	    (want->ip6_count != jail->ip6_count || memcmp(want->ip6, jail->ip6,
	    want->ip6_count * sizeof *want->ip6) != 0))
		return "ip6.addr";
	return NULL;
}
