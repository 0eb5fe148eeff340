/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/command/picture.h"

#include <sys/ioctl.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#define HOME "\033[H"
#define ERASE_LINE "\033[K"
#define ERASE_BELOW "\033[J"

void
picture_free(struct picture *p)
{
	free(p->shown);
	p->shown = NULL;
}

/* Bytes of a colour ("ESC [ ... m"), 0 when there is none. */
static size_t
colour_at(const char *text)
{
	size_t n;

	if (text[0] != '\033' || text[1] != '[')
		return 0;
	n = 2 + strspn(text + 2, "0123456789;");
	return text[n] == 'm' ? n + 1 : 0;
}

/*
 * Bytes of the next row of a text, without its newline; *width is what it
 * takes of the terminal.  A character of UTF-8 counts as one.
 */
static size_t
row_length(const char *text, unsigned columns, unsigned *width)
{
	size_t n = 0;

	*width = 0;
	while (text[n] != '\0' && text[n] != '\n') {
		size_t skip = colour_at(text + n);
		bool begins = ((unsigned char)text[n] & 0xc0) != 0x80;

		if (skip == 0 && begins && columns != 0 && *width == columns)
			break;
		*width += skip == 0 && begins;
		n += skip != 0 ? skip : 1;
	}
	return n;
}

static const char *
next_row(const char *text, unsigned columns)
{
	unsigned width;

	text += row_length(text, columns, &width);
	return *text == '\n' ? text + 1 : text;
}

static unsigned
count_rows(const char *text, unsigned columns)
{
	unsigned n = 0;

	for (; *text != '\0'; n++)
		text = next_row(text, columns);
	return n;
}

void
picture_write(const char *text, unsigned rows, unsigned columns, FILE *out)
{
	/* The cursor ends in the last row. */
	unsigned all = count_rows(text, columns), width;
	unsigned most = rows < 2 || all < rows ? all : rows - 2;

	fputs(HOME, out);
	for (unsigned i = 0; i < most; i++) {
		size_t n = row_length(text, columns, &width);

		/* In a full row there is nothing to erase. */
		fprintf(out, "%.*s%s\n", (int)n, text,
		    width == columns && columns != 0 ? "" : ERASE_LINE);
		text = next_row(text, columns);
	}
	if (most < all)
		fprintf(out, "\033[0m... %u more lines%s\n", all - most,
		    ERASE_LINE);
	fputs(ERASE_BELOW, out);
}

static bool
same(const struct picture *p, const char *text, unsigned rows,
    unsigned columns)
{
	return p->shown != NULL && strcmp(p->shown, text) == 0 &&
	    p->rows == rows && p->columns == columns;
}

int
picture_show(struct picture *p, char *text, FILE *out)
{
	struct winsize size = { 0 };

	if (ioctl(fileno(out), TIOCGWINSZ, &size) != 0)
		size.ws_row = size.ws_col = 0;
	if (same(p, text, size.ws_row, size.ws_col)) {
		free(text);
		return 0;
	}
	picture_free(p);
	p->shown = text;
	p->rows = size.ws_row;
	p->columns = size.ws_col;
	if (isatty(fileno(out)))
		picture_write(text, p->rows, p->columns, out);
	else
		fprintf(out, "%s\n", text);
	return fflush(out) == 0 ? 0 : -1;
}
