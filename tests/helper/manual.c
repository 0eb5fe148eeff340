/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The parts of jailagent.yaml(5) that come from tables: `manual params` and
 * `manual settings` print them as mdoc.  docs/tables.sh puts them into the
 * page, and a test compares.
 */
#include <stdio.h>
#include <string.h>

#include "kernel/params.h"
#include "specs/settings.h"

/* Whether a rule honours nothing at all. */
static bool
refuses_all(const struct param_rule *r)
{
	return r->only != NULL && r->only[0] == '\0';
}

/* A value in mdoc: a minus must not become a hyphen. */
static void
print_value(const char *text)
{
	for (; *text != '\0'; text++)
		printf(*text == '-' ? "\\-" : "%c", *text);
}

static void
print_type(const struct param_def *p)
{
	static const char *const names[] = {
		[PARAM_BOOL] = "boolean",
		[PARAM_ULONG] = "non-negative integer",
		[PARAM_STRING] = "string",
		[PARAM_KEYVALUE] = "keys with strings",
		[PARAM_IP4] = "list of addresses",
		[PARAM_IP6] = "list of addresses",
		[PARAM_LIST] = "list of strings",
	};

	if (p->type == PARAM_JAILSYS) {
		printf("%snew or inherit", p->min == 0 ? "disable, " : "");
	} else if (p->type != PARAM_INT || p->access == PARAM_RD) {
		printf("%s", p->type == PARAM_INT ? "integer" :
		    names[p->type]);
	} else if (p->max == 0x7fffffff && p->min < -1) {
		printf("integer");
	} else if (p->max == 0x7fffffff) {
		printf("integer from %s%ld", p->min < 0 ? "\\" : "", p->min);
	} else {
		printf("%ld to %ld", p->min, p->max);
	}
}

static void
print_default(const struct param_def *p)
{
	if (p->access == PARAM_RD || strcmp(p->name, "name") == 0)
		return;
	printf(", default ");
	if (p->dflt == NULL)
		printf(p->kind == PARAM_KERNEL ? "inherited" : "none");
	else if (p->dflt[0] == '\0')
		printf("empty");
	else
		print_value(p->dflt);
}

static const char *
change_word(const struct param_def *p)
{
	static const char *const words[] = {
		[PARAM_LIVE] = "live",
		[PARAM_RESTART] = "restart",
		[PARAM_USERLAND] = "restart, host",
		[PARAM_WORKLOAD] = "restart",
		[PARAM_HOOK] = "next use",
		[PARAM_ORDER] = "next use",
	};

	if (p->access == PARAM_RD)
		return "read-only";
	return strcmp(p->name, "name") == 0 ? "never" : words[p->class];
}

/* ", Linux", ", Linux (0, 4)"; nothing when all values are refused. */
static void
print_system(const char *comma, const char *name, const struct param_rule *r)
{
	if (refuses_all(r))
		return;
	printf("%s%s", comma, name);
	if (r->only == NULL)
		return;
	printf(" (");
	for (const char *s = r->only; *s != '\0'; s++)
		printf(*s == ' ' ? ", " : *s == '-' ? "\\-" : "%c", *s);
	printf(")");
}

static void
print_systems(const struct param_def *p)
{
	/* What DragonFly alone has says so in its help. */
	if (strncmp(p->help, "DragonFly:", 10) == 0) {
		print_system("", "DragonFly", &p->dragonfly);
		return;
	}
	printf(p->generations == GEN_ALL ? "13, 15" :
	    p->generations == GEN_15 ? "15" : "module");
	/* What modules bring is not there on Linux. */
	if (p->generations != 0)
		print_system(", ", "Linux", &p->linux_rule);
	print_system(", ", "DragonFly", &p->dragonfly);
}

static void
print_params(void)
{
	printf(".Bl -tag -width Ds -compact\n");
	for (size_t i = 0; i < param_count; i++) {
		const struct param_def *p = &param_table[i];

		printf(".It Ic %s\n%s\n.br\n", p->name, p->help);
		print_type(p);
		print_default(p);
		printf("; %s; ", change_word(p));
		print_systems(p);
		printf("\n");
	}
	printf(".El\n");
}

static void
print_setting_type(const struct setting *s)
{
	switch (s->type) {
	case SETTING_WORD:
		printf("%s or %s", s->words[0], s->words[1]);
		break;
	case SETTING_BOOL:
		printf("boolean");
		break;
	case SETTING_INT:
		printf("%ld to %ld", s->min, s->max);
		break;
	case SETTING_DURATION:
		printf("time");
		break;
	case SETTING_SIZE:
		printf("size");
		break;
	case SETTING_PERCENT:
		printf("percentage");
		break;
	case SETTING_TEXT:
		printf("string");
		break;
	case SETTING_MAP:
		printf("keys with strings");
		break;
	}
}

static void
print_settings(void)
{
	struct spec_agent agent;
	char buf[64];

	settings_default(&agent);
	printf(".Bl -column \"agent.health.start_period\" "
	    "\"always or never\" \"default\"\n");
	printf(".It Em setting Ta Em value Ta Em default\n");
	for (size_t i = 0; i < setting_count; i++) {
		const struct setting *s = &setting_table[i];
		const char *text = setting_text(s, &agent, buf, sizeof buf);

		printf(".It Ic %s Ta ", s->name);
		print_setting_type(s);
		printf(" Ta %s\n", text != NULL ? text : "\\-");
	}
	printf(".El\n");
}

int
main(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "params") == 0)
		print_params();
	else if (argc == 2 && strcmp(argv[1], "settings") == 0)
		print_settings();
	else
		return fprintf(stderr, "usage: manual params|settings\n"), 64;
	return ferror(stdout) || fflush(stdout) != 0;
}
