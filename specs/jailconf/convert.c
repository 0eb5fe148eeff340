/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Both forms are parsed and resolved as specs: the documents that spell the
 * parameters out must be right, and those that keep the structure must mean
 * the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "convert.h"
#include "lexer.h"
#include "specs/scalar.h"

/* How often the documents are written before all is spelled out. */
#define ATTEMPTS_MAX 8

/* ---- what is spelled out ---- */

static const struct imported *
jail_of_file(const struct converter *c, const char *file)
{
	size_t i = file != NULL ? document_number(file) : SIZE_MAX;

	return i < c->jails ? &c->jail[i] : NULL;
}

/* Adds what the parser or the resolver says about a document `want`. */
static void
report(struct converter *c, const struct spec_error *e)
{
	const struct imported *j = jail_of_file(c, e->place.file);
	struct spec_place place = { 0 };
	const char *message = e->message;

	if (e->warning ? c->warnings++ >= WARNINGS_MAX :
	    c->faults++ >= CONF_ERRORS_MAX)
		return;
	if (j == NULL) {
		spec_error_add(c->errors, place, e->warning, "%s", message);
		return;
	}
	if (e->place.line > 0 && e->place.line <= j->want.lines)
		place = j->want.line[e->place.line - 1].place;
	if (place.line == 0)
		place = j->jail->block->place;
	if (strncmp(message, "jail \"", 6) == 0)
		spec_error_add(c->errors, place, e->warning, "%s", message);
	else
		spec_error_add(c->errors, place, e->warning,
		    "jail \"%s\": %s", j->jail->name, message);
}

static void
parse_document(struct converter *c, const struct document *d,
    struct spec_docs *docs, struct spec_errors *errors)
{
	if (d->text.failed || d->text.text == NULL)
		c->failed = true;
	else
		(void)spec_parse(d->file, d->text.text, d->text.len, docs,
		    errors);
}

/* Makes specs of the documents `want`, and reports what is wrong. */
static int
resolve_wanted(struct converter *c, struct spec_set *wanted)
{
	struct spec_docs docs = { 0 };

	for (size_t i = 0; i < c->jails; i++) {
		if (!c->jail[i].dropped)
			parse_document(c, &c->jail[i].want, &docs,
			    &wanted->errors);
	}
	spec_resolve(&docs, wanted);
	spec_docs_free(&docs);
	(void)spec_set_loops(wanted);
	for (size_t i = 0; i < wanted->errors.count; i++)
		report(c, &wanted->errors.error[i]);
	return c->faults == 0 ? 0 : -1;
}

/* ---- what keeps the structure ---- */

static void
free_documents(struct converter *c)
{
	for (size_t i = 0; i < c->docs; i++)
		document_free(&c->doc[i]);
	c->docs = 0;
}

static void
mark_flat(struct converter *c, struct imported *j,
    const struct param_def *def)
{
	unsigned i = param_index(def);

	c->marked = true;
	if (j != NULL && !j->spelled[i])
		j->spelled[i] = true;
	else
		c->flat[i] = true;
}

static int
compare_name(const void *name, const void *jail)
{
	return strcmp(name, (*(struct imported *const *)jail)->name);
}

/* The first jail of that name, which is the one that is kept. */
static struct imported *
find_jail(const struct converter *c, const char *name)
{
	struct imported **found = bsearch(name, c->sorted, c->jails,
	    sizeof *c->sorted, compare_name);

	if (found == NULL)
		return NULL;
	while (found > c->sorted && strcmp(found[-1]->name, name) == 0)
		found--;
	return *found;
}

/* Marks the parameters in which two specs differ. */
static void
mark_different(struct converter *c, const struct spec *want,
    const struct spec *made)
{
	struct imported *jail = find_jail(c, want->name);
	size_t i = 0, j = 0;

	while (i < want->count || j < made->count) {
		const struct spec_param *p = i < want->count ?
		    &want->param[i] : NULL;
		const struct spec_param *q = j < made->count ?
		    &made->param[j] : NULL;
		int order = p == NULL ? 1 : q == NULL ? -1 :
		    strcmp(p->name, q->name);

		if (order != 0 || !text_list_equal(&p->value, &q->value))
			/* What is not wanted at all cannot be spelled out. */
			mark_flat(c, order > 0 ? NULL : jail,
			    (order <= 0 ? p : q)->def);
		i += order <= 0;
		j += order >= 0;
	}
}

static int
compare_number(const void *number, const void *document)
{
	const size_t *x = number;
	const struct document *d = document;

	return (*x > d->number) - (*x < d->number);
}

/* Marks the parameter that an error is about; others have no line of one, or
   follow from it. */
static void
mark_wrong(struct converter *c, const struct spec_error *e)
{
	size_t number = e->place.file != NULL ?
	    document_number(e->place.file) : SIZE_MAX;
	const struct document *d = bsearch(&number, c->doc, c->docs,
	    sizeof *c->doc, compare_number);
	const struct param_def *def = NULL;

	if (d != NULL && e->place.line > 0 && e->place.line <= d->lines)
		def = d->line[e->place.line - 1].def;
	if (def != NULL)
		mark_flat(c, d->jail == NULL ? NULL :
		    &c->jail[d->jail - c->jail[0].jail], def);
}

