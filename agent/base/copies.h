/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of applied specs: STATEDIR/applied/NAME.yaml is as RUNDIR/applied/NAME.yaml
 * was when the signer was last told of the jail, or the command that gave it the
 * spec ended.  They are for the case that the run directory is lost.
 */
#ifndef JA_COPIES_H
#define JA_COPIES_H

#include <stdbool.h>

#include "agent/base/paths.h"

/* What is to become of the copy of a jail; NOTHING where it is not known. */
enum copies_what { COPIES_NOTHING, COPIES_MAKE, COPIES_REMOVE };

/*
 * Does that in the directory `copies`.  Where `applied` has no spec of the jail,
 * which is lost then, its copy stays.
 */
int copies_do(enum copies_what what, const char *applied, const char *copies,
    const char *name, struct error *err);

/* Makes what is applied of the copy, if there is a copy alone. */
int copies_bring_back(const struct paths *p, const char *name,
    struct error *err);

/* Whether there is no copy, or one of something else than what is applied. */
bool copies_due(const struct paths *p, const char *name);

/* The directory that has the spec: that of copies only if the other has none. */
const char *copies_place(const struct paths *p, const char *name);

#endif
