/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/reconcile/applied.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/base/buffer.h"
#include "agent/base/file.h"
#include "agent/base/paths.h"
#include "agent/plan/hostname.h"
#include "specs/pack.h"

/* Room for a directory and a name of a jail. */
#define NAME_ROOM (PATHS_MAX + 300)
/* The last lines; no other line of a canonical text begins so. */
#define SEAL "# seal "
#define FOUND "# found "

/* Takes the text apart. */
static int
read_lines(char *text, struct text_list *seals, struct text_list *found)
{
	char *next = text, *line;
	int rc = 0;

	while (rc == 0 && (line = strsep(&next, "\n")) != NULL)
		if (strncmp(line, SEAL, strlen(SEAL)) == 0)
			rc = text_list_add(seals, line + strlen(SEAL));
		else if (strncmp(line, FOUND, strlen(FOUND)) == 0)
			rc = text_list_add(found, line + strlen(FOUND));
	return rc;
}

/* A value that becomes a secret is none to be shown. */
static const struct spec_param *
choose(const void *arg, const struct spec_param *was, const struct spec_param *now)
{
	(void)arg;
	return now == NULL || (was != NULL && !now->secret) ? was : now;
}

bool
applied_limits(struct spec_limits *was, const struct spec_limits *now)
{
	const struct spec_limits old = *was;

	was->cpu = old.cpu != 0 ? old.cpu : now->cpu;
	was->memory = old.memory != 0 ? old.memory : now->memory;
	was->swap = old.swap != 0 ? old.swap : now->swap;
	was->processes = old.processes != 0 ? old.processes : now->processes;
	return was->cpu != old.cpu || was->memory != old.memory ||
	    was->swap != old.swap || was->processes != old.processes;
}

struct spec *
applied_merge(const struct spec *was, const struct spec *now)
{
	struct spec draft = *was;

	(void)applied_limits(&draft.agent.limits, &now->agent.limits);
	return spec_merge(&draft, was, now, choose, NULL);
}

/* *s is NULL when memory is out. */
static void
merge_into(struct spec **s, const struct spec *more)
{
	struct spec *merged = applied_merge(*s, more);

	spec_free(*s);
	*s = merged;
}

static bool
is_valid(const struct spec_set *set)
{
	for (size_t i = 0; i < set->errors.count; i++)
		if (!set->errors.error[i].warning)
			return false;
	return true;
}

/* The spec of all documents of a text: 0, 1 with err when it is damaged, -1. */
static int
parse(const char *path, const char *text, size_t len, const char *name,
    struct spec **s, struct error *err)
{
	struct spec_docs docs = { 0 };
	struct spec_set set;
	const struct spec *own;
	int rc = 0;

	memset(&set, 0, sizeof set);
	(void)spec_parse(path, text, len, &docs, &set.errors);
	spec_docs_settle(&docs);
	spec_resolve(&docs, &set);
	own = is_valid(&set) ? spec_find(&set, name) : NULL;
	if (own != NULL) {
		*s = spec_copy(own);
		for (size_t i = 0; *s != NULL && i < set.count; i++)
			if (set.spec[i] != own)
				merge_into(s, set.spec[i]);
		rc = *s == NULL ? error_sys(err, ENOMEM, "%s", path) : 0;
	} else {
		error_set(err, EINVAL, "%s: it is damaged", path);
		rc = 1;
	}
	spec_docs_free(&docs);
	spec_set_free(&set);
	return rc;
}

int
applied_read(const char *dir, const struct vault *v, const char *name,
    struct spec **s, struct text_list *seals, struct text_list *found,
    struct error *err)
{
	char path[NAME_ROOM], *text;
	struct spec_secret ref;
	size_t at = 0, len;
	int rc;

	*s = NULL;
	paths_of_jail(path, sizeof path, dir, name, ".yaml");
	rc = stamp_read(v, path, SPEC_FILE_MAX, &text, &len, err);
	if (rc != 0)
		return 1;
	rc = parse(path, text, len, name, s, err);
	if (rc == 0 && (spec_secret_next(*s, &at, &ref) ||
	    hostname_wanted(*s)) && read_lines(text, seals, found) != 0)
		rc = error_sys(err, ENOMEM, "%s", name);
	free(text);
	return rc;
}

/* A canonical spec may be longer than the file that it was written in. */
static int
fits(const char *name, size_t len, struct error *err)
{
	return len <= SPEC_FILE_MAX ? 0 : error_set(err, EFBIG, "%s: as it is "
	    "applied, with its changes, the spec has %zu bytes; an agent that "
	    "starts would read %d at most", name, len, SPEC_FILE_MAX);
}

/*
 * Writes it; a directory that is not there any more, as when somebody cleaned up
 * what is in memory, is made again: jails are still to be had.
 */
