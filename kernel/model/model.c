/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The backend "model": the prison engine with nothing behind it.  Jails are
 * records, attaching registers the calling process, removal kills what is
 * registered; a user without privileges has all rights of root.
 */
#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/backends.h"
#include "kernel/compat.h"
#include "kernel/jail.h"
#include "kernel/params.h"
#include "kernel/prison/prison.h"
#include "kernel/spawn.h"

/* Names of parameters of a made-up module, a line each. */
#define PARAMS_FILE "params"

struct model {
	struct prison_table *table; /* first: prison_table_of */
	struct prison_effects effects;
	char *extra[PRISON_EXTRA_MAX]; /* sorted */
};

static void
kill_registered(void *arg, const struct prison *p,
    const struct prison_proc *procs, size_t nprocs)
{
	(void)arg;
	(void)p;
	for (size_t i = 0; i < nprocs; i++)
		prison_proc_signal(&procs[i], SIGKILL);
}

/* Learned ones (kernel_learn) are not. */
static bool
in_table(const char *name)
{
	const struct param_def *def = param_find(name);

	return def != NULL && param_index(def) < param_count;
}

static int
compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/*
 * Reads the booleans that a module would bring, fixed at creation, from the
 * file "params" of the directory, where there is one.
 */
static void
read_extra(struct model *m, const char *dir)
{
	char path[PATH_MAX], line[256];
	size_t count = 0;
	FILE *f;

	if (snprintf(path, sizeof path, "%s/" PARAMS_FILE, dir) >=
	    (int)sizeof path || (f = fopen(path, "re")) == NULL)
		return;
	while (count < PRISON_EXTRA_MAX && fgets(line, sizeof line, f)) {
		line[strcspn(line, " \t\n")] = '\0';
		if (*line != '\0' && *line != '#' && !in_table(line) &&
		    (m->extra[count] = strdup(line)) != NULL)
			count++;
	}
	fclose(f);
	qsort(m->extra, count, sizeof *m->extra, compare_names);
	m->effects.extra = (const char *const *)m->extra;
	m->effects.extra_count = count;
}

static void
model_free(struct model *m)
{
	for (size_t i = 0; i < PRISON_EXTRA_MAX; i++)
		free(m->extra[i]);
	free(m);
}

static int
default_directory(char *buf, size_t size)
{
	const char *run = getenv("XDG_RUNTIME_DIR");
	int n;

	if (geteuid() == 0)
		n = snprintf(buf, size, "%s/model", SYSTEM_RUN_DIR);
	else if (run != NULL && run[0] == '/')
		n = snprintf(buf, size, "%s/jailagent/model", run);
	else
		n = snprintf(buf, size, "/tmp/jailagent-%lu/model",
		    (unsigned long)geteuid());
	return n < 0 || (size_t)n >= size ? -1 : 0;
}

/* Makes the directories of a path that are missing. */
static int
make_directories(const char *dir, struct error *err)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof path, "%s", dir) >= (int)sizeof path)
		return error_sys(err, ENAMETOOLONG, "kernel model: %s", dir);
	for (char *p = path + 1; ; p++) {
		char c = *p;

		if (c != '/' && c != '\0')
			continue;
		*p = '\0';
		if (mkdir(path, c == '\0' ? 0700 : 0755) != 0 &&
		    errno != EEXIST)
			return error_sys(err, errno, "kernel model: cannot "
			    "make %s", path);
		*p = c;
		if (c == '\0')
			return 0;
	}
}

/* Others could plant a table in a directory of theirs. */
static int
check_owner(const char *dir, struct error *err)
{
	struct stat st;

	if (lstat(dir, &st) != 0)
		return errno == ENOENT ? 0 :
		    error_sys(err, errno, "kernel model: %s", dir);
	if (!S_ISDIR(st.st_mode))
		return error_set(err, ENOTDIR, "kernel model: %s is not a "
		    "directory; remove it or name one: model:DIR", dir);
	if (st.st_uid != geteuid() || (st.st_mode & 022) != 0)
		return error_set(err, EPERM, "kernel model: %s belongs to "
		    "somebody else or can be written by others; use model:DIR "
		    "with a directory of your own", dir);
	return 0;
}

/* A directory that nobody named must be ours, and the one above it too. */
static int
check_default(const char *dir, struct error *err)
{
	char above[PATH_MAX];

	snprintf(above, sizeof above, "%.*s",
	    (int)(strrchr(dir, '/') - dir), dir);
	return check_owner(above, err);
}

