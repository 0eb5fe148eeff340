/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshots from JSON.  Canonical is what snapshot_encode writes, so that is
 * how it is checked: what was read is encoded again and must be the same.
 */
#include "agent/sign/snapshot.h"

#include <jansson.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buffer.h"

/* Texts of an object, by key, and where they go in a struct. */
struct text_key {
	const char *key;
	size_t offset;
};

static const struct text_key snapshot_keys[] = {
	{ "boot", offsetof(struct snapshot, boot) },
	{ "host", offsetof(struct snapshot, host) },
	{ "kernel", offsetof(struct snapshot, kernel) },
	{ "revision", offsetof(struct snapshot, revision) },
	{ "set", offsetof(struct snapshot, set) },
	{ NULL, 0 },
};

static const struct text_key jail_keys[] = {
	{ "applied", offsetof(struct snapshot_jail, applied_digest) },
	{ "error", offsetof(struct snapshot_jail, error) },
	{ "name", offsetof(struct snapshot_jail, name) },
	{ "set", offsetof(struct snapshot_jail, set) },
	{ "spec", offsetof(struct snapshot_jail, spec_digest) },
	{ "state", offsetof(struct snapshot_jail, state) },
	{ "token", offsetof(struct snapshot_jail, token) },
	{ NULL, 0 },
};

static int
wrong(struct error *err, const char *key, const char *expected)
{
	return error_set(err, EINVAL, "\"%s\" is not %s", key, expected);
}

/* A copy of a JSON string as the text that it stands for; NULL when not one. */
static char *
text_of(const json_t *value)
{
	const char *raw = json_string_value(value);
	char *text = raw == NULL ? NULL : strdup(raw);

	if (text != NULL && text_from_utf8(text) == -1) {
		free(text);
		return NULL;
	}
	return text;
}

static int
read_texts(const json_t *object, const struct text_key *keys, void *to,
    struct error *err)
{
	char *text;

	for (; keys->key != NULL; keys++) {
		text = text_of(json_object_get(object, keys->key));
		if (text == NULL)
			return wrong(err, keys->key, "a text");
		memcpy((char *)to + keys->offset, &text, sizeof text);
	}
	return 0;
}

static int
read_integer(const json_t *object, const char *key, long long min,
    long long max, long long *to, struct error *err)
{
	const json_t *value = json_object_get(object, key);

	if (!json_is_integer(value))
		return wrong(err, key, "an integer");
	*to = json_integer_value(value);
	if (*to < min || *to > max)
		return wrong(err, key, "in range");
	return 0;
}

static int
read_digest(const json_t *object, const char *key, char to[DIGEST_HEX],
    struct error *err)
{
	const char *text = json_string_value(json_object_get(object, key));

	if (text == NULL || strlen(text) != DIGEST_HEX - 1 ||
	    strspn(text, "0123456789abcdef") != DIGEST_HEX - 1)
		return wrong(err, key, "64 lower-case hex digits");
	memcpy(to, text, DIGEST_HEX);
	return 0;
}

static int
read_list(const json_t *array, struct text_list *to)
{
	const json_t *value;
	size_t i;
	char *text;
	int rc = 0;

	json_array_foreach(array, i, value) {
		if ((text = text_of(value)) == NULL)
			return -1;
		rc = text_list_add(to, text);
		free(text);
		if (rc == -1)
			return -1;
	}
	return json_is_array(array) ? 0 : -1;
}

static int
read_params(json_t *object, struct snapshot_jail *j, struct error *err)
{
	struct snapshot_param *p;
	const char *key;
	json_t *value;

	if (!json_is_object(object))
		return wrong(err, "params", "an object");
	j->param = calloc(json_object_size(object) + 1, sizeof *j->param);
	if (j->param == NULL)
		return error_sys(err, ENOMEM, "params");
	json_object_foreach(object, key, value) {
		p = &j->param[j->count];
		if ((p->name = strdup(key)) == NULL)
			return error_sys(err, ENOMEM, "params");
		j->count++;
		if (text_from_utf8(p->name) == -1 ||
		    read_list(value, &p->value) == -1)
			return wrong(err, key, "an array of texts");
	}
	return 0;
}

