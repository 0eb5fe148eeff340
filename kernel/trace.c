/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The backend "trace": another backend, with a line in a file for each call
 * that reads or changes jails.  Names of parameters are written, values only
 * of those by which a jail is found: a trace holds no secret.
 *
 *     set create name=web path persist = 3
 *     get name=web = 3
 *     get lastjid=3 = -1 No such file or directory
 *     remove 3 = 0
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends.h"
#include "jail.h"
#include "spawn.h"

#define LINE_MAX_BYTES 4096

struct trace {
	struct jail_backend backend; /* under the name of the traced one */
	struct jail_kernel *inner;
	int fd;
};

static struct trace *
trace_of(const struct jail_kernel *k)
{
	return k->data;
}

/* Writes a line with the call's result, and leaves errno as it was. */
static void note(const struct trace *t, int result, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
note(const struct trace *t, int result, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	int saved = errno, n;
	va_list ap;

	va_start(ap, fmt);
	n = vsnprintf(line, sizeof line - 256, fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof line - 256)
		n = (int)sizeof line - 257;
	n += snprintf(line + n, sizeof line - (size_t)n, " = %d%s%.100s\n",
	    result, result < 0 ? " " : "", result < 0 ? strerror(saved) : "");
	/* A trace that cannot be written must not change what is traced. */
	if (write(t->fd, line, (size_t)n) != n)
		errno = 0;
	errno = saved;
}

/* Whether jail_get(2) finds a jail by this value. */
static bool
is_key(const char *name, const struct iovec *value)
{
	const char *text = value->iov_base;
	int number = 0;

	if (text == NULL)
		return false;
	if (strcmp(name, "name") == 0)
		return value->iov_len > 0 && text[0] != '\0';
	if (strcmp(name, "lastjid") == 0)
		return true;
	if (strcmp(name, "jid") == 0 && value->iov_len == sizeof number)
		memcpy(&number, text, sizeof number);
	return number != 0;
}

/*
 * " name=web path persist": what a parameter list is about.  A list that is
 * read is described by what the jail is looked for by alone.
 */
static void
describe(const struct iovec *iov, unsigned niov, bool reads, char *buf,
    size_t size)
{
	size_t used = 0;

	buf[0] = '\0';
	for (unsigned i = 0; i + 1 < niov && used < size; i += 2) {
		const char *name = iov[i].iov_base;
		const struct iovec *value = &iov[i + 1];
		int number;

		if (strcmp(name, "errmsg") == 0 || (reads &&
		    !is_key(name, value)))
			continue;
		used += (size_t)snprintf(buf + used, size - used, " %s", name);
		if (used >= size || value->iov_base == NULL)
			continue;
		if (strcmp(name, "name") == 0 && value->iov_len > 0) {
			used += (size_t)snprintf(buf + used, size - used,
			    "=%.*s", (int)value->iov_len,
			    (const char *)value->iov_base);
		} else if ((strcmp(name, "jid") == 0 ||
		    strcmp(name, "lastjid") == 0) &&
		    value->iov_len == sizeof number) {
			memcpy(&number, value->iov_base, sizeof number);
			used += (size_t)snprintf(buf + used, size - used,
			    "=%d", number);
		}
	}
}

static int
trace_set(struct jail_kernel *k, struct iovec *iov, unsigned niov, int flags)
{
	struct trace *t = trace_of(k);
	char what[LINE_MAX_BYTES - 512];
	int rc;

	describe(iov, niov, false, what, sizeof what);
	rc = t->inner->backend->set(t->inner, iov, niov, flags);
	note(t, rc, "set%s%s%s", flags & JAIL_CREATE ? " create" : "",
	    flags & JAIL_UPDATE ? " update" : "", what);
	return rc;
}

static int
trace_get(struct jail_kernel *k, struct iovec *iov, unsigned niov, int flags)
{
	struct trace *t = trace_of(k);
	char what[JAIL_NAME_MAX + 16];
	int rc;

	describe(iov, niov, true, what, sizeof what);
	rc = t->inner->backend->get(t->inner, iov, niov, flags);
	note(t, rc, "get%s", what);
	return rc;
}

static int
trace_remove(struct jail_kernel *k, int jid)
{
	struct trace *t = trace_of(k);
	int rc = t->inner->backend->remove(t->inner, jid);

	note(t, rc, "remove %d", jid);
	return rc;
}

static int
trace_attach(struct jail_kernel *k, int jid)
{
	struct trace *t = trace_of(k);
	int rc = t->inner->backend->attach(t->inner, jid);

	note(t, rc, "attach %d", jid);
	return rc;
}

static int
trace_remove_jd(struct jail_kernel *k, int fd)
{
	struct trace *t = trace_of(k);
	int rc = t->inner->backend->remove_jd(t->inner, fd);

	note(t, rc, "remove_jd %d", fd);
	return rc;
}

static int
trace_attach_jd(struct jail_kernel *k, int fd)
{
	struct trace *t = trace_of(k);
	int rc = t->inner->backend->attach_jd(t->inner, fd);

	note(t, rc, "attach_jd %d", fd);
	return rc;
}

static pid_t
trace_spawn(struct jail_kernel *k, const struct jail_exec *x,
    struct error *err)
{
	struct trace *t = trace_of(k);
	pid_t pid = t->inner->backend->spawn(t->inner, x, err);

	note(t, (int)pid, "spawn %d %s", x->jid, spawn_name(x));
	return pid;
}

static int
trace_signal(struct jail_kernel *k, int jid, int sig)
{
	struct trace *t = trace_of(k);
	int rc = t->inner->backend->signal(t->inner, jid, sig);

	note(t, rc, "signal %d %d", jid, sig);
	return rc;
}

static int
trace_interface(struct jail_kernel *k, int jid, const char *name,
    struct error *err)
{
	struct trace *t = trace_of(k);
	int rc = t->inner->backend->interface(t->inner, jid, name, err);

	note(t, rc, "interface %d %s", jid, name);
	return rc;
}

static bool
trace_secluded(struct jail_kernel *k, int jid)
{
	struct trace *t = trace_of(k);
	bool yes = t->inner->backend->secluded(t->inner, jid);

	note(t, yes, "secluded %d", jid);
	return yes;
}

static int
trace_limits(struct jail_kernel *k, int jid, const char *name,
    struct jail_limits *l, struct error *err)
{
	struct trace *t = trace_of(k);
	int rc = t->inner->backend->limits(t->inner, jid, name, l, err);

	note(t, rc, "limits %d", jid);
	return rc;
}

static int
trace_limit(struct jail_kernel *k, int jid, const char *name,
    const struct jail_limits *l, struct error *err)
{
	struct trace *t = trace_of(k);
	int rc = t->inner->backend->limit(t->inner, jid, name, l, err);

	note(t, rc, "limit %d", jid);
	return rc;
}

/* What tells nothing about a jail passes through. */
static int
trace_limitable(struct jail_kernel *k, enum jail_limit which, bool with,
    struct error *why)
{
	struct jail_kernel *inner = trace_of(k)->inner;

	return inner->backend->limitable(inner, which, with, why);
}

static void
trace_haste(struct jail_kernel *k, bool on)
{
	struct jail_kernel *inner = trace_of(k)->inner;

	inner->backend->haste(inner, on);
}

static int
trace_params(struct jail_kernel *k,
    int (*each)(void *arg, const struct jail_param_info *info), void *arg)
{
	struct jail_kernel *inner = trace_of(k)->inner;

	return inner->backend->params(inner, each, arg);
}

static int
trace_addresses(struct jail_kernel *k, struct error *why)
{
	struct jail_kernel *inner = trace_of(k)->inner;

	return inner->backend->addresses(inner, why);
}

static int
trace_events(struct jail_kernel *k)
{
	struct jail_kernel *inner = trace_of(k)->inner;

	return inner->backend->events(inner);
}

static int
trace_watch(struct jail_kernel *k, int jid)
{
	struct jail_kernel *inner = trace_of(k)->inner;

	return inner->backend->watch(inner, jid);
}

static int
trace_next(struct jail_kernel *k)
{
	struct jail_kernel *inner = trace_of(k)->inner;

	return inner->backend->next(inner);
}

static void
trace_close(struct jail_kernel *k)
{
	struct trace *t = trace_of(k);

	kernel_close(t->inner);
	close(t->fd);
	free(t);
}

static int
trace_open(struct jail_kernel *k, const char *arg,
    const struct kernel_options *opt, struct error *err)
{
	const char *colon = arg == NULL ? NULL : strchr(arg, ':');
	struct trace *t;
	char *file;

	if (colon == NULL || colon == arg || colon[1] == '\0')
		return error_set(err, EINVAL, "kernel trace: say "
		    "trace:FILE:KERNEL, as in trace:/tmp/calls:auto");
	t = calloc(1, sizeof *t);
	file = strndup(arg, (size_t)(colon - arg));
	if (t == NULL || file == NULL) {
		error_sys(err, ENOMEM, "kernel trace");
		goto fail;
	}
	t->fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (t->fd == -1) {
		error_sys(err, errno, "kernel trace: %s", file);
		goto fail;
	}
	t->inner = kernel_open(colon + 1, opt, err);
	if (t->inner == NULL) {
		close(t->fd);
		goto fail;
	}
	free(file);
	t->backend = jail_trace;
	t->backend.name = t->inner->backend->name;
	t->backend.native = t->inner->backend->native;
	if (t->inner->backend->remove_jd == NULL)
		t->backend.remove_jd = NULL;
	if (t->inner->backend->attach_jd == NULL)
		t->backend.attach_jd = NULL;
	if (t->inner->backend->haste == NULL)
		t->backend.haste = NULL;
	if (t->inner->backend->addresses == NULL)
		t->backend.addresses = NULL;
	if (t->inner->backend->interface == NULL)
		t->backend.interface = NULL;
	if (t->inner->backend->secluded == NULL)
		t->backend.secluded = NULL;
	if (t->inner->backend->limitable == NULL)
		t->backend.limitable = NULL;
	if (t->inner->backend->limits == NULL)
		t->backend.limits = NULL;
	if (t->inner->backend->limit == NULL)
		t->backend.limit = NULL;
	k->backend = &t->backend;
	k->data = t;
	return 0;
fail:
	free(file);
	free(t);
	return -1;
}

const struct jail_backend jail_trace = {
	.name = "trace",
	.help = "trace:FILE:KERNEL: another kernel, its calls noted in FILE",
	.open = trace_open,
	.close = trace_close,
	.set = trace_set,
	.get = trace_get,
	.remove = trace_remove,
	.attach = trace_attach,
	.remove_jd = trace_remove_jd,
	.attach_jd = trace_attach_jd,
	.params = trace_params,
	.spawn = trace_spawn,
	.signal = trace_signal,
	.haste = trace_haste,
	.addresses = trace_addresses,
	.interface = trace_interface,
	.secluded = trace_secluded,
	.limitable = trace_limitable,
	.limits = trace_limits,
	.limit = trace_limit,
	.events = trace_events,
	.watch = trace_watch,
	.next = trace_next,
};
