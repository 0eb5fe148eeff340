/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/command/table.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Characters of UTF-8; all count as one column. */
static size_t
characters(const char *text)
{
	size_t n = 0;

	for (; *text != '\0'; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

void
table_add(struct table *t, const char *cell)
{
	size_t column = t->cells % t->columns, start = t->text.len, n;

	buffer_printable(&t->text,
	    cell == NULL || cell[0] == '\0' ? "-" : cell);
	if (t->text.failed)
		return;
	n = characters(t->text.data + start);
	if (n > t->width[column])
		t->width[column] = n;
	buffer_add(&t->text, "", 1);
	t->cells++;
}

void
table_row(struct table *t, ...)
{
	const char *cell;
	va_list ap;

	va_start(ap, t);
	while ((cell = va_arg(ap, const char *)) != NULL)
		table_add(t, cell);
	va_end(ap);
}

int
table_print(struct table *t)
{
	const char *cell = t->text.data;
	int rc = t->text.failed ? -1 : 0;

	for (size_t i = 0; rc == 0 && i < t->cells; i++) {
		size_t column = i % t->columns;

		fputs(cell, stdout);
		if (column + 1 == t->columns)
			putchar('\n');
		else
			printf("%*s", (int)(t->width[column] -
			    characters(cell)) + 2, "");
		cell += strlen(cell) + 1;
	}
	buffer_free(&t->text);
	return rc;
}
