/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Looking up the addresses of a host name.  A resolver may take as long as its
 * configuration lets it, so it is asked by a process of its own.
 */
#ifndef JA_LOOKUP_H
#define JA_LOOKUP_H

#include <sys/types.h>

#include "kernel/value.h"

/*
 * Starts it, in a process group of its own.  `family`: AF_INET, AF_INET6, or
 * AF_UNSPEC for both.  Returns the child's pid and the descriptor of its
 * *answer, or -1 with err.
 */
pid_t lookup_start(const char *name, int family, int *answer,
    struct error *err);

/*
 * When it has ended: appends the addresses, of which there is at least one, or
 * says why there are none.  Closes the descriptor.  0, -1 with err.
 */
int lookup_read(int answer, struct text_list *found, struct error *err);

#endif
