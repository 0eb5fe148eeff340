/* SPDX-License-Identifier: BSD-2-Clause */
/* The pieces of which `schema` makes a JSON Schema. */
#ifndef JA_SCHEMA_H
#define JA_SCHEMA_H

#include <jansson.h>

#include "specs/settings.h"

/* Something that can be said in a spec: one of the two is NULL. */
struct schema_name {
	const char *name;
	const struct param_def *def;
	const struct setting *setting;
};

/* What values it takes, with its description and default. */
json_t *schema_value(const struct schema_name *n);

/* Whether it takes lists, and can be appended to. */
bool schema_is_list(const struct schema_name *n);

/* Whether it holds keys of the user's own: meta, agent.labels. */
bool schema_is_map(const struct schema_name *n);

/* For maps: the pattern of keys, and what is below each: text, or more keys. */
const char *schema_key_pattern(const struct schema_name *n);
json_t *schema_entry(const struct schema_name *n);

/* What values refer to: boolean, integer, text, reference. */
void schema_common(json_t *defs);

/* {"$ref": "#/$defs/NAME"} */
json_t *schema_ref(const char *name);

#endif
