/* SPDX-License-Identifier: BSD-2-Clause */
/* Becoming a program that is looked up along the PATH of its own environment. */
#ifndef JA_SEARCH_H
#define JA_SEARCH_H

/*
 * As execvp(3), but with PATH as `envp` has it: goes on after a miss, and tells
 * of a file without rights (EACCES) rather than of the misses.  Returns only on
 * failure: an errno value.
 */
int search_and_execute(const char *const *argv, const char *const *envp);

#endif
