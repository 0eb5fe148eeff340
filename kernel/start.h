/* SPDX-License-Identifier: BSD-2-Clause */
/* When a process began: with its pid, what no other process of this boot has. */
#ifndef JA_START_H
#define JA_START_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

/*
 * The start of a process in a unit of the system's own, and whether it only
 * waits to be reaped.  Returns 0, -1/ESRCH when there is no such process or
 * nothing can be learnt about it.
 */
int process_start(pid_t pid, uint64_t *start, bool *zombie);

#endif
