/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/sign/statement.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/base/buffer.h"
#include "agent/base/file.h"

#define FILE_MAX 16384

static const struct kind {
	const char *suffix, *format;
} kinds[STATEMENT_KINDS] = {
	[STATEMENT_ANCHOR] = { "anchor", "jailagent-anchor/1" },
	[STATEMENT_KEY] = { "key", "jailagent-key/1" },
};

char *
statement_encode(enum statement_kind kind, const struct statement *s,
    size_t *len, struct error *err)
{
	struct buffer b = { .data = NULL };
	char *json;

	buffer_printf(&b, "{\"format\":\"%s\"", kinds[kind].format);
	if (kind == STATEMENT_KEY)
		buffer_printf(&b, ",\"from\":\"%s\"", s->from);
	buffer_text(&b, ",\"host\":");
	buffer_json(&b, s->host);
	buffer_printf(&b, ",\"previous\":\"%s\",\"sequence\":%" PRIu64
	    ",\"taken\":%" PRId64, s->previous, s->sequence, s->taken);
	if (kind == STATEMENT_KEY)
		buffer_printf(&b, ",\"to\":\"%s\"", s->to);
	buffer_text(&b, "}");
	if ((json = buffer_take(&b, len)) == NULL)
		error_sys(err, ENOMEM, "no memory for a statement");
	return json;
}

void
statement_free(struct statement *s)
{
	free(s->host);
	s->host = NULL;
}

char *
statement_name(enum statement_kind kind, uint64_t number,
    char name[SNAPSHOT_NAME_MAX])
{
	snprintf(name, SNAPSHOT_NAME_MAX, "%08" PRIu64 ".%s", number,
	    kinds[kind].suffix);
	return name;
}

int64_t
statement_name_number(enum statement_kind kind, const char *name)
{
	char again[SNAPSHOT_NAME_MAX];
	uint64_t n;

	if (*name < '0' || *name > '9')
		return -1;
	n = strtoull(name, NULL, 10);
	return n <= INT64_MAX && strcmp(name,
	    statement_name(kind, n, again)) == 0 ? (int64_t)n : -1;
}

int
statement_newest(int dir, enum statement_kind kind, uint64_t *number,
    struct error *err)
{
	DIR *d = file_list(dir, "the snapshots", err);
	struct dirent *e;
	int code;

	*number = 0;
	if (d == NULL)
		return -1;
	while (errno = 0, (e = readdir(d)) != NULL) {
		int64_t n = statement_name_number(kind, e->d_name);

		if (n > 0 && (uint64_t)n > *number)
			*number = (uint64_t)n;
	}
	code = errno;
	closedir(d);
	return code == 0 ? 0 : error_sys(err, code,
	    "the snapshots cannot be listed");
}

bool
statement_moved(int dir, struct statement_marks *m)
{
	struct statement_marks before = *m;
	struct error why;
	bool moved = false;

	for (enum statement_kind kind = 0; kind < STATEMENT_KINDS; kind++) {
		if (statement_newest(dir, kind, &m->newest[kind], &why) == -1)
			m->newest[kind] = before.newest[kind];
		moved |= m->newest[kind] != before.newest[kind];
	}
	return moved;
}

/* A public key's line; of a statement without one, nothing. */
static int
read_key(const json_t *o, const char *name, char to[MINISIGN_PUBLIC_LINE])
{
	const char *line = json_string_value(json_object_get(o, name));

	if (line != NULL && strlen(line) != MINISIGN_PUBLIC_LINE - 1)
		return -1;
	if (line != NULL)
		memcpy(to, line, MINISIGN_PUBLIC_LINE);
	return 0;
}

static int
read_fields(const json_t *o, struct statement *s)
{
	const char *host = json_string_value(json_object_get(o, "host"));
	const char *previous = json_string_value(json_object_get(o,
	    "previous"));

	if (host == NULL || previous == NULL ||
	    read_key(o, "from", s->from) == -1 ||
	    read_key(o, "to", s->to) == -1 ||
	    strlen(previous) != DIGEST_HEX - 1 ||
	    json_integer_value(json_object_get(o, "sequence")) < 0)
		return -1;
	s->sequence = (uint64_t)json_integer_value(json_object_get(o,
	    "sequence"));
	s->taken = json_integer_value(json_object_get(o, "taken"));
	memcpy(s->previous, previous, DIGEST_HEX);
	if ((s->host = strdup(host)) == NULL ||
	    text_from_utf8(s->host) == -1)
		return -1;
	return 0;
}

/* What is written again has to be what was read. */
static int
decode(enum statement_kind kind, const char *json, size_t len,
    struct statement *s, struct error *err)
{
	json_t *o = json_loadb(json, len, JSON_REJECT_DUPLICATES, NULL);
	char *again = NULL;
	size_t again_len;
	int rc = -1;

	if (json_is_object(o) && read_fields(o, s) == 0 &&
	    (again = statement_encode(kind, s, &again_len, err)) != NULL &&
	    again_len == len && memcmp(again, json, len) == 0)
		rc = 0;
	free(again);
	json_decref(o);
	if (rc == -1)
		error_set(err, EBADMSG, "it is not a statement of the form "
		    "%s", kinds[kind].format);
	return rc;
}

int
statement_read(int dir, enum statement_kind kind, uint64_t number,
    struct statement *s, char **json, size_t *len, struct error *err)
{
	char name[SNAPSHOT_NAME_MAX];
	int rc;

	memset(s, 0, sizeof *s);
	if (file_read(dir, statement_name(kind, number, name), FILE_MAX, json,
	    len, err) == -1)
		return -1;
	rc = decode(kind, *json, *len, s, err);
	if (rc == 0 && kind == STATEMENT_ANCHOR && s->sequence != number)
		rc = error_set(err, EBADMSG, "it is of number %" PRIu64
		    " under another's name", s->sequence);
	if (rc == -1) {
		statement_free(s);
		free(*json);
	}
	return rc;
}
