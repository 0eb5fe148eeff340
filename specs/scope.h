/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What one jail is told by its own document and by those with defaults, and
 * the ${references} in it.  Private to specs/.
 */
#ifndef JA_SCOPE_H
#define JA_SCOPE_H

#include <stdarg.h>

#include "doc.h"

enum slot_state { SLOT_NEW, SLOT_BUSY, SLOT_DONE, SLOT_FAILED };

/* Everything that is said about one name: a value, then what is appended. */
struct slot {
	const struct assign *const *assign;
	size_t count;
	enum slot_state state;
	const struct text_list *value; /* when SLOT_DONE: canonical */
	struct text_list own;	       /* where the value is not an assign's */
};

/* One jail; the arrays are used again for the next one. */
struct scope {
	const struct spec_doc *doc; /* the jail's own */
	const struct assign **item, **spare;
	size_t items, items_room;
	struct slot *slot; /* sorted by name */
	size_t slots, slots_room;
	struct arena arena; /* what references made */
	size_t text_used;   /* bytes of it, and its cost (scope_spend) */
	size_t moved;	    /* bytes, by merging and looking for references */
	unsigned depth;	  /* of references in references */
	struct spec_errors *errors;
	size_t faults;
	bool fault_at_home; /* one of them is in the jail's own file */
	const struct spec_doc *bad; /* defaults that cover it, but are wrong */
};

/*
 * Starts a jail: merges `defaults` as far as they cover it, and its own
 * document after the first `before` of them.  Returns -1 when memory is out.
 */
int scope_begin(struct scope *s, const struct spec_doc *doc,
    const struct spec_docs *defaults, size_t before);
/* Starts a jail about which nothing is merged. */
void scope_begin_alone(struct scope *s, const struct spec_doc *doc);
/* Puts values in the place of all references, and checks what they make. */
void scope_resolve(struct scope *s);
void scope_end(struct scope *s);
/* Frees the arrays. */
void scope_finish(struct scope *s);

/*
 * Counts bytes of texts that references make, or what finding one costs: a few
 * lines can ask for any amount.  Returns -1, with a fault at the value, when it
 * is too much.
 */
int scope_spend(struct scope *s, const struct assign *a, size_t bytes);

/* Reports what is wrong with the jail at a place. */
void scope_fault(struct scope *s, struct spec_place place, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
