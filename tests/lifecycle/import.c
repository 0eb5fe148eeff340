/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail.conf(5) to YAML, as `jailagent import' makes it, of those jails alone
 * that `jail -c NAME...' (what they depend on, too) or `jail -r NAME...' (what
 * depends on them, too) would work on.  What is wrong with the others is no
 * error, as with jail(8).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lifecycle.h"
#include "specs/doc.h"
#include "specs/jailconf/jailconf.h"

/* What every jail of the file is, before some are chosen. */
struct choice {
	struct conf_jails jails;
	bool *chosen;
	bool stop;
};

static bool
covers(const char *name, const char *jail)
{
	return strcmp(name, jail) == 0 || doc_covers(name, jail);
}

/* Only whole components are patterns: `foo.*', not `foo*'. */
static bool
is_pattern(const char *name)
{
	for (const char *star = name; (star = strchr(star, '*')) != NULL;
	    star++)
		if ((star == name || star[-1] == '.') &&
		    (star[1] == '\0' || star[1] == '.'))
			return true;
	return false;
}

/* Whether `a' needs `b': it depends on it, or is inside of it. */
static bool
needs(const struct conf_jail *a, const struct conf_jail *b)
{
	const struct conf_param *depend = conf_param(a, "depend");
	size_t len = strlen(b->name);

	if (strncmp(a->name, b->name, len) == 0 && a->name[len] == '.')
		return true;
	for (size_t i = 0; depend != NULL && i < depend->values; i++)
		if (strcmp(depend->value[i].text, b->name) == 0)
			return true;
	return false;
}

static bool
choose_more(struct choice *c)
{
	const struct conf_jails *jails = &c->jails;
	bool more = false;

	for (size_t i = 0; i < jails->count; i++)
		for (size_t k = 0; k < jails->count; k++) {
			const struct conf_jail *a = &jails->jail[i];
			const struct conf_jail *b = &jails->jail[k];

			if (c->chosen[i] && !c->chosen[k] &&
			    (c->stop ? needs(b, a) : needs(a, b)))
				c->chosen[k] = more = true;
		}
	return more;
}

static int
choose(struct choice *c, char **names)
{
	for (size_t i = 0; i < c->jails.count; i++)
		c->chosen[i] = *names == NULL;
	for (; *names != NULL; names++) {
		bool found = is_pattern(*names);

		for (size_t i = 0; i < c->jails.count; i++)
			if (covers(*names, c->jails.jail[i].name))
				c->chosen[i] = found = true;
		if (!found) {
			fprintf(stderr, "jail: \"%s\" not found\n", *names);
			return -1;
		}
	}
	while (choose_more(c))
		;
	return 0;
}

/* Takes the blocks of the other jails out of the list. */
static bool
leave_chosen(struct conf *conf, const struct choice *c)
{
	struct conf_block **link = &conf->block;
	bool any = false;
	size_t i = 0;

	while (*link != NULL) {
		bool keep = (*link)->pattern || c->chosen[i];

		any |= !(*link)->pattern && keep;
		i += !(*link)->pattern;
		if (keep)
			link = &(*link)->next;
		else
			*link = (*link)->next;
	}
	return any;
}

static int
print_text(const char *dir, const char *text)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s/jail.yaml", dir);
	f = fopen(path, "we");
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0) {
		perror(path);
		return -1;
	}
	return 0;
}

static int
import_chosen(struct conf *conf, const char *dir, struct spec_errors *errors)
{
	struct conf_jails jails;
	char *text = NULL;
	int rc = -1;

	if (conf_resolve(conf, &jails, errors) == 0)
		text = conf_convert(conf, &jails, errors);
	if (text != NULL)
		rc = print_text(dir, text);
	free(text);
	conf_jails_free(&jails);
	return rc;
}

static void
print_errors(const struct spec_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++) {
		char *text = spec_error_text(&errors->error[i]);

		fprintf(stderr, "%s\n", text != NULL ? text : "");
		free(text);
	}
}

int
import_conf(const char *file, const char *dir, bool stop, char **names)
{
	struct spec_errors errors = { 0 }, ignored = { 0 };
	struct choice choice = { .stop = stop };
	struct conf conf;
	int rc = conf_parse(&conf, file, &conf_files, &errors);

	if (rc == 0)
		(void)conf_resolve(&conf, &choice.jails, &ignored);
	choice.chosen = calloc(choice.jails.count + 1, sizeof(bool));
	if (rc == 0)
		rc = choice.chosen == NULL ? -1 : choose(&choice, names);
	if (rc == 0 && leave_chosen(&conf, &choice))
		rc = import_chosen(&conf, dir, &errors);
	print_errors(&errors);
	free(choice.chosen);
	conf_jails_free(&choice.jails);
	spec_errors_free(&errors);
	spec_errors_free(&ignored);
	conf_free(&conf);
	return rc;
}
