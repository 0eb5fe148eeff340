/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a value looks like in JSON Schema.  Types come from the parameters, so
 * that YAML's own guess does not matter: a text may look like a number to
 * YAML, and a number may be in quotes.  A value may refer to variables.
 */
#include <stdio.h>
#include <string.h>

#include "agent/command/schema.h"
#include "specs/rules.h"

/* Which of a jail's addresses, and how they are separated (assign_check). */
#define INTERFACE "([^|/, \\t]{1,15}\\|)?"
#define WORDS "([ \\t][^,\\x00-\\x08\\x0a-\\x1f]*)?"
#define OCTET "(25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
#define IP4 OCTET "(\\." OCTET "){3}"
#define IP4_ONE INTERFACE IP4 "(/(3[0-2]|[12]?[0-9]|" IP4 "))?" WORDS
#define IP6_ONE \
	INTERFACE "(?=[^/, \\t]*:)[0-9A-Fa-f:]+(\\.?[0-9]+){0,3}" \
	"(/(12[0-8]|1[01][0-9]|[1-9]?[0-9]))?" WORDS
#define LIST_OF(one) "^" one "(,[ \\t]*" one ")*$"
#define FORBIDDEN "(^|[|,][ \\t]*)(0\\.0\\.0\\.0|255\\.255\\.255\\.255|::)([/, \\t]|$)"
/* A + at the end would append. */
#define KEY "[^\\x00-\\x20=\\x7f]*[^\\x00-\\x20=\\x7f+]"

json_t *
schema_ref(const char *name)
{
	char text[160];

	snprintf(text, sizeof text, "#/$defs/%s", name);
	return json_pack("{s:s}", "$ref", text);
}

void
schema_common(json_t *defs)
{
	json_object_set_new(defs, "reference", json_pack("{s:s, s:s, s:s}",
	    "description", "Refers to variables as ${name}.",
	    "type", "string", "pattern", "\\$\\{"));
	json_object_set_new(defs, "boolean", json_pack(
	    "{s:[{s:s}, {s:s, s:s}, {s:s}]}", "anyOf",
	    "type", "boolean",
	    "type", "string",
	    "pattern", "^([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])$",
	    "$ref", "#/$defs/reference"));
	json_object_set_new(defs, "text", json_pack("{s:[s, s, s]}",
	    "type", "string", "number", "boolean"));
	json_object_set_new(defs, "line", json_pack("{s:[s, s, s], s:s}",
	    "type", "string", "number", "boolean", "pattern", "^[^\\n]*$"));
	json_object_set_new(defs, "entry", json_pack("{s:s, s:i}",
	    "$ref", "#/$defs/line", "maxLength",
	    (int)param_find("meta")->size - 1));
}

/* `of`, or a text with references. */
static json_t *
or_reference(json_t *of)
{
	return json_pack("{s:[o, o]}", "anyOf", of, schema_ref("reference"));
}

static json_t *
words(const char *const *word, size_t count)
{
	json_t *list = json_array();

	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(word[i]));
	return or_reference(json_pack("{s:o}", "enum", list));
}

/* An integer, or its digits in quotes; `max` 0: no upper bound. */
static json_t *
integer(long min, long max, const char *pattern)
{
	char one[32];
	json_t *number = json_pack("{s:s, s:I}", "type", "integer", "minimum",
	    (json_int_t)min);
	json_t *digits = json_pack("{s:s, s:s}", "type", "string", "pattern",
	    min < 0 ? "^-?0*[0-9]{1,20}$" : "^0*[0-9]{1,20}$");
	json_t *all;

	if (max != 0)
		json_object_set_new(number, "maximum", json_integer(max));
	snprintf(one, sizeof one, "^0*[%ld-%ld]$", min, max);
	if (min >= 0 && max > 0 && max < 10)
		json_object_set_new(digits, "pattern", json_string(one));
	if (min > 0 && pattern == NULL)
		pattern = "[1-9]";
	if (pattern != NULL) {
		json_object_set_new(number, "not", json_pack("{s:i}", "const",
		    0));
		json_object_set_new(digits, "allOf", json_pack("[{s:s}]",
		    "pattern", pattern));
	}
	all = json_pack("{s:[o, o, o]}", "anyOf", number, digits,
	    schema_ref("reference"));
	return all;
}

/*
 * A text that matches; where a number cannot match, none is taken: YAML reads
 * `depend: 5` as one.  It reads `depend: true`, too, as no text.
 */
static json_t *
text(const char *pattern, size_t size)
{
	bool strict = pattern != NULL && pattern[0] == '^' &&
	    (pattern[1] == '/' || pattern[1] == '(');
	json_t *o = json_object(), *types = json_pack("[s]", "string");

	if (!strict)
		json_array_append_new(types, json_string("number"));
	if (!strict || pattern[2] == '?')
		json_array_append_new(types, json_string("boolean"));
	json_object_set_new(o, "type", types);
	if (pattern != NULL)
		json_object_set_new(o, "pattern", json_string(pattern));
	if (size > 0)
		json_object_set_new(o, "maxLength",
		    json_integer((json_int_t)size - 1));
	return or_reference(o);
}

/* One text, or a list of them. */
static json_t *
list_of(json_t *one, bool unique)
{
	json_t *list = json_pack("{s:s, s:O}", "type", "array", "items", one);

	if (unique)
		json_object_set_new(list, "uniqueItems", json_true());
	return json_pack("{s:[o, o]}", "anyOf", one, list);
}

