/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/command/passwd.h"

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NAME, PASSWORD, UID, GID, GECOS, HOME, SHELL, FIELDS };

static FILE *
open_passwd(const char *root)
{
	int dir, etc = -1, fd = -1;
	FILE *f;

	dir = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir != -1) {
		etc = openat(dir, "etc", O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
		    O_CLOEXEC);
		close(dir);
	}
	if (etc != -1) {
		fd = openat(etc, "passwd", O_RDONLY | O_NOFOLLOW | O_NONBLOCK |
		    O_CLOEXEC);
		close(etc);
	}
	f = fd != -1 ? fdopen(fd, "r") : NULL;
	if (f == NULL && fd != -1)
		close(fd);
	return f;
}

/* Cuts a line at its colons; false when it is not of passwd(5)'s form. */
static bool
split(char *line, char *field[FIELDS])
{
	line[strcspn(line, "\n")] = '\0';
	for (int i = 0; i < FIELDS; i++) {
		field[i] = strsep(&line, ":");
		if (field[i] == NULL)
			return false;
	}
	return line == NULL;
}

static bool
matches(char *const field[FIELDS], const char *name)
{
	return name != NULL ? strcmp(field[NAME], name) == 0 :
	    strcmp(field[UID], "0") == 0;
}

static void
set_text(char *to, size_t size, const char *text)
{
	if (text[0] != '\0' && strlen(text) < size)
		snprintf(to, size, "%s", text);
}

int
passwd_find(const char *root, const char *name, struct passwd_user *u)
{
	char line[4096], *field[FIELDS];
	FILE *f = open_passwd(root);
	int rc = -1;

	*u = (struct passwd_user){ .name = "root", .home = "/",
		.shell = "/bin/sh" };
	if (name != NULL)
		snprintf(u->name, sizeof u->name, "%s", name);
	while (f != NULL && rc != 0 && fgets(line, sizeof line, f) != NULL) {
		if (!split(line, field) || !matches(field, name))
			continue;
		set_text(u->name, sizeof u->name, field[NAME]);
		set_text(u->home, sizeof u->home, field[HOME]);
		set_text(u->shell, sizeof u->shell, field[SHELL]);
		rc = 0;
	}
	if (f != NULL)
		fclose(f);
	return rc;
}
