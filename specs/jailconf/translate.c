/* SPDX-License-Identifier: BSD-2-Clause */
#include "translate.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "specs/names.h"
#include "specs/text.h"

/* The boolean that is meant by a name without the "no" at `at`, or NULL. */
static const struct param_def *
find_boolean(const char *name, const char *at)
{
	char buf[128];
	const struct param_def *def;

	if (strncmp(at, "no", 2) != 0 || (size_t)snprintf(buf, sizeof buf,
	    "%.*s%s", (int)(at - name), name, at + 2) >= sizeof buf)
		return NULL;
	def = param_find(buf);
	return def != NULL && def->type == PARAM_BOOL ? def : NULL;
}

int
conf_translate_key(const char *name, struct conf_key *key, struct error *err)
{
	const char *dot = strrchr(name, '.');
	const struct param_def *def = param_find(name);

	*key = (struct conf_key){ .name = name, .def = def };
	if (def == NULL) {
		def = find_boolean(name, dot != NULL ? dot + 1 : name);
		key->negative = def != NULL;
	}
	if (def == NULL && dot != NULL) {
		def = find_boolean(name, name);
		if (def != NULL)
			return error_set(err, EINVAL, "%s: jail(8) %s; write "
			    "%s = false", name, def->kind == PARAM_PSEUDO ?
			    "turns it on instead of off" :
			    "knows no such parameter", def->name);
	}
	if (def == NULL)
		/* What it could be takes time to find out. */
		return err != NULL ? names_unknown(name, NULL, err) : -1;
	if (def->access == PARAM_RD)
		return error_set(err, EINVAL, "%s is read-only: the kernel "
		    "tells it, nobody can set it", name);
	key->def = def;
	if (def->type != PARAM_KEYVALUE)
		key->name = def->name;
	else if (utf8_prefix(name, strlen(name)) < strlen(name))
		return error_set(err, EILSEQ, "%s: a name that is not UTF-8 "
		    "cannot be said in YAML", name);
	return 0;
}

bool
conf_key_list(const struct conf_key *key)
{
	return key->def->type == PARAM_LIST || key->def->type == PARAM_IP4 ||
	    key->def->type == PARAM_IP6;
}

/* Says one text; a constant, or in the arena. */
static int
say(struct arena *arena, struct conf_said *said, const char *text,
    struct spec_place place)
{
	said->value = arena_take(arena, sizeof *said->value);
	if (said->value == NULL)
		return -1;
	*said->value = (struct conf_value){ arena_text(arena, text), place };
	said->count = 1;
	return said->value->text != NULL ? 0 : -1;
}

/* strtol(3) as jail(8) uses it: blanks and a sign in front, nothing behind. */
static bool
is_number(const char *text, long *number)
{
	char *end;

	errno = 0;
	*number = strtol(text, &end, 10);
	return errno == 0 && *end == '\0';
}

static int
translate_bool(struct arena *arena, const struct conf_key *key,
    const struct conf_value *last, struct conf_said *said, struct error *err)
{
	const char *text = last->text;
	long number = 1;
	bool on;

	if (text == NULL || strcasecmp(text, "true") == 0)
		on = true;
	else if (strcasecmp(text, "false") == 0)
		on = false;
	else if (is_number(text, &number))
		on = number != 0;
	else
		return error_set(err, EINVAL, "%s: expected true, false or a "
		    "number, found \"%.*s\"", key->name, TEXT_SHOWN, text);
	/* Obsolete: it has no effect on a kernel that this agent uses. */
	if (strcmp(key->def->name, "allow.dying") == 0) {
		said->silent = true;
		said->warning = "allow.dying has no effect any more and is "
		    "left out";
	}
	return say(arena, said, on != key->negative ? "true" : "false",
	    last->place);
}

static int
translate_int(struct arena *arena, const struct conf_key *key,
    const struct conf_value *last, struct conf_said *said, struct error *err)
{
	bool kernel = key->def->kind == PARAM_KERNEL;
	const char *text = last->text;
	char buf[32];
	long number = 0;

	if (text == NULL && !kernel)
		return error_set(err, EINVAL, "%s needs a number", key->name);
	/* The kernel's are sent as 0 then. */
	if (text == NULL)
		text = "";
	if (!is_number(text, &number))
		return error_set(err, EINVAL, "%s: expected an integer, found "
		    "\"%.*s\"", key->name, TEXT_SHOWN, text);
	/* The kernel chooses then, as it does when nothing is said. */
	said->silent = number == 0 && strcmp(key->def->name, "jid") == 0;
	snprintf(buf, sizeof buf, "%ld", number);
	return say(arena, said, buf, last->place);
}

