/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * jail.conf(5) to YAML, as far as the recordings need it: blocks, nested ones,
 * wildcards, `=', `+=', `no' names, strings and variables.  One file for each
 * block, numbered, so that their order is kept; of the jails only those that
 * `jail -c NAME...' (what they depend on, too) or `jail -r NAME...' (what
 * depends on them, too) would work on; wildcard blocks always.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/params.h"
#include "lifecycle.h"

#define MANY 64

struct param {
	char *name;
	bool append, bare;
	char *value[16];
	size_t values;
};

struct block {
	char *name;
	struct param param[MANY];
	size_t params;
	bool chosen;
};

struct conf {
	char *at, *end;	 /* the text that is left */
	char token[8192];
	char kind;	 /* 's' string, 0 end, else the character itself */
	struct block *block[MANY];
	size_t blocks;
};

static int
wrong(const struct conf *c, const char *what)
{
	fprintf(stderr, "jail: %s, at: %.40s\n", what, c->at);
	return -1;
}

static void
skip_blanks(struct conf *c)
{
	for (;;) {
		c->at += strspn(c->at, " \t\r\n");
		if (*c->at == '#' || strncmp(c->at, "//", 2) == 0)
			c->at += strcspn(c->at, "\n");
		else if (strncmp(c->at, "/*", 2) == 0 &&
		    strstr(c->at, "*/") != NULL)
			c->at = strstr(c->at, "*/") + 2;
		else
			return;
	}
}

/* `$name' and `${name}' become what YAML specs call them. */
static size_t
take_variable(struct conf *c, char *to)
{
	bool braces = c->at[1] == '{';
	const char *name = c->at + 1 + braces;
	size_t len = 0;

	while (isalnum((unsigned char)name[len]) || name[len] == '_' ||
	    name[len] == '.')
		len++;
	c->at += 1 + len + 2 * braces;
	return (size_t)sprintf(to, "${%.*s}", (int)len, name);
}

/* A dollar that is one: specs need it doubled before a brace only. */
static size_t
take_plain(char one, char next, char *to)
{
	to[0] = one;
	if (one != '$' || next != '{')
		return 1;
	to[1] = '$';
	return 2;
}

static size_t
take_escape(struct conf *c, char *to)
{
	static const char from[] = "tnrabfv", is[] = "\t\n\r\a\b\f\v";
	const char *found = strchr(from, c->at[1]);
	char one = found != NULL ? is[found - from] : c->at[1];

	c->at += 2;
	return take_plain(one, *c->at, to);
}

static size_t
take_quoted(struct conf *c, char *to)
{
	char quote = *c->at++;
	size_t n = 0;

	while (*c->at != '\0' && *c->at != quote) {
		if (*c->at == '\\' && c->at[1] != '\0')
			n += take_escape(c, to + n);
		else if (*c->at == '$' && quote == '"')
			n += take_variable(c, to + n);
		else {
			n += take_plain(c->at[0], c->at[1], to + n);
			c->at++;
		}
	}
	c->at += *c->at != '\0';
	return n;
}

/* Pieces that touch each other are one string. */
static void
take_string(struct conf *c)
{
	size_t n = 0;

	while (*c->at != '\0' && strchr(" \t\r\n{};,=+", *c->at) == NULL) {
		if (*c->at == '"' || *c->at == '\'')
			n += take_quoted(c, c->token + n);
		else if (*c->at == '$')
			n += take_variable(c, c->token + n);
		else if (*c->at == '\\' && c->at[1] != '\0')
			n += take_escape(c, c->token + n);
		else
			c->token[n++] = *c->at++;
	}
	c->token[n] = '\0';
	c->kind = 's';
}

static void
next(struct conf *c)
{
	skip_blanks(c);
	if (*c->at == '\0')
		c->kind = '\0';
	else if (strchr("{};,=+", *c->at) != NULL)
		c->kind = *c->at++;
	else
		take_string(c);
}

