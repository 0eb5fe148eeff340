/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Applied specs: STATEDIR/applied/NAME.yaml, canonical, one a jail.
 *
 * They are replaced by rename(2) but not forced to the disk: after a power loss
 * no jail lives, and a spec that was lost is only missed by the removal of a
 * jail that is not there.
 */
#ifndef JA_APPLIED_H
#define JA_APPLIED_H

#include "specs/spec.h"

/* Returns 0 with *s, 1 when there is none or it is damaged, -1 on error. */
int applied_read(const char *dir, const char *name, struct spec **s,
    struct error *err);
int applied_write(const char *dir, const struct spec *s, struct error *err);
void applied_remove(const char *dir, const char *name);

#endif
