/* SPDX-License-Identifier: BSD-2-Clause */
/* Options that several commands share. */
#ifndef JA_LETTERS_H
#define JA_LETTERS_H

#include <stdbool.h>

/*
 * jail(8)'s letters, collected from single options: `c`, `m` or `r`.  Returns
 * whether ch is one of them.
 */
bool letters_take(int ch, unsigned *letters);

/* The letters to use: -cmr when none was given.  NULL or what is wrong. */
const char *letters_check(unsigned *letters, bool for_agent);

/* A non-negative number, or -1. */
long number_option(const char *text);

#endif
