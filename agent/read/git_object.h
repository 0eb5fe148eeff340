/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * git's objects: one in a file each, or many in a pack (gitformat-pack(5)).  What
 * is read is compared with the object's name, which is its SHA-1.
 */
#ifndef JA_GIT_OBJECT_H
#define JA_GIT_OBJECT_H

#include <stddef.h>

#include "agent/read/git.h"

#define GIT_OBJECT_MAX (64 * 1024 * 1024)

enum git_kind { GIT_COMMIT = 1, GIT_TREE = 2, GIT_BLOB = 3, GIT_TAG = 4 };

/*
 * Reads an object of this kind; *data, behind which a NUL follows, is to be
 * freed.  Returns 0, -1 when it is not there, or cannot be read.
 */
int git_object(const struct git *g, const unsigned char name[SHA1_SIZE],
    enum git_kind kind, unsigned char **data, size_t *len);

/*
 * The same from the packs of one directory, `data` of whatever kind it is; not
 * compared with the name yet.  Returns 0, -1.
 */
int git_pack_object(const char *objects, const unsigned char name[SHA1_SIZE],
    enum git_kind *kind, unsigned char **data, size_t *len);

#endif
