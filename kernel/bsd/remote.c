/* SPDX-License-Identifier: BSD-2-Clause */
/* There are no leases. */
#include "../remote.h"

bool
file_remote(int fd)
{
	(void)fd;
	return false;
}