static int
read_jail(json_t *object, struct snapshot_jail *j, struct error *err)
{
	long long jid;

	if (read_texts(object, jail_keys, j, err) == -1 ||
	    read_integer(object, "jid", 0, INT_MAX, &jid, err) == -1)
		return -1;
	j->jid = (int)jid;
	return read_params(json_object_get(object, "params"), j, err);
}

static int
read_jails(json_t *array, struct snapshot *s, struct error *err)
{
	json_t *value;
	size_t i;

	if (!json_is_array(array))
		return wrong(err, "jails", "an array");
	s->jail = calloc(json_array_size(array) + 1, sizeof *s->jail);
	if (s->jail == NULL)
		return error_sys(err, ENOMEM, "jails");
	json_array_foreach(array, i, value) {
		s->count++;
		if (read_jail(value, &s->jail[i], err) == -1)
			return error_wrap(err, "jail %zu", i + 1);
	}
	return 0;
}

static int
read_top(json_t *object, struct snapshot *s, struct error *err)
{
	const char *format;
	long long sequence, taken;

	format = json_string_value(json_object_get(object, "format"));
	if (format == NULL || strcmp(format, SNAPSHOT_FORMAT) != 0)
		return error_set(err, EINVAL, "its format is not "
		    SNAPSHOT_FORMAT ", which this program knows");
	if (read_texts(object, snapshot_keys, s, err) == -1 ||
	    read_integer(object, "sequence", 0, LLONG_MAX, &sequence,
	    err) == -1 ||
	    read_integer(object, "taken", LLONG_MIN, LLONG_MAX, &taken,
	    err) == -1 ||
	    read_digest(object, "previous", s->previous, err) == -1 ||
	    read_digest(object, "root", s->root, err) == -1)
		return -1;
	s->sequence = (uint64_t)sequence;
	s->taken = taken;
	return read_jails(json_object_get(object, "jails"), s, err);
}

/* Encodes again and compares; a wrong root alone gets its own message. */
static int
check_canonical(const struct snapshot *s, const char *json, size_t len,
    struct error *err)
{
	char *again, pattern[DIGEST_HEX + 16];
	size_t again_len, i = 0;
	bool root_fits;

	if ((again = snapshot_encode(s, &again_len, err)) == NULL)
		return -1;
	if (again_len == len && memcmp(again, json, len) == 0) {
		free(again);
		return 0;
	}
	snprintf(pattern, sizeof pattern, "\"root\":\"%s\"", s->root);
	root_fits = strstr(again, pattern) != NULL;
	while (i < len && i < again_len && json[i] == again[i])
		i++;
	free(again);
	if (!root_fits)
		return error_set(err, EBADMSG,
		    "its root does not follow from its jails");
	return error_set(err, EBADMSG,
	    "is not in canonical form: it differs from byte %zu on", i + 1);
}

int
snapshot_decode(const char *json, size_t len, struct snapshot *s,
    struct error *err)
{
	json_error_t where;
	json_t *object;
	int rc;

	memset(s, 0, sizeof *s);
	object = json_loadb(json, len, JSON_REJECT_DUPLICATES, &where);
	if (object == NULL)
		return error_set(err, EINVAL, "is not JSON: byte %d: %s",
		    where.position, where.text);
	rc = read_top(object, s, err);
	json_decref(object);
	if (rc == 0)
		rc = check_canonical(s, json, len, err);
	if (rc == -1)
		snapshot_free(s);
	return rc;
}

void
snapshot_jail_free(struct snapshot_jail *j)
{
	for (size_t i = 0; i < j->count; i++) {
		free(j->param[i].name);
		text_list_free(&j->param[i].value);
	}
	free(j->param);
	free(j->name);
	free(j->state);
	free(j->set);
	free(j->token);
	free(j->spec_digest);
	free(j->applied_digest);
	free(j->error);
	memset(j, 0, sizeof *j);
}

void
snapshot_free_jails(struct snapshot *s)
{
	for (size_t i = 0; i < s->count; i++)
		snapshot_jail_free(&s->jail[i]);
	free(s->jail);
	s->jail = NULL;
	s->count = 0;
}

void
snapshot_free(struct snapshot *s)
{
	snapshot_free_jails(s);
	free(s->host);
	free(s->boot);
	free(s->kernel);
	free(s->revision);
	free(s->set);
	memset(s, 0, sizeof *s);
}
