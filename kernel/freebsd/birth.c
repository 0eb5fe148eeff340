/* SPDX-License-Identifier: BSD-2-Clause */
#include "../birth.h"

#include <sys/stat.h>

#include <fcntl.h>

int
file_birth(int dirfd, const char *name, struct timespec *t)
{
	struct stat st;

	*t = (struct timespec){ 0, 0 };
	if (fstatat(dirfd, name, &st, 0) != 0)
		return -1;
	*t = st.st_birthtim;
	return 0;
}
