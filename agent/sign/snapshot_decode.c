/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Snapshots from JSON.  There is one form that snapshot_encode writes, and it
 * alone is read: each byte is expected, so nothing is left unchecked.
 */
#include "agent/sign/snapshot.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/json_in.h"
#include "agent/sign/merkle.h"
#include "kernel/compat.h"

/* Bytes of all jails as a whole, of which the file tells the defaults once. */
#define WHOLE_MAX (4 * (size_t)SNAPSHOT_MAX)

#define FORMAT "\"format\":\"" SNAPSHOT_FORMAT "\""

static int
no_memory(const struct json_in *in)
{
	return error_sys(in->err, ENOMEM, "no memory for a snapshot");
}

/* One more element in an array that has room for powers of two. */
static void *
grow(void *array, size_t count, size_t size)
{
	if ((count & (count - 1)) != 0)
		return array;
	return realloc(array, (count == 0 ? 1 : 2 * count) * size);
}

static int
read_digest(struct json_in *in, const char *key, char to[DIGEST_HEX])
{
	char *text = NULL;
	int rc = json_text(in, key, &text);

	if (rc == 0 && (strlen(text) != DIGEST_HEX - 1 ||
	    strspn(text, "0123456789abcdef") != DIGEST_HEX - 1))
		rc = error_set(in->err, EINVAL, "%s\"%s\": is not 64 "
		    "lower-case hex digits", key, text);
	if (rc == 0)
		memcpy(to, text, DIGEST_HEX);
	free(text);
	return rc;
}

static int
read_values(struct json_in *in, struct text_list *to)
{
	char *text, **grown;

	if (json_expect(in, ":[") == -1)
		return -1;
	while (!json_next(in, "]")) {
		if (json_text(in, to->count == 0 ? "" : ",", &text) == -1)
			return -1;
		grown = grow(to->text, to->count, sizeof *grown);
		if (grown == NULL) {
			free(text);
			return no_memory(in);
		}
		to->text = grown;
		to->text[to->count++] = text;
	}
	return json_expect(in, "]");
}

/* An object of parameters, each an array of texts; names ascend. */
static int
read_params(struct json_in *in, const char *key, struct snapshot_params *to)
{
	struct snapshot_param *p;

	if (json_expect(in, key) == -1 || json_expect(in, "{") == -1)
		return -1;
	while (!json_next(in, "}")) {
		p = grow(to->param, to->count, sizeof *p);
		if (p == NULL)
			return no_memory(in);
		to->param = p;
		p += to->count;
		*p = (struct snapshot_param){ .name = NULL };
		if (json_text(in, to->count == 0 ? "" : ",", &p->name) == -1)
			return -1;
		to->count++;
		if (to->count > 1 && strcmp(p[-1].name, p->name) >= 0)
			return json_wrong(in, "a parameter that is behind the "
			    "one before by name");
		if (read_values(in, &p->value) == -1)
			return error_wrap(in->err, "parameter %s", p->name);
	}
	return json_expect(in, "}");
}

static int
read_jail(struct json_in *in, struct snapshot_jail *j)
{
	struct snapshot_params params = { .count = 0 };
	long long jid;
	int rc;

	if (json_text(in, "{\"applied\":", &j->applied_digest) == -1 ||
	    json_text(in, ",\"error\":", &j->error) == -1 ||
	    json_integer_in(in, ",\"jid\":", 0, INT_MAX, &jid) == -1 ||
	    json_text(in, ",\"name\":", &j->name) == -1)
		return -1;
	j->jid = (int)jid;
	rc = read_params(in, ",\"params\":", &params);
	j->param = params.param;
	j->count = params.count;
	if (rc == -1 || json_text(in, ",\"set\":", &j->set) == -1 ||
	    json_text(in, ",\"spec\":", &j->spec_digest) == -1 ||
	    json_text(in, ",\"state\":", &j->state) == -1 ||
	    json_text(in, ",\"token\":", &j->token) == -1)
		return -1;
	return json_expect(in, "}");
}

/* The leaves of the tree. */
struct leaves {
	merkle_hash *leaf;
	bool as_it_stands; /* without the defaults (snapshot.h) */
	struct buffer whole;
	size_t len; /* of all that was in it */
};

/* Of a jail, whose bytes these are. */
static int
add_leaf(struct leaves *l, const struct snapshot *s, size_t index,
    const char *json, size_t len, struct error *err)
{
	const struct snapshot_jail *j = &s->jail[index];

	if (l->as_it_stands || s->defaults.count == 0 || j->jid == 0) {
		merkle_leaf(json, len, l->leaf[index]);
		return 0;
	}
	if (snapshot_leaf(&l->whole, j, &s->defaults, l->leaf[index],
	    err) == -1)
		return -1;
	l->len += l->whole.len;
	return l->len <= WHOLE_MAX ? 0 : error_set(err, EFBIG,
	    "with their defaults its jails are longer than %zu bytes",
	    WHOLE_MAX);
}

