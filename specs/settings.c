/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rules.h"
#include "text.h"

#define AT(member) offsetof(struct spec_agent, member)
#define YEAR_MS (366L * 24 * 3600 * 1000)
/* Where long has 32 bits. */
#define DURATION_MAX (YEAR_MS < LONG_MAX ? YEAR_MS : LONG_MAX)

const struct setting setting_table[] = {
	{ "agent.environment", SETTING_MAP, AT(environment), 0, 0, 0,
	    { NULL } },
	{ "agent.follow_depend", SETTING_BOOL, AT(follow_depend), 0, 0, true,
	    { NULL } },
	{ "agent.heal", SETTING_WORD, AT(heal), 0, 0, HEAL_ALWAYS,
	    { [HEAL_ALWAYS] = "always", [HEAL_NEVER] = "never" } },
	{ "agent.health.exec", SETTING_TEXT, AT(health.exec), 0, 0, 0,
	    { NULL } },
	{ "agent.health.heal", SETTING_BOOL, AT(health.heal), 0, 0, false,
	    { NULL } },
	{ "agent.health.interval", SETTING_DURATION, AT(health.interval_ms),
	    100, DURATION_MAX, 10000, { NULL } },
	{ "agent.health.retries", SETTING_INT, AT(health.retries), 1, 1000,
	    3, { NULL } },
	{ "agent.health.start_period", SETTING_DURATION,
	    AT(health.start_period_ms), 0, DURATION_MAX, 0, { NULL } },
	{ "agent.health.timeout", SETTING_DURATION, AT(health.timeout_ms), 1,
	    DURATION_MAX, 5000, { NULL } },
	{ "agent.labels", SETTING_MAP, AT(labels), 0, 0, 0, { NULL } },
	{ "agent.limits", SETTING_UNKNOWN, 0, 0, 0, 0, { NULL } },
	{ "agent.network", SETTING_UNKNOWN, 0, 0, 0, 0, { NULL } },
	{ "agent.on_remove", SETTING_WORD, AT(on_remove), 0, 0, REMOVE_REMOVE,
	    { [REMOVE_REMOVE] = "remove", [REMOVE_KEEP] = "keep" } },
	{ "agent.paused", SETTING_TEXT, AT(paused), 0, 0, 0, { NULL } },
	{ "agent.protect", SETTING_BOOL, AT(protect), 0, 0, false,
	    { NULL } },
	{ "agent.restart", SETTING_WORD, AT(restart), 0, 0, RESTART_ALLOW,
	    { [RESTART_ALLOW] = "allow", [RESTART_NEVER] = "never" } },
	{ "agent.retry.initial", SETTING_DURATION, AT(retry_initial_ms), 1,
	    DURATION_MAX, 1000, { NULL } },
	{ "agent.retry.max", SETTING_DURATION, AT(retry_max_ms), 1,
	    DURATION_MAX, 300000, { NULL } },
	{ "agent.retry.reset", SETTING_DURATION, AT(retry_reset_ms), 1,
	    DURATION_MAX, 600000, { NULL } },
	{ "agent.rollback", SETTING_BOOL, AT(rollback), 0, 0, false,
	    { NULL } },
};
const size_t setting_count = sizeof setting_table / sizeof *setting_table;

/* The longest first: a duration is printed in the first that divides it. */
static const struct unit {
	const char *name;
	long ms;
} units[] = { { "h", 3600000 }, { "m", 60000 }, { "s", 1000 },
	{ "ms", 1 } };
#define UNITS (sizeof units / sizeof *units)

static int
compare_setting(const void *name, const void *setting)
{
	return strcmp(name, ((const struct setting *)setting)->name);
}

