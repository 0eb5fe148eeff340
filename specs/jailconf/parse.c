/* SPDX-License-Identifier: BSD-2-Clause */
/* Tokens become blocks of assignments; .include reads more files. */
#include <stdlib.h>
#include <string.h>

#include "lexer.h"
#include "specs/text.h"

/* How much of an offending token a message shows. */
#define SHOWN 40
/* Behind a syntax error these are accepted before another one is told. */
#define QUIET_TOKENS 3

struct parser {
	struct conf *conf;
	const struct conf_reader *reader;
	struct spec_errors *errors;
	size_t files, bytes;
	unsigned includes, depth;  /* how deep it is in files and blocks */
	struct conf_block *common; /* parameters outside of blocks */
	bool failed;		   /* nothing more is read */
	unsigned quiet;		   /* tokens until errors are told again */
	/* Where comments go that stand behind something in its line. */
	struct text_list *behind;
	unsigned behind_line;
};

static int parse_items(struct parser *p, struct lexer *lx,
    struct conf_block *in, bool closed);

static int
stop(struct parser *p)
{
	p->failed = true;
	return -1;
}

static int
out_of_memory(struct parser *p)
{
	conf_fault(p->errors, (struct spec_place){ 0 }, "out of memory");
	return stop(p);
}

/* What follows is looked at behind the next semicolon (skip_statement). */
static int
syntax_error(struct parser *p, const struct token *t, const char *expected)
{
	if (p->quiet > 0)
		return -1;
	if (t->kind == TOKEN_END)
		conf_fault(p->errors, t->place, "unexpected end of the file: "
		    "expected %s", expected);
	else if (t->kind == TOKEN_OTHER)
		conf_fault(p->errors, t->place, "syntax error: the byte 0x%02x "
		    "can stand in quotes and comments only (at some places "
		    "jail(8) takes it for the end of the file)",
		    (unsigned char)t->mark);
	else
		conf_fault(p->errors, t->place, "syntax error: expected %s, "
		    "found %.*s", expected,
		    t->raw_len > SHOWN ? SHOWN : (int)t->raw_len, t->raw);
	return -1;
}

static int
next(struct parser *p, struct lexer *lx, struct token *t)
{
	if (lexer_next(lx, t) != 0)
		return out_of_memory(p);
	p->quiet -= p->quiet > 0;
	return 0;
}

/*
 * Goes on behind the next semicolon after a syntax error at *t, whatever
 * braces there are, and says nothing about the first two tokens there, as
 * jail(8) does it.  Returns -1 at the end.
 */
static int
skip_statement(struct parser *p, struct lexer *lx, struct token *t)
{
	while (!p->failed && (t->kind != TOKEN_MARK || t->mark != ';')) {
		/* Of what jail(8) may take for the end, too. */
		if (t->kind == TOKEN_END || t->kind == TOKEN_OTHER)
			return stop(p);
		if (next(p, lx, t) != 0)
			return -1;
	}
	p->quiet = QUIET_TOKENS;
	return p->failed ? -1 : 0;
}

/* Gives the comments seen so far to what precedes them in their line, or to
   `to`. */
static int
take_comments(struct parser *p, struct lexer *lx, struct text_list *to)
{
	for (struct comment *c = lx->comment; c != NULL; c = c->next) {
		bool behind = p->behind != NULL && c->line == p->behind_line;

		if (arena_list_add(&p->conf->arena, behind ? p->behind : to,
		    c->text) != 0)
			return out_of_memory(p);
	}
	lx->comment = NULL;
	lx->comment_tail = &lx->comment;
	p->behind = NULL;
	return 0;
}

static void
set_behind(struct parser *p, struct text_list *behind, unsigned line)
{
	p->behind = behind;
	p->behind_line = line;
}

