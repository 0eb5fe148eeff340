/* SPDX-License-Identifier: BSD-2-Clause */
#include "mountinfo.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

char *
mountinfo_read(pid_t pid)
{
	char path[64], *text = NULL;
	size_t len = 0;
	FILE *f, *out = open_memstream(&text, &len);

	snprintf(path, sizeof path, "/proc/%d/mountinfo", (int)pid);
	f = out != NULL ? fopen(path, "re") : NULL;
	if (f != NULL) {
		char part[4096];
		size_t n;

		while ((n = fread(part, 1, sizeof part, f)) > 0)
			fwrite(part, 1, n, out);
		fclose(f);
	}
	if (out != NULL && (fclose(out) != 0 || f == NULL)) {
		free(text);
		text = NULL;
	}
	return text;
}

static bool
is_dot(const char *p)
{
	return p[0] == '/' && p[1] == '.' && (p[2] == '/' || p[2] == '\0');
}

/* A name as proc(5) writes it: without dots, blanks and the like as \ooo. */
static void
escape(const char *name, char *buf, size_t size)
{
	size_t n = 0;

	for (; *name != '\0' && n + 5 < size; name++)
		if (is_dot(name))
			name++;
		else if (strchr(" \t\n\\", *name) != NULL)
			n += (size_t)snprintf(buf + n, size - n, "\\%03o",
			    (unsigned)(unsigned char)*name);
		else
			buf[n++] = *name;
	buf[n] = '\0';
}

/* The place is the fifth word of a line. */
size_t
mountinfo_count(const char *mountinfo, const char *place)
{
	char name[4 * PATH_MAX];
	size_t len, count = 0;

	escape(place, name, sizeof name);
	len = strlen(name);
	for (const char *line = mountinfo; line != NULL && *line != '\0';) {
		const char *word = line;

		for (int i = 0; i < 4 && word != NULL; i++)
			word = strchr(word + (i > 0), ' ');
		count += word != NULL && strncmp(word + 1, name, len) == 0 &&
		    word[1 + len] == ' ';
		line = strchr(line, '\n');
		line += line != NULL;
	}
	return count;
}
