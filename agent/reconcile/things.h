/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Things that are made on the host around a jail: aliases on interfaces, and
 * where the kernel does not mount by itself, file systems.  Each is a text, by
 * which the journal knows it; what the host had before is nobody's thing.
 */
#ifndef JA_THINGS_H
#define JA_THINGS_H

#include "agent/plan/observe.h"

enum thing {
	THING_ALIAS4, /* INTERFACE|ADDRESS/PREFIX[ WORDS] */
	THING_ALIAS6,
	THING_MOUNT, /* a printed line of fstab(5) */
};

/* Appends the texts of one kind that a spec asks for, in order. */
int things_wanted(const struct observer *o, const struct spec *s,
    enum thing kind, struct text_list *out, struct error *err);

/* "KIND TEXT", as the journal has it; allocated, or NULL. */
char *thing_name(enum thing kind, const char *text);
/* The text of such a name if it is of the kind, else NULL. */
const char *thing_text(enum thing kind, const char *name);

/*
 * Whether two names mean what can be there only once: an address on an
 * interface, with whatever prefix and words.
 */
bool thing_same(const char *a, const char *b);
/* The same for the texts of two aliases. */
bool alias_same(const char *a, const char *b);

/*
 * Whether a mount's target still is where its text says, which it may not be
 * when another one before it is made: that may hold links.  0, -1 with err.
 */
int thing_check(const struct observer *o, const struct spec *s,
    enum thing kind, const char *text, struct error *err);

/* Whether it is there now: 1, 0; -1 with err. */
int thing_there(enum thing kind, const char *text, struct error *err);

/*
 * Makes or unmakes it.  Returns 0 when that is done; 1 when a program has to
 * be run for it, whose words are in *argv (one block, the caller frees it); -1
 * with err.
 */
int thing_make(enum thing kind, const char *text, char ***argv,
    struct error *err);
int thing_unmake(enum thing kind, const char *text, char ***argv,
    struct error *err);

#endif
