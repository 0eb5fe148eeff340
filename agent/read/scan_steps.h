/* SPDX-License-Identifier: BSD-2-Clause */
/* Files that are written in steps (quiet.h): what waits for a second of quiet. */
#ifndef JA_SCAN_STEPS_H
#define JA_SCAN_STEPS_H

#include "agent/read/scan.h"

/* Whether `now` was read from this very file, which was made at `born`. */
bool steps_taken(const struct file *f, const struct timespec *born);
/* Whether the text is a step in what is known to be written in steps. */
bool steps_go_on(const struct reader *r, const struct file *f,
    const struct timespec *born, const char *text, size_t len);
/*
 * Whether what is new may only be what comes first of it: it falls short of what
 * was last good, in this file or, of one of its jails, in another one.
 */
bool steps_short(const struct reader *r, const struct file *f,
    const struct timespec *born, const struct content *c);

#endif