static int
model_open(struct jail_kernel *k, const char *arg,
    const struct kernel_options *opt, struct error *err)
{
	char dir[PATH_MAX], boot[64];
	struct model *m;

	if (arg != NULL && arg[0] != '\0')
		snprintf(dir, sizeof dir, "%s", arg);
	else if (default_directory(dir, sizeof dir) != 0)
		return error_sys(err, ENAMETOOLONG, "kernel model");
	if (kernel_boot_id(boot, sizeof boot, err) != 0 ||
	    (arg == NULL && check_default(dir, err) != 0) ||
	    (!opt->read_only && make_directories(dir, err) != 0) ||
	    check_owner(dir, err) != 0)
		return -1;
	m = calloc(1, sizeof *m);
	if (m == NULL)
		return error_sys(err, ENOMEM, "kernel model");
	m->effects.kill = kill_registered;
	read_extra(m, dir);
	m->table = prison_open(dir, boot, opt, &m->effects, m, err);
	if (m->table == NULL) {
		model_free(m);
		return -1;
	}
	k->data = m;
	return 0;
}

static void
model_close(struct jail_kernel *k)
{
	struct model *m = k->data;

	prison_close(m->table);
	model_free(m);
}

static int
model_set(struct jail_kernel *k, struct iovec *iov, unsigned niov, int flags)
{
	return prison_set(prison_table_of(k), iov, niov, flags);
}

static int
model_get(struct jail_kernel *k, struct iovec *iov, unsigned niov, int flags)
{
	return prison_get(prison_table_of(k), iov, niov, flags);
}

static int
model_remove(struct jail_kernel *k, int jid)
{
	return prison_remove(prison_table_of(k), jid);
}

static int
model_attach(struct jail_kernel *k, int jid)
{
	return prison_attach(prison_table_of(k), jid);
}

static int
model_remove_jd(struct jail_kernel *k, int fd)
{
	return prison_remove_jd(prison_table_of(k), fd);
}

static int
model_attach_jd(struct jail_kernel *k, int fd)
{
	return prison_attach_jd(prison_table_of(k), fd);
}

static int
model_params(struct jail_kernel *k,
    int (*each)(void *arg, const struct jail_param_info *info), void *arg)
{
	return prison_params(prison_table_of(k), each, arg);
}

struct signalling {
	int sig, count;
};

static int
signal_prison(void *arg, const struct prison *p)
{
	struct signalling *s = arg;
	bool zombie;

	for (size_t i = 0; i < p->proc_count; i++) {
		if (!prison_proc_running(&p->procs[i], &zombie) || zombie)
			continue;
		if (prison_proc_signal(&p->procs[i], s->sig) == 0)
			s->count++;
	}
	return 0;
}

static int
model_signal(struct jail_kernel *k, int jid, int sig)
{
	struct signalling s = { sig, 0 };

	return prison_walk(prison_table_of(k), jid, signal_prison, &s) != 0 ?
	    -1 : s.count;
}

/*
 * Nothing can run in a jail that is a record: such a program counts as run
 * with success.  Programs on the host are real ones and are not started.
 */
static pid_t
model_spawn(struct jail_kernel *k, const struct jail_exec *x,
    struct error *err)
{
	struct prison p;
	pid_t pid;

	if (x->jid != 0 && prison_find(prison_table_of(k), x->jid, &p) != 0)
		return error_set(err, ENOENT, "jail %d not found", x->jid);
	pid = fork();
	if (pid == 0)
		_exit(0);
	if (pid < 0)
		return error_sys(err, errno, "cannot start %s", spawn_name(x));
	if (x->started != NULL && x->started(x->arg, pid, err) != 0) {
		waitpid(pid, NULL, 0);
		return -1;
	}
	return pid;
}

static int
model_events(struct jail_kernel *k)
{
	(void)k;
	return -1;
}

static int
model_watch(struct jail_kernel *k, int jid)
{
	(void)k;
	(void)jid;
	return 0;
}

static int
model_next(struct jail_kernel *k)
{
	(void)k;
	return -1;
}

const struct jail_backend jail_model = {
	.name = "model",
	.help = "model[:DIR]: jails that are only records; no program is run",
	.learns = true,
	.open = model_open,
	.close = model_close,
	.set = model_set,
	.get = model_get,
	.remove = model_remove,
	.attach = model_attach,
	.remove_jd = model_remove_jd,
	.attach_jd = model_attach_jd,
	.params = model_params,
	.spawn = model_spawn,
	.signal = model_signal,
	.events = model_events,
	.watch = model_watch,
	.next = model_next,
};
