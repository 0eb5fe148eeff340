/* SPDX-License-Identifier: BSD-2-Clause */
#include "document.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "specs/scalar.h"

void
document_start(struct document *d, const struct conf_jail *jail,
    const char *what, size_t number)
{
	*d = (struct document){ .jail = jail, .number = number };
	snprintf(d->file, sizeof d->file, "%.8s %zu", what, number);
}

size_t
document_number(const char *file)
{
	const char *blank = strchr(file, ' ');

	return blank != NULL ? strtoul(blank, NULL, 10) : 0;
}

void
document_line(struct document *d, struct spec_place place,
    const struct param_def *def)
{
	textbuf_text(&d->text, "\n");
	if (d->lines == d->room) {
		size_t room = d->room == 0 ? 16 : d->room * 2;
		struct document_line *grown = realloc(d->line,
		    room * sizeof *grown);

		if (grown == NULL) {
			textbuf_fail(&d->text);
			return;
		}
		d->line = grown;
		d->room = room;
	}
	d->line[d->lines++] = (struct document_line){ place, def };
}

static void
indent(struct document *d, unsigned n)
{
	while (n-- > 0)
		textbuf_text(&d->text, " ");
}

void
document_comments(struct document *d, unsigned n,
    const struct text_list *comments)
{
	for (size_t i = 0; i < comments->count; i++) {
		indent(d, n);
		scalar_put_comment(&d->text, comments->text[i]);
		document_line(d, (struct spec_place){ 0 }, NULL);
	}
}

/* Ends the first line of an entry with the comments that go there. */
static void
end_entry(struct document *d, const struct entry *e)
{
	struct text_list rest = { 0 };

	if (e->comments != NULL && e->comments->count > 0) {
		textbuf_text(&d->text, " ");
		scalar_put_comment(&d->text, e->comments->text[0]);
		rest = (struct text_list){ e->comments->text + 1,
			e->comments->count - 1 };
	}
	document_line(d, e->place, e->def);
	document_comments(d, e->indent, &rest);
}

void
document_entry(struct document *d, const struct entry *e)
{
	bool list = e->list && e->count > 0;

	d->keys++;
	indent(d, e->indent);
	scalar_put(&d->text, e->key);
	textbuf_text(&d->text, e->append ? "+:" : ":");
	if (!list) {
		textbuf_text(&d->text, " ");
		if (e->list)
			textbuf_text(&d->text, "[]");
		else
			scalar_put(&d->text, e->value[0].text);
	}
	end_entry(d, e);
	for (size_t i = 0; list && i < e->count; i++) {
		indent(d, e->indent + 2);
		textbuf_text(&d->text, "- ");
		scalar_put(&d->text, e->value[i].text);
		document_line(d, e->value[i].place, e->def);
	}
}

void
document_free(struct document *d)
{
	free(d->text.text);
	free(d->line);
	*d = (struct document){ 0 };
}
