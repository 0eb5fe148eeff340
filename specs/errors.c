/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "spec.h"
#include "text.h"

/*
 * Messages quote what stood in a file: they must neither reach a terminal as
 * control sequences nor break JSON.
 */
static void
make_printable(char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0; i < len;) {
		size_t good = utf8_prefix(s + i, len - i);

		for (size_t j = i; j < i + good; j++) {
			unsigned char c = (unsigned char)s[j];

			/* U+0080 to U+009F have two bytes. */
			if (c == 0xc2 && (unsigned char)s[j + 1] < 0xa0)
				s[j] = s[j + 1] = '?';
			else if (c < ' ' || c == 0x7f)
				s[j] = '?';
		}
		i += good;
		if (i < len)
			s[i++] = '?';
	}
}

int
spec_error_add(struct spec_errors *errors, struct spec_place place,
    bool warning, const char *fmt, ...)
{
	struct spec_error *grown;
	char *message;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&message, fmt, ap);
	va_end(ap);
	if (n < 0)
		return -1;
	make_printable(message);
	if ((errors->count & (errors->count - 1)) == 0) {
		size_t room = errors->count == 0 ? 1 : errors->count * 2;

		grown = realloc(errors->error, room * sizeof *grown);
		if (grown == NULL) {
			free(message);
			return -1;
		}
		errors->error = grown;
	}
	errors->error[errors->count++] = (struct spec_error){ .place = place,
		.warning = warning, .message = message };
	return -1;
}

void
spec_errors_free(struct spec_errors *errors)
{
	for (size_t i = 0; i < errors->count; i++)
		free(errors->error[i].message);
	free(errors->error);
	*errors = (struct spec_errors){ 0 };
}

static int
compare_errors(const void *a, const void *b)
{
	const struct spec_error *x = a, *y = b;
	const char *xf = x->place.file != NULL ? x->place.file : "";
	const char *yf = y->place.file != NULL ? y->place.file : "";
	int c = strcmp(xf, yf);

	if (c == 0)
		c = (x->place.line > y->place.line) -
		    (x->place.line < y->place.line);
	if (c == 0)
		c = (x->place.column > y->place.column) -
		    (x->place.column < y->place.column);
	return c != 0 ? c : strcmp(x->message, y->message);
}

void
spec_errors_sort(struct spec_errors *errors)
{
	if (errors->count > 1)
		qsort(errors->error, errors->count, sizeof *errors->error,
		    compare_errors);
}

char *
spec_error_text(const struct spec_error *e)
{
	struct textbuf b = { 0 };

	if (e->place.file != NULL) {
		textbuf_text(&b, e->place.file);
		if (e->place.line > 0)
			textbuf_format(&b, ":%u:%u", e->place.line,
			    e->place.column);
		textbuf_text(&b, ": ");
	}
	if (e->warning)
		textbuf_text(&b, "warning: ");
	textbuf_text(&b, e->message);
	return b.text;
}
