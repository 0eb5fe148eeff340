/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * host.hostname and host.domainname, which are the jail's UTS namespace's.  Who
 * is root on the host can change them there, past the table.
 */
#ifndef JA_LINUX_NAMES_H
#define JA_LINUX_NAMES_H

#include "linux.h"

/* What Linux has no room for is only in the table: uname(2) shows the start. */
void names_copy(const char *from, char to[HOSTNAME_TEXT]);

/*
 * Gives the jail with that init the names of the record, if they are others than
 * `before` or the call speaks of one.  Returns 0, -1 with err.
 */
int names_change(struct linux_kernel *lk, const struct prison *before,
    const struct prison *after, int init, struct error *err);

/* prison_effects.names_now */
void names_now(void *lk, const struct prison *p, char *hostname,
    char *domainname);

/* The descriptor that names_now needs is closed. */
void names_finish(struct linux_kernel *lk);

#endif
