/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a parameter of jail.conf(5) is called in a spec, and what its values
 * are there.  Private to specs/jailconf/.
 */
#ifndef JA_CONF_TRANSLATE_H
#define JA_CONF_TRANSLATE_H

#include "jailconf.h"

/* The key of a spec that a name means. */
struct conf_key {
	const char *name; /* of the table, or what was given (meta.K) */
	const struct param_def *def;
	bool negative; /* nopersist, exec.noclean */
};

/* What is said in a spec. */
struct conf_said {
	bool silent; /* nothing: the values mean what no key means */
	struct conf_value *value;
	size_t count;
	const char *warning; /* what the user should know, or NULL */
};

/* Finds the key; -1: there is none. */
int conf_translate_key(const char *name, struct conf_key *key,
    struct error *err);

/* Whether the key takes a list. */
bool conf_key_list(const struct conf_key *key);

/*
 * Translates values, which refer to nothing; as jail(8), the last one of
 * several counts where there can be one only.  New texts are in the arena.
 * Returns -1 for what jail(8) refuses, or would silently make something else
 * of.
 */
int conf_translate(struct arena *arena, const struct conf_key *key,
    const struct conf_value *value, size_t count, struct conf_said *said,
    struct error *err);

#endif
