/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail.conf(5) to YAML, as `jailagent import' makes it, of those jails alone
 * that `jail -c NAME...' (what they depend on, too) or `jail -r NAME...' (what
 * depends on them, too) would work on.  What is wrong with the others is no
 * error, as with jail(8).  It leaves alone what runs already and is only needed
 * by others, or found by a pattern while all that is asked for is -c.
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
	const char *letters;
	json_t *up; /* names of the jails that run */
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
is_up(const struct choice *c, const char *name)
{
	return json_object_get(c->up, name) != NULL;
}

/* What others need, and is not asked for itself. */
static void
leave_needed(struct choice *c, const bool *asked)
{
	for (size_t i = 0; i < c->jails.count; i++)
		if (!c->stop && !asked[i] && (is_up(c,
		    c->jails.jail[i].name) || strchr(c->letters, 'c') == NULL))
			c->chosen[i] = false;
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

static void
choose_all(struct choice *c)
{
	bool *asked = calloc(c->jails.count + 1, sizeof *asked);

	if (asked == NULL)
		abort();
	memcpy(asked, c->chosen, c->jails.count * sizeof *asked);
	while (choose_more(c))
		;
	leave_needed(c, asked);
	free(asked);
}

/* Takes what a name or a pattern covers; NULL: all. */
static bool
take(struct choice *c, const char *name)
{
	bool pattern = name == NULL || is_pattern(name), found = pattern;

	for (size_t i = 0; i < c->jails.count; i++) {
		const char *jail = c->jails.jail[i].name;

		if (name != NULL && !covers(name, jail))
			continue;
		found = true;
		c->chosen[i] |= !pattern || strcmp(c->letters, "c") != 0 ||
		    !is_up(c, jail);
	}
	return found;
}

static int
choose(struct choice *c, char **names)
{
	if (*names == NULL)
		(void)take(c, NULL);
	for (; *names != NULL; names++) {
		bool found = take(c, *names);

		if (!found) {
			fprintf(stderr, "jail: \"%s\" not found\n", *names);
			return -1;
		}
	}
	choose_all(c);
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

/* The names in a file, one a line. */
static json_t *
read_names(const char *path)
{
	json_t *names = json_object();
	char line[300];
	FILE *f = fopen(path, "re");

	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		json_object_set_new(names, line, json_true());
	}
	if (f != NULL)
		fclose(f);
	return names;
}

int
import_conf(const char *letters, const char *up, const char *file,
    const char *dir, char **names)
{
	struct spec_errors errors = { 0 }, ignored = { 0 };
	struct choice choice = { .letters = letters, .up = read_names(up),
		.stop = strcmp(letters, "r") == 0 };
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
	json_decref(choice.up);
	conf_jails_free(&choice.jails);
	spec_errors_free(&errors);
	spec_errors_free(&ignored);
	conf_free(&conf);
	return rc;
}
