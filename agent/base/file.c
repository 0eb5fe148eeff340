/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/base/file.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/buffer.h"

#define READ_STEP 65536u
#define DIRECT_LEAST (1024u * 1024) /* bytes of a file that is large */

static int
read_all(int fd, size_t max, struct buffer *b, struct error *err)
{
	ssize_t n;

	for (;;) {
		if (buffer_reserve(b, READ_STEP) == -1)
			return error_sys(err, ENOMEM, "cannot be read");
		n = read(fd, b->data + b->len, READ_STEP);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return error_sys(err, errno, "cannot be read");
		if (n == 0)
			return 0;
		b->len += (size_t)n;
		if (b->len > max)
			return error_set(err, EFBIG,
			    "is longer than %zu bytes", max);
	}
}

int
file_read(int dir, const char *name, size_t max, char **data, size_t *len,
    struct error *err)
{
	struct buffer b = { .data = NULL };
	struct stat st;
	int fd, rc;

	fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd == -1)
		return error_sys(err, errno, "cannot be opened");
	if (fstat(fd, &st) == -1)
		rc = error_sys(err, errno, "cannot be read");
	else if (!S_ISREG(st.st_mode))
		rc = error_set(err, EINVAL, "is not a regular file");
	else
		rc = read_all(fd, max, &b, err);
	close(fd);
	if (rc == 0 && (*data = buffer_take(&b, len)) == NULL)
		rc = error_sys(err, ENOMEM, "cannot be read");
	buffer_free(&b);
	return rc;
}

static int
write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = write(fd, data, len);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

/* Not all file systems can. */
static int
set_direct(int fd, bool on)
{
	int flags = fcntl(fd, F_GETFL);

	return flags == -1 ? -1 : fcntl(fd, F_SETFL, on ? flags | O_DIRECT :
	    flags & ~O_DIRECT);
}

/*
 * The whole blocks of what is large, past the cache: it is synced at once, and
 * nobody reads it soon, so copying it there would only cost time, and push out
 * what others need.  Returns how many bytes were written.
 */
static size_t
write_direct(int fd, const char *data, size_t len)
{
	size_t done = 0, n = len - len % FILE_ALIGNMENT;
	ssize_t w = 0;

	if (len < DIRECT_LEAST || (uintptr_t)data % FILE_ALIGNMENT != 0 ||
	    set_direct(fd, true) != 0)
		return 0;
	do {
		done += (size_t)w;
		w = write(fd, data + done, n - done);
	} while (w > 0 && w % FILE_ALIGNMENT == 0 && done + (size_t)w < n);
	(void)set_direct(fd, false);
	return w > 0 ? done + (size_t)w : done;
}

int
file_create(int dir, const char *name, mode_t mode, const void *data,
    size_t len, struct error *err)
{
	size_t done;
	int fd, code;

	fd = openat(dir, name,
	    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd == -1)
		return error_sys(err, errno, "%s: cannot be created", name);
	done = write_direct(fd, data, len);
	/* The mode is meant as it is, whatever the umask. */
	if (fchmod(fd, mode) == 0 &&
	    write_all(fd, (const char *)data + done, len - done) == 0 &&
	    fsync(fd) == 0) {
		close(fd);
		return 0;
	}
	code = errno;
	close(fd);
	(void)unlinkat(dir, name, 0);
	return error_sys(err, code, "%s: cannot be written", name);
}

int
file_replace(int dir, const char *name, const void *data, size_t len,
    struct error *err)
{
	struct buffer temporary = { .data = NULL };
	int fd, code = 0;

	buffer_printf(&temporary, "%s.new", name);
	if (temporary.failed)
		return error_sys(err, ENOMEM, "%s", name);
	fd = openat(dir, temporary.data, O_WRONLY | O_CREAT | O_TRUNC |
	    O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd == -1 || write_all(fd, data, len) != 0 ||
	    renameat(dir, temporary.data, dir, name) != 0)
		code = errno;
	if (fd != -1)
		close(fd);
	if (code != 0)
		(void)unlinkat(dir, temporary.data, 0);
	buffer_free(&temporary);
	return code == 0 ? 0 : error_sys(err, code, "%s: cannot be written",
	    name);
}

int
file_replace_sync(int dir, const char *name, mode_t mode, const void *data,
    size_t len, struct error *err)
{
	const char *slash = strrchr(name, '/');
	size_t at = slash == NULL ? 0 : (size_t)(slash + 1 - name);
	char temporary[PATH_MAX];
	int n = snprintf(temporary, sizeof temporary, "%.*s.new-%s", (int)at,
	    name, name + at);

	if (n < 0 || (size_t)n >= sizeof temporary)
		return error_sys(err, ENAMETOOLONG, "%s", name);
	/* What one that was killed has left. */
	(void)unlinkat(dir, temporary, 0);
	if (file_create(dir, temporary, mode, data, len, err) == -1)
		return -1;
	if (renameat(dir, temporary, dir, name) == -1) {
		error_sys(err, errno, "%s: cannot be renamed to %s", temporary,
		    name);
		(void)unlinkat(dir, temporary, 0);
		return -1;
	}
	return dir == AT_FDCWD ? file_sync_parent(name, err) :
	    file_sync_dir(dir, name, err);
}

/* Whether a file says just this. */
static bool
says(const char *name, const char *data, size_t len)
{
	size_t there;
	char *text;
	bool same;

	if (file_read(AT_FDCWD, name, len, &text, &there, NULL) != 0)
		return false;
	same = there == len && memcmp(text, data, len) == 0;
	free(text);
	return same;
}

int
file_mirror(const char *from, const char *to, struct error *err)
{
	struct error why;
	char *text;
	size_t len;
	int rc = 0;

	if (file_read(AT_FDCWD, from, FILE_TEXT_MAX, &text, &len, &why) != 0)
		return why.code == ENOENT ? 1 : error_set(err, why.code,
		    "%s: %s", from, why.text);
	if (!says(to, text, len))
		rc = file_replace(AT_FDCWD, to, text, len, err);
	free(text);
	return rc;
}

DIR *
file_list(int dir, const char *what, struct error *err)
{
	int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), code;
	DIR *d = fd == -1 ? NULL : fdopendir(fd);

	if (d != NULL)
		return d;
	code = errno;
	if (fd != -1)
		close(fd);
	error_sys(err, code, "%s cannot be listed", what);
	return NULL;
}

int
file_sync_dir(int dir, const char *name, struct error *err)
{
	if (fsync(dir) == -1)
		return error_sys(err, errno,
		    "%s: the directory cannot be synced", name);
	return 0;
}

int
file_sync_parent(const char *file, struct error *err)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(file, '/');
	int fd, rc;

	if (slash == NULL)
		snprintf(dir, sizeof dir, ".");
	else
		snprintf(dir, sizeof dir, "%.*s/", (int)(slash - file), file);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1)
		return error_sys(err, errno, "%s", dir);
	rc = file_sync_dir(fd, dir, err);
	close(fd);
	return rc;
}

void
file_sweep(const char *dir, const char *suffix,
    bool (*known)(const void *, const char *), const void *arg)
{
	DIR *d = opendir(dir);
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		size_t len = strlen(e->d_name), end = strlen(suffix);
		char name[NAME_MAX + 1];

		if (len <= end || len > NAME_MAX ||
		    strcmp(e->d_name + len - end, suffix) != 0)
			continue;
		memcpy(name, e->d_name, len - end);
		name[len - end] = '\0';
		if (!known(arg, name))
			unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d != NULL)
		closedir(d);
}
