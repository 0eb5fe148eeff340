/* SPDX-License-Identifier: BSD-2-Clause */
#include "../birth.h"

#include <sys/stat.h>

#include <errno.h>

int
file_birth(int dirfd, const char *name, struct timespec *t)
{
	struct statx st;

	*t = (struct timespec){ 0, 0 };
	if (statx(dirfd, name, 0, STATX_BTIME, &st) != 0)
		/* A filter of system calls may not know it. */
		return errno == ENOSYS || errno == EPERM ? 0 : -1;
	if ((st.stx_mask & STATX_BTIME) != 0) {
		t->tv_sec = (time_t)st.stx_btime.tv_sec;
		t->tv_nsec = (long)st.stx_btime.tv_nsec;
	}
	return 0;
}
