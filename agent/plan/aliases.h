/* SPDX-License-Identifier: BSD-2-Clause */
/* The aliases on interfaces of the host that a spec's addresses ask for. */
#ifndef JA_ALIASES_H
#define JA_ALIASES_H

#include "specs/spec.h"

/*
 * Appends INTERFACE|ADDRESS/PREFIX[ WORDS] for each address of the family that
 * has an interface, by itself or by `interface`, in order.  Pure.
 */
int aliases_wanted(const struct spec *s, int family, struct text_list *out,
    struct error *err);

/* Appends those of both families that are not in the list (NULL: none is). */
int aliases_left(const struct spec *s, const struct text_list *lost,
    struct text_list *out, struct error *err);

#endif
