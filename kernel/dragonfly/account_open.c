/* SPDX-License-Identifier: BSD-2-Clause */
#include "kernel/account.h"

#include <fcntl.h>

int
account_open(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
}
