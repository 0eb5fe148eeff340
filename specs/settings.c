/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "rules.h"
#include "settings_value.h"
#include "text.h"

#define AT(member) offsetof(struct spec_agent, member)
#define YEAR_MS (366L * 24 * 3600 * 1000)
/* Where long has 32 bits. */
#define DURATION_MAX (YEAR_MS < LONG_MAX ? YEAR_MS : LONG_MAX)
/* Nearly 1 PiB, in whole megabytes. */
#define SIZE_LIMIT \
	((sizeof(long) > 4 ? LONG_MAX / 8192 : LONG_MAX) / 1048576 * 1048576)

#define WORD(n, member, d, a, b, h) \
	{ .name = n, .len = sizeof n - 1, .type = SETTING_WORD, .offset = AT(member), .dflt = d, \
	    .words = { a, b }, .help = h }
#define BOOL(n, member, d, h) \
	{ .name = n, .len = sizeof n - 1, .type = SETTING_BOOL, .offset = AT(member), .dflt = d, \
	    .help = h }
#define NUMBER(t, n, member, lo, hi, d, h) \
	{ .name = n, .len = sizeof n - 1, .type = SETTING_##t, .offset = AT(member), .min = lo, \
	    .max = hi, .dflt = d, .help = h }
#define TEXT(n, member, c, h) \
	{ .name = n, .len = sizeof n - 1, .type = SETTING_TEXT, .offset = AT(member), .check = c, \
	    .help = h }
#define MAP(n, member, h) \
	{ .name = n, .len = sizeof n - 1, .type = SETTING_MAP, .offset = AT(member), .help = h }

const struct setting setting_table[] = {
	MAP("agent.environment", environment,
	    "Variables for the commands of the jail."),
	BOOL("agent.follow_depend", follow_depend, true,
	    "The jail is restarted with those that it depends on."),
	WORD("agent.heal", heal, HEAL_ALWAYS, "always", "never",
	    "Whether a jail that ended by itself is started again."),
	TEXT("agent.health.exec", health.exec, setting_command,
	    "Command in the jail whose success says that it is healthy."),
	BOOL("agent.health.heal", health.heal, false,
	    "An unhealthy jail is restarted."),
	NUMBER(DURATION, "agent.health.interval", health.interval_ms, 100,
	    DURATION_MAX, 10000, "Time between two health checks."),
	NUMBER(INT, "agent.health.retries", health.retries, 1, 1000, 3,
	    "Failed checks in a row that make the jail unhealthy."),
	NUMBER(DURATION, "agent.health.start_period", health.start_period_ms,
	    0, DURATION_MAX, 0,
	    "Time after the start in which failed checks do not count."),
	NUMBER(DURATION, "agent.health.timeout", health.timeout_ms, 1,
	    DURATION_MAX, 5000, "Time that one check may take."),
	MAP("agent.labels", labels,
	    "Names and texts for people and programs."),
	NUMBER(PERCENT, "agent.limits.cpu", limits.cpu, 1, 1000000, 0,
	    "Processor time of the jail; 100% is one processor."),
	NUMBER(SIZE, "agent.limits.memory", limits.memory, 65536, SIZE_LIMIT,
	    0, "Memory of all processes in the jail."),
	NUMBER(INT, "agent.limits.processes", limits.processes, 1, 4194304, 0,
	    "Processes in the jail."),
	NUMBER(SIZE, "agent.limits.swap", limits.swap, 65536, SIZE_LIMIT, 0,
	    "Swap space of all processes in the jail."),
	TEXT("agent.network.address", network.address, setting_addresses,
	    "Addresses with prefix of the interface in a vnet jail."),
	TEXT("agent.network.bridge", network.bridge, setting_interface,
	    "Bridge on the host that a vnet jail is connected to."),
	TEXT("agent.network.gateway", network.gateway, setting_gateways,
	    "Gateways of a vnet jail, at most one of a family."),
	NUMBER(INT, "agent.network.mtu", network.mtu, 68, 65535, 0,
	    "MTU of the interface in a vnet jail."),
	WORD("agent.on_remove", on_remove, REMOVE_REMOVE, "remove", "keep",
	    "What becomes of the jail when its spec goes away."),
	TEXT("agent.paused", paused, setting_reason,
	    "The reason why nothing is done about the jail for now."),
	BOOL("agent.protect", protect, false,
	    "The jail is not removed when its spec goes away."),
	WORD("agent.restart", restart, RESTART_ALLOW, "allow", "never",
	    "Whether a difference that needs a restart makes one."),
	NUMBER(DURATION, "agent.retry.initial", retry_initial_ms, 1,
	    DURATION_MAX, 1000, "Time before the second try after a failure."),
	NUMBER(DURATION, "agent.retry.max", retry_max_ms, 1, DURATION_MAX,
	    300000, "The longest time between two tries."),
	NUMBER(DURATION, "agent.retry.reset", retry_reset_ms, 1, DURATION_MAX,
	    600000, "Time of good health after which failures are forgotten."),
	BOOL("agent.rollback", rollback, false,
	    "A spec that keeps failing is replaced by the last good one."),
};
const size_t setting_count = sizeof setting_table / sizeof *setting_table;

