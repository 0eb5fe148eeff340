/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/applied.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/file.h"
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

int
applied_write(const char *dir, const struct spec *s, struct error *err)
{
	char path[NAME_ROOM], *text = spec_print(s);
	int rc;

	if (text == NULL)
		return error_sys(err, ENOMEM, "%s", s->name);
	snprintf(path, sizeof path, "%s/%s.yaml", dir, s->name);
	rc = file_replace(AT_FDCWD, path, text, strlen(text), err);
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