const struct setting *
setting_find(const char *name)
{
	const struct setting *s = bsearch(name, setting_table, setting_count,
	    sizeof *s, compare_setting);
	const char *first = strchr(name, '.');
	const char *second = first == NULL ? NULL : strchr(first + 1, '.');
	char map[32];

	if (s != NULL || second == NULL ||
	    (size_t)(second - name) >= sizeof map)
		return s;
	/* An entry of a map: the map is named by the first two components. */
	memcpy(map, name, (size_t)(second - name));
	map[second - name] = '\0';
	s = bsearch(map, setting_table, setting_count, sizeof *s,
	    compare_setting);
	return s != NULL && (s->type == SETTING_MAP ||
	    s->type == SETTING_UNKNOWN) ? s : NULL;
}

bool
setting_group(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *s = &setting_table[i];

		if (strncmp(name, s->name, len) == 0 &&
		    (s->name[len] == '.' ||
		    (s->name[len] == '\0' && s->type == SETTING_MAP)))
			return true;
	}
	return false;
}

const char *
setting_nearest(const char *name)
{
	const char *best = NULL;
	size_t least = 4;

	for (size_t i = 0; i < setting_count; i++) {
		size_t d = name_distance(name, setting_table[i].name);

		if (d < least) {
			least = d;
			best = setting_table[i].name;
		}
	}
	return best;
}

static int
parse_duration(const struct setting *s, const char *text, long *ms,
    struct error *err)
{
	size_t digits = strspn(text, "0123456789");
	long number, unit = text[0] == '0' && text[1] == '\0' ? 1 : 0;

	for (size_t i = 0; i < UNITS; i++) {
		if (strcmp(text + digits, units[i].name) == 0)
			unit = units[i].ms;
	}
	errno = 0;
	number = digits == 0 ? 0 : strtol(text, NULL, 10);
	if (digits == 0 || unit == 0)
		return error_set(err, EINVAL, "expected a time with its unit "
		    "as in 500ms, 10s, 5m or 2h, found \"%.*s\"", TEXT_SHOWN,
		    text);
	if (errno != 0 || number > s->max / unit || number * unit < s->min)
		return error_set(err, ERANGE, "expected a time from %ldms to "
		    "%ldh, found %.*s", s->min, s->max / units[0].ms,
		    TEXT_SHOWN, text);
	*ms = number * unit;
	return 0;
}

static int
parse_int(const struct setting *s, const char *text, int *value,
    struct error *err)
{
	long number;
	char *end;

	errno = 0;
	number = strtol(text, &end, 10);
	if (errno != 0 || end == text || *end != '\0' || number < s->min ||
	    number > s->max || text[strspn(text, "0123456789")] != '\0')
		return error_set(err, EINVAL, "expected an integer from %ld "
		    "to %ld, found \"%.*s\"", s->min, s->max, TEXT_SHOWN,
		    text);
	*value = (int)number;
	return 0;
}

static int
parse_word(const struct setting *s, const char *text, int *value,
    struct error *err)
{
	for (int i = 0; s->words[i] != NULL; i++) {
		if (strcmp(text, s->words[i]) == 0) {
			*value = i;
			return 0;
		}
	}
	return error_set(err, EINVAL, "expected %s or %s, found \"%.*s\"",
	    s->words[0], s->words[1], TEXT_SHOWN, text);
}

static int
parse_bool(const char *text, bool *value, struct error *err)
{
	*value = strcmp(text, "true") == 0;
	if (*value || strcmp(text, "false") == 0)
		return 0;
	return error_set(err, EINVAL, "expected true or false, found \"%.*s\"",
	    TEXT_SHOWN, text);
}

int
setting_store(const struct setting *s, const char *text,
    struct spec_agent *agent, struct error *err)
{
	union {
		long ms;
		int number;
		bool on;
		const char *text;
	} v;
	size_t size = 0;
	int rc = 0;

