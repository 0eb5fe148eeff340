/* SPDX-License-Identifier: BSD-2-Clause */
#include "settings_value.h"

#include <sys/socket.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/address.h"
#include "text.h"

/*
 * The units of a kind of numbers, the longest first: a number is printed in
 * the first that divides it.  `zero` is how 0 is printed, NULL: not at all.
 */
struct units {
	const char *what, *example, *zero;
	struct unit {
		const char *name;
		long factor;
	} unit[6];
};

static const struct units durations = { "a time",
	"with its unit as in 500ms, 10s, 5m or 2h", "0s",
	{ { "h", 3600000 }, { "m", 60000 }, { "s", 1000 }, { "ms", 1 } } };
static const struct units sizes = { "a size", "as in 512M, 2G or 65536", NULL,
	{ { "G", 1L << 30 }, { "M", 1L << 20 }, { "K", 1L << 10 },
	{ "", 1 } } };
static const struct units shares = { "a percentage", "as in 50% or 200%", NULL,
	{ { "%", 1 } } };

static const struct units *
units_of(enum setting_type type)
{
	return type == SETTING_DURATION ? &durations :
	    type == SETTING_SIZE	? &sizes :
					  &shares;
}

const char *
setting_number_text(enum setting_type type, long value, char *buf,
    size_t size)
{
	const struct units *u = units_of(type);
	const struct unit *unit = u->unit;

	if (value == 0 && u->zero != NULL) {
		snprintf(buf, size, "%s", u->zero);
		return buf;
	}
	while (value % unit->factor != 0)
		unit++;
	snprintf(buf, size, "%ld%s", value / unit->factor, unit->name);
	return buf;
}

int
setting_parse_number(const struct setting *s, const char *text, long *value,
    struct error *err)
{
	const struct units *u = units_of(s->type);
	size_t digits = strspn(text, "0123456789");
	/* Nothing of a unit is nothing of any. */
	long number, factor = u->zero != NULL && strcmp(text, "0") == 0;
	char least[32], most[32];

	for (const struct unit *unit = u->unit; unit->name != NULL; unit++) {
		if (strcmp(text + digits, unit->name) == 0)
			factor = unit->factor;
	}
	errno = 0;
	number = digits == 0 ? 0 : strtol(text, NULL, 10);
	if (digits == 0 || factor == 0)
		return error_set(err, EINVAL, "expected %s %s, found "
		    "\"%.*s\"", u->what, u->example, TEXT_SHOWN, text);
	if (errno != 0 || number > s->max / factor ||
	    number * factor < s->min)
		return error_set(err, ERANGE, "expected %s from %s to %s, "
		    "found %.*s", u->what,
		    setting_number_text(s->type, s->min, least, sizeof least),
		    setting_number_text(s->type, s->max, most, sizeof most),
		    TEXT_SHOWN, text);
	*value = number * factor;
	return 0;
}

static int
check_filled(const char *text, const char *what, struct error *err)
{
	if (text[strspn(text, " \t\n")] == '\0')
		return error_set(err, EINVAL, "expected %s, found an empty "
		    "text", what);
	return 0;
}

int
setting_reason(const char *text, struct error *err)
{
	return check_filled(text, "the reason", err);
}

int
setting_command(const char *text, struct error *err)
{
	return check_filled(text, "a command", err);
}

int
setting_interface(const char *text, struct error *err)
{
	size_t len = strlen(text);

	if (len < 1 || len > 15 || text[strcspn(text, "|/, \t\n")] != '\0')
		return error_set(err, EINVAL, "expected an interface name of 1 "
		    "to 15 characters, found \"%.*s\"", TEXT_SHOWN, text);
	return 0;
}

/* One address of a list; `prefix`: whether it needs one, or has none. */
static int
check_address(const char *text, bool prefix, int *family, struct error *err)
{
	char canonical[VALUE_TEXT_MAX];

	*family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
	if (text[strcspn(text, "| \t\n")] != '\0')
		return error_set(err, EINVAL, "expected an address%s, found "
		    "\"%.*s\"", prefix ? " with its prefix" : "", TEXT_SHOWN,
		    text);
	if (prefix != (strchr(text, '/') != NULL))
		return error_set(err, EINVAL, "expected an address %s prefix, "
		    "found \"%.*s\"", prefix ? "with its" : "without a",
		    TEXT_SHOWN, text);
	return address_canonical(*family, text, canonical, sizeof canonical,
	    err);
}

/* Checks the comma-separated parts; counts them by family. */
static int
check_addresses(const char *text, bool prefix, unsigned *ip4, unsigned *ip6,
    struct error *err)
{
	const char *next = text;
	char part[128];
	int family;

	*ip4 = *ip6 = 0;
	for (;;) {
		size_t len;

		next += strspn(next, " ");
		len = strcspn(next, ",");
		snprintf(part, sizeof part, "%.*s", (int)(len < sizeof part ?
		    len : sizeof part), next);
		if (check_address(part, prefix, &family, err) != 0)
			return -1;
		*(family == AF_INET ? ip4 : ip6) += 1;
		if (next[len] == '\0')
			return 0;
		next += len + 1;
	}
}

int
setting_addresses(const char *text, struct error *err)
{
	unsigned ip4, ip6;

	return check_addresses(text, true, &ip4, &ip6, err);
}

int
setting_gateways(const char *text, struct error *err)
{
	unsigned ip4, ip6;

	if (check_addresses(text, false, &ip4, &ip6, err) != 0)
		return -1;
	if (ip4 > 1 || ip6 > 1)
		return error_set(err, EINVAL, "expected at most one gateway of "
		    "a family, found \"%.*s\"", TEXT_SHOWN, text);
	return 0;
}

/* The shape of one of either family. */
#define ADDRESS \
	"(?!(0\\.0\\.0\\.0|255\\.255\\.255\\.255|::)([/, ]|$))" \
	"([0-9]+(\\.[0-9]+){3}|[0-9A-Fa-f]*:[0-9A-Fa-f:.]*)"

const char *
setting_pattern(const struct setting *s)
{
	static const struct {
		int (*check)(const char *text, struct error *err);
		const char *pattern;
	} texts[] = {
		{ setting_reason, "[^ \\t\\n]" },
		{ setting_command, "[^ \\t\\n]" },
		{ setting_interface, "^[^|/, \\t\\n]{1,15}$" },
		{ setting_addresses, "^( *" ADDRESS "/[0-9.]+)"
		    "(, *" ADDRESS "/[0-9.]+)*$" },
		{ setting_gateways, "^( *" ADDRESS ")(, *" ADDRESS ")?$" },
	};

	if (s->type == SETTING_DURATION)
		return s->min == 0 ? "^([0-9]+(h|m|s|ms)|0)$" :
				     "^[0-9]*[1-9][0-9]*(h|m|s|ms)$";
	if (s->type == SETTING_SIZE)
		return "^[0-9]*[1-9][0-9]*[GMK]?$";
	if (s->type == SETTING_PERCENT)
		return "^[0-9]*[1-9][0-9]*%$";
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		if (s->check == texts[i].check)
			return texts[i].pattern;
	}
	return NULL;
}
