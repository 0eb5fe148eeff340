/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/base/paths.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/clock.h"
#include "kernel/compat.h"

#define JAIL_FILE_MAX 200 /* bytes of a jail's name in that of its file */
#define HASH_BYTES 8 /* of the path's BLAKE2b-256, in the directory's name */

/* Joins like printf.  Returns -1 with err when it does not fit. */
static int join(char *buf, struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));


static int
join(char *buf, struct error *err, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, PATHS_MAX, fmt, ap);
	va_end(ap);
	if (n < 0 || n >= PATHS_MAX)
		return error_set(err, ENAMETOOLONG, "%.60s...: the path is "
		    "longer than %d bytes", buf, PATHS_MAX - 1);
	return 0;
}

/*
 * The canonical form of a path of which the last components need not exist.
 * `text` is modified while we look for the part that does.
 */
static int
resolve(char *text, char *buf, struct error *err)
{
	char real[PATH_MAX], rest[PATHS_MAX] = "";

	while (realpath(text[0] != '\0' ? text : "/", real) == NULL) {
		char *slash = strrchr(text, '/'), tail[PATHS_MAX];

		if (errno != ENOENT || slash == NULL ||
		    strcmp(slash, "/..") == 0)
			return error_sys(err, errno, "state directory %s",
			    text);
		if (slash[1] != '\0' && strcmp(slash, "/.") != 0) {
			memcpy(tail, rest, sizeof tail);
			if (join(rest, err, "%s%s", slash, tail) != 0)
				return -1;
		}
		*slash = '\0';
	}
	return join(buf, err, "%s%s", strcmp(real, "/") == 0 &&
	    rest[0] != '\0' ? "" : real, rest);
}

static int
canonical(const char *state, char *buf, struct error *err)
{
	char text[PATHS_MAX], cwd[PATH_MAX];

	if (state[0] == '\0')
		return error_set(err, EINVAL, "the state directory's name is "
		    "empty");
	if (state[0] == '/') {
		if (join(text, err, "%s", state) != 0)
			return -1;
	} else {
		if (getcwd(cwd, sizeof cwd) == NULL)
			return error_sys(err, errno, "current directory");
		if (join(text, err, "%s/%s", cwd, state) != 0)
			return -1;
	}
	return resolve(text, buf, err);
}

static int
run_base(char *buf, struct error *err)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");

	if (geteuid() == 0)
		return join(buf, err, "%s", SYSTEM_RUN_DIR);
	if (dir != NULL && dir[0] == '/')
		return join(buf, err, "%s/jailagent", dir);
	return join(buf, err, "/tmp/jailagent-%ld", (long)geteuid());
}

static int
run_dir(struct paths *p, struct error *err)
{
	unsigned char hash[32];
	char base[PATHS_MAX], hex[2 * HASH_BYTES + 1];

	if (run_base(base, err) != 0)
		return -1;
	crypto_generichash(hash, sizeof hash, (const unsigned char *)p->state,
	    strlen(p->state), NULL, 0);
	sodium_bin2hex(hex, sizeof hex, hash, HASH_BYTES);
	return join(p->run, err, "%s/%s", base, hex);
}

int
paths_init(struct paths *p, const char *state, struct error *err)
{
	const struct {
		char *to;
		const char *dir, *name;
	} names[] = {
		{ p->applied, p->run, "applied" },
		{ p->outdated, p->run, "outdated" },
		{ p->copies, p->state, "applied" },
		{ p->good, p->state, "good" },
		{ p->accepted, p->state, "accepted" },
		{ p->orders, p->state, "orders.json" },
		{ p->rollback, p->state, "rollback" },
		{ p->snapshots, p->state, "snapshots" },
		{ p->key, p->state, "key" },
		{ p->public_key, p->state, "key.pub" },
		{ p->seal, p->state, "seal" },
		{ p->stamps, p->state, "stamps" },
		{ p->head, p->run, "head" },
		{ p->lock, p->run, "lock" },
		{ p->signing, p->state, "signing" },
		{ p->control, p->run, "control" },
		{ p->journal, p->run, "journal" },
		{ p->removals, p->run, "removals" },
		{ p->console, p->run, "console" },
	};

	if (sodium_init() < 0)
		return error_set(err, ENOTSUP, "libsodium cannot be used");
	if (canonical(state != NULL ? state : SYSTEM_STATE_DIR, p->state,
	    err) != 0 || run_dir(p, err) != 0)
		return -1;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (join(names[i].to, err, "%s/%s", names[i].dir,
		    names[i].name) != 0)
			return -1;
	return 0;
}

static int
check_dir(const char *path, struct error *err)
{
	struct stat st;

	if (lstat(path, &st) != 0)
		return error_sys(err, errno, "directory %s", path);
	if (!S_ISDIR(st.st_mode))
		return error_set(err, ENOTDIR, "%s is not a directory", path);
	if (st.st_uid != 0 && st.st_uid != geteuid())
		return error_set(err, EPERM, "directory %s belongs to user %ld,"
		    " not to us (%ld); remove it or change its owner", path,
		    (long)st.st_uid, (long)geteuid());
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return error_set(err, EPERM, "directory %s can be written by "
		    "others (mode %04o); use: chmod go-w %s", path,
		    (unsigned)st.st_mode & 07777, path);
	return 0;
}

/*
 * Makes a directory with exactly this mode, whatever the umask is; one that
 * is there already is checked.
 */
