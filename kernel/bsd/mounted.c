/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/mounted.h"

#include <sys/param.h>
#include <sys/mount.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* All mounts, in the order in which they were made; allocated. */
static struct statfs *
read_mounts(int *count)
{
	for (int room = getfsstat(NULL, 0, MNT_NOWAIT); room >= 0;) {
		struct statfs *fs;
		int n;

		room += 8;
		fs = calloc((size_t)room, sizeof *fs);
		if (fs == NULL)
			return NULL;
		n = getfsstat(fs, (long)((size_t)room * sizeof *fs),
		    MNT_NOWAIT);
		if (n >= 0 && n < room) {
			*count = n;
			return fs;
		}
		free(fs);
		if (n < 0)
			return NULL;
		room = n;
	}
	return NULL;
}

int
mounted_at(const char *target, const char *type, struct error *err)
{
	struct statfs *fs;
	bool there = false;
	int count = 0;

	fs = read_mounts(&count);
	if (fs == NULL)
		return error_sys(err, errno, "reading what is mounted");
	for (int i = 0; i < count; i++)
		if (strcmp(fs[i].f_mntonname, target) == 0)
			there = strcmp(fs[i].f_fstypename, type) == 0;
	free(fs);
	return there;
}
