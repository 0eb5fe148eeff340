/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * ${name} in values, with jail.conf(5)'s rules: it stands for a parameter or a
 * variable of the same jail after defaults are merged, ${name} for the jail's
 * name; one of several values can stand alone only.  $${ is a literal ${.
 * Private to specs/.
 */
#ifndef JA_EXPAND_H
#define JA_EXPAND_H

#include "scope.h"

/* The value of a slot, worked out when first asked for; NULL: it has none, and
   the reason is reported. */
const struct text_list *slot_value(struct scope *s, struct slot *slot);

#endif
