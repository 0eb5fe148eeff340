/* SPDX-License-Identifier: BSD-2-Clause */
/* Whole files: reading with a limit, writing so that a crash leaves no half. */
#ifndef JA_FILE_H
#define JA_FILE_H

#include <sys/types.h>

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

#include "kernel/error.h"

/*
 * Opens a regular file for reading (never waits on a pipe) and reads it up to
 * its end.  More than `max` bytes are an error (EFBIG).  *data is allocated,
 * a NUL follows the bytes.  `dir` as for openat(2).  The error does not name
 * the file: the caller puts in front what it is.
 */
int file_read(int dir, const char *name, size_t max, char **data, size_t *len,
    struct error *err);

/* What is large is written fastest from such an address: past the cache. */
#define FILE_ALIGNMENT 4096u

/*
 * Writes a new file and syncs it to the disk.  A file of that name is an error
 * (EEXIST); after any other error nothing is left of it.
 */
int file_create(int dir, const char *name, mode_t mode, const void *data,
    size_t len, struct error *err);

/*
 * Puts a file in the place of one that may be there, mode 0600, by rename(2)
 * from NAME.new: a reader, and a crash of the program, see the old one or the
 * new one.  It is not forced to the disk.  `dir` as for openat(2).
 */
int file_replace(int dir, const char *name, const void *data, size_t len,
    struct error *err);

/*
 * The same with a mode, and 0 says that it is on the disk: after a loss of power
 * the old one is there or the new one, and then the new one for good.  The name
 * is one in `dir`, or with AT_FDCWD any path.
 */
int file_replace_sync(int dir, const char *name, mode_t mode,
    const void *data, size_t len, struct error *err);

/* What one writes for oneself, to be read again, is no longer; bytes. */
#define FILE_TEXT_MAX ((size_t)64 * 1024 * 1024)

/*
 * Makes the file `to` say what `from` says, by file_replace; it is not written
 * if it does.  Returns 0, 1 when there is no `from`, -1.
 */
int file_mirror(const char *from, const char *to, struct error *err);

/*
 * Removes the files NAME followed by `suffix` whose NAME is not known: what was
 * to be removed with something else when that was cut off.
 */
void file_sweep(const char *dir, const char *suffix,
    bool (*known)(const void *arg, const char *name), const void *arg);

/*
 * A directory to be read from its beginning, whatever was read from `dir`
 * before; closedir(3) leaves `dir` open.  `what` is for the message: "the
 * snapshots cannot be listed".
 */
DIR *file_list(int dir, const char *what, struct error *err);

/* fsync(2) of a directory; `name` is for the message. */
int file_sync_dir(int dir, const char *name, struct error *err);
/* Of the one that a file is in. */
int file_sync_parent(const char *file, struct error *err);

#endif
