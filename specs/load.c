/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading spec files and directories of them. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "spec.h"
#include "text.h"
#include "tree.h"

static bool
ends_in(const char *name, const char *end)
{
	size_t n = strlen(name), e = strlen(end);

	return n > e && strcmp(name + n - e, end) == 0;
}

bool
spec_file_name(const char *name)
{
	/* What editors leave does not end so: web.yaml~, .web.yaml.swp,
	   #web.yaml#; but .#web.yaml does. */
	return *name != '.' && *name != '#' &&
	    (ends_in(name, ".yaml") || ends_in(name, ".yml"));
}

int
spec_set_add_file(struct spec_set *set, const char *path,
    const unsigned char digest[SPEC_DIGEST_SIZE])
{
	const size_t n = set->file_count;
	struct spec_file *grown = set->file;

	if (n == 0 || (n >= 16 && (n & (n - 1)) == 0)) {
		grown = realloc(grown, (n == 0 ? 16 : 2 * n) * sizeof *grown);
		if (grown == NULL)
			return -1;
		set->file = grown;
	}
	grown[n] = (struct spec_file){ .path = strdup(path) };
	if (grown[n].path == NULL)
		return -1;
	if (digest != NULL)
		memcpy(grown[n].digest, digest, SPEC_DIGEST_SIZE);
	set->file_count++;
	return 0;
}

static int
file_error(struct spec_set *set, const char *file, const char *what, int code)
{
	return spec_error_add(&set->errors, (struct spec_place){ file, 0, 0 },
	    false, "%s%s%s", what, code != 0 ? ": " : "",
	    code != 0 ? strerror(code) : "");
}

/* What one file after the other is loaded into. */
struct loader {
	struct spec_set *set;
	struct spec_docs docs;
	char *text;		/* of the present one */
	size_t room;
};

/*
 * Reads a regular file to its end, at most one byte more than is allowed.
 * Returns the number of bytes, -1 with errno.
 */
static ssize_t
read_all(struct loader *l, int fd)
{
	size_t len = 0;
	ssize_t n;

	for (;;) {
		if (len == l->room) {
			size_t room = l->room == 0 ? 16384 : l->room * 2;
			char *grown = realloc(l->text, room);

			if (grown == NULL)
				return -1;
			l->text = grown;
			l->room = room;
		}
		n = read(fd, l->text + len, l->room - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		len += (size_t)n;
		/* A regular file gives less than there is room for only at
		   its end. */
		if (len < l->room || len > SPEC_FILE_MAX)
			return (ssize_t)len;
	}
}

/*
 * Reads and parses the newest of the files; what is wrong becomes an error.
 * The path from byte `name` on counts from directory `at`.  `regular`: it is known to be a
 * regular file.
 */
static void
load_file(struct loader *l, int at, const char *path, size_t name,
    bool regular)
{
	struct spec_file *file;
	struct stat st;
	ssize_t len;
	/* O_NONBLOCK: a FIFO must not stop the program. */
	int fd = openat(at, path + name, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0) {
		file_error(l->set, path, "cannot open", errno);
		return;
	}
	if (!regular && fstat(fd, &st) != 0)
		file_error(l->set, path, "cannot read", errno);
	else if (!regular && !S_ISREG(st.st_mode))
		file_error(l->set, path, "not a regular file", 0);
	else if ((len = read_all(l, fd)) < 0)
		file_error(l->set, path, "cannot read", errno);
	else {
		file = &l->set->file[l->set->file_count - 1];
		crypto_generichash(file->digest, sizeof file->digest,
		    (const unsigned char *)l->text, (size_t)len, NULL, 0);
		(void)spec_parse(path, l->text, (size_t)len, &l->docs,
		    &l->set->errors);
	}
	close(fd);
}

/* Takes a path, and keeps it: errors point to it. */
static const char *
add_path(struct loader *l, const char *path)
{
	if (spec_set_add_file(l->set, path, NULL) == 0)
		return l->set->file[l->set->file_count - 1].path;
	file_error(l->set, NULL, "cannot read", ENOMEM);
	return NULL;
}

/* The spec files of a directory in the order of their names. */
static void
load_directory(struct loader *l, const char *dir, bool below)
{
	size_t len = strlen(dir);
	const char *slash = len > 0 && dir[len - 1] == '/' ? "" : "/";
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct tree t = { 0 };
	struct textbuf b = { 0 };
	struct error err;

	if (fd == -1)
		error_sys(&err, errno, "cannot be read");
	if (fd == -1 || tree_read(fd, below, NULL, NULL, &t, &err) != 0)
		file_error(l->set, dir, err.text, 0);
	for (size_t i = 0; i < t.count; i++)
		if (t.dir[i].problem != NULL)
			(void)spec_error_add(&l->set->errors,
			    (struct spec_place){ dir, 0, 0 }, false, "%s: %s",
			    t.dir[i].name, t.dir[i].problem);
	for (size_t i = 0; i < t.files; i++) {
		const char *path, *bad;

		b.len = 0;
		textbuf_text(&b, dir);
		textbuf_text(&b, slash);
		textbuf_text(&b, t.file[i].name);
		path = add_path(l, b.failed ? dir : b.text);
		bad = tree_bad_name(t.file[i].name);
		if (bad != NULL)
			file_error(l->set, path, bad, 0);
		else if (path != NULL && !b.failed)
			load_file(l, fd, path, len + strlen(slash),
			    t.file[i].regular);
	}
	free(b.text);
	tree_free(&t);
	if (fd != -1)
		close(fd);
}

static int
compare_files(const void *a, const void *b)
{
	const struct spec_file *x = a, *y = b;

	return strcmp(x->path, y->path);
}

int
spec_load(const char *const *path, size_t count, struct spec_set *set)
{
	return spec_load_below(path, count, false, set);
}

int
spec_load_below(const char *const *path, size_t count, bool below,
    struct spec_set *set)
{
	struct loader l = { .set = set };
	struct stat st;
	bool valid = true;

	*set = (struct spec_set){ 0 };
	for (size_t i = 0; i < count; i++) {
		const char *file;

		if (stat(path[i], &st) == 0 && S_ISDIR(st.st_mode))
			load_directory(&l, path[i], below);
		else if ((file = add_path(&l, path[i])) != NULL)
			load_file(&l, AT_FDCWD, file, 0, false);
	}
	free(l.text);
	spec_docs_settle(&l.docs);
	spec_resolve(&l.docs, set);
	spec_docs_free(&l.docs);
	/* Those of one directory are sorted already. */
	if (count > 1)
		qsort(set->file, set->file_count, sizeof *set->file,
		    compare_files);
	spec_errors_sort(&set->errors);
	for (size_t i = 0; i < set->errors.count; i++)
		valid = valid && set->errors.error[i].warning;
	return valid ? 0 : -1;
}

void
spec_set_free(struct spec_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		spec_free(set->spec[i]);
	for (size_t i = 0; i < set->file_count; i++)
		free(set->file[i].path);
	free(set->spec);
	free(set->file);
	text_list_free(&set->invalid);
	spec_errors_free(&set->errors);
	*set = (struct spec_set){ 0 };
}

static int
compare_spec(const void *name, const void *spec)
{
	return strcmp(name, (*(struct spec *const *)spec)->name);
}

const struct spec *
spec_find(const struct spec_set *set, const char *name)
{
	struct spec **s;

	if (set->count == 0)
		return NULL;
	s = bsearch(name, set->spec, set->count, sizeof *set->spec,
	    compare_spec);
	return s != NULL ? *s : NULL;
}
