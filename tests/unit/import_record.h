/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Recorded readings of jail.conf(5) by jail(8), tests/vectors/jailconf.jsonl
 * (FORMAT-jail8.md), and the list of those that are not to be followed.
 */
#ifndef TEST_IMPORT_RECORD_H
#define TEST_IMPORT_RECORD_H

#include <sys/stat.h>

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "specs/jailconf/jailconf.h"
#include "specs/text.h"
#include "temp_dir.h"

#define RECORDS "tests/vectors/jailconf.jsonl"

/* Calls `each` with each record of a file. */
static inline void
record_each(const char *file, void (*each)(const char *id, json_t *record,
    void *arg), void *arg)
{
	FILE *f = fopen(file, "r");
	char *line = NULL;
	size_t room = 0;

	assert_non_null(f);
	while (getline(&line, &room, f) > 0) {
		json_t *r = json_loads(line, JSON_ALLOW_NUL, NULL);

		assert_non_null(r);
		each(json_string_value(json_object_get(r, "id")), r, arg);
		json_decref(r);
	}
	free(line);
	fclose(f);
}

/* A text with "@/" as DIR/; to be freed. */
static inline char *
record_expand(const char *text, size_t len, const char *dir, size_t *out)
{
	struct textbuf b = { 0 };

	textbuf_text(&b, "");
	for (size_t i = 0; i < len; i++) {
		if (text[i] == '@' && i + 1 < len && text[i + 1] == '/')
			textbuf_text(&b, dir);
		else
			textbuf_add(&b, text + i, 1);
	}
	assert_false(b.failed);
	if (out != NULL)
		*out = b.len;
	return b.text;
}

static inline char *
record_text(json_t *value, const char *dir)
{
	return record_expand(json_string_value(value),
	    json_string_length(value), dir, NULL);
}

/* Writes the files of a record below a directory. */
static inline void
record_files(json_t *record, const char *dir)
{
	const char *name;
	json_t *content;

	json_object_foreach(json_object_get(record, "files"), name, content) {
		char path[PATH_MAX];
		size_t len;
		char *text = record_expand(json_string_value(content),
		    json_string_length(content), dir, &len);

		snprintf(path, sizeof path, "%s/%s", dir, name);
		for (char *c = path + strlen(dir) + 1;
		    (c = strchr(c, '/')) != NULL; c++) {
			*c = '\0';
			(void)mkdir(path, 0755);
			*c = '/';
		}
		temp_write(path, 0644, text, len);
		free(text);
	}
}

/* Appends one value as jail -e prints it. */
static inline void
record_render_value(struct textbuf *b, const char *text)
{
	const char *quote = strchr(text, '\'') != NULL ? "\"" :
	    strchr(text, '"') != NULL ? "'" :
	    *text == '\0' || strpbrk(text, " \t") != NULL ? "\"" : "";

	textbuf_text(b, quote);
	for (; *text != '\0'; text++) {
		if (*text == '\\' || *text == *quote)
			textbuf_text(b, "\\");
		textbuf_add(b, text, 1);
	}
	textbuf_text(b, quote);
}

/* The reason why a record is not followed, from a list of "ID REASON" lines;
   NULL when it is.  To be freed. */
static inline char *
record_exception(const char *list, const char *id)
{
	FILE *f = fopen(list, "r");
	char *line = NULL, *found = NULL;
	size_t room = 0, len = strlen(id);

	assert_non_null(f);
	while (found == NULL && getline(&line, &room, f) > 0) {
		if (strncmp(line, id, len) == 0 && line[len] == ' ')
			found = strdup(line + len + 1);
	}
	free(line);
	fclose(f);
	if (found != NULL)
		found[strcspn(found, "\n")] = '\0';
	return found;
}

#endif
