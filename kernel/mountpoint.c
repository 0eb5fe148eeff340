/* SPDX-License-Identifier: BSD-2-Clause */
#include "mountpoint.h"

#include <sys/stat.h>

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

bool
is_mountpoint(const char *path)
{
	char above[PATH_MAX];
	struct stat own, holder;
#ifdef STATX_ATTR_MOUNT_ROOT
	struct statx st;

	if (statx(AT_FDCWD, path, AT_NO_AUTOMOUNT, 0, &st) == 0 &&
	    (st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT) != 0)
		return (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
#endif
	return snprintf(above, sizeof above, "%s/..", path) <
	    (int)sizeof above && stat(path, &own) == 0 &&
	    stat(above, &holder) == 0 && own.st_dev != holder.st_dev;
}
