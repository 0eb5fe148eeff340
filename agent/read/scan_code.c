/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A scan's answer as bytes: the rest (state, reason, revision, directories), the
 * facts (files, errors, digest), the changes.  Places name files by number.
 */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/bytes.h"
#include "agent/read/scan.h"
#include "agent/read/words.h"
#include "specs/text.h"

#define NO_FILE UINT32_MAX
#define ALL_WORDS_MAX ((size_t)1024 * 1024) /* of all files together */

/* A path as text: what is not becomes '?'. */
static void
put_path(struct bytes_out *b, const char *path)
{
	size_t len = strlen(path);
	char *text = strdup(path);

	if (text == NULL) {
		b->failed = true;
		return;
	}
	for (size_t i = 0; i < len;) {
		size_t good = utf8_prefix(path + i, len - i);

		i += good;
		if (i < len)
			text[i++] = '?';
	}
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == '\x7f')
			text[i] = '?';
	put_text(b, text);
	free(text);
}

/*
 * Which jails an invalid file may be about beside those of its last good
 * documents.  Without such documents it may be any, and so when what it holds is
 * not known, or too much.  One that others may write, say, but did not holds
 * nothing else.
 */
static void
put_words(struct bytes_out *b, const struct file *f, size_t *left)
{
	const struct content *c = f->stands_in && f->problem == NULL ? f->now :
	    NULL;
	char *words = c == NULL || c->text == NULL || c->text_len > *left ?
	    NULL : words_of(c->text, c->text_len);

	if (words != NULL)
		*left -= c->text_len;
	put_text(b, f->invalid && !(f->stands_in && f->problem != NULL &&
	    file_unwritten(f)) ? words : "");
	free(words);
}

int
scan_encode_facts(struct reader *r, const struct spec_errors *errors)
{
	struct bytes_out b = { 0 };
	size_t words_left = ALL_WORDS_MAX;

	put_number(&b, (uint32_t)r->files.count);
	for (size_t i = 0; i < r->files.count; i++) {
		const struct file *f = &r->files.file[i];

		put_path(&b, f->path);
		put_number(&b, !f->invalid);
		put_number(&b, f->invalid && f->stands_in);
		put_words(&b, f, &words_left);
		put_number(&b, f->unsettled || (f->vanished_ms != 0 &&
		    !f->gone));
		put_number(&b, f->gone);
	}
	put_number(&b, (uint32_t)errors->count);
	for (size_t i = 0; i < errors->count; i++) {
		const struct spec_error *e = &errors->error[i];
		struct file *f = reader_file(r, e->place.file);

		put_number(&b, f == NULL ? NO_FILE :
		    (uint32_t)(f - r->files.file));
		put_number(&b, e->place.line);
		put_number(&b, e->place.column);
		put_number(&b, e->warning);
		put_text(&b, e->message);
	}
	put_number(&b, (uint32_t)r->jails);
	put_raw(&b, r->digest, sizeof r->digest);
	if (b.failed) {
		free(b.data);
		return -1;
	}
	free(r->facts);
	r->facts = b.data;
	r->facts_len = b.len;
	return 0;
}

