/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Limits by rctl(4): rules jail:NAME:RESOURCE:deny=AMOUNT, which count for the
 * jails below, too.  Rules of other actions are left alone.
 */
#include "freebsd.h"

#include <sys/rctl.h>
#include <sys/sysctl.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RULE_SIZE 512
#define RULES_SIZE 65536

static const char *const resources[LIMIT_COUNT] = {
	[LIMIT_CPU] = "pcpu",
	[LIMIT_MEMORY] = "memoryuse",
	[LIMIT_PROCESSES] = "maxproc",
	[LIMIT_SWAP] = "swapuse",
};

/* Whether the kernel counts what jails use: 0, -1 with the reason. */
static int
check_counting(struct error *why)
{
	int on = 0;
	size_t size = sizeof on;

	if (sysctlbyname("kern.racct.enable", &on, &size, NULL, 0) != 0)
		return error_set(why, ENOSYS, "this kernel was built without "
		    "options RACCT and RCTL");
	return on != 0 ? 0 : error_set(why, ENOSYS, "kern.racct.enable is 0; "
	    "say kern.racct.enable=1 in /boot/loader.conf and boot again");
}

int
freebsd_limitable(struct jail_kernel *k, enum jail_limit which, bool with,
    struct error *why)
{
	(void)k;
	(void)which;
	(void)with;
	return check_counting(why);
}

/* "jail:NAME:RESOURCE:deny", behind which an amount may follow. */
static int
print_rule(const char *name, enum jail_limit which, char rule[RULE_SIZE],
    struct error *err)
{
	if (strchr(name, ':') != NULL)
		return error_set(err, EINVAL, "rules of rctl(8) cannot name a "
		    "jail whose name has a ':'");
	return snprintf(rule, RULE_SIZE, "jail:%s:%s:deny", name,
	    resources[which]) < RULE_SIZE ? 0 :
	    error_sys(err, ENAMETOOLONG, "jail %s", name);
}

/* "=123" or "=123/jail" in the rule that begins with `filter`; 0: none. */
static uint64_t
amount_of(const char *rules, const char *filter)
{
	size_t len = strlen(filter);

	for (const char *p = rules; *p != '\0';) {
		if (strncmp(p, filter, len) == 0 && p[len] == '=')
			return strtoull(p + len + 1, NULL, 10);
		p += strcspn(p, ",");
		p += *p == ',';
	}
	return 0;
}

static int
read_rules(const char *name, char *rules, struct error *err)
{
	char filter[RULE_SIZE];

	rules[0] = '\0';
	if (strchr(name, ':') != NULL)
		return 0;
	snprintf(filter, sizeof filter, "jail:%s", name);
	if (rctl_get_rules(filter, strlen(filter) + 1, rules,
	    RULES_SIZE) == 0 || errno == ESRCH)
		return 0;
	return error_sys(err, errno, "rctl_get_rules %s", filter);
}

int
freebsd_limits(struct jail_kernel *k, int jid, const char *name,
    struct jail_limits *l, struct error *err)
{
	char filter[RULE_SIZE], *rules;
	int rc;

	(void)k;
	(void)jid;
	*l = (struct jail_limits){ 0 };
	if (check_counting(NULL) != 0)
		return 0;
	rules = malloc(RULES_SIZE);
	if (rules == NULL)
		return error_sys(err, ENOMEM, "jail %s", name);
	rc = read_rules(name, rules, err);
	for (int i = 0; i < LIMIT_COUNT && rc == 0; i++)
		if (print_rule(name, i, filter, NULL) == 0)
			l->most[i] = amount_of(rules, filter);
	free(rules);
	return rc;
}

static int
set_one(const char *name, enum jail_limit which, uint64_t most,
    struct error *err)
{
	char rule[RULE_SIZE];
	size_t len;

	if (print_rule(name, which, rule, err) != 0)
		return -1;
	if (rctl_remove_rule(rule, strlen(rule) + 1, NULL, 0) != 0 &&
	    errno != ESRCH)
		return error_sys(err, errno, "rctl_remove_rule %s", rule);
	if (most == 0)
		return 0;
	len = strlen(rule);
	snprintf(rule + len, sizeof rule - len, "=%" PRIu64, most);
	if (rctl_add_rule(rule, strlen(rule) + 1, NULL, 0) != 0)
		return error_sys(err, errno, "rctl_add_rule %s", rule);
	return 0;
}

int
freebsd_limit(struct jail_kernel *k, int jid, const char *name,
    const struct jail_limits *l, struct error *err)
{
	(void)k;
	if (jid == 0 && check_counting(NULL) != 0)
		return 0;
	for (int i = 0; i < LIMIT_COUNT; i++)
		if (set_one(name, i, jid != 0 ? l->most[i] : 0, err) != 0)
			return -1;
	return 0;
}
