/* SPDX-License-Identifier: BSD-2-Clause */
/* Making specs of drafts, and of two others. */
#ifndef JA_PACK_H
#define JA_PACK_H

#include "spec.h"

/*
 * Copies a draft, a struct spec whose pointers are borrowed, into one block
 * that spec_free releases.  `depend` and the names of parameters without a
 * key are taken from the parameters and the table.  NULL: no memory.
 */
struct spec *spec_pack(const struct spec *draft);

/* Of two parameters of one name, or one and NULL, the one to take; NULL: none. */
typedef const struct spec_param *spec_choice(const void *arg,
    const struct spec_param *was, const struct spec_param *now);

/*
 * A spec with the settings of `draft` and, of the parameters of the other two,
 * those that `choose` takes.  NULL: no memory.
 */
struct spec *spec_merge(const struct spec *draft, const struct spec *was,
    const struct spec *now, spec_choice *choose, const void *arg);

/*
 * As spec_pack, for several specs, which share memory: it is there until all of
 * them are released, and *shelf is.  Begin with NULL.
 */
struct shelf;
struct spec *spec_put(struct shelf **shelf, const struct spec *draft);
void shelf_release(struct shelf *shelf);

/* The same spec, which is there until it is released as often as shared. */
struct spec *spec_share(struct spec *s);

/* Bytes of the block. */
size_t spec_size(const struct spec *s);

#endif
