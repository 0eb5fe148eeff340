/* SPDX-License-Identifier: BSD-2-Clause */
/* The option list of jail_set(2) and jail_get(2) (jail-semantics 2.1). */
#ifndef JA_PRISON_OPTIONS_H
#define JA_PRISON_OPTIONS_H

#include "engine.h"

struct option {
	const char *name; /* up to the first NUL of what was passed */
	void *value;	  /* a copy; NULL: no value */
	size_t len;
	unsigned index;	  /* of its name in the iovec array */
	bool seen;

	/* What the name is, by param_table; def NULL: nothing known. */
	const struct param_def *def;
	bool negative;	  /* noX */
	uint32_t extra;	  /* the bit of one of the effects' own parameters */
};

/* The bit of effects->extra_list; those of booleans are lower. */
#define EXTRA_LIST ((uint32_t)1 << PRISON_EXTRA_MAX)
#define EXTRA_LIST_MAX 16384 /* bytes of its texts */

struct options {
	struct option *opt;
	size_t count;
	struct option *errmsg;
};

/*
 * Reads and copies the list; of options with the same meaning the last one
 * stays.  Names are looked up in the table of the kernel's generation.
 */
int options_read(struct op *op, const struct iovec *iov, unsigned niov,
    struct options *o);

/* Looks an option up by name and marks it as seen. */
struct option *option_find(struct options *o, const char *name);

/* A value of exactly `size` bytes: 0, ENOENT (not passed), EINVAL. */
int option_copy(struct options *o, const char *name, void *value, size_t size);

/* A text with its NUL, at most `max` bytes: 0, ENOENT, EINVAL, ENAMETOOLONG. */
int option_text(struct options *o, const char *name, size_t max,
    const char **text);

/* Writes op->message, if there is one, to the caller's errmsg buffer. */
void options_write_message(const struct op *op, const struct options *o,
    struct iovec *iov);

#endif
