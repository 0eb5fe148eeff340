/* SPDX-License-Identifier: BSD-2-Clause */
#include "linux.h"

#include <sys/stat.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "kernel/backends.h"
#include "haste.h"
#include "limits.h"
#include "names.h"
#include "network.h"
#include "sys.h"

#define DEFAULT_DIR "/run/jailagent/linux"

static struct linux_kernel *
of(struct jail_kernel *k)
{
	return k->data;
}

/*
 * A watched jail costs a descriptor.  Programs that are started get the limit
 * that was there before.
 */
static void
raise_file_limit(struct rlimit *before)
{
	struct rlimit more;

	getrlimit(RLIMIT_NOFILE, before);
	more = *before;
	more.rlim_cur = more.rlim_max;
	setrlimit(RLIMIT_NOFILE, &more);
}

/* The directory of the table, and those above it. */
static int
make_dir(const char *dir, struct error *err)
{
	char part[PATH_MAX];
	size_t len = strlen(dir);

	if (len == 0 || len >= sizeof part || dir[0] != '/')
		return error_set(err, EINVAL, "kernel linux:%s: the table's "
		    "directory must be an absolute path", dir);
	for (size_t i = 1; i <= len; i++) {
		if (dir[i] != '/' && dir[i] != '\0')
			continue;
		memcpy(part, dir, i);
		part[i] = '\0';
		if (mkdir(part, i == len ? 0700 : 0755) != 0 &&
		    errno != EEXIST)
			return error_sys(err, errno, "kernel linux: %s", part);
	}
	return 0;
}

/* Others could plant a table, which names the processes to be killed. */
static int
check_dir(const char *dir, struct error *err)
{
	struct stat st;

	if (lstat(dir, &st) != 0)
		return errno == ENOENT ? 0 :
		    error_sys(err, errno, "kernel linux: %s", dir);
	if (!S_ISDIR(st.st_mode))
		return error_set(err, ENOTDIR, "kernel linux: %s is not a "
		    "directory", dir);
	if (st.st_uid != geteuid() || (st.st_mode & 022) != 0)
		return error_set(err, EPERM, "kernel linux: %s belongs to "
		    "somebody else or can be written by others; use: chown "
		    "root %s && chmod 700 %s, or remove it if you did not "
		    "make it", dir, dir, dir);
	return 0;
}

static void
release(struct linux_kernel *lk)
{
	if (lk->table != NULL)
		prison_close(lk->table);
	events_finish(&lk->events);
	spawner_stop(&lk->spawner);
	limits_finish(lk);
	close_fd(&lk->inside);
	names_finish(lk);
	inits_finish(&lk->inits);
	spawned_finish(&lk->spawned);
	free(lk->dir);
	free(lk);
}

static int
start(struct linux_kernel *lk, const struct kernel_options *opt,
    struct error *err)
{
	char boot[64], real[PATH_MAX];

	if (kernel_boot_id(boot, sizeof boot, err) != 0 ||
	    (!opt->read_only && make_dir(lk->dir, err) != 0) ||
	    check_dir(lk->dir, err) != 0)
		return -1;
	/* Where there is no directory yet there are no jails. */
	if (realpath(lk->dir, real) == NULL) {
		if (!opt->read_only)
			return error_sys(err, errno, "kernel linux: %s",
			    lk->dir);
		real[0] = '\0';
	}
	/* Without a key only jails that need a cgroup are refused. */
	if (cgroup_key(real, lk->spawner.key, NULL) != 0)
		lk->spawner.key[0] = '\0';
	if (!opt->read_only) {
		raise_file_limit(&lk->spawner.files);
		if (spawner_start(&lk->spawner, err) != 0)
			return -1;
	}
	lk->table = prison_open(lk->dir, boot, opt, &linux_effects, lk, err);
	return lk->table == NULL ? -1 : 0;
}

static int
linux_open(struct jail_kernel *k, const char *arg,
    const struct kernel_options *opt, struct error *err)
{
	struct linux_kernel *lk;

	if (geteuid() != 0)
		return error_set(err, EPERM, "kernel linux: must be root; "
		    "model:DIR works as an ordinary user");
	lk = calloc(1, sizeof *lk);
	if (lk == NULL)
		return error_sys(err, errno, "kernel linux");
	lk->spawner.pid = lk->spawner.sock = -1;
	lk->inside = lk->uts = -1;
	lk->read_only = opt->read_only;
	events_init(&lk->events);
	lk->dir = strdup(arg != NULL && arg[0] != '\0' ? arg : DEFAULT_DIR);
	if (lk->dir == NULL || start(lk, opt, err) != 0) {
		if (lk->dir == NULL)
			error_sys(err, ENOMEM, "kernel linux");
		release(lk);
		return -1;
	}
	k->data = lk;
	return 0;
}

static void
linux_close(struct jail_kernel *k)
{
	release(of(k));
}

static int
linux_set(struct jail_kernel *k, struct iovec *iov, unsigned niov, int flags)
{
	return prison_set(of(k)->table, iov, niov, flags);
}

static int
linux_get(struct jail_kernel *k, struct iovec *iov, unsigned niov, int flags)
{
	return prison_get(of(k)->table, iov, niov, flags);
}

static int
linux_remove(struct jail_kernel *k, int jid)
{
	return prison_remove(of(k)->table, jid);
}

static void
linux_haste(struct jail_kernel *k, bool on)
{
	struct linux_kernel *lk = of(k);
	void (*change)(pid_t pid) = on ? haste_begin : haste_end;

	if (lk->read_only || lk->hasty == on || (on && !haste_wanted()))
		return;
	lk->hasty = on;
	change(0);
	if (lk->spawner.pid > 0)
		change(lk->spawner.pid);
}

static int
linux_attach(struct jail_kernel *k, int jid)
{
	return prison_attach(of(k)->table, jid);
}

static int
linux_remove_jd(struct jail_kernel *k, int fd)
{
	return prison_remove_jd(of(k)->table, fd);
}

static int
linux_attach_jd(struct jail_kernel *k, int fd)
{
	return prison_attach_jd(of(k)->table, fd);
}

static int
linux_params(struct jail_kernel *k,
    int (*each)(void *arg, const struct jail_param_info *info), void *arg)
{
	return prison_params(of(k)->table, each, arg);
}

static int
linux_addresses(struct jail_kernel *k, struct error *why)
{
	(void)k;
	return net_probe(why);
}

const struct jail_backend jail_linux = {
	.name = "linux",
	.help = "linux[:DIR]: jails of namespaces, their table in DIR "
	    "(" DEFAULT_DIR ")",
	.native = true,
	.open = linux_open,
	.close = linux_close,
	.set = linux_set,
	.get = linux_get,
	.remove = linux_remove,
	.attach = linux_attach,
	.remove_jd = linux_remove_jd,
	.attach_jd = linux_attach_jd,
	.params = linux_params,
	.spawn = linux_spawn,
	.signal = linux_signal,
	.haste = linux_haste,
	.addresses = linux_addresses,
	.interface = linux_interface,
	.secluded = linux_secluded,
	.limitable = linux_limitable,
	.limits = linux_limits,
	.limit = linux_limit,
	.events = linux_events,
	.watch = linux_watch,
	.next = linux_next,
};
