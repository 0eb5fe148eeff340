/* SPDX-License-Identifier: BSD-2-Clause */
/* A directory for a jail's root that has this very test program in it. */
#ifndef TEST_LINUX_ROOT_H
#define TEST_LINUX_ROOT_H

#include <sys/stat.h>

#include <errno.h>
#include <link.h>

#include "temp_dir.h"

static inline void
make_below(const char *root, const char *path)
{
	char part[PATH_MAX];
	size_t len = strlen(path);

	for (size_t i = 1; i <= len; i++) {
		if (path[i] != '/')
			continue;
		snprintf(part, sizeof part, "%s%.*s", root, (int)i, path);
		if (mkdir(part, 0755) != 0)
			assert_int_equal(errno, EEXIST);
	}
}

static inline void
copy_into(const char *root, const char *from, const char *to)
{
	char path[PATH_MAX], buf[65536];
	size_t n;
	FILE *in = fopen(from, "r"), *out;

	make_below(root, to);
	snprintf(path, sizeof path, "%s%s", root, to);
	out = fopen(path, "w");
	assert_non_null(in);
	assert_non_null(out);
	while ((n = fread(buf, 1, sizeof buf, in)) > 0)
		assert_int_equal(fwrite(buf, 1, n, out), n);
	assert_int_equal(fclose(out), 0);
	fclose(in);
	assert_int_equal(chmod(path, 0755), 0);
}

static inline int
copy_library(struct dl_phdr_info *info, size_t size, void *root)
{
	(void)size;
	if (info->dlpi_name[0] == '/')
		copy_into(root, info->dlpi_name, info->dlpi_name);
	return 0;
}

/* A root with this program at /probe and the libraries that it uses. */
static inline void
make_root(char *root)
{
	static const char *const dirs[] = {
		"/dev/", "/proc/", "/etc/", "/tmp/", "/sub/deep/",
	};

	assert_int_equal(mkdir(root, 0755), 0);
	for (size_t i = 0; i < sizeof dirs / sizeof *dirs; i++)
		make_below(root, dirs[i]);
	dl_iterate_phdr(copy_library, root);
	copy_into(root, "/proc/self/exe", "/probe");
}

#endif
