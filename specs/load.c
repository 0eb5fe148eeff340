/* SPDX-License-Identifier: BSD-2-Clause */
/* Reading spec files and directories of them. */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec.h"
#include "text.h"

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

static int
file_error(struct spec_set *set, const char *file, const char *what, int code)
{
	return spec_error_add(&set->errors, (struct spec_place){ file, 0, 0 },
	    false, "%s%s%s", what, code != 0 ? ": " : "",
	    code != 0 ? strerror(code) : "");
}

/* Memory for the text of one file after the other. */
struct buffer {
	char *text;
	size_t room;
};

/*
 * Reads a descriptor to its end, at most one byte more than is allowed; what
 * is as long as fstat(2) said is at its end.  Returns the number of bytes, -1
 * with errno.
 */
static ssize_t
read_all(int fd, off_t size, struct buffer *b)
{
	size_t len = 0;
	ssize_t n = 1;

	while (n != 0 && len <= SPEC_FILE_MAX &&
	    (len == 0 || (off_t)len != size)) {
		if (len == b->room) {
			size_t room = b->room == 0 ? 16384 : b->room * 2;
			char *grown = realloc(b->text, room);

			if (grown == NULL)
				return -1;
			b->text = grown;
			b->room = room;
		}
		n = read(fd, b->text + len, b->room - len);
		if (n < 0 && errno != EINTR)
			return -1;
		len += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)len;
}

/* Reads and parses one file; what is wrong becomes an error. */
static void
load_file(struct spec_set *set, struct spec_docs *docs, struct buffer *b,
    const char *file)
{
	struct stat st;
	ssize_t len;
	int fd;

	/* O_NONBLOCK: a FIFO must not stop the program. */
	fd = open(file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0) {
		file_error(set, file, "cannot open", errno);
		return;
	}
	if (fstat(fd, &st) != 0)
		file_error(set, file, "cannot read", errno);
	else if (!S_ISREG(st.st_mode))
		file_error(set, file, "not a regular file", 0);
	else if ((len = read_all(fd, st.st_size, b)) < 0)
		file_error(set, file, "cannot read", errno);
	else
		(void)spec_parse(file, b->text, (size_t)len, docs,
		    &set->errors);
	close(fd);
}

static int
compare_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Adds the spec files of a directory in the order of their names. */
static int
list_directory(const char *dir, struct text_list *files)
{
	size_t first = files->count, len = strlen(dir);
	const char *slash = len > 0 && dir[len - 1] == '/' ? "" : "/";
	struct dirent *e;
	DIR *d = opendir(dir);
	int rc = 0, code;

	if (d == NULL)
		return -1;
	errno = 0;
	while (rc == 0 && (e = readdir(d)) != NULL) {
		struct textbuf b = { 0 };

		if (!spec_file_name(e->d_name))
			continue;
		textbuf_text(&b, dir);
		textbuf_text(&b, slash);
		textbuf_text(&b, e->d_name);
		rc = b.failed ? -1 : text_list_add(files, b.text);
		free(b.text);
		errno = rc == 0 ? 0 : ENOMEM;
	}
	code = errno;
	closedir(d);
	if (files->count - first > 1)
		qsort(files->text + first, files->count - first,
		    sizeof *files->text, compare_text);
	errno = code;
	return code == 0 ? 0 : -1;
}

int
spec_load(const char *const *path, size_t count, struct spec_set *set)
{
	struct text_list files = { 0 };
	struct spec_docs docs = { 0 };
	struct buffer buffer = { 0 };
	struct stat st;
	bool valid = true;

	*set = (struct spec_set){ 0 };
	for (size_t i = 0; i < count; i++) {
		if (stat(path[i], &st) == 0 && S_ISDIR(st.st_mode)) {
			if (list_directory(path[i], &files) != 0)
				file_error(set, path[i],
				    "cannot read the directory", errno);
		} else if (text_list_add(&files, path[i]) != 0) {
			file_error(set, path[i], "cannot read", ENOMEM);
		}
	}
	for (size_t i = 0; i < files.count; i++)
		load_file(set, &docs, &buffer, files.text[i]);
	free(buffer.text);
	spec_docs_settle(&docs);
	spec_resolve(&docs, set);
	spec_docs_free(&docs);
	/* The texts stay where they are: errors point to them. */
	set->file = files.text;
	set->file_count = files.count;
	/* Those of one directory are sorted already. */
	if (count > 1)
		qsort(set->file, set->file_count, sizeof *set->file,
		    compare_text);
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
		free(set->file[i]);
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
