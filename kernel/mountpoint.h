/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef JA_MOUNTPOINT_H
#define JA_MOUNTPOINT_H

#include <stdbool.h>

/*
 * Whether something is mounted at a directory.  Where the kernel does not tell,
 * it is by the device, which a mount from the same one does not change.
 */
bool is_mountpoint(const char *path);

#endif