static struct conf_block *
new_block(struct parser *p, char *name, struct spec_place place)
{
	struct conf_block *b = arena_take(&p->conf->arena, sizeof *b);

	if (b == NULL || name == NULL) {
		out_of_memory(p);
		return NULL;
	}
	*b = (struct conf_block){ .name = name, .place = place };
	for (const char *c = name; c != NULL; c = strchr(c, '.')) {
		c += *c == '.';
		b->pattern |= *c == '*' && (c[1] == '.' || c[1] == '\0');
	}
	b->order = p->conf->blocks++;
	if (p->conf->last == NULL)
		p->conf->block = b;
	else
		p->conf->last->next = b;
	p->conf->last = b;
	return b;
}

/* The full name of a block in a block. */
static char *
full_name(struct parser *p, const struct conf_block *in,
    const struct token *name)
{
	size_t before = in != NULL ? strlen(in->name) + 1 : 0;
	size_t len = strlen(name->text);
	char *full;

	if (before + len > CONF_NAME_MAX) {
		conf_fault(p->errors, name->place, "the name of the block is "
		    "longer than %d bytes", CONF_NAME_MAX);
		stop(p);
		return NULL;
	}
	full = arena_take(&p->conf->arena, before + len + 1);
	if (full == NULL) {
		out_of_memory(p);
		return NULL;
	}
	if (before > 0) {
		memcpy(full, in->name, before - 1);
		full[before - 1] = '.';
	}
	memcpy(full + before, name->text, len + 1);
	return full;
}

/* NAME { was read. */
static int
parse_block(struct parser *p, struct lexer *lx, struct conf_block *in,
    const struct token *name, unsigned line)
{
	char *full = full_name(p, in, name);
	struct conf_block *b;

	if (full == NULL)
		return -1;
	b = new_block(p, full, name->place);
	if (b == NULL || take_comments(p, lx, &b->before) != 0)
		return -1;
	if (++p->depth > CONF_DEPTH_MAX) {
		conf_fault(p->errors, name->place, "blocks are nested deeper "
		    "than %d", CONF_DEPTH_MAX);
		return stop(p);
	}
	set_behind(p, &b->after, line);
	if (parse_items(p, lx, b, true) != 0)
		return -1;
	p->depth--;
	return 0;
}

static struct conf_piece *
new_piece(struct parser *p, const struct token *t)
{
	struct conf_piece *piece = arena_take(&p->conf->arena, sizeof *piece);

	if (piece == NULL)
		out_of_memory(p);
	else
		*piece = (struct conf_piece){ .text = t->text,
			.reference = t->kind == TOKEN_REFERENCE };
	return piece;
}

/* Whether a word begins with a token. */
static bool
starts_word(const struct token *t)
{
	return !t->joined &&
	    (t->kind == TOKEN_WORD || t->kind == TOKEN_REFERENCE);
}

/* Reads one word that begins with *t; *t becomes what follows it. */
static struct conf_string *
parse_string(struct parser *p, struct lexer *lx, struct token *t)
{
	struct conf_piece **tail;
	struct conf_string *s;

	if (!starts_word(t)) {
		syntax_error(p, t, "a value");
		return NULL;
	}
	s = arena_take(&p->conf->arena, sizeof *s);
	if (s == NULL) {
		out_of_memory(p);
		return NULL;
	}
	*s = (struct conf_string){ .place = t->place };
	tail = &s->piece;
	do {
		*tail = new_piece(p, t);
		if (*tail == NULL || next(p, lx, t) != 0)
			return NULL;
		tail = &(*tail)->next;
	} while (t->joined &&
	    (t->kind == TOKEN_WORD || t->kind == TOKEN_REFERENCE));
	return s;
}

/* Reads values up to the semicolon; *t is the first token. */
static int
parse_values(struct parser *p, struct lexer *lx, struct conf_assign *a,
    struct token *t)
{
	struct conf_string **tail = &a->value;

	for (;;) {
		*tail = parse_string(p, lx, t);
		if (*tail == NULL)
			return -1;
		tail = &(*tail)->next;
		if (t->kind == TOKEN_MARK && t->mark == ';')
			return 0;
		if (t->kind != TOKEN_MARK || t->mark != ',')
			return syntax_error(p, t, "a comma or a semicolon");
		if (next(p, lx, t) != 0)
			return -1;
	}
}