static int
make_dir(const char *path, mode_t mode, struct error *err)
{
	if (mkdir(path, mode) == 0) {
		if (chmod(path, mode) != 0)
			return error_sys(err, errno, "chmod %s", path);
		return 0;
	}
	if (errno != EEXIST)
		return error_sys(err, errno, "directory %s cannot be made",
		    path);
	return check_dir(path, err);
}

/* Makes the directories above a path that are not there; others are left. */
static int
make_parents(const char *path, struct error *err)
{
	char part[PATHS_MAX];

	for (const char *s = strchr(path + 1, '/'); s != NULL;
	    s = strchr(s + 1, '/')) {
		memcpy(part, path, (size_t)(s - path));
		part[s - path] = '\0';
		if (mkdir(part, 0755) == 0) {
			if (chmod(part, 0755) != 0)
				return error_sys(err, errno, "chmod %s", part);
		} else if (errno != EEXIST && access(part, F_OK) != 0) {
			return error_sys(err, errno, "directory %s cannot be "
			    "made", part);
		}
	}
	return 0;
}

/*
 * Last good texts are no condition of anything: where there can be no place for
 * them, whoever keeps or reads one says so.
 */
static int
make_good(const char *path, struct error *err)
{
	struct stat st;

	return make_dir(path, 0700, err) == 0 || stat(path, &st) != 0 ||
	    !S_ISDIR(st.st_mode) ? 0 : -1;
}

int
paths_make(const struct paths *p, struct error *err)
{
	char base[PATHS_MAX];

	if (run_base(base, err) != 0 || make_parents(p->state, err) != 0 ||
	    make_parents(base, err) != 0)
		return -1;
	if (make_dir(p->state, 0755, err) != 0 ||
	    make_dir(p->snapshots, 0755, err) != 0 ||
	    make_dir(p->copies, 0700, err) != 0 ||
	    make_good(p->good, err) != 0 ||
	    make_dir(p->rollback, 0700, err) != 0 ||
	    make_dir(base, 0755, err) != 0 ||
	    make_dir(p->run, 0700, err) != 0 ||
	    make_dir(p->applied, 0700, err) != 0 ||
	    make_dir(p->outdated, 0700, err) != 0)
		return -1;
	return make_dir(p->console, 0700, err);
}

void
paths_of_jail(char *buf, size_t size, const char *dir, const char *name,
    const char *suffix)
{
	unsigned char hash[crypto_generichash_BYTES_MIN];
	char hex[2 * sizeof hash + 1];

	if (strlen(name) <= JAIL_FILE_MAX) {
		snprintf(buf, size, "%s/%s%s", dir, name, suffix);
		return;
	}
	(void)crypto_generichash(hash, sizeof hash, (const unsigned char *)name,
	    strlen(name), NULL, 0);
	sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
	/* Longer than any that is not cut. */
	snprintf(buf, size, "%s/%.*s~%s%s", dir, JAIL_FILE_MAX, name, hex,
	    suffix);
}

const char *
paths_default_specs(void)
{
	return SYSTEM_SPECS_DIR;
}

/*
 * A record lock: it ends with the process, is not inherited by helpers, and
 * the kernel tells who holds it.
 */
static int
lock_call(int fd, int cmd, struct flock *l)
{
	*l = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET };
	return fcntl(fd, cmd, l);
}

static int
write_pid(int fd)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
		return -1;
	return 0;
}

int
paths_lock(const struct paths *p, long *holder, struct error *err)
{
	struct flock l;
	int fd;

	*holder = 0;
	fd = open(p->lock, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return error_sys(err, errno, "lock %s", p->lock);
	if (lock_call(fd, F_SETLK, &l) != 0) {
		if (errno != EACCES && errno != EAGAIN) {
			error_sys(err, errno, "lock %s", p->lock);
			goto fail;
		}
		if (lock_call(fd, F_GETLK, &l) == 0 && l.l_type != F_UNLCK)
			*holder = (long)l.l_pid;
		error_set(err, EBUSY, "the agent with pid %ld already uses "
		    "state directory %s", *holder, p->state);
		goto fail;
	}
	if (write_pid(fd) != 0) {
		error_sys(err, errno, "lock %s cannot be written", p->lock);
		goto fail;
	}
	return fd;
fail:
	close(fd);
	return -1;
}

int
paths_lock_signing(const char *file, int64_t until, struct error *err)
{
	static const struct timespec moment = { 0, 5000000 };
	struct flock l;
	int fd, code;

	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return error_sys(err, errno, "lock %s", file);
	while (lock_call(fd, F_SETLK, &l) != 0) {
		code = errno;
		if ((code == EACCES || code == EAGAIN) && clock_ms() < until) {
			nanosleep(&moment, NULL);
			continue;
		}
		if (code != EACCES && code != EAGAIN)
			error_sys(err, code, "lock %s", file);
		else if (lock_call(fd, F_GETLK, &l) == 0 &&
		    l.l_type != F_UNLCK)
			error_set(err, EBUSY, "pid %ld, the signer of an agent "
			    "that has ended, or that has another run "
			    "directory, still writes; there can be another "
			    "one when it is done", (long)l.l_pid);
		else
			error_set(err, EBUSY, "another signer ended just now; "
			    "try again");
		close(fd);
		return -1;
	}
	return fd;
}

long
paths_lock_holder(const struct paths *p)
{
	struct flock l;
	long holder = 0;
	int fd = open(p->lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd == -1)
		return 0;
	if (lock_call(fd, F_GETLK, &l) == 0 && l.l_type != F_UNLCK)
		holder = (long)l.l_pid;
	close(fd);
	return holder;
}
