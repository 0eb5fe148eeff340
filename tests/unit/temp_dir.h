/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory of a test's own, and files in it. */
#ifndef TEST_TEMP_DIR_H
#define TEST_TEMP_DIR_H

#include <sys/stat.h>

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct temp_dir {
	char path[PATH_MAX / 2];
};

static inline void
temp_dir_make(struct temp_dir *t)
{
	const char *base = getenv("TMPDIR");

	snprintf(t->path, sizeof t->path, "%s/jailagent-test.XXXXXX",
	    base != NULL ? base : "/tmp");
	assert_non_null(mkdtemp(t->path));
}

static inline int
temp_dir_remove_one(const char *path, const struct stat *st, int type,
    struct FTW *f)
{
	(void)st;
	(void)type;
	(void)f;
	return remove(path);
}

static inline void
temp_dir_remove(const struct temp_dir *t)
{
	assert_int_equal(nftw(t->path, temp_dir_remove_one, 16,
	    FTW_DEPTH | FTW_PHYS), 0);
}

/* DIR/NAME, in one of a few static buffers used in turn. */
static inline const char *
temp_file(const struct temp_dir *t, const char *name)
{
	static char path[8][PATH_MAX];
	static unsigned next;
	char *p = path[next++ % 8];

	snprintf(p, PATH_MAX, "%s/%s", t->path, name);
	return p;
}

static inline void
temp_write(const char *path, mode_t mode, const void *data, size_t len)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

/* The file's bytes, a NUL behind them; to be freed. */
static inline char *
temp_read(const char *path, size_t *len)
{
	FILE *f = fopen(path, "r");
	char *data = malloc(1 << 20);

	assert_non_null(f);
	assert_non_null(data);
	*len = fread(data, 1, (1 << 20) - 1, f);
	data[*len] = '\0';
	fclose(f);
	return data;
}

#endif