static struct block *
block_named(struct conf *c, const char *name, bool fresh)
{
	struct block *b;

	for (size_t i = 0; !fresh && i < c->blocks; i++)
		if (strcmp(c->block[i]->name, name) == 0)
			return c->block[i];
	b = c->blocks == MANY ? NULL : calloc(1, sizeof *b);
	if (b == NULL || (b->name = strdup(name)) == NULL)
		abort();
	return c->block[c->blocks++] = b;
}

/* The one that a later `=' replaces and a later `+=' goes on with. */
static struct param *
param_named(struct block *b, const char *name)
{
	for (size_t i = 0; i < b->params; i++)
		if (strcmp(b->param[i].name, name) == 0)
			return &b->param[i];
	if (b->params == MANY)
		abort();
	b->param[b->params].name = strdup(name);
	return &b->param[b->params++];
}

static int
read_values(struct conf *c, struct param *p)
{
	do {
		next(c);
		if (c->kind != 's' ||
		    p->values == sizeof p->value / sizeof *p->value)
			return wrong(c, "a value is missing");
		p->value[p->values++] = strdup(c->token);
		next(c);
	} while (c->kind == ',');
	return c->kind == ';' || c->kind == '}' || c->kind == '\0' ? 0 :
	    wrong(c, "a semicolon is missing");
}

static int read_statements(struct conf *c, struct block *b);

static int
read_block(struct conf *c, const struct block *outer, const char *name)
{
	char full[1300];
	bool nested = outer != NULL;

	snprintf(full, sizeof full, "%.600s%s%s", nested ? outer->name : "",
	    nested ? "." : "", name);
	if (read_statements(c, block_named(c, full, true)) != 0)
		return -1;
	if (c->kind != '}')
		return wrong(c, "a } is missing");
	c->kind = ';'; /* the end of a statement of the block around it */
	return 0;
}

static int
read_statement(struct conf *c, struct block *b)
{
	char name[600];
	struct param *p;
	bool append;

	snprintf(name, sizeof name, "%.599s", c->token);
	next(c);
	if (c->kind == '{')
		return read_block(c, b, name);
	p = param_named(b != NULL ? b : block_named(c, "*", false), name);
	append = c->kind == '+';
	if (append)
		next(c);
	if (c->kind != '=') {
		p->bare = true;
		return c->kind == ';' || c->kind == '}' || c->kind == '\0' ?
		    0 : wrong(c, "a semicolon is missing");
	}
	p->bare = false;
	if (append)
		p->append = p->values == 0;
	else
		p->values = 0;
	return read_values(c, p);
}

static int
read_statements(struct conf *c, struct block *b)
{
	next(c);
	while (c->kind != '\0' && c->kind != '}') {
		if (c->kind == 's' && read_statement(c, b) != 0)
			return -1;
		if (c->kind == ';')
			next(c);
		else if (c->kind != '\0' && c->kind != '}')
			return wrong(c, "a name is missing");
	}
	return 0;
}

/* "allow.noraw_sockets" and "nopersist": the name without, if it is one. */
static bool
without_no(const char *name, char *plain, size_t size)
{
	const char *dot = strrchr(name, '.'), *last = dot ? dot + 1 : name;

	if (param_find(name) != NULL || strncmp(last, "no", 2) != 0)
		return false;
	snprintf(plain, size, "%.*s%s", (int)(last - name), name, last + 2);
	return param_find(plain) != NULL;
}

static bool
is_false(const char *value)
{
	return strcmp(value, "false") == 0 || strcmp(value, "0") == 0 ||
	    value[0] == '\0';
}

static void
print_text(FILE *f, const char *text)
{
	fputc('"', f);
	for (; *text != '\0'; text++) {
		if (*text == '\t')
			fputs("\\t", f);
		else if (*text == '\n')
			fputs("\\n", f);
		else {
			if (*text == '"' || *text == '\\')
				fputc('\\', f);
			fputc(*text, f);
		}
	}
	fputc('"', f);
}

