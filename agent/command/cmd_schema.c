/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jailagent schema: JSON Schema (2020-12) of one YAML document, made of the
 * tables of parameters and settings.  Names may be dotted or nested in any
 * way, so each group of names ("allow", "allow.mount") is an object of its
 * own, which has what is below it in all spellings.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/command/command.h"
#include "agent/command/schema.h"

/* All that can be said, and what is made of it. */
struct schema {
	struct schema_name *name;
	size_t count;
	json_t *defs;
};

static int
collect(struct schema *s)
{
	s->defs = json_object();
	s->name = calloc(param_count + setting_count, sizeof *s->name);
	if (s->name == NULL || s->defs == NULL)
		return -1;
	for (size_t i = 0; i < param_count; i++) {
		const struct param_def *def = &param_table[i];

		if (def->access != PARAM_RD && strcmp(def->name, "name") != 0)
			s->name[s->count++] = (struct schema_name){
				.name = def->name, .def = def };
	}
	for (size_t i = 0; i < setting_count; i++)
		s->name[s->count++] = (struct schema_name){
			.name = setting_table[i].name,
			.setting = &setting_table[i] };
	return 0;
}

/* What is left of a name behind a group, "" being all; NULL: not in it. */
static const char *
below(const char *name, const char *group)
{
	size_t len = strlen(group);

	if (len == 0)
		return name;
	return strncmp(name, group, len) == 0 && name[len] == '.' ?
	    name + len + 1 : NULL;
}

static bool
is_group(const struct schema *s, const char *name)
{
	for (size_t i = 0; i < s->count; i++) {
		if (below(s->name[i].name, name) != NULL)
			return true;
	}
	return false;
}

/* A reference to the value, the group below it, or either. */
static json_t *
property(const struct schema *s, const struct schema_name *n)
{
	bool group = is_group(s, n->name) || schema_is_map(n);
	char below_it[128];

	snprintf(below_it, sizeof below_it, "%s.*", n->name);
	if (!group)
		return schema_ref(n->name);
	if (n->setting != NULL)
		return schema_ref(below_it);
	return json_pack("{s:[o, o]}", "anyOf", schema_ref(n->name),
	    schema_ref(below_it));
}

/* "web\\.": a name for a regular expression. */
static void
escape(const char *name, char *to, size_t size)
{
	size_t used = 0;

	for (; *name != '\0' && used + 3 < size; name++) {
		if (*name == '.')
			to[used++] = '\\';
		to[used++] = *name;
	}
	to[used] = '\0';
}

/* Groups on the way from `group` to a name: "mount" of "mount.zfs". */
static void
add_groups(json_t *properties, const char *group, const char *rest)
{
	for (const char *dot = strchr(rest, '.'); dot != NULL;
	    dot = strchr(dot + 1, '.')) {
		char key[128], ref[256];

		snprintf(key, sizeof key, "%.*s", (int)(dot - rest), rest);
		snprintf(ref, sizeof ref, "%s%s%s.*", group,
		    *group != '\0' ? "." : "", key);
		if (json_object_get(properties, key) == NULL)
			json_object_set_new(properties, key, schema_ref(ref));
	}
}

static void
add_name(const struct schema *s, const struct schema_name *n,
    const char *rest, json_t *properties, json_t *patterns)
{
	char key[256], name[128];

	json_object_set_new(properties, rest, property(s, n));
	if (schema_is_list(n)) {
		snprintf(key, sizeof key, "%s+", rest);
		json_object_set_new(properties, key, schema_ref(n->name));
	}
	if (schema_is_map(n)) {
		escape(rest, name, sizeof name);
		snprintf(key, sizeof key, "^%s\\.%s$", name,
		    schema_key_pattern(n));
		json_object_set_new(patterns, key, schema_entry(n));
	}
}

/* The object that holds everything below a group. */
static json_t *
group_object(const struct schema *s, const char *group)
{
	json_t *properties = json_object(), *patterns = json_object(), *o;

	for (size_t i = 0; i < s->count; i++) {
		const struct schema_name *n = &s->name[i];
		const char *rest = below(n->name, group);

		if (rest == NULL)
			continue;
		add_groups(properties, group, rest);
		add_name(s, n, rest, properties, patterns);
	}
	o = json_pack("{s:s, s:o}", "type", "object", "properties",
	    properties);
	if (json_object_size(patterns) > 0)
		json_object_set(o, "patternProperties", patterns);
	json_decref(patterns);
	json_object_set_new(o, "additionalProperties", json_false());
	return o;
}

/* The object of a map: keys of the user's own, nested where that is allowed. */
static json_t *
map_object(const struct schema_name *n)
{
	char pattern[128];

	snprintf(pattern, sizeof pattern, "^%s$", schema_key_pattern(n));
	return json_pack("{s:s, s:{s:s}, s:o}", "type", "object",
	    "propertyNames", "pattern", pattern, "additionalProperties",
	    schema_entry(n));
}

/* Everything that properties refer to. */
static void
define_all(struct schema *s)
{
	schema_common(s->defs);
	for (size_t i = 0; i < s->count; i++) {
		const struct schema_name *n = &s->name[i];
		char key[160];

		if (n->def != NULL || !schema_is_map(n))
			json_object_set_new(s->defs, n->name,
			    schema_value(n));
		snprintf(key, sizeof key, "%s.*", n->name);
		if (schema_is_map(n))
			json_object_set_new(s->defs, key, map_object(n));
		/* The groups that the name is in. */
		for (const char *dot = strchr(n->name, '.'); dot != NULL;
		    dot = strchr(dot + 1, '.')) {
			char group[128];

			snprintf(group, sizeof group, "%.*s",
			    (int)(dot - n->name), n->name);
			snprintf(key, sizeof key, "%s.*", group);
			if (json_object_get(s->defs, key) == NULL)
				json_object_set_new(s->defs, key,
				    group_object(s, group));
		}
	}
}

