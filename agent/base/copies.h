/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Copies of applied specs: STATEDIR/applied/NAME.yaml is as RUNDIR/applied/NAME.yaml
 * was when the signer was last told of the jail, or the command that gave it the
 * spec ended.  They are for the case that the run directory is lost.
 */
#ifndef JA_COPIES_H
#define JA_COPIES_H

#include "agent/base/paths.h"

/*
 * Makes the copy of a jail's spec in the directory `copies`, or removes it when
 * there is none in `applied` any more.
 */
int copies_make(const char *applied, const char *copies, const char *name,
    struct error *err);

/* Makes what is applied of the copy, if there is a copy alone. */
int copies_bring_back(const struct paths *p, const char *name,
    struct error *err);

/* The directory that has the spec: that of copies only if the other has none. */
const char *copies_place(const struct paths *p, const char *name);

#endif
