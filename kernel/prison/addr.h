/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Address lists: the first address is the primary one, the rest is sorted
 * (jail-semantics 1.3, 2.7).  `size` is 4 or 16, the bytes of one address.
 */
#ifndef JA_PRISON_ADDR_H
#define JA_PRISON_ADDR_H

#include "engine.h"

#define ADDR_FAMILY_MAX 255 /* addresses of one family */

/* The lists and flags of a family. */
struct family {
	size_t size;
	size_t list; /* offset of its struct list in a record */
	uint32_t user, any;
	const char *jailsys, *parameter, *word;
};
extern const struct family families[2];

struct list *family_list(const struct family *f, struct record *r);

/* Takes over what was passed: EINVAL for bad or duplicate addresses. */
int addr_read(struct op *op, const struct family *f, const void *data,
    size_t len, struct list *out);

/* Whether each address of `l` is in the list of the parent. */
bool addr_subset(const struct list *l, const struct list *parent, size_t size);

/*
 * Whether `l` as the list of `self` (NULL: a new child of `parent`) clashes
 * with the list of another prison.
 */
bool addr_clash(struct op *op, const struct family *f, struct record *parent,
    const struct record *self, const struct list *l);

/* The lists below a prison follow its own, which was just set. */
void addr_cascade(struct op *op, const struct family *f, struct record *r);

#endif