static void
print_param(FILE *f, const struct param *p)
{
	char plain[600];
	const struct param_def *def;
	bool off = without_no(p->name, plain, sizeof plain);
	const char *name = off ? plain : p->name;

	def = param_find(name);
	fprintf(f, "%s%s: ", name, p->append ? "+" : "");
	if (off || (def != NULL && def->type == PARAM_BOOL) || p->bare) {
		bool no = p->values > 0 && is_false(p->value[p->values - 1]);

		fprintf(f, "%s\n", off != no ? "false" : "true");
		return;
	}
	for (size_t i = 0; i < p->values; i++) {
		if (p->values > 1)
			fputs(i == 0 ? "[" : ", ", f);
		print_text(f, p->value[i]);
	}
	fputs(p->values > 1 ? "]\n" : "\n", f);
}

static int
print_block(const struct block *b, const char *dir, size_t number)
{
	char path[4096];
	FILE *f;

	snprintf(path, sizeof path, "%s/%03zu.yaml", dir, number);
	f = fopen(path, "we");
	if (f == NULL) {
		perror(path);
		return -1;
	}
	fputs("name: ", f);
	print_text(f, b->name);
	fputc('\n', f);
	for (size_t i = 0; i < b->params; i++)
		print_param(f, &b->param[i]);
	return fclose(f);
}

static bool
is_pattern(const struct block *b)
{
	return strchr(b->name, '*') != NULL;
}

/* Whether `a' needs `b': it depends on it, or is inside of it. */
static bool
needs(const struct block *a, const struct block *b)
{
	size_t len = strlen(b->name);

	if (strncmp(a->name, b->name, len) == 0 && a->name[len] == '.')
		return true;
	for (size_t i = 0; i < a->params; i++)
		for (size_t k = 0; strcmp(a->param[i].name, "depend") == 0 &&
		    k < a->param[i].values; k++)
			if (strcmp(a->param[i].value[k], b->name) == 0)
				return true;
	return false;
}

static bool
choose_more(struct conf *c, bool stop)
{
	bool more = false;

	for (size_t i = 0; i < c->blocks; i++)
		for (size_t k = 0; k < c->blocks; k++) {
			struct block *a = c->block[i], *b = c->block[k];

			if (a->chosen && !b->chosen &&
			    (stop ? needs(b, a) : needs(a, b)))
				b->chosen = more = true;
		}
	return more;
}

static int
choose(struct conf *c, bool stop, char **names)
{
	for (size_t i = 0; i < c->blocks; i++)
		c->block[i]->chosen = *names == NULL;
	for (; *names != NULL; names++) {
		bool found = strchr(*names, '*') != NULL;

		for (size_t i = 0; i < c->blocks; i++)
			if (!is_pattern(c->block[i]) &&
			    fnmatch(*names, c->block[i]->name, 0) == 0)
				c->block[i]->chosen = found = true;
		if (!found) {
			fprintf(stderr, "jail: \"%s\" not found\n", *names);
			return -1;
		}
	}
	while (choose_more(c, stop))
		;
	return 0;
}

int
conf_convert(const char *file, const char *dir, bool stop, char **names)
{
	struct conf c = { .at = NULL };
	char *text = NULL;
	size_t room = 0;
	FILE *f = fopen(file, "re");
	int rc;

	if (f == NULL || getdelim(&text, &room, '\0', f) < 0) {
		perror(file);
		return -1;
	}
	fclose(f);
	c.at = text;
	rc = read_statements(&c, NULL);
	if (rc == 0)
		rc = choose(&c, stop, names);
	for (size_t i = 0; rc == 0 && i < c.blocks; i++)
		if (c.block[i]->chosen || is_pattern(c.block[i]))
			rc = print_block(c.block[i], dir, i);
	free(text); /* the rest ends with the process */
	return rc;
}