static json_t *
addresses(const char *pattern)
{
	return list_of(or_reference(json_pack("{s:s, s:s, s:{s:s}}",
	    "type", "string", "pattern", pattern,
	    "not", "pattern", FORBIDDEN)), true);
}

static json_t *
param_type(const struct param_def *def)
{
	static const char *const jailsys[] = { "disable", "new", "inherit" };
	const char *pattern = rules_pattern(def);

	switch (def->type) {
	case PARAM_BOOL:
		return schema_ref("boolean");
	case PARAM_INT:
		return integer(def->min, def->max, pattern);
	case PARAM_ULONG:
		return integer(0, 0, NULL);
	case PARAM_JAILSYS:
		return words(jailsys + def->min, 3 - (size_t)def->min);
	case PARAM_IP4:
		return addresses(LIST_OF(IP4_ONE));
	case PARAM_IP6:
		return addresses(LIST_OF(IP6_ONE));
	case PARAM_LIST:
		return list_of(text(pattern, rules_commas(def) ? 0 :
		    def->size), false);
	case PARAM_STRING:
	case PARAM_KEYVALUE:
		break;
	}
	return text(pattern, def->size);
}

static json_t *
setting_type(const struct setting *s)
{
	const char *pattern = setting_pattern(s);
	json_t *o;

	switch (s->type) {
	case SETTING_WORD:
		return words(s->words, 2);
	case SETTING_BOOL:
		return schema_ref("boolean");
	case SETTING_INT:
		return integer(s->min, s->max, NULL);
	case SETTING_SIZE:
		o = integer(s->min, s->max, NULL);
		json_array_append_new(json_object_get(o, "anyOf"), json_pack(
		    "{s:s, s:s}", "type", "string", "pattern", pattern));
		return o;
	case SETTING_DURATION:
		o = or_reference(json_pack("{s:s, s:s}", "type", "string",
		    "pattern", pattern));
		if (s->min == 0)
			json_array_append_new(json_object_get(o, "anyOf"),
			    json_pack("{s:i}", "const", 0));
		return o;
	case SETTING_PERCENT:
		return or_reference(json_pack("{s:s, s:s}", "type", "string",
		    "pattern", pattern));
	case SETTING_TEXT:
		return text(pattern, 0);
	case SETTING_MAP:
		break;
	}
	return json_object();
}

/* A sentence about what a system makes of it; appended. */
static void
add_rule(char *to, size_t size, const char *system,
    const struct param_rule *r)
{
	size_t len = strlen(to);

	if (r->only == NULL)
		return;
	if (*r->only == '\0')
		snprintf(to + len, size - len, " Not on %s: %s.", system,
		    r->why);
	else
		snprintf(to + len, size - len, " On %s only %s: %s.", system,
		    r->only, r->why);
}

static void
describe_param(json_t *o, const struct param_def *def)
{
	char help[1024];

	snprintf(help, sizeof help, "%s%s%s", def->help,
	    def->kind == PARAM_KERNEL && def->generations == GEN_15 ?
	    " FreeBSD 15 or later." : "",
	    def->kind == PARAM_KERNEL && def->generations == 0 ?
	    " Only where the kernel or one of its modules has it." : "");
	add_rule(help, sizeof help, "Linux", &def->linux_rule);
	add_rule(help, sizeof help, "DragonFly", &def->dragonfly);
	json_object_set_new(o, "description", json_string(help));
	if (def->dflt == NULL)
		return;
	if (def->type == PARAM_BOOL)
		json_object_set_new(o, "default",
		    json_boolean(strcmp(def->dflt, "true") == 0));
	else if (def->type == PARAM_INT)
		json_object_set_new(o, "default",
		    json_integer(strtoll(def->dflt, NULL, 10)));
	else if (*def->dflt != '\0')
		json_object_set_new(o, "default", json_string(def->dflt));
}

static void
describe_setting(json_t *o, const struct setting *s)
{
	struct spec_agent agent;
	const char *value;
	char buf[64];

	settings_default(&agent);
	value = setting_text(s, &agent, buf, sizeof buf);
	json_object_set_new(o, "description", json_string(s->help));
	if (value == NULL)
		return;
	json_object_set_new(o, "default", s->type == SETTING_BOOL ?
	    json_boolean(strcmp(value, "true") == 0) :
	    s->type == SETTING_INT ? json_integer(strtoll(value, NULL, 10)) :
				     json_string(value));
}

json_t *
schema_value(const struct schema_name *n)
{
	json_t *o = n->def != NULL ? param_type(n->def) :
				     setting_type(n->setting);

	if (n->def != NULL)
		describe_param(o, n->def);
	else
		describe_setting(o, n->setting);
	return o;
}

bool
schema_is_list(const struct schema_name *n)
{
	return n->def != NULL && (n->def->type == PARAM_LIST ||
	    n->def->type == PARAM_IP4 || n->def->type == PARAM_IP6);
}

bool
schema_is_map(const struct schema_name *n)
{
	return n->def != NULL ? n->def->type == PARAM_KEYVALUE :
				n->setting->type == SETTING_MAP;
}

const char *
schema_key_pattern(const struct schema_name *n)
{
	return strcmp(n->name, "agent.environment") == 0 ?
	    "[A-Za-z_][A-Za-z0-9_]*" : KEY;
}

json_t *
schema_entry(const struct schema_name *n)
{
	char below[128];

	if (strcmp(n->name, "agent.environment") == 0)
		return schema_ref("text");
	snprintf(below, sizeof below, "%s.*", n->name);
	return json_pack("{s:[o, o]}", "anyOf",
	    schema_ref(n->def != NULL ? "entry" : "line"), schema_ref(below));
}
