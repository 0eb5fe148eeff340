/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/read/git.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "agent/base/file.h"

#define SYMBOLIC_MAX 5	/* git's own limit of refs that name refs */
#define CONFIG_MAX (1024 * 1024)

static int path_join(char *buf, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static int
path_join(char *buf, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, PATH_MAX, fmt, ap);
	va_end(ap);
	return n < 0 || n >= PATH_MAX ? -1 : 0;
}

/* A FIFO would keep who opens it for ever. */
static int
open_regular(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;

	if (fd != -1 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
		close(fd);
		fd = -1;
	}
	return fd;
}

/* The first line of a small regular file, without its end. */
static int
read_line(const char *path, char *line, size_t size)
{
	int fd = open_regular(path);
	ssize_t n;

	if (fd == -1)
		return -1;
	n = read(fd, line, size - 1);
	close(fd);
	if (n < 0)
		return -1;
	line[n] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	return 0;
}

static bool
is_hex(const char *text)
{
	return strlen(text) == GIT_HEX_SIZE - 1 &&
	    strspn(text, "0123456789abcdef") == GIT_HEX_SIZE - 1;
}

/* Where `.git` leads: a directory, or a file "gitdir: PATH". */
static int
open_git(const char *tree, struct git *g)
{
	static const char mark[] = "gitdir: ";
	char path[PATH_MAX], line[PATH_MAX];
	struct stat st;

	if (path_join(path, "%s/.git", tree) != 0 || stat(path, &st) != 0)
		return -1;
	if (S_ISDIR(st.st_mode)) {
		memcpy(g->dir, path, sizeof path);
	} else {
		if (read_line(path, line, sizeof line) != 0 ||
		    strncmp(line, mark, sizeof mark - 1) != 0)
			return -1;
		if (line[sizeof mark - 1] == '/' ?
		    path_join(g->dir, "%s", line + sizeof mark - 1) :
		    path_join(g->dir, "%s/%s", tree, line + sizeof mark - 1))
			return -1;
	}
	if (path_join(path, "%s/commondir", g->dir) != 0)
		return -1;
	if (read_line(path, line, sizeof line) != 0)
		return path_join(g->common, "%s", g->dir);
	return line[0] == '/' ? path_join(g->common, "%s", line) :
	    path_join(g->common, "%s/%s", g->dir, line);
}

/* Looks a ref up among those that git has packed into one file. */
static int
packed_ref(const struct git *g, const char *ref, char *hex)
{
	char path[PATH_MAX], line[PATH_MAX + GIT_HEX_SIZE + 1];
	int rc = -1, fd;
	FILE *f;

	if (path_join(path, "%s/packed-refs", g->common) != 0 ||
	    (fd = open_regular(path)) == -1)
		return -1;
	f = fdopen(fd, "r");
	if (f == NULL) {
		close(fd);
		return -1;
	}
	while (rc != 0 && fgets(line, sizeof line, f) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (strlen(line) <= GIT_HEX_SIZE ||
		    line[GIT_HEX_SIZE - 1] != ' ' ||
		    strcmp(line + GIT_HEX_SIZE, ref) != 0)
			continue;
		line[GIT_HEX_SIZE - 1] = '\0';
		if (!is_hex(line))
			break;
		memcpy(hex, line, GIT_HEX_SIZE);
		rc = 0;
	}
	fclose(f);
	return rc;
}

static int
read_head(struct git *g)
{
	static const char mark[] = "ref: refs/";
	char path[PATH_MAX], line[PATH_MAX], ref[PATH_MAX] = "";

	if (path_join(path, "%s/HEAD", g->dir) != 0)
		return -1;
	for (int i = 0; i < SYMBOLIC_MAX; i++) {
		if (read_line(path, line, sizeof line) != 0)
			return ref[0] != '\0' ? packed_ref(g, ref, g->head) :
			    -1;
		if (is_hex(line)) {
			memcpy(g->head, line, GIT_HEX_SIZE);
			return 0;
		}
		if (strncmp(line, mark, sizeof mark - 1) != 0 ||
		    strstr(line, "..") != NULL)
			return -1;
		if (path_join(ref, "%s", line + 5) != 0 ||
		    path_join(path, "%s/%s", g->common, ref) != 0)
			return -1;
		memcpy(g->ref, path, sizeof path);
	}
	return -1;
}

