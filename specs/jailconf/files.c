/* SPDX-License-Identifier: BSD-2-Clause */
/* The files that jail.conf(5) is read from. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "jailconf.h"
#include "specs/text.h"

int
conf_texts_add(struct conf_texts *found, const char *path, char *bytes,
    size_t len)
{
	struct conf_text *grown = realloc(found->text,
	    (found->count + 1) * sizeof *grown);

	if (grown != NULL)
		found->text = grown;
	if (grown != NULL && bytes != NULL) {
		grown += found->count;
		*grown = (struct conf_text){ strdup(path), bytes, len };
		if (grown->path != NULL) {
			found->count++;
			return 0;
		}
	}
	free(bytes);
	return -1;
}

void
conf_texts_free(struct conf_texts *found)
{
	for (size_t i = 0; i < found->count; i++) {
		free(found->text[i].path);
		free(found->text[i].bytes);
	}
	free(found->text);
	*found = (struct conf_texts){ 0 };
}

static int
read_descriptor(int fd, struct textbuf *b)
{
	char chunk[16384];
	ssize_t n;

	textbuf_text(b, "");
	do {
		n = read(fd, chunk, sizeof chunk);
		if (n > 0)
			textbuf_add(b, chunk, (size_t)n);
	} while ((n > 0 || (n < 0 && errno == EINTR)) &&
	    b->len <= SPEC_FILE_MAX && !b->failed);
	if (b->failed)
		errno = ENOMEM;
	return n < 0 || b->failed ? -1 : 0;
}

/* Reads what is open under a name; of files, only regular ones. */
static int
read_open(int fd, const char *name, bool file, struct conf_texts *found,
    struct error *err)
{
	struct textbuf b = { 0 };
	struct stat st;
	int rc = -1;

	if (fstat(fd, &st) != 0)
		error_sys(err, errno, "%s", name);
	else if (file && !S_ISREG(st.st_mode))
		error_set(err, EINVAL, "%s: not a regular file", name);
	else if (read_descriptor(fd, &b) != 0)
		error_sys(err, errno, "%s", name);
	else if (b.len > SPEC_FILE_MAX)
		error_set(err, EFBIG, "%s: larger than %d MiB", name,
		    SPEC_FILE_MAX >> 20);
	else
		rc = 0;
	if (rc != 0)
		free(b.text);
	else if (conf_texts_add(found, name, b.text, b.len) != 0)
		rc = error_sys(err, ENOMEM, "%s", name);
	return rc;
}

static int
read_one(const char *path, struct conf_texts *found, struct error *err)
{
	int fd, rc;

	if (strcmp(path, "-") == 0)
		return read_open(STDIN_FILENO, "STDIN", false, found, err);
	/* O_NONBLOCK: opening a FIFO must not stop the program. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return error_sys(err, errno, "%s", path);
	rc = read_open(fd, path, true, found, err);
	close(fd);
	return rc;
}

static int
read_pattern(const char *pattern, struct conf_texts *found, struct error *err)
{
	glob_t names = { 0 };
	int rc = glob(pattern, 0, NULL, &names);
	size_t bytes = 0;

	if (rc == 0 && names.gl_pathc > CONF_FILES_MAX)
		rc = error_set(err, E2BIG, "%s: more than %d files", pattern,
		    CONF_FILES_MAX);
	else if (rc != 0 && rc != GLOB_NOMATCH)
		rc = error_set(err, rc == GLOB_NOSPACE ? ENOMEM : EIO,
		    "%s: cannot list the files", pattern);
	else if (rc == GLOB_NOMATCH)
		rc = 0;
	for (size_t i = 0; i < names.gl_pathc && rc == 0; i++) {
		rc = read_one(names.gl_pathv[i], found, err);
		if (rc == 0)
			bytes += found->text[found->count - 1].len;
		if (bytes > CONF_BYTES_MAX)
			rc = error_set(err, EFBIG, "%s: more than %d MiB",
			    pattern, CONF_BYTES_MAX >> 20);
	}
	globfree(&names);
	return rc;
}

static int
read_files(void *arg, const char *path, bool pattern,
    struct conf_texts *found, struct error *err)
{
	int rc;

	(void)arg;
	rc = pattern ? read_pattern(path, found, err) :
		       read_one(path, found, err);
	if (rc != 0)
		conf_texts_free(found);
	return rc;
}

const struct conf_reader conf_files = { .read = read_files };
