/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Cases that a kernel cannot pass: a file of lines "ID REASON", with comments
 * that begin with '#'.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conform.h"

static int
read_line(struct conform *c, const char *path, size_t number, char *line)
{
	char *reason;

	line[strcspn(line, "\n")] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	reason = line + strcspn(line, " ");
	if (*reason != '\0')
		*reason++ = '\0';
	reason += strspn(reason, " ");
	if (*reason == '\0' || exception_find(c, line) != NULL) {
		fprintf(stderr, "conform: %s:%zu: %s: %s\n", path, number,
		    line, *reason == '\0' ? "no reason is given" :
		    "the case stands here twice");
		return -1;
	}
	return json_object_set_new(c->exceptions, line, json_string(reason));
}

int
exceptions_read(struct conform *c, const char *path)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0, number = 0;
	int rc = 0;

	c->exceptions = json_object();
	if (f == NULL) {
		perror(path);
		return -1;
	}
	while (rc == 0 && getline(&line, &room, f) >= 0)
		rc = read_line(c, path, ++number, line);
	free(line);
	fclose(f);
	return rc;
}

const char *
exception_find(const struct conform *c, const char *id)
{
	return json_string_value(json_object_get(c->exceptions, id));
}