const struct setting *
setting_find(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *s = &setting_table[i];

		/* An entry of a map has more behind a dot. */
		if ((s->len == len || (s->type == SETTING_MAP &&
		    s->len < len && name[s->len] == '.')) &&
		    memcmp(s->name, name, s->len) == 0)
			return s;
	}
	return NULL;
}

bool
setting_group(const char *name)
{
	size_t len = strlen(name), low = 0, high = setting_count;

	/* The first name that does not come before `name`. */
	while (low < high) {
		size_t middle = (low + high) / 2;

		if (strcmp(setting_table[middle].name, name) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < setting_count && strcmp(setting_table[low].name, name) == 0)
		return setting_table[low].type == SETTING_MAP;
	return low < setting_count &&
	    strncmp(setting_table[low].name, name, len) == 0 &&
	    setting_table[low].name[len] == '.';
}

const char *
setting_nearest(const char *name)
{
	const char *best = NULL;
	size_t least = 4;

	for (size_t i = 0; i < setting_count; i++) {
		size_t d = name_distance(name, setting_table[i].name, least);

		if (d < least) {
			least = d;
			best = setting_table[i].name;
		}
	}
	return best;
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
	*value = strcasecmp(text, "true") == 0;
	if (*value || strcasecmp(text, "false") == 0)
		return 0;
	return error_set(err, EINVAL, "expected true or false, found \"%.*s\"",
	    TEXT_SHOWN, text);
}

int
setting_store(const struct setting *s, const char *text,
    struct spec_agent *agent, struct error *err)
{
	union {
		long big;
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
	case SETTING_SIZE:
	case SETTING_PERCENT:
		rc = setting_parse_number(s, text, &v.big, err);
		size = sizeof v.big;
		break;
	case SETTING_TEXT:
		v.text = text;
		size = sizeof v.text;
		rc = s->check(text, err);
		break;
	case SETTING_MAP:
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

/* Numbers with units. */
static bool
is_long(enum setting_type type)
{
	return type == SETTING_DURATION || type == SETTING_SIZE ||
	    type == SETTING_PERCENT;
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

		if (is_long(s->type))
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
	long big;
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
	case SETTING_SIZE:
	case SETTING_PERCENT:
		memcpy(&big, at, sizeof big);
		return big == s->dflt;
	case SETTING_TEXT:
		memcpy(&text, at, sizeof text);
		return text == NULL;
	case SETTING_MAP:
		memcpy(&map, at, sizeof map);
		return map.count == 0;
	}
	return true;
}

const char *
setting_text(const struct setting *s, const struct spec_agent *agent,
    char *buf, size_t size)
{
	const char *at = (const char *)agent + s->offset;
	const char *text;
	int number;
	long big;
	bool on;

	/* A default out of range stands for nothing. */
	if (s->dflt < s->min && setting_is_default(s, agent))
		return NULL;
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
	case SETTING_SIZE:
	case SETTING_PERCENT:
		memcpy(&big, at, sizeof big);
		return setting_number_text(s->type, big, buf, size);
	case SETTING_TEXT:
		memcpy(&text, at, sizeof text);
		return text;
	case SETTING_MAP:
		break;
	}
	return NULL;
}