/* Whether the documents mean what is wanted; marks what they do not. */
static bool
means_same(struct converter *c, const struct spec_set *wanted)
{
	struct spec_docs docs = { 0 };
	struct spec_set made = { 0 };
	bool same;

	for (size_t i = 0; i < c->docs; i++)
		parse_document(c, &c->doc[i], &docs, &made.errors);
	spec_resolve(&docs, &made);
	spec_docs_free(&docs);
	same = made.count == wanted->count;
	for (size_t i = 0; i < made.errors.count; i++) {
		if (!made.errors.error[i].warning) {
			mark_wrong(c, &made.errors.error[i]);
			same = false;
		}
	}
	for (size_t i = 0; i < made.count; i++) {
		const struct spec *want = spec_find(wanted, made.spec[i]->name);

		if (want == NULL || spec_same(want, made.spec[i]))
			continue;
		mark_different(c, want, made.spec[i]);
		same = false;
	}
	spec_set_free(&made);
	return same;
}

static int
write_documents(struct converter *c, const struct spec_set *wanted)
{
	for (unsigned i = 0; !c->failed; i++) {
		c->all_flat |= i == ATTEMPTS_MAX;
		c->marked = false;
		free_documents(c);
		keep_documents(c);
		/* What was found out on the way concerns earlier blocks, too. */
		if (c->marked && i < ATTEMPTS_MAX)
			continue;
		if (means_same(c, wanted))
			return 0;
		if (i > ATTEMPTS_MAX)
			return spec_error_add(c->errors,
			    (struct spec_place){ 0 }, false,
			    "cannot be said in specs that mean the same");
		if (!c->marked)
			c->all_flat = true;
	}
	return -1;
}

static char *
join_documents(struct converter *c)
{
	struct textbuf b = { 0 };

	textbuf_text(&b, "");
	for (size_t i = 0; i < c->docs; i++) {
		if (i > 0)
			textbuf_text(&b, "---\n");
		if (c->doc[i].text.text != NULL)
			textbuf_add(&b, c->doc[i].text.text,
			    c->doc[i].text.len);
	}
	for (size_t i = 0; i < c->conf->end.count; i++) {
		scalar_put_comment(&b, c->conf->end.text[i]);
		textbuf_text(&b, "\n");
	}
	c->failed |= b.failed;
	return b.text;
}

/* What the text as a whole is too large for. */
static void
check_size(struct converter *c, const char *text)
{
	const struct spec_place nowhere = { 0 };

	if (c->docs > SPEC_DOCUMENTS_MAX || strlen(text) > SPEC_FILE_MAX)
		spec_error_add(c->errors, nowhere, true, "the result is larger "
		    "than a spec file may be (%d documents, %d MiB): "
		    "distribute its documents over several, in this order",
		    SPEC_DOCUMENTS_MAX, SPEC_FILE_MAX >> 20);
}

/* For jail(8), too, that is no mistake. */
static void
warn_nothing(struct converter *c)
{
	spec_error_add(c->errors, (struct spec_place){ 0 }, true,
	    "there is nothing to import: no jail and no defaults");
}

static int
take_jails(struct converter *c, const struct conf_jails *jails)
{
	/* Those that the kernel added share the last one. */
	const size_t defs = param_count + 1;

	c->jail = calloc(jails->count + 1, sizeof *c->jail);
	c->doc = calloc(c->conf->blocks + 2, sizeof *c->doc);
	c->sorted = calloc(jails->count + 1, sizeof *c->sorted);
	c->flat = calloc((jails->count + 1) * defs, sizeof *c->flat);
	if (c->jail == NULL || c->doc == NULL || c->sorted == NULL ||
	    c->flat == NULL)
		return -1;
	c->jails = jails->count;
	for (size_t i = 0; i < jails->count; i++) {
		c->jail[i].jail = &jails->jail[i];
		c->jail[i].spelled = c->flat + (i + 1) * defs;
	}
	return 0;
}

/* Names of defaults are written as they are; those of jails are looked at. */
static int
check_patterns(struct converter *c)
{
	int rc = 0;

	for (const struct conf_block *b = c->conf->block; b != NULL;
	    b = b->next) {
		if (utf8_prefix(b->name, strlen(b->name)) < strlen(b->name))
			rc = spec_error_add(c->errors, b->place, false,
			    "name \"%.*s\": expected UTF-8", TEXT_SHOWN,
			    b->name);
	}
	return rc;
}

static char *
convert(struct converter *c)
{
	struct spec_set wanted = { 0 };
	char *text = NULL;

	if (check_patterns(c) != 0)
		return NULL;
	effective_documents(c);
	if (!c->failed && resolve_wanted(c, &wanted) == 0 &&
	    write_documents(c, &wanted) == 0) {
		if (c->docs == 0)
			warn_nothing(c);
		text = join_documents(c);
	}
	if (text != NULL)
		check_size(c, text);
	spec_set_free(&wanted);
	return text;
}

char *
conf_convert(const struct conf *conf, const struct conf_jails *jails,
    struct spec_errors *errors)
{
	struct converter c = { .conf = conf, .errors = errors };
	char *text = NULL;

	if (take_jails(&c, jails) != 0)
		c.failed = true;
	else
		text = convert(&c);
	if (c.failed)
		spec_error_add(errors, (struct spec_place){ 0 }, false,
		    "out of memory");
	for (size_t i = 0; i < c.jails; i++)
		document_free(&c.jail[i].want);
	free_documents(&c);
	free(c.jail);
	free(c.doc);
	free(c.sorted);
	free(c.flat);
	arena_release(&c.arena);
	return text;
}