/* As strtoul(3): a negative number counts from the top. */
static int
translate_ulong(struct arena *arena, const struct conf_key *key,
    const struct conf_value *last, struct conf_said *said, struct error *err)
{
	const char *text = last->text != NULL ? last->text : "";
	unsigned long number;
	char buf[32], *end;

	errno = 0;
	number = strtoul(text, &end, 10);
	if (errno != 0 || *end != '\0')
		return error_set(err, EINVAL, "%s: expected an integer, found "
		    "\"%.*s\"", key->name, TEXT_SHOWN, text);
	snprintf(buf, sizeof buf, "%lu", number);
	return say(arena, said, buf, last->place);
}

static int
translate_jailsys(struct arena *arena, const struct conf_key *key,
    const struct conf_value *last, struct conf_said *said, struct error *err)
{
	static const char *const words[] = { "disable", "new", "inherit" };
	const char *text = last->text;
	long number;

	if (text == NULL || *text == '\0')
		return say(arena, said, "new", last->place);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(text, words[i]) == 0)
			return say(arena, said, text, last->place);
	}
	if (is_number(text, &number) && number >= 0 && number <= 2)
		return say(arena, said, words[number], last->place);
	return error_set(err, EINVAL, "%s: expected disable, new or inherit, "
	    "found \"%.*s\"", key->name, TEXT_SHOWN, text);
}

static int
translate_text(struct arena *arena, const struct conf_key *key,
    const struct conf_value *last, struct conf_said *said, struct error *err)
{
	(void)err;
	/* A name alone: what jail(8) does itself is then not asked for, and
	   lines of meta and env are removed; else it is an empty text. */
	said->silent = last->text == NULL &&
	    (key->def->kind == PARAM_PSEUDO ||
	    key->def->type == PARAM_KEYVALUE);
	return say(arena, said, last->text != NULL ? last->text : "",
	    last->place);
}

/* Whether a list of a parameter leaves out a text, as jail(8) does. */
static bool
is_left_out(const struct conf_key *key, const char *text)
{
	if (key->def->type == PARAM_IP4 || key->def->type == PARAM_IP6)
		return *text == '\0' || strcmp(text, "-") == 0;
	/* Hooks: there is nothing to run. */
	return text[strspn(text, " \t\n")] == '\0' && (key->def->class == PARAM_HOOK ||
	    key->def->class == PARAM_WORKLOAD);
}

static int
translate_list(struct arena *arena, const struct conf_key *key,
    const struct conf_value *value, size_t count, struct conf_said *said)
{
	said->value = arena_take(arena, (count + 1) * sizeof *said->value);
	if (said->value == NULL)
		return -1;
	for (size_t i = 0; i < count; i++) {
		if (!is_left_out(key, value[i].text))
			said->value[said->count++] = value[i];
		else if (key->def->type == PARAM_LIST)
			said->warning = "an empty command is left out";
	}
	return 0;
}

int
conf_translate(struct arena *arena, const struct conf_key *key,
    const struct conf_value *value, size_t count, struct conf_said *said,
    struct error *err)
{
	static int (*const translate[])(struct arena *,
	    const struct conf_key *, const struct conf_value *,
	    struct conf_said *, struct error *) = {
		[PARAM_BOOL] = translate_bool,
		[PARAM_INT] = translate_int,
		[PARAM_ULONG] = translate_ulong,
		[PARAM_JAILSYS] = translate_jailsys,
		[PARAM_STRING] = translate_text,
		[PARAM_KEYVALUE] = translate_text,
	};
	const struct conf_value none = { 0 };
	int rc;

	*said = (struct conf_said){ 0 };
	error_clear(err);
	for (size_t i = 0; i < count; i++) {
		size_t len = strlen(value[i].text);

		if (utf8_prefix(value[i].text, len) < len)
			return error_set(err, EILSEQ, "%s: a text that is not "
			    "UTF-8 cannot be said in YAML", key->name);
	}
	if (conf_key_list(key))
		rc = translate_list(arena, key, value, count, said);
	else
		rc = translate[key->def->type](arena, key,
		    count > 0 ? &value[count - 1] : &none, said, err);
	if (rc != 0 && (err == NULL || err->code == 0))
		error_sys(err, ENOMEM, "%s", key->name);
	return rc;
}
