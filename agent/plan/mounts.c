/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/plan/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/file.h"
#include "agent/read/trust.h"
#include "kernel/fslinux.h"
#include "kernel/path.h"

struct reading {
	const struct observer *o;
	struct jail_roots *roots;
	const char *said; /* path of the jail as the spec has it */
	const char *path; /* canonical */
	struct text_list *out;
	struct error *err;
};

static bool
is_linux(const struct reading *r)
{
	return strcmp(r->o->kernel->backend->name, "linux") == 0;
}

/* A target below the path that the spec says is below the canonical one. */
static int
place_target(const struct reading *r, struct fstab_line *l, char *buf,
    size_t size)
{
	size_t len = strlen(r->said);

	if (strcmp(r->said, "/") == 0 || strncmp(l->target, r->said, len) != 0 ||
	    (l->target[len] != '/' && l->target[len] != '\0'))
		return 0;
	if (snprintf(buf, size, "%s%s", strcmp(r->path, "/") == 0 ? "" :
	    r->path, l->target + len) >= (int)size)
		return error_sys(r->err, ENAMETOOLONG, "%s", l->target);
	l->target = buf;
	return 0;
}

/*
 * Links on the way to what is bound are followed as those in paths are.  What
 * is not there is left as it is: a hook may make it before it is mounted.
 */
static int
find_source(const struct reading *r, struct fstab_line *l, char *buf,
    size_t size)
{
	struct error why;

	if (canonical_source(r->o, r->roots, l->source, buf, size, &why) == 0)
		l->source = buf;
	else if (why.code != ENOENT)
		return error_set(r->err, why.code, "%s", why.text);
	return 0;
}

static int
judge_linux(const struct reading *r, struct fstab_line *l, char *buf,
    size_t size)
{
	struct fslinux f;

	if (fslinux_read(l, &f, r->err) != 0)
		return -1;
	if (fslinux_place(l->target, r->path) == NULL)
		return error_set(r->err, EINVAL, strcmp(l->target, r->path) == 0
		    ? "%s is the jail's own root; on Linux say path: with what "
		    "is to be mounted there" : "%s is not below the jail's "
		    "path; on Linux a jail's mounts are its own, and the host "
		    "does not see them", l->target);
	return f.kind == FSLINUX_BIND ? find_source(r, l, buf, size) : 0;
}

int
mounts_check_target(const struct observer *o, struct jail_roots *roots,
    const char *target, const char *path, struct error *err)
{
	struct error why;
	char real[1024];

	if (canonical_source(o, roots, target, real, sizeof real, &why) != 0)
		return why.code == ENOENT ? 0 :
		    error_set(err, why.code, "%s", why.text);
	if (strcmp(real, target) == 0 || !path_below(target, path))
		return 0;
	return error_set(err, ELOOP, "%s leads through a symbolic link below "
	    "the jail's path, which its processes could change", target);
}

static int
judge(const struct reading *r, struct fstab_line *l, char *buf, size_t size)
{
	return is_linux(r) ? judge_linux(r, l, buf, size) :
	    mounts_check_target(r->o, r->roots, l->target, r->path, r->err);
}

static int
add_line(const struct reading *r, const char *text)
{
	char target[1024], source[1024], *printed = NULL;
	struct fstab_line l;
	int rc = fstab_read(text, &l, r->err);

	if (rc != 0)
		return rc > 0 ? 0 : -1;
	rc = place_target(r, &l, target, sizeof target);
	if (rc == 0)
		rc = judge(r, &l, source, sizeof source);
	if (rc == 0 && ((printed = fstab_print(&l)) == NULL ||
	    text_list_add(r->out, printed) != 0))
		rc = error_sys(r->err, ENOMEM, "mount");
	free(printed);
	fstab_free(&l);
	return rc;
}

static int
add_lines(const struct reading *r, const char *file, char *text)
{
	unsigned number = 0;

	for (char *line = text, *next; line != NULL; line = next) {
		next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		number++;
		if (add_line(r, line) != 0)
			return error_wrap(r->err, "mount.fstab: %s:%u", file,
			    number);
	}
	return 0;
}

/* Who can write such a file has whatever he likes mounted in the jail. */
static int
read_trusted(const char *file, char **text, struct error *err)
{
	struct stat st;
	size_t len;

	if (stat(file, &st) != 0)
		return error_sys(err, errno, "%s", file);
	if (trust_path("", file, true, NULL, err) != 0 ||
	    trust_owner(file, &st, err) != 0)
		return -1;
	if (file_read(AT_FDCWD, file, MOUNTS_FSTAB_MAX, text, &len, err) != 0)
		return error_wrap(err, "%s", file);
	if (strlen(*text) == len)
		return 0;
	free(*text);
	*text = NULL;
	return error_set(err, EINVAL, "%s: a NUL byte in it", file);
}

/* Root in a jail is root to the files below it. */
static int
outside_jails(const struct reading *r, const char *file)
{
	const char *jail;

	switch (jail_roots_hold(r->o, r->roots, file, &jail, r->err)) {
	case 0:
		return 0;
	case 1:
		return error_set(r->err, EPERM, "%s is below the root of jail "
		    "%s, whose processes could change it", file, jail);
	default:
		return -1;
	}
}

static int
add_file(const struct reading *r, const char *file)
{
	char *text = NULL;
	int rc;

	if (outside_jails(r, file) != 0 ||
	    read_trusted(file, &text, r->err) != 0)
		return error_wrap(r->err, "mount.fstab");
	rc = add_lines(r, file, text);
	free(text);
	return rc;
}

int
mounts_read(const struct observer *o, struct jail_roots *roots,
    const struct spec *s, const char *path, struct text_list *out,
    struct error *err)
{
	const struct text_list *lines = spec_list(s, "mount");
	const struct text_list *files = spec_list(s, "mount.fstab");
	const struct reading r = { o, roots, spec_text(s, "path"), path, out,
		err };

	for (size_t i = 0; lines != NULL && i < lines->count; i++)
		if (add_line(&r, lines->text[i]) != 0)
			return error_wrap(err, "mount: %s", lines->text[i]);
	for (size_t i = 0; files != NULL && i < files->count; i++)
		if (add_file(&r, files->text[i]) != 0)
			return -1;
	return 0;
}

int
mounts_of_spec(const struct observer *o, const struct spec *s,
    struct text_list *out, struct error *err)
{
	struct jail_roots roots = { 0 };
	char path[1024];
	int rc = 0;

	if (spec_param_find(s, "mount") != NULL ||
	    spec_param_find(s, "mount.fstab") != NULL)
		rc = canonical_path(o, &roots, spec_text(s, "path"), path,
		    sizeof path, err) != 0 ? -1 :
		    mounts_read(o, &roots, s, path, out, err);
	jail_roots_forget(&roots);
	return rc;
}
