/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/sign/kept.h"

#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/buffer.h"
#include "agent/base/file.h"
#include "agent/sign/sealed.h"
#include "kernel/birth.h"
#include "specs/spec.h"

#define COMMENT "last good "
/* Among the marks: which directory they are of. */
#define WHOSE ".of"
#define WHOSE_MAX 128

char *
kept_name(const char *path, char name[KEPT_NAME_SIZE])
{
	unsigned char hash[(KEPT_NAME_SIZE - 1) / 2];

	crypto_generichash(hash, sizeof hash, (const unsigned char *)path,
	    strlen(path), NULL, 0);
	return sodium_bin2hex(name, KEPT_NAME_SIZE, hash, sizeof hash);
}

bool
kept_is_name(const char *name)
{
	return strlen(name) == KEPT_NAME_SIZE - 1 &&
	    strspn(name, "0123456789abcdef") == KEPT_NAME_SIZE - 1;
}

/* The trusted comment of what is kept of a file; to be freed. */
static char *
comment_of(const char *path, struct error *err)
{
	struct buffer b = { .data = NULL };
	char *comment;

	buffer_printf(&b, COMMENT "%s", path);
	if ((comment = buffer_take(&b, NULL)) == NULL)
		error_sys(err, ENOMEM, "%s", path);
	return comment;
}

int
kept_read(const char *dir, const char *public_key, const char *path,
    char **text, size_t *len, struct error *err)
{
	char name[KEPT_NAME_SIZE], *comment;
	struct buffer file = { .data = NULL };
	int rc = -1;

	buffer_printf(&file, "%s/%s", dir, kept_name(path, name));
	if ((comment = comment_of(path, err)) != NULL && !file.failed)
		rc = sealed_read(AT_FDCWD, file.data, SPEC_FILE_MAX,
		    public_key, comment, text, len, err);
	if (rc == 1 && access(dir, F_OK) != 0)
		rc = error_sys(err, errno, "%s", dir);
	free(comment);
	buffer_free(&file);
	return rc;
}

char *
kept_path(const char *dir, const char *name)
{
	static const char mark[] = "\ntrusted comment: " COMMENT;
	struct buffer file = { .data = NULL };
	char *data, *text, *path = NULL;
	struct error err;
	size_t len;

	buffer_printf(&file, "%s/%s", dir, name);
	if (!file.failed && file_read(AT_FDCWD, file.data, SPEC_FILE_MAX + 2 *
	    MINISIGN_COMMENT_MAX, &data, &len, &err) == 0) {
		text = strstr(data, mark);
		if (text != NULL)
			path = strndup(text + sizeof mark - 1,
			    strcspn(text + sizeof mark - 1, "\n"));
		free(data);
	}
	buffer_free(&file);
	return path;
}

int
kept_forget(const char *dir, const char *name)
{
	struct buffer file = { .data = NULL };
	int rc = -1;

	buffer_printf(&file, "%s/%s", dir, name);
	if (!file.failed && kept_is_name(name))
		rc = unlink(file.data) == 0 || (errno == ENOENT &&
		    access(dir, F_OK) == 0) ? 0 : -1;
	buffer_free(&file);
	return rc;
}

static char *
mark_path(const char *marks, const char *name, uint64_t number)
{
	struct buffer b = { .data = NULL };

	buffer_printf(&b, "%s/%s.%" PRIu64, marks, name, number);
	return buffer_take(&b, NULL);
}

int
kept_mark(const char *marks, const char *name, uint64_t number)
{
	char *path = mark_path(marks, name, number);
	int fd = path == NULL || !kept_is_name(name) ? -1 :
	    open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	free(path);
	return fd == -1 ? -1 : close(fd);
}

int
kept_unmark(const char *marks, const char *name, uint64_t number)
{
	char *path = mark_path(marks, name, number);
	int rc = path != NULL && (unlink(path) == 0 || errno == ENOENT) ? 0 :
	    -1;

	free(path);
	return rc;
}

