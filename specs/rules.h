/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a value must look like beyond its type: names, paths, host names.
 * Private to specs/.
 */
#ifndef JA_RULES_H
#define JA_RULES_H

#include "arena.h"
#include "spec.h"

/*
 * As value_check for a list in an arena, with the rules of the parameter
 * `name`, which for lines of meta and env is the full one (meta.K).
 */
int rules_check(const char *name, const struct param_def *def,
    struct arena *arena, struct text_list *texts, size_t *which,
    struct error *err);

/* What each text of a parameter matches (ECMA-262), or NULL: anything. */
const char *rules_pattern(const struct param_def *def);

/*
 * Whether one text may hold several values with commas between them, as on
 * the command line of jail(8).
 */
bool rules_commas(const struct param_def *def);

/*
 * A jail's name: components separated by dots, none empty or a number,
 * as jail_set(2) takes them, without slashes and control characters.
 * `pattern`: a component may be "*".
 */
int rules_name(const char *name, bool pattern, struct error *err);

/* Whether a document may have the name: 0, -1 with err when it is rc(8)'s. */
int rules_own_name(const char *name, struct error *err);

/*
 * Makes an absolute path canonical in place: no empty and no "." component, no
 * slash at the end.  ".." is refused: what it means depends on links.
 */
int rules_path(char *path, struct error *err);

/* K of meta.K and env.K, and the keys of agent.labels. */
int rules_key(const char *key, struct error *err);

#endif
