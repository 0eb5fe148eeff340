/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A host that is a directory: each alias and each mount is a file in it, so it
 * outlives a killed process.  Every call that leaves the agent passes a point,
 * before and after it is carried out, at which it can be made to fail or the
 * process be killed, or it fails by chance.  The symbols stand in front of the
 * library's.
 */
#ifndef JA_TEST_FAULT_HOST_H
#define JA_TEST_FAULT_HOST_H

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "agent_fixture.h"
#include "kernel/fstab.h"
#include "kernel/iface.h"
#include "kernel/mounted.h"

#define LABELS_MAX 512

static struct fault_host {
	char dir[PATHS_MAX];
	struct jail_backend backend;
	const struct jail_backend *real;
	const int *journal; /* its descriptor */
	bool ended;  /* what SIGTERM was sent to */
	bool blind;  /* aliases are there as soon as they were looked for */
	const char *plant; /* path that a mount turns into a link to / */
	int points;  /* passed so far */
	int fail_at; /* number of the point; -1: none */
	int kill_at;
	char *label[LABELS_MAX]; /* of the calls so far, in order */
	size_t labels;
	char *failed; /* label of the call that failed */

	/* By chance: labels are not kept, and no program is run. */
	bool dry;
	uint32_t chance;  /* state of the dice */
	unsigned fail_in; /* one call in so many fails; 0: none */
	unsigned hook_in; /* one hook */
	unsigned kill_in; /* the process is killed at one point in so many */
	unsigned spawns;  /* programs that were started */
	unsigned lists;	  /* how often all addresses were asked for */
} host;

static inline void
host_reset(int fail_at, int kill_at)
{
	for (size_t i = 0; i < host.labels; i++)
		free(host.label[i]);
	free(host.failed);
	host.failed = NULL;
	host.labels = 0;
	host.ended = false;
	host.points = 0;
	host.fail_at = fail_at;
	host.kill_at = kill_at;
}

static inline bool
host_whim(unsigned one_in)
{
	host.chance ^= host.chance << 13;
	host.chance ^= host.chance >> 17;
	host.chance ^= host.chance << 5;
	return one_in != 0 && host.chance % one_in == 0;
}

/* An errno that says nothing about whether there is such a jail. */
static inline int
host_errno(void)
{
	static const int numbers[] = { EIO, EPERM, ENOMEM, EAGAIN, EPIPE };

	return numbers[host.chance / 7 % 5];
}

/* Whether the call is to fail.  `label` NULL: the call has been done. */
static inline bool
host_point(const char *label)
{
	int n = host.points++;

	if (host.dry) {
		if (host_whim(host.kill_in))
			kill(getpid(), SIGKILL);
		return label != NULL && host_whim(host.fail_in);
	}
	if (n == host.kill_at)
		kill(getpid(), SIGKILL);
	if (label == NULL)
		return false;
	assert_true(host.labels < LABELS_MAX);
	host.label[host.labels++] = strdup(label);
	if (n != host.fail_at)
		return false;
	host.failed = strdup(label);
	return true;
}

#include "fault_journal.h"

/* ---- things as files */

static inline void
host_file(const char *kind, const char *name, char *path, size_t size)
{
	snprintf(path, size, "%s/%s %s", host.dir, kind, name);
	for (char *p = path + strlen(host.dir) + 1; *p != '\0'; p++)
		if (*p == '/')
			*p = '%';
}

static inline bool
host_there(const char *kind, const char *name)
{
	char path[4 * PATHS_MAX];

	host_file(kind, name, path, sizeof path);
	return access(path, F_OK) == 0;
}

static inline void
host_put(const char *kind, const char *name, bool there)
{
	char path[4 * PATHS_MAX];
	int fd;

	host_file(kind, name, path, sizeof path);
	if (!there) {
		assert_int_equal(unlink(path), 0);
		return;
	}
	fd = open(path, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	close(fd);
}

/* All that is there, sorted; the caller frees it. */
static inline char *
host_listing(void)
{
	struct dirent **names;
	int n = scandir(host.dir, &names, NULL, alphasort);
	char *text = calloc(1, 8192);

	assert_true(n >= 0 && text != NULL);
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.')
			strcat(strcat(text, names[i]->d_name), "\n");
		free(names[i]);
	}
	free(names);
	return text;
}

#include "fault_iface.h"

/* ---- kernel/mounted.h, and the programs */

int
mounted_at(const char *target, const char *type, struct error *err)
{
	char name[PATHS_MAX + 64];

	(void)err;
	snprintf(name, sizeof name, "%s %s", target, type);
	return host_there("mount", name);
}