	switch (s->type) {
	case SETTING_WORD:
		rc = parse_word(s, text, &v.number, err);
		size = sizeof v.number;
		break;
	case SETTING_BOOL:
		rc = parse_bool(text, &v.on, err);
		size = sizeof v.on;
		break;
	case SETTING_INT:
		rc = parse_int(s, text, &v.number, err);
		size = sizeof v.number;
		break;
	case SETTING_DURATION:
		rc = parse_duration(s, text, &v.ms, err);
		size = sizeof v.ms;
		break;
	case SETTING_TEXT:
		v.text = text;
		size = sizeof v.text;
		if (text[strspn(text, " \t\n")] == '\0')
			rc = error_set(err, EINVAL, "expected %s, found an "
			    "empty text", strcmp(s->name, "agent.paused") == 0 ?
			    "the reason" : "a command");
		break;
	case SETTING_MAP:
	case SETTING_UNKNOWN:
		return 0;
	}
	if (rc == 0 && agent != NULL)
		memcpy((char *)agent + s->offset, &v, size);
	return rc;
}

/* As environ(7) wants names. */
static bool
is_variable_name(const char *key)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz_0123456789";

	return *key != '\0' && strspn(key, "0123456789") == 0 &&
	    key[strspn(key, letters)] == '\0';
}

int
setting_check_entry(const struct setting *s, const char *key,
    const char *value, struct error *err)
{
	if (s->offset == AT(environment))
		return is_variable_name(key) ? 0 : error_set(err, EINVAL,
		    "\"%.*s\": expected a variable's name of letters, digits "
		    "and _", TEXT_SHOWN, key);
	if (strchr(value, '\n') != NULL)
		return error_set(err, EINVAL, "expected one line, found "
		    "several");
	return rules_key(key, err);
}

void
settings_default(struct spec_agent *agent)
{
	*agent = (struct spec_agent){ 0 };
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *s = &setting_table[i];
		char *at = (char *)agent + s->offset;
		int number = (int)s->dflt;
		bool on = s->dflt;

		if (s->type == SETTING_DURATION)
			memcpy(at, &s->dflt, sizeof s->dflt);
		else if (s->type == SETTING_INT || s->type == SETTING_WORD)
			memcpy(at, &number, sizeof number);
		else if (s->type == SETTING_BOOL)
			memcpy(at, &on, sizeof on);
	}
}

bool
setting_is_default(const struct setting *s, const struct spec_agent *agent)
{
	const char *at = (const char *)agent + s->offset;
	struct text_list map;
	const char *text;
	int number;
	long ms;
	bool on;

	switch (s->type) {
	case SETTING_WORD:
	case SETTING_INT:
		memcpy(&number, at, sizeof number);
		return number == s->dflt;
	case SETTING_BOOL:
		memcpy(&on, at, sizeof on);
		return on == (s->dflt != 0);
	case SETTING_DURATION:
		memcpy(&ms, at, sizeof ms);
		return ms == s->dflt;
	case SETTING_TEXT:
		memcpy(&text, at, sizeof text);
		return text == NULL;
	case SETTING_MAP:
		memcpy(&map, at, sizeof map);
		return map.count == 0;
	case SETTING_UNKNOWN:
		break;
	}
	return true;
}

static const char *
duration_text(long ms, char *buf, size_t size)
{
	size_t i = 0;

	while (i + 1 < UNITS && (ms % units[i].ms != 0 || ms == 0))
		i++;
	if (ms == 0)
		i = UNITS - 2; /* 0s */
	snprintf(buf, size, "%ld%s", ms / units[i].ms, units[i].name);
	return buf;
}

const char *
setting_text(const struct setting *s, const struct spec_agent *agent,
    char *buf, size_t size)
{
	const char *at = (const char *)agent + s->offset;
	const char *text;
	int number;
	long ms;
	bool on;

	switch (s->type) {
	case SETTING_WORD:
		memcpy(&number, at, sizeof number);
		return s->words[number];
	case SETTING_INT:
		memcpy(&number, at, sizeof number);
		snprintf(buf, size, "%d", number);
		return buf;
	case SETTING_BOOL:
		memcpy(&on, at, sizeof on);
		return on ? "true" : "false";
	case SETTING_DURATION:
		memcpy(&ms, at, sizeof ms);
		return duration_text(ms, buf, size);
	case SETTING_TEXT:
		memcpy(&text, at, sizeof text);
		return text;
	case SETTING_MAP:
	case SETTING_UNKNOWN:
		break;
	}
	return NULL;
}
