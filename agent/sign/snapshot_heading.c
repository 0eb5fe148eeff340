/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The few values of a snapshot that are in its trusted comment, read in the text
 * itself.
 *
 * In canonical JSON a quote inside a text follows a backslash, and a
 * parameter's value begins with a bracket.  So `"sequence":0` or
 * `"previous":"` with plain quotes can only be the key of the snapshot.
 */
#include "agent/sign/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buffer.h"

/* A stretch of the JSON: the bytes of one value. */
struct span {
	const char *text;
	size_t len;
};

/* The text between the quotes, where `at` points behind the first one. */
static int
text_span(const char *at, const char *end, struct span *value)
{
	value->text = at;
	while (at < end && *at != '"')
		at += *at == '\\' ? 2 : 1;
	if (at >= end)
		return -1;
	value->len = (size_t)(at - value->text);
	return 0;
}

static int
integer_span(const char *at, const char *end, struct span *value)
{
	value->text = at;
	if (at < end && *at == '-')
		at++;
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	value->len = (size_t)(at - value->text);
	return value->len > 0 && value->len <= 20 ? 0 : -1;
}

/* The value of a key behind the jails, so the search begins at the end. */
static int
find_behind(const char *json, size_t len, const char *key, struct span *value)
{
	const size_t key_len = strlen(key);
	const char *end = json + len, *at;

	if (len < key_len)
		return -1;
	for (at = end - key_len; at >= json; at--) {
		if (*at != *key || memcmp(at, key, key_len) != 0)
			continue;
		at += key_len;
		if (at[-1] == '"')
			return text_span(at, end, value);
		return integer_span(at, end, value);
	}
	return -1;
}

/* The host stands in front of the jails. */
static int
find_host(const char *json, size_t len, struct span *value)
{
	static const char key[] = ",\"host\":\"";
	const char *at = memmem(json, len, key, sizeof key - 1);

	if (at == NULL)
		return -1;
	return text_span(at + sizeof key - 1, json + len, value);
}

static int
not_a_snapshot(struct error *err)
{
	return error_set(err, EINVAL, "the signer was given something that is "
	    "not a snapshot");
}

char *
snapshot_comment(const char *json, size_t len, struct error *err)
{
	struct span host, previous, sequence, taken;
	struct buffer b = { .data = NULL };
	char *text, *p;

	if (find_host(json, len, &host) == -1 ||
	    find_behind(json, len, ",\"previous\":\"", &previous) == -1 ||
	    find_behind(json, len, ",\"sequence\":", &sequence) == -1 ||
	    find_behind(json, len, ",\"taken\":", &taken) == -1) {
		not_a_snapshot(err);
		return NULL;
	}
	buffer_text(&b, "timestamp:");
	buffer_add(&b, taken.text, taken.len);
	buffer_text(&b, " seq:");
	buffer_add(&b, sequence.text, sequence.len);
	buffer_text(&b, " prev:");
	buffer_add(&b, previous.text, previous.len);
	buffer_text(&b, " host:");
	buffer_add(&b, host.text, host.len);
	if ((text = buffer_take(&b, NULL)) == NULL) {
		error_sys(err, ENOMEM, "no memory for a trusted comment");
		return NULL;
	}
	/* The one control character that JSON leaves as it is. */
	for (p = text; (p = strchr(p, 0x7f)) != NULL; )
		*p = '?';
	return text;
}

char *
snapshot_name(uint64_t sequence, char name[SNAPSHOT_NAME_MAX])
{
	snprintf(name, SNAPSHOT_NAME_MAX, "%08" PRIu64 ".json", sequence);
	return name;
}

uint64_t
snapshot_name_sequence(const char *name)
{
	char again[SNAPSHOT_NAME_MAX];
	uint64_t n = 0;

	for (const char *p = name; *p >= '0' && *p <= '9'; p++) {
		if (n > (INT64_MAX - 9) / 10)
			return 0;
		n = n * 10 + (uint64_t)(*p - '0');
	}
	return strcmp(name, snapshot_name(n, again)) == 0 ? n : 0;
}
