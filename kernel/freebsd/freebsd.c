/* SPDX-License-Identifier: BSD-2-Clause */
#include "freebsd.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "kernel/backends.h"

/*
 * Whether jail_get(2) knows the flags of descriptors: the mask of flags is
 * tested before anything else (EINVAL); with the flag known the call goes on
 * and finds no jail (ENOENT).
 */
static bool
has_descriptors(void)
{
	int after = INT_MAX;
	char key[] = "lastjid";
	struct iovec iov[] = { { key, sizeof key }, { &after, sizeof after } };

	return jail_get(iov, nitems(iov), JAIL_USE_DESC) < 0 &&
	    errno == ENOENT;
}

static int
freebsd_open(struct jail_kernel *k, const char *arg,
    const struct kernel_options *opt, struct error *err)
{
	struct freebsd_kernel *fk;

	(void)opt;
	if (arg != NULL && arg[0] != '\0')
		return error_set(err, EINVAL, "kernel freebsd: there is only "
		    "the running one; leave out \":%s\"", arg);
	fk = malloc(sizeof *fk);
	if (fk == NULL)
		return error_sys(err, ENOMEM, "kernel freebsd");
	fk->descriptors = has_descriptors();
	fk->queue = freebsd_queue();
	k->data = fk;
	return 0;
}

static void
freebsd_close(struct jail_kernel *k)
{
	struct freebsd_kernel *fk = k->data;

	if (fk->queue >= 0)
		close(fk->queue);
	free(fk);
}

static int
freebsd_set(struct jail_kernel *k, struct iovec *iov, unsigned niov, int flags)
{
	(void)k;
	return jail_set(iov, niov, flags);
}

static int
freebsd_get(struct jail_kernel *k, struct iovec *iov, unsigned niov, int flags)
{
	(void)k;
	return jail_get(iov, niov, flags);
}

static int
freebsd_remove(struct jail_kernel *k, int jid)
{
	(void)k;
	return jail_remove(jid);
}

static int
freebsd_attach(struct jail_kernel *k, int jid)
{
	(void)k;
	return jail_attach(jid);
}

/* An unknown system call would be SIGSYS, not an error. */
static int
descriptor_call(struct jail_kernel *k, int number, int fd)
{
	const struct freebsd_kernel *fk = k->data;

	if (!fk->descriptors) {
		errno = ENOSYS;
		return -1;
	}
	return syscall(number, fd);
}

static int
freebsd_remove_jd(struct jail_kernel *k, int fd)
{
	return descriptor_call(k, SYSCALL_JAIL_REMOVE_JD, fd);
}

static int
freebsd_attach_jd(struct jail_kernel *k, int fd)
{
	return descriptor_call(k, SYSCALL_JAIL_ATTACH_JD, fd);
}

const struct jail_backend jail_freebsd = {
	.name = "freebsd",
	.help = "freebsd: the jails of this kernel",
	.native = true,
	.learns = true,
	.open = freebsd_open,
	.close = freebsd_close,
	.set = freebsd_set,
	.get = freebsd_get,
	.remove = freebsd_remove,
	.attach = freebsd_attach,
	.remove_jd = freebsd_remove_jd,
	.attach_jd = freebsd_attach_jd,
	.params = freebsd_params,
	.spawn = freebsd_spawn,
	.signal = freebsd_signal,
	.limitable = freebsd_limitable,
	.limits = freebsd_limits,
	.limit = freebsd_limit,
	.events = freebsd_events,
	.watch = freebsd_watch,
	.next = freebsd_next,
};