/*
 * What a repository uses that is not understood: in its config as "KEY = VALUE"
 * (gitrepository-layout(5), section extensions), which git itself wrote.
 */
static const struct {
	const char *key, *value, *why;
} unknown[] = {
	{ "refstorage", "reftable", "git keeps its refs in reftables here, "
	    "which jailagent cannot read, so commits are not known; git refs "
	    "migrate --ref-format=files makes files of them" },
	{ "objectformat", "sha256", "git uses SHA-256 here, which jailagent "
	    "cannot read, so commits are not known; use a repository with "
	    "SHA-1" },
};

/* One line of the config; NULL: nothing that is not understood. */
static const char *
unknown_line(const char *line)
{
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
		size_t n = strlen(unknown[i].key), len;
		const char *s = line + strspn(line, " \t");

		if (strncasecmp(s, unknown[i].key, n) != 0)
			continue;
		s += n + strspn(s + n, " \t");
		if (*s++ != '=')
			continue;
		s += strspn(s, " \t\"");
		len = strlen(unknown[i].value);
		if (strncasecmp(s, unknown[i].value, len) == 0)
			return unknown[i].why;
	}
	return NULL;
}

static const char *
unknown_format(const struct git *g)
{
	char path[PATH_MAX], *config, *line, *rest;
	const char *why = NULL;
	struct error err;
	size_t len;

	if (path_join(path, "%s/config", g->common) != 0 ||
	    file_read(AT_FDCWD, path, CONFIG_MAX, &config, &len, &err) != 0)
		return NULL;
	for (line = strtok_r(config, "\r\n", &rest); line != NULL &&
	    why == NULL; line = strtok_r(NULL, "\r\n", &rest))
		why = unknown_line(line);
	free(config);
	return why;
}

int
git_find(const char *dir, struct git *g)
{
	char tree[PATH_MAX], *slash;

	memset(g, 0, sizeof *g);
	if (realpath(dir, tree) == NULL)
		return -1;
	while (open_git(tree, g) != 0) {
		char below[PATH_MAX];

		slash = strrchr(tree, '/');
		if (slash == NULL || slash[1] == '\0')
			return -1;
		memcpy(below, g->prefix, sizeof below);
		if (path_join(g->prefix, "%s/%s", slash + 1, below) != 0)
			return -1;
		*slash = '\0';
	}
	g->unknown = unknown_format(g);
	return g->unknown == NULL ? read_head(g) : -1;
}

/*
 * A checkout deletes before it creates, under a lock; between the steps of a
 * rebase there is none, but what is there is no commit that anybody meant.
 */
static const struct {
	const char *name, *end;
} signs[] = {
	{ "index.lock", "if no git runs there, one was killed: remove that "
	    "file" },
	{ "rebase-merge", "git rebase --continue or --abort ends it" },
	{ "rebase-apply", "git rebase or git am with --continue or --abort "
	    "ends it" },
};

const char *
git_work_name(size_t i)
{
	return i < sizeof signs / sizeof *signs ? signs[i].name : NULL;
}

bool
git_at_work(const struct git *g, struct git_work *w)
{
	struct timespec now;
	struct stat st;

	clock_gettime(CLOCK_REALTIME, &now);
	for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
		if (path_join(w->path, "%s/%s", g->dir, signs[i].name) != 0 ||
		    lstat(w->path, &st) != 0)
			continue;
		w->end = signs[i].end;
		w->age_ms = ((long long)now.tv_sec - st.st_mtim.tv_sec) * 1000;
		return true;
	}
	return false;
}

int
git_calm(const char *path, struct error *err)
{
	struct git_work w;
	struct git g;

	(void)git_find(path, &g);
	if (g.dir[0] == '\0' || !git_at_work(&g, &w))
		return 0;
	return error_set(err, EBUSY, "git is at work (%s is there): wait until "
	    "it is done; %s", w.path, w.end);
}

void
git_blob(const void *text, size_t len, unsigned char blob[SHA1_SIZE])
{
	char head[32];
	int n = snprintf(head, sizeof head, "blob %zu", len);
	struct sha1 s;

	sha1_init(&s);
	sha1_update(&s, head, (size_t)n + 1);
	sha1_update(&s, text, len);
	sha1_final(&s, blob);
}
