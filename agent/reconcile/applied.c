/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/applied.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/paths.h"

/* Room for a directory and a name of a jail. */
#define NAME_ROOM (PATHS_MAX + 300)

int
applied_read(const char *dir, const char *name, struct spec **s,
    struct error *err)
{
	char path[NAME_ROOM];
	const char *one = path;
	struct spec_set set;
	const struct spec *found;

	(void)err;
	*s = NULL;
	memset(&set, 0, sizeof set);
	snprintf(path, sizeof path, "%s/%s.yaml", dir, name);
	if (access(path, F_OK) != 0)
		return 1;
	if (spec_load(&one, 1, &set) == 0 &&
	    (found = spec_find(&set, name)) != NULL)
		*s = spec_copy(found);
	spec_set_free(&set);
	return *s != NULL ? 0 : 1;
}

static int
write_all(int fd, const char *text)
{
	size_t left = strlen(text);

	while (left > 0) {
		ssize_t n = write(fd, text, left);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		text += n;
		left -= (size_t)n;
	}
	return 0;
}

int
applied_write(const char *dir, const struct spec *s, struct error *err)
{
	char path[NAME_ROOM], temporary[NAME_ROOM + 8];
	char *text = spec_print(s);
	int fd = -1, rc = -1;

	if (text == NULL)
		return error_sys(err, ENOMEM, "%s", s->name);
	snprintf(path, sizeof path, "%s/%s.yaml", dir, s->name);
	snprintf(temporary, sizeof temporary, "%s/.%s.new", dir, s->name);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
	    O_CLOEXEC, 0600);
	if (fd == -1 || write_all(fd, text) != 0) {
		error_sys(err, errno, "%s", temporary);
		goto done;
	}
	if (rename(temporary, path) != 0) {
		error_sys(err, errno, "%s", path);
		goto done;
	}
	rc = 0;
done:
	if (fd != -1)
		close(fd);
	if (rc != 0)
		unlink(temporary);
	free(text);
	return rc;
}

void
applied_remove(const char *dir, const char *name)
{
	char path[NAME_ROOM];

	snprintf(path, sizeof path, "%s/%s.yaml", dir, name);
	unlink(path);
}
