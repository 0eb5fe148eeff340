/* SPDX-License-Identifier: BSD-2-Clause */
#ifndef JA_REMOTE_H
#define JA_REMOTE_H

#include <stdbool.h>

/*
 * Whether an open file is on a network file system that refuses leases unless
 * its server gave it a delegation (NFS 4) or an oplock (SMB): a refused lease
 * says nothing of writers there, and the file's times are the server's.  False
 * where there are no leases, or the kind is not known.
 */
bool file_remote(int fd);

#endif