static int
put(const struct vault *v, const char *path, const char *text, size_t len,
    struct error *err)
{
	char dir[NAME_ROOM];

	if (stamp_write(v, path, text, len, err) == 0)
		return 0;
	if (err->code != ENOENT)
		return -1;
	snprintf(dir, sizeof dir, "%s", path);
	for (char *p = dir; (p = strchr(p + 1, '/')) != NULL; *p = '/') {
		*p = '\0';
		(void)mkdir(dir, 0700);
	}
	return stamp_write(v, path, text, len, err);
}

int
applied_write(const char *dir, const struct vault *v, const struct spec *s,
    const struct text_list *seals, const struct text_list *found,
    struct error *err)
{
	char path[NAME_ROOM], *text = spec_print(s);
	struct buffer b = { .data = NULL };
	int rc;

	if (text != NULL)
		buffer_text(&b, text);
	for (size_t i = 0; i < seals->count; i++)
		buffer_printf(&b, SEAL "%s\n", seals->text[i]);
	for (size_t i = 0; i < found->count; i++)
		buffer_printf(&b, FOUND "%s\n", found->text[i]);
	paths_of_jail(path, sizeof path, dir, s->name, ".yaml");
	rc = text == NULL || b.failed ? error_sys(err, ENOMEM, "%s", s->name) :
	    fits(s->name, b.len, err);
	if (rc == 0)
		rc = put(v, path, b.data, b.len, err);
	buffer_free(&b);
	free(text);
	return rc;
}

int
applied_keep(const char *dir, const struct vault *v, const struct spec *s,
    struct spec **applied, struct text_list *seals,
    const struct text_list *found, struct error *err)
{
	struct text_list now = { 0 };
	struct spec *copy = NULL;
	bool same;
	int rc = -1;

	if (vault_seals(v, s, &now) != 0)
		return error_sys(err, ENOMEM, "%s", s->name);
	same = *applied != NULL && spec_same(*applied, s) &&
	    text_list_equal(seals, &now);
	if (same)
		rc = 0;
	else if (applied_write(dir, v, s, &now, found, err) == 0 &&
	    (copy = spec_copy(s)) == NULL)
		error_sys(err, ENOMEM, "%s", s->name);
	if (copy == NULL) {
		text_list_free(&now);
		return rc;
	}
	spec_free(*applied);
	text_list_free(seals);
	*applied = copy;
	*seals = now;
	return 0;
}

/* The number of documents in a canonical text. */
static unsigned
documents(const char *text)
{
	unsigned n = 1;

	for (const char *p = text; (p = strstr(p, "\n---\n")) != NULL; p++)
		n++;
	return n;
}

/*
 * A spec under the name of the n-th change.  It has no jid, which only one
 * document may have, and which is nothing that is taken back.
 */
static char *
print_pending(const struct spec *now, unsigned n)
{
	struct spec draft = *now, *copy;
	char name[NAME_ROOM], *text = NULL;

	snprintf(name, sizeof name, "%s-%u", now->name, n);
	draft.name = name;
	draft.param = calloc(now->count + 1, sizeof *draft.param);
	if (draft.param == NULL)
		return NULL;
	draft.count = 0;
	for (size_t i = 0; i < now->count; i++)
		if (strcmp(now->param[i].name, "jid") != 0)
			draft.param[draft.count++] = now->param[i];
	copy = spec_pack(&draft);
	free(draft.param);
	if (copy != NULL)
		text = spec_print(copy);
	spec_free(copy);
	return text;
}

int
applied_add(const char *dir, const struct vault *v, const char *name,
    const struct spec *now, struct error *err)
{
	char path[NAME_ROOM], *old, *more, *text = NULL;
	size_t len, size;
	int rc;

	paths_of_jail(path, sizeof path, dir, name, ".yaml");
	if ((rc = stamp_read(v, path, SPEC_FILE_MAX, &old, &len, err)) != 0)
		return rc < 0 ? -1 : error_sys(err, ENOENT, "%s", path);
	more = print_pending(now, documents(old));
	size = len + (more != NULL ? strlen(more) : 0) + sizeof "---\n";
	if (more != NULL && (text = malloc(size)) != NULL) {
		snprintf(text, size, "%s---\n%s", old, more);
		rc = fits(name, strlen(text), err);
		if (rc == 0)
			rc = put(v, path, text, strlen(text), err);
	} else
		rc = error_sys(err, ENOMEM, "%s", path);
	free(text);
	free(more);
	free(old);
	return rc;
}

void
applied_remove(const char *dir, const char *name)
{
	char path[NAME_ROOM];

	paths_of_jail(path, sizeof path, dir, name, ".yaml");
	unlink(path);
}
