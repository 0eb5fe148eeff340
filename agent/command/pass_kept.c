/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Last good texts of an agent, which is not there, when its jails are given
 * something else: they must not come back when the next one meets a broken file.
 */
#include "agent/command/pass.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buffer.h"
#include "agent/base/file.h"
#include "agent/sign/kept.h"

/* Whether a file does not say any more what is kept of it under its path. */
static bool
differs(const char *good, const char *path, const char *file)
{
	struct error err;
	size_t len, now_len;
	char *text, *now;
	bool same;
	int rc = kept_read(good, NULL, path, &text, &len, &err);

	if (rc != 0)
		return rc == -1;
	same = file_read(AT_FDCWD, file, SPEC_FILE_MAX, &now, &now_len,
	    &err) == 0;
	if (same) {
		same = now_len == len && memcmp(now, text, len) == 0;
		free(now);
	}
	free(text);
	return !same;
}

static int
compare_texts(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* `given` is the set's directory, or the file itself. */
static void
outdate(const char *good, const char *set, const char *given,
    const char *file)
{
	const char *below = file + strlen(given);
	struct buffer path = { .data = NULL };
	char name[KEPT_NAME_SIZE];

	if (*below == '\0' && (below = strrchr(file, '/')) == NULL)
		below = file;
	buffer_printf(&path, "%s/%s", set, below + strspn(below, "/"));
	if (!path.failed && differs(good, path.data, file))
		(void)kept_forget(good, kept_name(path.data, name));
	buffer_free(&path);
}

int
pass_outdate(const struct pass *p, const struct context *ctx,
    const struct pass_options *opt)
{
	size_t n = p->specs.count, dir = strlen(opt->path);
	const char **file = calloc(n + 1, sizeof *file);

	if (file == NULL)
		return -1;
	for (size_t i = 0; i < n; i++)
		file[i] = p->specs.spec[i]->place.file;
	qsort(file, n, sizeof *file, compare_texts);
	for (size_t i = 0; i < n; i++)
		if ((i == 0 || strcmp(file[i], file[i - 1]) != 0) &&
		    strncmp(file[i], opt->path, dir) == 0)
			outdate(ctx->paths.good, p->set, opt->path, file[i]);
	free(file);
	return 0;
}