/* The name of a kept file that a mark is of, or "". */
static const char *
marked_name(const struct dirent *e, char name[KEPT_NAME_SIZE])
{
	snprintf(name, KEPT_NAME_SIZE, "%.32s", e->d_name);
	return kept_is_name(name) ? name : "";
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int
kept_marked(const char *marks, struct text_list *names)
{
	DIR *d = opendir(marks);
	char name[KEPT_NAME_SIZE];
	struct dirent *e;
	int rc = 0;

	while (d != NULL && rc == 0 && (e = readdir(d)) != NULL)
		if (*marked_name(e, name) != '\0')
			rc = text_list_add(names, name);
	if (d != NULL)
		closedir(d);
	if (names->count > 1)
		qsort(names->text, names->count, sizeof *names->text,
		    compare_texts);
	return rc;
}

int
kept_note(struct text_list *left, const char *name, uint64_t number)
{
	char mark[KEPT_NAME_SIZE + 24];

	snprintf(mark, sizeof mark, "%.32s.%" PRIu64, name, number);
	return text_list_add(left, mark);
}

int
kept_unmark_noted(const char *marks, const char *name, struct text_list *left)
{
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < left->count;) {
		char *mark = left->text[i];

		if (strncmp(mark, name, KEPT_NAME_SIZE - 1) != 0) {
			i++;
			continue;
		}
		rc = kept_unmark(marks, name, strtoumax(mark +
		    KEPT_NAME_SIZE, NULL, 10));
		if (rc == 0) {
			left->text[i] = left->text[--left->count];
			free(mark);
		}
	}
	return rc;
}

/* A directory, not its device, which is another one when it is mounted anew. */
static int
whose(const char *dir, char text[WHOSE_MAX])
{
	struct timespec born;
	struct stat st;

	if (stat(dir, &st) != 0 || file_birth(AT_FDCWD, dir, &born) != 0)
		return -1;
	if (!S_ISDIR(st.st_mode)) {
		errno = ENOTDIR;
		return -1;
	}
	snprintf(text, WHOSE_MAX, "%ju %jd %ld\n", (uintmax_t)st.st_ino,
	    (intmax_t)born.tv_sec, (long)born.tv_nsec);
	return 0;
}

/* 1: they are of no directory yet. */
static int
whose_marks(const char *marks, char text[WHOSE_MAX])
{
	char path[PATH_MAX], *data;
	struct error err;
	size_t len;

	snprintf(path, sizeof path, "%s/" WHOSE, marks);
	if (file_read(AT_FDCWD, path, WHOSE_MAX - 1, &data, &len, &err) != 0)
		return err.code == ENOENT ? 1 : -1;
	memcpy(text, data, len + 1);
	free(data);
	return 0;
}

bool
kept_strange(const char *dir, const char *marks)
{
	char now[WHOSE_MAX], then[WHOSE_MAX];
	int rc;

	if (dir == NULL || marks == NULL || whose(dir, now) != 0 ||
	    (rc = whose_marks(marks, then)) == 1)
		return false;
	return rc == -1 || strcmp(now, then) != 0;
}

static int
forget_all(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	int rc = d == NULL ? -1 : 0;

	while (rc == 0 && (e = readdir(d)) != NULL)
		if (kept_is_name(e->d_name))
			rc = kept_forget(dir, e->d_name);
	if (d != NULL)
		closedir(d);
	return rc;
}

int
kept_adopt(const char *dir, const char *marks, struct error *err)
{
	char now[WHOSE_MAX], then[WHOSE_MAX], path[PATH_MAX];
	int rc;

	if (dir == NULL || marks == NULL)
		return 0;
	if (whose(dir, now) != 0)
		return error_sys(err, errno, "%s", dir);
	rc = whose_marks(marks, then);
	if (rc == 0 && strcmp(now, then) == 0)
		return 0;
	if (rc != 1 && forget_all(dir) != 0)
		return error_sys(err, errno, "%s: is another directory than "
		    "before, and cannot be emptied", dir);
	snprintf(path, sizeof path, "%s/" WHOSE, marks);
	if (file_replace(AT_FDCWD, path, now, strlen(now), err) != 0)
		return error_wrap(err, "%s", path);
	return rc == 1 ? 0 : 1;
}

int
kept_clear(const char *dir, const char *marks, struct text_list *left)
{
	DIR *d = opendir(marks);
	char name[KEPT_NAME_SIZE];
	struct dirent *e;
	struct error err;
	bool own = kept_adopt(dir, marks, &err) != -1;
	int rc = 0;

	while (d != NULL && rc == 0 && (e = readdir(d)) != NULL)
		if (*marked_name(e, name) != '\0' && (!own || kept_forget(dir,
		    name) == -1 || unlinkat(dirfd(d), e->d_name, 0) == -1))
			rc = text_list_add(left, e->d_name);
	if (d != NULL)
		closedir(d);
	return rc;
}

int
kept_write(int dir, const struct minisign_secret *secret, const char *path,
    const char *text, size_t len, struct error *err)
{
	char name[KEPT_NAME_SIZE], *comment, *sealed;
	size_t sealed_len;
	int rc;

	if ((comment = comment_of(path, err)) == NULL)
		return -1;
	sealed = sealed_make(secret, comment, text, len, &sealed_len, err);
	free(comment);
	if (sealed == NULL)
		return -1;
	rc = file_replace(dir, kept_name(path, name), sealed, sealed_len, err);
	free(sealed);
	return rc;
}
