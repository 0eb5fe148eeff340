/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The log of a step, line by line: LABEL WHERE and facts, KEY=VALUE.  Lines
 * that have the same label and place are about the same command; what else is
 * different there differs in log.KEY alone.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compare.h"

#define FACTS_MAX 16

/* A line with its words apart. */
struct line {
	char *text; /* as it was, for messages */
	char *words;
	char *label, *where;
	char *fact[FACTS_MAX];
	size_t facts;
};

struct log {
	struct line *line;
	size_t lines;
};

/* The end of a word: a list in brackets belongs to it, with its blanks. */
static char *
end_of_word(char *at)
{
	char *open = at + strcspn(at, " [");

	if (*open == '[')
		open += strcspn(open, "]");
	return open + strcspn(open, " ");
}

static char *
take_word(char **at)
{
	char *word = *at, *end = end_of_word(word);

	*at = end + (*end != '\0');
	*end = '\0';
	return word;
}

static void
split(struct line *l, const char *text, size_t len)
{
	char *at;

	l->text = strndup(text, len);
	l->words = at = strndup(text, len);
	if (l->text == NULL || at == NULL)
		abort();
	l->label = take_word(&at);
	l->where = take_word(&at);
	while (*at != '\0' && l->facts < FACTS_MAX)
		l->fact[l->facts++] = take_word(&at);
}

static void
add_line(struct log *log, const char *text, size_t len)
{
	struct line *grown = realloc(log->line,
	    (log->lines + 1) * sizeof *grown);

	if (grown == NULL)
		abort();
	log->line = grown;
	grown[log->lines] = (struct line){ 0 };
	split(&grown[log->lines++], text, len);
}

static void
log_free(struct log *log)
{
	for (size_t i = 0; i < log->lines; i++) {
		free(log->line[i].text);
		free(log->line[i].words);
	}
	free(log->line);
}

/* ---- jails that run at once ---------------------------------------------- */

static char *
fact_named(const struct line *l, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < l->facts; i++)
		if (strncmp(l->fact[i], key, len) == 0 &&
		    l->fact[i][len] == '=')
			return l->fact[i] + len + 1;
	return NULL;
}

/* What a line is about: the jail of a hook, or the root that it runs in. */
static const char *
group_of(const struct line *l)
{
	const char *name = strcmp(l->where, "host") == 0 ?
	    fact_named(l, "JNAME") : NULL;

	return name != NULL ? name : l->where;
}

/* Of the jails that are up, whether the one that a line is about is. */
static void
leave_own(struct line *l)
{
	const char *own = group_of(l);
	char *up = fact_named(l, "up"), *save = NULL, *name;

	if (up == NULL || strcmp(l->where, "host") != 0)
		return;
	for (name = strtok_r(up, ",", &save); name != NULL;
	    name = strtok_r(NULL, ",", &save))
		if (strcmp(name, own) == 0)
			break;
	memmove(up, name != NULL ? name : "-",
	    strlen(name != NULL ? name : "-") + 1);
}

/* By what the lines are about; among those of one jail they stay in order. */
static void
group(struct log *log)
{
	for (size_t i = 0; i < log->lines; i++)
		leave_own(&log->line[i]);
	for (size_t i = 1; i < log->lines; i++)
		for (size_t k = i; k > 0; k--) {
			struct line *l = &log->line[k], kept = *l;

			if (strcmp(group_of(l - 1), group_of(l)) <= 0)
				break;
			*l = l[-1];
			l[-1] = kept;
		}
}

/* ---- comparing ------------------------------------------------------------ */

static bool
undoes(const struct line *l)
{
	return strcmp(l->label, "exec.poststop") == 0 ||
	    strcmp(l->label, "exec.release") == 0;
}

static size_t
key_length(const char *fact)
{
	return strcspn(fact, "=");
}

/* Whether two lines have the same words but for the values of facts. */
static bool
same_kind(const struct line *w, const struct line *g)
{
	if (strcmp(w->label, g->label) != 0 ||
	    strcmp(w->where, g->where) != 0 || w->facts != g->facts)
		return false;
	for (size_t i = 0; i < w->facts; i++)
		if (key_length(w->fact[i]) != key_length(g->fact[i]) ||
		    strncmp(w->fact[i], g->fact[i],
		    key_length(w->fact[i])) != 0)
			return false;
	return true;
}

/* Each fact that differs is noted once in a log. */
static void
compare_facts(struct comparison *c, const struct line *w,
    const struct line *g, json_t *noted)
{
	char field[64];

	for (size_t i = 0; i < w->facts; i++) {
		if (same_text(c->r, w->fact[i], g->fact[i]))
			continue;
		snprintf(field, sizeof field, "log.%.*s",
		    (int)key_length(w->fact[i]), w->fact[i]);
		if (json_object_get(noted, field) == NULL)
			differs(c, field, w->text, g->text);
		json_object_set_new(noted, field, json_true());
	}
}

/* Says where two logs part; and whether only what a failure undoes is new. */
static void
compare_lines(struct comparison *c, const struct log *want,
    const struct log *got)
{
	json_t *noted = json_object();
	char place[64];
	size_t i = 0;
	const struct line *w, *g;

	while (i < want->lines && i < got->lines &&
	    same_kind(&want->line[i], &got->line[i])) {
		compare_facts(c, &want->line[i], &got->line[i], noted);
		i++;
	}
	json_decref(noted);
	w = i < want->lines ? &want->line[i] : NULL;
	g = i < got->lines ? &got->line[i] : NULL;
	if (w == NULL && g == NULL)
		return;
	snprintf(place, sizeof place, "nothing (%zu lines before)", i);
	differs(c, w != NULL ? "log" : undoes(g) ? "log.undo" : "log.more",
	    w != NULL ? w->text : place, g != NULL ? g->text : place);
}

void
compare_log(struct comparison *c, const json_t *want, const char *got)
{
	struct log wanted = { 0 }, ours = { 0 };
	const json_t *line;
	size_t i;

	json_array_foreach (want, i, line)
		add_line(&wanted, json_string_value(line),
		    json_string_length(line));
	for (size_t n; *got != '\0'; got += n + (got[n] == '\n')) {
		n = strcspn(got, "\n");
		add_line(&ours, got, n);
	}
	if (c->r->unordered) {
		group(&wanted);
		group(&ours);
	}
	compare_lines(c, &wanted, &ours);
	log_free(&wanted);
	log_free(&ours);
}