/* "+mount TARGET TYPE" of mount(8), "-mount ..." of umount(8), or the path. */
static inline void
program_label(const struct jail_exec *x, char *buf, size_t size)
{
	const char *const *v = x->argv, *script;

	if (strcmp(v[0], "/sbin/mount") == 0)
		snprintf(buf, size, "+mount %s %s", v[6], v[2]);
	else if (strcmp(v[0], "/sbin/umount") == 0)
		snprintf(buf, size, "-mount %s %s", v[3], v[2]);
	else if (host.dry)
		snprintf(buf, size, "hook");
	else if (strcmp(v[0], "/bin/sh") == 0 && (script = v[2]) != NULL)
		snprintf(buf, size, "%.*s", (int)strcspn(script + 5, " "),
		    script + 5);
	else
		snprintf(buf, size, "%s", v[0]);
}

static pid_t
fault_spawn(struct jail_kernel *k, const struct jail_exec *x,
    struct error *err)
{
	char label[PATHS_MAX + 64], go;
	bool fails, mount;
	int gate[2];
	pid_t pid;

	(void)k;
	program_label(x, label, sizeof label);
	mount = strncmp(label + 1, "mount ", 6) == 0;
	host.spawns++;
	fails = host_point(label) || (host.dry && host_whim(host.hook_in));
	if (mount && host.dry && !fails)
		host_put("mount", label + 7, label[0] == '+');
	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	pid = host.dry ? vfork() : fork();
	if (pid == 0) {
		if (host.dry)
			_exit(fails ? 9 : 0);
		setsid();
		close(gate[1]);
		if (read(gate[0], &go, 1) != 1)
			_exit(1);
		if (mount && !fails)
			host_put("mount", label + 7, label[0] == '+');
		if (mount && host.plant != NULL &&
		    symlink("/", host.plant) != 0)
			_exit(errno == EEXIST ? 0 : 9);
		dup2(x->fd[1], 1);
		dup2(x->fd[2], 2);
		if (fails)
			_exit(9);
		if (x->argv[0][1] == 's')
			_exit(0);
		execve(x->argv[0], (char *const *)(uintptr_t)x->argv,
		    (char *const *)(uintptr_t)x->envp);
		_exit(127);
	}
	close(gate[0]);
	if (x->started != NULL && x->started(x->arg, pid, err) != 0) {
		close(gate[1]);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		return -1;
	}
	if (!host.dry)
		assert_int_equal(syscall(SYS_write, gate[1], "", 1), 1);
	close(gate[1]);
	host_point(NULL);
	return pid;
}

#include "fault_lookup.h"

/* ---- the kernel */

static int
fault_set(struct jail_kernel *k, struct iovec *iov, unsigned niov, int flags)
{
	int rc;

	if (host_point((flags & JAIL_CREATE) != 0 ? "+jail" : "update")) {
		errno = host.dry ? host_errno() : EIO;
		return -1;
	}
	rc = host.real->set(k, iov, niov, flags);
	host_point(NULL);
	return rc;
}

static int
fault_remove(struct jail_kernel *k, int jid)
{
	int rc;

	if (host_point("-jail")) {
		errno = host.dry ? host_errno() : EIO;
		return -1;
	}
	rc = host.real->remove(k, jid);
	host_point(NULL);
	return rc;
}

/* One process, which ends when it is told to. */
static int
fault_signal(struct jail_kernel *k, int jid, int sig)
{
	(void)k;
	(void)jid;
	if (host.dry)
		return 0;
	if (sig == 0)
		return host.ended ? 0 : 1;
	if (host_point("signal"))
		return -1;
	host.ended = true;
	host_point(NULL);
	return 1;
}

static inline bool
is_walk(const struct iovec *iov, unsigned niov)
{
	for (unsigned i = 0; i < niov; i += 2)
		if (strcmp(iov[i].iov_base, "lastjid") == 0)
			return true;
	return false;
}

/*
 * Whether a jail that was removed is there still is asked with JAIL_DYING, as
 * all jails are.
 */
static int
fault_get(struct jail_kernel *k, struct iovec *iov, unsigned niov, int flags)
{
	bool point = (flags & JAIL_DYING) != 0 && !host.dry &&
	    !is_walk(iov, niov);
	int jid;

	if (host.dry && host_whim(host.fail_in)) {
		errno = host_errno();
		return -1;
	}
	if (point && host_point("gone")) {
		errno = EIO;
		return -1;
	}
	jid = host.real->get(k, iov, niov, flags);
	if (point)
		host_point(NULL);
	return jid;
}

#include "fault_limits.h"

/* Puts the host behind a world's kernel. */
static inline void
host_behind(struct world *w)
{
	snprintf(host.dir, sizeof host.dir, "%s", world_path(w, "host"));
	if (mkdir(host.dir, 0700) != 0)
		assert_int_equal(errno, EEXIST);
	host.journal = &w->inventory.journal;
	host.real = w->kernel->backend;
	host.backend = *host.real;
	host.backend.spawn = fault_spawn;
	host.backend.set = fault_set;
	host.backend.signal = fault_signal;
	host.backend.remove = fault_remove;
	host.backend.get = fault_get;
	host.backend.limits = fault_limits;
	host.backend.limit = fault_limit;
	host.backend.remove_jd = NULL;
	w->kernel->backend = &host.backend;
}

#endif
