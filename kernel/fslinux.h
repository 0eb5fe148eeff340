/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a line of fstab(5) means in a jail on Linux.  Pure: the planner judges
 * by it, the backend mounts by it.
 */
#ifndef JA_FSLINUX_H
#define JA_FSLINUX_H

#include <stdint.h>

#include "fstab.h"

enum fslinux_kind {
	FSLINUX_BIND,  /* a directory or file of the host */
	FSLINUX_TMPFS,
	FSLINUX_PROC,  /* of the jail's processes */
	FSLINUX_DEV,   /* the device file system of mount.devfs */
};

#define FSLINUX_READ_ONLY 0x1
#define FSLINUX_NOSUID 0x2
#define FSLINUX_NOEXEC 0x4
#define FSLINUX_NOATIME 0x8

struct fslinux {
	enum fslinux_kind kind;
	uint32_t flags; /* FSLINUX_* */
	/* The file system's own: KEY, NUL, VALUE, NUL, ... */
	char options[256];
	size_t options_len;
};

/* Returns 0, -1 with err: why Linux jails cannot have this. */
int fslinux_read(const struct fstab_line *l, struct fslinux *f,
    struct error *err);

/*
 * The part of a target that is below the jail's path, with its slash.  NULL
 * when it is the path itself, or not below it.
 */
const char *fslinux_place(const char *target, const char *path);

#endif