static void
put_specs(struct bytes_out *b, const struct spec *const *spec, size_t count)
{
	put_number(b, (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		unsigned char *data = NULL;
		size_t len = 0;

		if (spec_encode(spec[i], &data, &len) != 0)
			b->failed = true;
		else
			put_block(b, data, len);
		free(data);
	}
}

static void
put_barred(struct bytes_out *b, const struct reader *r,
    const struct changes *ch)
{
	put_number(b, (uint32_t)ch->barred_count);
	for (size_t i = 0; i < ch->barred_count; i++) {
		const struct file *f = ch->invalid_in[ch->barred[i]];

		put_text(b, ch->set.invalid.text[ch->barred[i]]);
		put_number(b, f == NULL ? NO_FILE :
		    (uint32_t)(f - r->files.file));
	}
}

int
scan_encode(const struct reader *r, const struct answer *a,
    const struct changes *ch, const struct bytes_out *secrets,
    unsigned char **data, size_t *len)
{
	struct bytes_out b = { 0 };

	put_number(&b, a->state);
	put_text(&b, a->why);
	put_number(&b, a->again_ms);
	put_number(&b, a->behind_ms);
	put_text(&b, a->revision);
	put_text(&b, a->no_commit);
	put_text(&b, r->dir);
	put_number(&b, a->accept_helps);
	put_number(&b, a->replaced);
	put_text(&b, r->watch != NULL ? watch_why(r->watch) : "");
	put_raw(&b, r->facts, r->facts_len);
	put_specs(&b, ch->changed, ch->changed_count);
	put_specs(&b, ch->moved, ch->moved_count);
	put_number(&b, (uint32_t)ch->gone.count);
	for (size_t i = 0; i < ch->gone.count; i++)
		put_text(&b, ch->gone.text[i]);
	put_barred(&b, r, ch);
	put_number(&b, (uint32_t)r->passed.before.count);
	for (size_t i = 0; i < r->passed.before.count; i++)
		put_text(&b, r->passed.before.text[i]);
	put_raw(&b, secrets->data, secrets->len);
	if (b.failed || secrets->failed) {
		free(b.data);
		return -1;
	}
	*data = b.data;
	*len = b.len;
	return 0;
}

/* A text that must be there. */
static char *
get_some_text(struct bytes_in *b)
{
	char *text = get_text(b);

	if (text == NULL)
		b->failed = true;
	return text;
}

static void
get_files(struct bytes_in *b, struct scan *s)
{
	size_t n = get_count(b, 24);
	char *room;

	/* There may be ten thousand: one piece of memory for all texts. */
	s->file = calloc(n + 1, sizeof *s->file);
	s->texts = room = malloc(b->len + 1);
	if (s->file == NULL || s->texts == NULL) {
		b->failed = true;
		return;
	}
	for (; s->file_count < n && !b->failed; s->file_count++) {
		struct scan_file *f = &s->file[s->file_count];

		f->path = get_text_to(b, &room);
		b->failed |= f->path == NULL;
		f->valid = get_bool(b);
		f->has_last_good = get_bool(b);
		f->words = get_text_to(b, &room);
		f->unsettled = get_bool(b);
		f->gone = get_bool(b);
	}
}

/* The path of a file by its number, NULL for NO_FILE. */
static const char *
file_numbered(struct bytes_in *b, const struct scan *s, uint32_t n)
{
	if (n < s->file_count)
		return s->file[n].path;
	b->failed |= n != NO_FILE;
	return NULL;
}

static void
get_errors(struct bytes_in *b, struct scan *s)
{
	size_t n = get_count(b, 20);

	for (size_t i = 0; i < n && !b->failed; i++) {
		struct spec_place place = { 0 };
		uint32_t file = get_number(b);
		bool warning;
		char *message;

		place.line = get_number(b);
		place.column = get_number(b);
		warning = get_bool(b);
		message = get_some_text(b);
		place.file = file_numbered(b, s, file);
		if (!b->failed)
			(void)spec_error_add(&s->errors, place, warning, "%s",
			    message);
		free(message);
	}
}

static struct spec **
get_specs(struct bytes_in *b, size_t *count, struct error *err)
{
	size_t n = get_count(b, 4);
	struct spec **spec = calloc(n + 1, sizeof *spec);

	if (spec == NULL) {
		b->failed = true;
		return NULL;
	}
	while (*count < n && !b->failed) {
		size_t len;
		const unsigned char *data = get_block(b, &len);

		if (data == NULL)
			break;
		spec[*count] = spec_decode(data, len, err);
		if (spec[*count] == NULL)
			b->failed = true;
		else
			++*count;
	}
	return spec;
}

static void
get_texts(struct bytes_in *b, struct text_list *to)
{
	size_t n = get_count(b, 4);

	for (size_t i = 0; i < n && !b->failed; i++) {
		char *name = get_some_text(b);

		if (name != NULL && text_list_add(to, name) != 0)
			b->failed = true;
		free(name);
	}
}

static void
get_barred(struct bytes_in *b, struct scan *s)
{
	size_t n = get_count(b, 8);

	s->barred = calloc(n + 1, sizeof *s->barred);
	if (s->barred == NULL) {
		b->failed = true;
		return;
	}
	for (; s->barred_count < n && !b->failed; s->barred_count++) {
		struct scan_barred *x = &s->barred[s->barred_count];

		x->name = get_some_text(b);
		x->file = file_numbered(b, s, get_number(b));
	}
}

static void
get_secrets(struct bytes_in *b, struct scan *s)
{
	size_t n = get_count(b, 16);

	s->secret = calloc(n + 1, sizeof *s->secret);
	if (s->secret == NULL) {
		b->failed = true;
		return;
	}
	for (; s->secret_count < n && !b->failed; s->secret_count++) {
		struct scan_secret *x = &s->secret[s->secret_count];

		x->file = get_some_text(b);
		x->real = get_text(b);
		x->value = get_text(b);
		x->problem = get_text(b);
	}
}

static void
get_head(struct bytes_in *b, struct scan *s)
{
	uint32_t state = get_number(b);
	char *revision;

	if (state > SCAN_UNSETTLED)
		b->failed = true;
	s->state = (enum scan_state)state;
	s->why = get_text(b);
	s->again_ms = get_number(b);
	s->behind_ms = get_number(b);
	revision = get_some_text(b);
	if (revision != NULL && strlen(revision) < sizeof s->revision)
		memcpy(s->revision, revision, strlen(revision) + 1);
	else
		b->failed = true;
	free(revision);
	s->no_commit = get_text(b);
	s->dir = get_some_text(b);
	s->accept_helps = get_bool(b);
	s->replaced = get_bool(b);
	s->events = get_text(b);
	if (s->state == SCAN_MISSING && s->why == NULL)
		b->failed = true;
}

int
scan_decode(const unsigned char *data, size_t len, struct scan *s,
    struct error *err)
{
	struct bytes_in b = { .data = data, .len = len };

	memset(s, 0, sizeof *s);
	get_head(&b, s);
	get_files(&b, s);
	get_errors(&b, s);
	s->jails = get_number(&b);
	get_raw(&b, s->digest, sizeof s->digest);
	s->changed = get_specs(&b, &s->changed_count, err);
	s->moved = get_specs(&b, &s->moved_count, err);
	get_texts(&b, &s->gone);
	get_barred(&b, s);
	get_texts(&b, &s->passed);
	get_secrets(&b, s);
	if (!b.failed && b.len == 0)
		return 0;
	scan_free(s);
	return error_set(err, EINVAL, "the reader's answer is damaged");
}

static void
free_specs(struct spec **spec, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (spec[i] != NULL)
			spec_free(spec[i]);
	free(spec);
}

void
scan_forget_secrets(struct scan *s)
{
	for (size_t i = 0; i < s->secret_count; i++) {
		struct scan_secret *x = &s->secret[i];

		if (x->value != NULL)
			sodium_memzero(x->value, strlen(x->value));
		free(x->file);
		free(x->real);
		free(x->value);
		free(x->problem);
	}
	free(s->secret);
	s->secret = NULL;
	s->secret_count = 0;
}

void
scan_free(struct scan *s)
{
	free(s->file);
	free(s->texts);
	free_specs(s->changed, s->changed_count);
	free_specs(s->moved, s->moved_count);
	text_list_free(&s->gone);
	for (size_t i = 0; i < s->barred_count; i++)
		free(s->barred[i].name);
	free(s->barred);
	text_list_free(&s->passed);
	scan_forget_secrets(s);
	free(s->events);
	spec_errors_free(&s->errors);
	free(s->why);
	free(s->no_commit);
	free(s->dir);
	memset(s, 0, sizeof *s);
}
