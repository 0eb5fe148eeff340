/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where the output of hooks goes: exec.consolelog for commands in the jail when
 * the spec names one, else a file of the jail's own in the run directory.  A
 * file, never a pipe: what a hook starts goes on when the agent has ended.
 */
#ifndef JA_CONSOLE_H
#define JA_CONSOLE_H

#include <stddef.h>

#include "kernel/error.h"

#define CONSOLE_MAX (1024 * 1024) /* our own files are cut at this size */

/*
 * Opens for appending.  `log` is exec.consolelog or NULL: it must be absolute,
 * and is not followed if it is a symbolic link.
 */
int console_open(const char *dir, const char *name, const char *log,
    struct error *err);

/* The last line that the own file of a jail holds, or "". */
void console_tail(const char *dir, const char *name, char *buf, size_t size);

/* Removes the own file of a jail that is gone. */
void console_remove(const char *dir, const char *name);

/* Cuts files that grew beyond CONSOLE_MAX. */
void console_trim(const char *dir);

#endif
