/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/paths.h"
#include "kernel/start.h"

static const char *const stage_word[] = {
	[JOURNAL_PREPARING] = "preparing",
	[JOURNAL_CREATING] = "creating",
	[JOURNAL_UP] = "up",
	[JOURNAL_REMOVING] = "removing",
	[JOURNAL_DOWN] = "down",
	[JOURNAL_GONE] = "gone",
	[JOURNAL_HOOK] = "hook",
	[JOURNAL_MAKING] = "making",
	[JOURNAL_UNMADE] = "unmade",
};

#define STAGES (sizeof stage_word / sizeof *stage_word)

static int
stage_of(const char *word)
{
	for (size_t i = 0; word != NULL && i < STAGES; i++)
		if (strcmp(word, stage_word[i]) == 0)
			return (int)i;
	return -1;
}

/* Returns 0, 1 when the line is damaged, -1 when `each` failed. */
static int
read_line(const char *line, int (*each)(void *, const struct journal_record *),
    void *arg)
{
	json_t *o = json_loads(line, 0, NULL);
	struct journal_record r;
	const char *stage;
	int number, rc = 1;

	if (o != NULL && json_unpack(o, "{s:s, s:s, s:s, s:s, s:s, s:i}",
	    "stage", &stage, "jail", &r.name, "set", &r.set, "token", &r.token,
	    "boot", &r.boot, "jid", &r.jid) == 0 &&
	    (number = stage_of(stage)) >= 0) {
		r.stage = (enum journal_stage)number;
		r.what = json_string_value(json_object_get(o, "what"));
		r.at = json_integer_value(json_object_get(o, "at"));
		rc = each(arg, &r);
	}
	json_decref(o);
	return rc;
}

/* Whether the first line says that the journal is of this boot. */
static bool
right_boot(FILE *f, const char *boot)
{
	char line[256];
	json_t *o;
	const char *was;
	bool right;

	if (fgets(line, sizeof line, f) == NULL)
		return false;
	o = json_loads(line, 0, NULL);
	was = json_string_value(json_object_get(o, "journal"));
	right = was != NULL && strcmp(was, boot) == 0;
	json_decref(o);
	return right;
}

int
journal_read(const char *path, const char *boot,
    int (*each)(void *, const struct journal_record *), void *arg,
    struct error *err)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t room = 0;
	ssize_t n;
	int rc = 0, damaged = 0;

	if (f == NULL)
		return errno == ENOENT ? 0 : error_sys(err, errno, "%s", path);
	if (!right_boot(f, boot)) {
		fclose(f);
		return 0;
	}
	while (rc >= 0 && (n = getline(&line, &room, f)) > 0) {
		if (line[n - 1] != '\n')
			break; /* cut short: never carried out */
		rc = read_line(line, each, arg);
		if (rc > 0 && damaged++ == 0)
			error_set(err, EINVAL, "%s: damaged line, skipped: "
			    "%.*s: compare `jailagent status' with `jailagent "
			    "list', then take the line out and start the "
			    "agent anew", path,
			    (int)(n > 200 ? 200 : n - 1), line);
	}
	if (rc < 0)
		error_sys(err, ENOMEM, "%s", path);
	free(line);
	fclose(f);
	return rc < 0 ? -1 : damaged;
}

static int
write_head(int fd, const char *path, const char *boot, struct error *err)
{
	char line[256];
	int n = snprintf(line, sizeof line, "{\"journal\":\"%s\"}\n", boot);

	if (write(fd, line, (size_t)n) != n)
		return error_sys(err, errno, "%s", path);
	return 0;
}

/* A crash may have left half a line: what follows must start a new one. */
static int
end_last_line(int fd)
{
	off_t size = lseek(fd, 0, SEEK_END);
	char last;

	if (size <= 0)
		return size < 0 ? -1 : 0;
	if (pread(fd, &last, 1, size - 1) != 1)
		return -1;
	while (last != '\n' && size > 0) {
		if (ftruncate(fd, --size) != 0)
			return -1;
		if (size > 0 && pread(fd, &last, 1, size - 1) != 1)
			return -1;
	}
	return 0;
}

int
journal_open(const char *path, const char *boot, struct error *err)
{
	FILE *f = fopen(path, "re");
	bool keep = f != NULL && right_boot(f, boot);
	int fd;

	if (f != NULL)
		fclose(f);
	fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC |
	    (keep ? 0 : O_TRUNC), 0600);
	if (fd == -1)
		return error_sys(err, errno, "%s", path);
	if (keep && end_last_line(fd) != 0) {
		error_sys(err, errno, "%s", path);
		close(fd);
		return -1;
	}
	/* New, or only its head was there, and cut short. */
	if (lseek(fd, 0, SEEK_END) == 0 &&
	    write_head(fd, path, boot, err) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int
journal_append(int fd, const struct journal_record *r, struct error *err)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "stage",
	    stage_word[r->stage], "jail", r->name, "set", r->set, "token",
	    r->token, "boot", r->boot, "jid", r->jid);
	off_t end = lseek(fd, 0, SEEK_END);
	char *text = NULL, *line;
	size_t len;
	ssize_t n;

	if (o != NULL && (r->what == NULL || json_object_set_new(o, "what",
	    json_string(r->what)) == 0) && (r->at == 0 ||
	    json_object_set_new(o, "at", json_integer(r->at)) == 0))
		text = json_dumps(o, JSON_COMPACT);
	json_decref(o);
	if (text == NULL)
		return error_sys(err, ENOMEM, "journal");
	len = strlen(text);
	line = realloc(text, len + 2);
	if (line == NULL) {
		free(text);
		return error_sys(err, ENOMEM, "journal");
	}
	line[len] = '\n';
	n = write(fd, line, len + 1);
	free(line);
	if (n == (ssize_t)len + 1)
		return (int)n;
	error_sys(err, n < 0 ? errno : ENOSPC, "journal");
	/* Half a line would spoil the next one. */
	if (n > 0 && end >= 0 && ftruncate(fd, end) != 0)
		error_wrap(err, "half a line was written");
	return -1;
}

int
journal_begin_rewrite(const char *path, const char *boot, struct error *err)
{
	char name[PATHS_MAX + 8];
	int fd;

	snprintf(name, sizeof name, "%s.new", path);
	fd = open(name, O_RDWR | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC,
	    0600);
	if (fd == -1)
		return error_sys(err, errno, "%s", name);
	if (write_head(fd, name, boot, err) != 0) {
		close(fd);
		return -1;
	}
	return fd;
}

int
journal_end_rewrite(const char *path, int fd, struct error *err)
{
	char name[PATHS_MAX + 8];

	snprintf(name, sizeof name, "%s.new", path);
	if (rename(name, path) != 0) {
		int saved = errno;

		close(fd);
		return error_sys(err, saved, "%s", path);
	}
	return 0;
}

bool
journal_hook_lives(const struct journal_record *r)
{
	char text[32];
	uint64_t start;
	bool zombie;

	if (r->jid <= 1 || process_start(r->jid, &start, &zombie) != 0)
		return false;
	snprintf(text, sizeof text, "%" PRIu64, start);
	return !zombie && strcmp(text, r->token) == 0;
}

void
journal_kill_hook(const struct journal_record *r)
{
	for (int i = 0; i < 100 && journal_hook_lives(r); i++) {
		kill(-r->jid, SIGKILL);
		usleep(10000);
	}
}