static int
parse_text(struct parser *p, struct conf_block *in,
    const struct conf_text *text, struct spec_place from)
{
	struct lexer lx = { .len = text->len, .arena = &p->conf->arena,
		.errors = p->errors, .place = { NULL, 1, 1 } };
	int rc;

	lx.comment_tail = &lx.comment;
	lx.place.file = arena_text(&p->conf->arena, text->path);
	/* Tokens point to it until the end. */
	lx.text = arena_bytes(&p->conf->arena, text->bytes, text->len);
	if (lx.place.file == NULL || lx.text == NULL)
		return out_of_memory(p);
	p->bytes += text->len;
	if (++p->files > CONF_FILES_MAX || p->bytes > CONF_BYTES_MAX) {
		conf_fault(p->errors, from, "more than %d files or %d MiB are "
		    "included", CONF_FILES_MAX, CONF_BYTES_MAX >> 20);
		return stop(p);
	}
	p->behind = NULL;
	rc = parse_items(p, &lx, in, false);
	if (rc == 0)
		rc = take_comments(p, &lx, in != NULL ? &in->end :
		    &p->conf->end);
	p->behind = NULL;
	return rc;
}

/*
 * The path that a name in .include means: relative to the file that it stands
 * in.  In a pattern the directory is to be taken literally.
 */
static char *
include_path(const char *file, const char *name, bool pattern)
{
	const char *slash = *name == '/' ? NULL : strrchr(file, '/');
	struct textbuf b = { 0 };

	textbuf_text(&b, "");
	for (const char *c = file; slash != NULL && c <= slash; c++) {
		if (pattern && strchr("*?[\\", *c) != NULL)
			textbuf_text(&b, "\\");
		textbuf_add(&b, c, 1);
	}
	textbuf_text(&b, name);
	return b.text;
}

static int
include_name(struct parser *p, struct conf_block *in, const char *name,
    struct spec_place place)
{
	bool pattern = strpbrk(name, "*?[") != NULL;
	char *path = include_path(place.file, name, pattern);
	struct conf_texts found = { 0 };
	struct error err = { 0 };
	int rc = 0;

	if (path == NULL)
		return out_of_memory(p);
	if (p->reader->read(p->reader->arg, path, pattern, &found, &err) !=
	    0) {
		conf_fault(p->errors, place, "%s", err.text);
		rc = stop(p);
	}
	for (size_t i = 0; i < found.count && rc == 0; i++)
		rc = parse_text(p, in, &found.text[i], place);
	conf_texts_free(&found);
	free(path);
	return rc;
}

/* .include NAME, NAME; */
static int
include(struct parser *p, struct conf_block *in, const struct conf_assign *a)
{
	if (p->includes == CONF_INCLUDE_MAX) {
		conf_fault(p->errors, a->place, "files are included deeper "
		    "than %d", CONF_INCLUDE_MAX);
		return stop(p);
	}
	p->includes++;
	for (const struct conf_string *s = a->value; s != NULL; s = s->next) {
		struct textbuf b = { 0 };
		int rc;

		textbuf_text(&b, "");
		for (const struct conf_piece *c = s->piece; c != NULL;
		    c = c->next) {
			if (c->reference) {
				free(b.text);
				conf_fault(p->errors, s->place, "variables are "
				    "not permitted in the names of .include");
				return stop(p);
			}
			textbuf_text(&b, c->text);
		}
		rc = b.failed ? out_of_memory(p) :
				include_name(p, in, b.text, s->place);
		free(b.text);
		if (rc != 0)
			return -1;
	}
	p->includes--;
	return 0;
}

/* Appends an assignment to its block, or to the one of all blocks. */
static int
keep_assign(struct parser *p, struct lexer *lx, struct conf_block *in,
    struct conf_assign *a, unsigned line)
{
	static const char all[] = "*";

