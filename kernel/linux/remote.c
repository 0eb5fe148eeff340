/* SPDX-License-Identifier: BSD-2-Clause */
#include "../remote.h"

#include <linux/magic.h>
#include <sys/vfs.h>

#include <stddef.h>
#include <stdint.h>

bool
file_remote(int fd)
{
	static const uint32_t kind[] = { NFS_SUPER_MAGIC, SMB_SUPER_MAGIC,
		CIFS_SUPER_MAGIC, SMB2_SUPER_MAGIC };
	struct statfs st;

	if (fstatfs(fd, &st) != 0)
		return false;
	for (size_t i = 0; i < sizeof kind / sizeof *kind; i++)
		if ((uint32_t)st.f_type == kind[i])
			return true;
	return false;
}
