/* SPDX-License-Identifier: BSD-2-Clause */
#include "scan.h"

void
revision_of(const char *dir, char *buf, size_t size)
{
	(void)dir;
	(void)size;
	buf[0] = '\0';
}
