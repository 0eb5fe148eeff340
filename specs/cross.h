/* SPDX-License-Identifier: BSD-2-Clause */
/* What must hold between the values of one jail.  Private to specs/. */
#ifndef JA_CROSS_H
#define JA_CROSS_H

#include "draft.h"

/* Checks a complete draft; reports by scope_fault. */
void cross_check(struct drafter *d);

#endif