/* Variables have any name but those of parameters. */
static json_t *
variables(const struct schema *s)
{
	json_t *taken = json_array();

	json_array_append_new(taken, json_string("name"));
	for (size_t i = 0; i < param_count; i++)
		json_array_append_new(taken, json_string(param_table[i].name));
	json_object_set_new(s->defs, "variable", json_pack(
	    "{s:[{s:s}, {s:s, s:{s:s}}]}", "anyOf", "$ref", "#/$defs/text",
	    "type", "array", "items", "$ref", "#/$defs/text"));
	return json_pack("{s:s, s:s, s:{s:s, s:{s:[{s:o}, {s:s}]}}, s:{s:s}}",
	    "type", "object",
	    "description", "Texts and lists that ${name} in values stands "
	    "for.",
	    "propertyNames", "pattern", "^(?!\\+$)[^${} \\t\\n]+$", "not",
	    "anyOf", "enum", taken, "pattern", "^(meta|env)\\.",
	    "additionalProperties", "$ref", "#/$defs/variable");
}

/* Dotted names of variables: any but those of parameters. */
static void
dotted_variables(json_t *patterns)
{
	json_object_set_new(patterns, "^vars\\.(?!\\+$)[^${} \\t\\n]+$",
	    schema_ref("variable"));
	json_object_set_new(patterns, "^vars\\.(name$|meta\\.|env\\.)",
	    json_false());
	for (size_t i = 0; i < param_count; i++) {
		char name[128], key[160];

		escape(param_table[i].name, name, sizeof name);
		snprintf(key, sizeof key, "^vars\\.%s$", name);
		json_object_set_new(patterns, key, json_false());
	}
}

static json_t *
name_property(void)
{
	return json_pack("{s:s, s:[s, s], s:s, s:i}", "description",
	    "Name of the jail, or with * in the place of a component defaults "
	    "for jails.", "type", "string", "boolean", "pattern",
	    "^(\\*|(?! *[-+]?[0-9]+(\\.|$)|svcj-)[^./*\\x00-\\x1f\\x7f]+)(\\."
	    "(\\*|(?! *[-+]?[0-9]+(\\.|$)|svcj-)[^./*\\x00-\\x1f\\x7f]+))*$",
	    "maxLength", 255);
}

/*
 * A $ is the end of a text; for the validators of some languages also what
 * precedes a newline there.
 */
static json_t *
ended(const char *pattern)
{
	size_t len = strlen(pattern);
	bool end = len > 0 && pattern[len - 1] == '$';

	return json_sprintf("%s%s", pattern, end ? "(?!\\n)" : "");
}

/* Does that to all patterns, which are in objects. */
static void
end_patterns(json_t *in)
{
	json_t *patterns = json_object_get(in, "patternProperties");
	const char *key, *one = json_string_value(json_object_get(in,
	    "pattern"));
	json_t *value, *all = json_object();
	size_t i;

	json_object_foreach(patterns, key, value) {
		json_t *text = ended(key);

		json_object_set(all, json_string_value(text), value);
		json_decref(text);
	}
	if (patterns != NULL)
		json_object_set(in, "patternProperties", all);
	json_decref(all);
	if (one != NULL)
		json_object_set_new(in, "pattern", ended(one));
	json_object_foreach(in, key, value)
		end_patterns(value);
	json_array_foreach(in, i, value)
		end_patterns(value);
}

static json_t *
make_schema(struct schema *s)
{
	json_t *top = json_object(), *body, *properties;

	define_all(s);
	body = group_object(s, "");
	properties = json_object_get(body, "properties");
	json_object_set_new(properties, "name", name_property());
	json_object_set_new(properties, "vars", variables(s));
	dotted_variables(json_object_get(body, "patternProperties"));
	json_object_set_new(top, "$schema", json_string(
	    "https://json-schema.org/draft/2020-12/schema"));
	json_object_set_new(top, "$id", json_string("urn:jailagent:spec"));
	json_object_set_new(top, "title", json_string("spec of a jail"));
	json_object_set_new(top, "description", json_string(
	    "One YAML document of jailagent.yaml(5)."));
	json_object_update(top, body);
	json_object_set_new(top, "required", json_pack("[s]", "name"));
	json_object_set(top, "$defs", s->defs);
	json_decref(body);
	end_patterns(top);
	return top;
}

static int
run_schema(struct context *ctx, int argc, char **argv)
{
	static const struct option options[] = { { NULL, 0, NULL, 0 } };
	struct schema s = { 0 };
	json_t *top;
	int ch, rc = -1;

	(void)ctx;
	if ((ch = getopt_long(argc, argv, ":", options, NULL)) != -1)
		return option_error(&command_schema, argc, argv, ch);
	if (optind != argc)
		return usage_error(&command_schema, "nothing is expected "
		    "behind schema");
	if (collect(&s) == 0) {
		top = make_schema(&s);
		rc = json_dumpf(top, stdout, JSON_INDENT(1));
		putchar('\n');
		json_decref(top);
	}
	json_decref(s.defs);
	free(s.name);
	if (rc != 0)
		complain("out of memory");
	return rc == 0 ? EXIT_OK : EXIT_FAILED;
}

const struct command command_schema = {
	.name = "schema",
	.synopsis = "",
	.summary = "print a JSON Schema of specs, for editors",
	.help = "The schema (2020-12) describes one YAML document of "
	    "jailagent.yaml(5).  It is made\nof the same tables as check; what "
	    "concerns several keys or documents, check alone\ntells.\n",
	.run = run_schema,
};