	if (in == NULL && p->common == NULL)
		p->common = new_block(p, arena_text(&p->conf->arena, all),
		    a->place);
	if (in == NULL)
		in = p->common;
	if (in == NULL || take_comments(p, lx, &a->before) != 0)
		return -1;
	if (in->last == NULL)
		in->assign = a;
	else
		in->last->next = a;
	in->last = a;
	set_behind(p, &a->after, line);
	return 0;
}

static int
parse_assign(struct parser *p, struct lexer *lx, struct conf_block *in,
    const struct token *name, struct token *t)
{
	struct conf_assign *a = arena_take(&p->conf->arena, sizeof *a);
	bool bare = starts_word(t);

	if (a == NULL)
		return out_of_memory(p);
	*a = (struct conf_assign){ .name = name->text, .place = name->place,
		.variable = name->kind == TOKEN_REFERENCE,
		.append = t->kind == TOKEN_APPEND };
	if (t->kind == TOKEN_APPEND ||
	    (t->kind == TOKEN_MARK && t->mark == '=')) {
		if (next(p, lx, t) != 0 || parse_values(p, lx, a, t) != 0)
			return -1;
	} else if (bare) {
		if (parse_values(p, lx, a, t) != 0)
			return -1;
	} else if (t->kind != TOKEN_MARK || t->mark != ';') {
		return syntax_error(p, t, a->variable ?
		    "=, += or a semicolon" : "{, =, += or a semicolon");
	}
	if (bare && !a->variable && strcmp(a->name, ".include") == 0)
		return include(p, in, a);
	return keep_assign(p, lx, in, a, t->place.line);
}

/* Reads to the end of the file, or with `closed` to the closing brace. */
static int
parse_items(struct parser *p, struct lexer *lx, struct conf_block *in,
    bool closed)
{
	struct token name, t;

	for (;;) {
		if (next(p, lx, &name) != 0)
			return -1;
		if (closed && name.kind == TOKEN_MARK && name.mark == '}') {
			if (take_comments(p, lx, &in->end) != 0)
				return -1;
			set_behind(p, &in->end, name.place.line);
			return 0;
		}
		if (name.kind == TOKEN_MARK && name.mark == ';')
			continue;
		if (name.kind == TOKEN_END && !closed)
			return 0;
		if (!starts_word(&name)) {
			(void)syntax_error(p, &name, closed ?
			    "a parameter, a block or }" :
			    "a parameter or a block");
			if (skip_statement(p, lx, &name) != 0)
				return -1;
			continue;
		}
		if (next(p, lx, &t) != 0)
			return -1;
		if (name.kind == TOKEN_WORD && t.kind == TOKEN_MARK &&
		    t.mark == '{') {
			if (parse_block(p, lx, in, &name, t.place.line) != 0)
				return -1;
		} else if (parse_assign(p, lx, in, &name, &t) != 0 &&
		    skip_statement(p, lx, &t) != 0) {
			return -1;
		}
	}
}

int
conf_parse(struct conf *conf, const char *path,
    const struct conf_reader *reader, struct spec_errors *errors)
{
	struct parser p = { .conf = conf, .reader = reader, .errors = errors };
	struct spec_place place = { NULL, 0, 0 };
	struct conf_texts found = { 0 };
	size_t before = errors->count;
	struct error err = { 0 };

	*conf = (struct conf){ 0 };
	place.file = arena_text(&conf->arena, path);
	if (reader->read(reader->arg, path, false, &found, &err) != 0)
		spec_error_add(errors, (struct spec_place){ 0 }, false, "%s",
		    err.text);
	for (size_t i = 0; i < found.count && !p.failed; i++)
		(void)parse_text(&p, NULL, &found.text[i], place);
	conf_texts_free(&found);
	return errors->count == before ? 0 : -1;
}

void
conf_free(struct conf *conf)
{
	arena_release(&conf->arena);
	*conf = (struct conf){ 0 };
}
