/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef JA_BIRTH_H
#define JA_BIRTH_H

#include <time.h>

/*
 * When a file was made: with the inode number that tells it from one that got
 * the number after it.  All zeros where the file system, or the system, does not
 * keep that.  Returns 0, -1/errno.
 */
int file_birth(int dirfd, const char *name, struct timespec *t);

#endif
