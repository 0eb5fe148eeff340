/* SPDX-License-Identifier: BSD-2-Clause */
/* jailagent print: specs in canonical form, defaults and variables applied. */
#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buffer.h"
#include "agent/command/command.h"
#include "kernel/compat.h"
#include "specs/settings.h"

static int
print_yaml(const struct spec_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		char *text = spec_print(set->spec[i]);

		if (text == NULL) {
			complain("out of memory");
			return -1;
		}
		printf("%s%s", i == 0 ? "" : "---\n", text);
		free(text);
	}
	return 0;
}

/* A canonical text has one type of JSON, given by the parameter's. */
static json_t *
scalar_json(enum param_type type, const char *text)
{
	long long number;

	switch (type) {
	case PARAM_BOOL:
		return json_boolean(strcmp(text, "true") == 0);
	case PARAM_INT:
	case PARAM_ULONG:
		errno = 0;
		number = strtoll(text, NULL, 10);
		/* What is too large for integers of JSON stays a text. */
		return errno == 0 ? json_integer(number) : json_string(text);
	default:
		return json_string(text);
	}
}

static json_t *
list_json(const struct text_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		json_array_append_new(array, json_string(list->text[i]));
	return array;
}

static json_t *
param_json(const struct spec_param *p)
{
	/* What is secret is in a file, and stays there. */
	if (p->secret)
		return json_pack("{s:s}", "secret", p->value.text[0]);

	enum param_type type = p->def != NULL ? p->def->type : PARAM_STRING;

	if (type == PARAM_IP4 || type == PARAM_IP6 || type == PARAM_LIST ||
	    p->value.count != 1)
		return list_json(&p->value);
	return scalar_json(type, p->value.text[0]);
}

static void
add_entries(json_t *o, const struct text_list *map, bool secret)
{
	for (size_t i = 0; i < map->count; i++) {
		const char *text = map->text[i], *value = strchr(text, '=');
		char *key = strndup(text, strcspn(text, "="));

		if (key != NULL && value != NULL)
			json_object_set_new(o, key, secret ?
			    json_pack("{s:s}", "secret", value + 1) :
			    json_string(value + 1));
		free(key);
	}
}

/* KEY=VALUE texts as an object; `secrets`: KEY=FILE, or NULL. */
static json_t *
map_json(const struct text_list *map, const struct text_list *secrets)
{
	json_t *o = json_object();

	add_entries(o, map, false);
	if (secrets != NULL)
		add_entries(o, secrets, true);
	return o;
}

static json_t *
setting_json(const struct setting *s, const struct spec_agent *agent)
{
	const char *at = (const char *)agent + s->offset, *text;
	char buf[64];

	if (s->type == SETTING_MAP)
		return map_json((const struct text_list *)(const void *)at,
		    strcmp(s->name, "agent.environment") == 0 ?
		    &agent->secrets : NULL);
	text = setting_text(s, agent, buf, sizeof buf);
	if (text == NULL)
		return json_null();
	if (s->type == SETTING_BOOL)
		return json_boolean(strcmp(text, "true") == 0);
	if (s->type == SETTING_INT)
		return json_integer(strtoll(text, NULL, 10));
	return json_string(text);
}

/* All settings with their effective values; health.x is x in health. */
static json_t *
agent_json(const struct spec_agent *agent)
{
	json_t *o = json_object();

	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *s = &setting_table[i];
		const char *name = s->name + strlen("agent.");
		const char *dot = strchr(name, '.');
		json_t *in = o;
		char group[32];

		if (dot != NULL) {
			snprintf(group, sizeof group, "%.*s",
			    (int)(dot - name), name);
			if (json_object_get(o, group) == NULL)
				json_object_set_new(o, group, json_object());
			in = json_object_get(o, group);
			name = dot + 1;
		}
		json_object_set_new(in, name, setting_json(s, agent));
	}
	return o;
}

static json_t *
spec_json(const struct spec *s)
{
	json_t *o = json_object(), *params = json_object();
	char digest[2 * SPEC_DIGEST_SIZE + 1];

	text_hex(spec_digest(s), SPEC_DIGEST_SIZE, digest);
	for (size_t i = 0; i < s->count; i++)
		json_object_set_new(params, s->param[i].name,
		    param_json(&s->param[i]));
	json_object_set_new(o, "name", json_string(s->name));
	json_object_set_new(o, "file", file_json(s->place.file));
	json_object_set_new(o, "line", json_integer(s->place.line));
	json_object_set_new(o, "digest", json_string(digest));
	json_object_set_new(o, "depend", list_json(&s->depend));
	json_object_set_new(o, "params", params);
	json_object_set_new(o, "agent", agent_json(&s->agent));
	return o;
}

static int
print_json(const struct spec_set *set)
{
	json_t *array = json_array();
	int rc;

	for (size_t i = 0; i < set->count; i++)
		json_array_append_new(array, spec_json(set->spec[i]));
	rc = json_dumpf(array, stdout, JSON_INDENT(2));
	putchar('\n');
	json_decref(array);
	return rc;
}

static int
run_print(struct context *ctx, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 256 },
		{ "recursive", no_argument, NULL, 257 },
		{ NULL, 0, NULL, 0 },
	};
	struct spec_set set = { 0 };
	bool json = false, below = false;
	int ch, rc;

	while ((ch = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (ch != 256 && ch != 257)
			return option_error(&command_print, argc, argv, ch);
		*(ch == 256 ? &json : &below) = true;
	}
	if (optind == argc)
		return usage_error(&command_print, "a path is missing");
	rc = command_load(ctx, argv + optind, argc - optind, below, &set);
	if ((json ? print_json(&set) : print_yaml(&set)) != 0)
		rc = -1;
	spec_set_free(&set);
	return rc == 0 ? EXIT_OK : EXIT_FAILED;
}

const struct command command_print = {
	.name = "print",
	.synopsis = "[--recursive] [--json] PATH...",
	.summary = "print specs after defaults and variables",
	.help = "  PATH         a file, or a directory of .yaml and .yml files\n"
	    "  --recursive  with the directories below PATH\n"
	    "  --json       an array of {name, file, line, digest, depend, "
	    "params, agent}\n"
	    "\nWhat is printed can be read again and means the same.  Valid "
	    "specs are printed\neven when others are not.  Exit status: 0 "
	    "valid, 1 invalid.\n",
	.run = run_print,
};