static int
add_jail(struct json_in *in, struct snapshot *s, struct leaves *l)
{
	struct snapshot_jail *j = grow(s->jail, s->count, sizeof *j);
	merkle_hash *grown;
	const char *begin;

	if (j == NULL)
		return no_memory(in);
	s->jail = j;
	if ((grown = grow(l->leaf, s->count, sizeof *grown)) == NULL)
		return no_memory(in);
	l->leaf = grown;
	if (s->count > 0 && json_expect(in, ",") == -1)
		return -1;
	begin = in->at;
	j += s->count++;
	memset(j, 0, sizeof *j);
	if (read_jail(in, j) == -1)
		return error_wrap(in->err, "jail %zu", s->count);
	if (s->count > 1 && strcmp(j[-1].name, j->name) >= 0)
		return json_wrong(in, "a jail that is behind the one before "
		    "by name");
	return add_leaf(l, s, s->count - 1, begin, (size_t)(in->at - begin),
	    in->err);
}

static int
read_jails(struct json_in *in, struct snapshot *s, bool as_it_stands,
    char root[DIGEST_HEX])
{
	struct leaves l = { .as_it_stands = as_it_stands };
	int rc = json_expect(in, ",\"jails\":[");
	merkle_hash head;

	while (rc == 0 && !json_next(in, "]"))
		rc = add_jail(in, s, &l);
	if (rc == 0) {
		merkle_head((const merkle_hash *)l.leaf, s->count, head);
		text_hex(head, sizeof head, root);
		rc = json_expect(in, "]");
	}
	free(l.leaf);
	buffer_free(&l.whole);
	return rc;
}

static int
read_front(struct json_in *in, struct snapshot *s)
{
	static const char key[] = ",\"defaults\":";

	if (json_text(in, "{\"boot\":", &s->boot) == -1)
		return -1;
	if (json_next(in, key)) {
		if (read_params(in, key, &s->defaults) == -1)
			return error_wrap(in->err, "defaults");
		if (s->defaults.count == 0)
			return json_wrong(in, "at least one default before");
	}
	if (json_expect(in, "," FORMAT) == -1)
		return -1;
	return json_text(in, ",\"host\":", &s->host);
}

/* 1: all is well but the root. */
static int
read_all(struct json_in *in, struct snapshot *s, bool as_it_stands)
{
	long long sequence, taken;
	char root[DIGEST_HEX];

	memset(s, 0, sizeof *s);
	in->at = in->json;
	if (read_front(in, s) == -1 ||
	    read_jails(in, s, as_it_stands, root) == -1 ||
	    json_text(in, ",\"kernel\":", &s->kernel) == -1 ||
	    read_digest(in, ",\"previous\":", s->previous) == -1 ||
	    json_text(in, ",\"revision\":", &s->revision) == -1 ||
	    read_digest(in, ",\"root\":", s->root) == -1 ||
	    json_integer_in(in, ",\"sequence\":", 0, INT64_MAX,
	    &sequence) == -1 ||
	    json_text(in, ",\"set\":", &s->set) == -1 ||
	    json_integer_in(in, ",\"taken\":", INT64_MIN, INT64_MAX,
	    &taken) == -1 ||
	    json_expect(in, "}") == -1)
		return -1;
	if (in->at != in->end)
		return json_wrong(in, "the end");
	s->sequence = (uint64_t)sequence;
	s->taken = taken;
	return strcmp(root, s->root) == 0 ? 0 : 1;
}

int
snapshot_decode(const char *json, size_t len, struct snapshot *s,
    struct error *err)
{
	struct json_in in = { .json = json, .at = json, .end = json + len,
		.err = err };
	int rc;

	memset(s, 0, sizeof *s);
	/* What another program, or a later one, has signed. */
	if (memmem(json, len, FORMAT, sizeof FORMAT - 1) == NULL)
		return error_set(err, EINVAL, "its format is not "
		    SNAPSHOT_FORMAT ", which this program knows");
	rc = read_all(&in, s, false);
	if (rc == 1 && s->defaults.count > 0) {
		snapshot_free(s);
		rc = read_all(&in, s, true);
	}
	if (rc == 0)
		return 0;
	snapshot_free(s);
	return rc == -1 ? -1 : error_set(err, EBADMSG,
	    "its root does not follow from its jails");
}

void
snapshot_params_free(struct snapshot_params *p)
{
	for (size_t i = 0; i < p->count; i++) {
		free(p->param[i].name);
		text_list_free(&p->param[i].value);
	}
	free(p->param);
	*p = (struct snapshot_params){ .param = NULL };
}

void
snapshot_jail_free(struct snapshot_jail *j)
{
	struct snapshot_params params = { j->param, j->count };

	snapshot_params_free(&params);
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
	snapshot_params_free(&s->defaults);
	free(s->host);
	free(s->boot);
	free(s->kernel);
	free(s->revision);
	free(s->set);
	memset(s, 0, sizeof *s);
}
