/* SPDX-License-Identifier: BSD-2-Clause */
/* Snapshots to canonical JSON. */
#include "agent/sign/snapshot.h"

#include <sodium.h>

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/buffer.h"
#include "agent/sign/merkle.h"

_Static_assert(DIGEST_SIZE == MERKLE_SIZE, "one size for both hashes");

static const char zeros[] =
    "0000000000000000000000000000000000000000000000000000000000000000";
_Static_assert(sizeof zeros == DIGEST_HEX, "as long as a digest");

/* `key` comes with all that is in front of the value. */
static void
add_text(struct buffer *b, const char *key, const char *value)
{
	buffer_text(b, key);
	buffer_json(b, value);
}

static int
by_name(const void *a, const void *b)
{
	const struct snapshot_param *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

static void
add_param(struct buffer *b, const struct snapshot_param *p)
{
	buffer_json(b, p->name);
	buffer_text(b, ":[");
	for (size_t i = 0; i < p->value.count; i++)
		add_text(b, i == 0 ? "" : ",", p->value.text[i]);
	buffer_text(b, "]");
}

/* Of both lists, by name; `own` goes before. */
static void
add_merged(struct buffer *b, const struct snapshot_param *const *own,
    size_t count, const struct snapshot_params *defaults)
{
	size_t more = defaults == NULL ? 0 : defaults->count, i = 0, k = 0;

	while (i < count || k < more) {
		int order = i == count ? 1 : k == more ? -1 :
		    strcmp(own[i]->name, defaults->param[k].name);

		if (i + k > 0)
			buffer_text(b, ",");
		add_param(b, order <= 0 ? own[i] : &defaults->param[k]);
		i += order <= 0;
		k += order >= 0;
	}
}

static int
add_params(struct buffer *b, const struct snapshot_jail *j,
    const struct snapshot_params *defaults, struct error *err)
{
	const struct snapshot_param **sorted;
	int rc = 0;

	sorted = calloc(j->count + 1, sizeof *sorted);
	if (sorted == NULL)
		return error_sys(err, ENOMEM, "no memory for a snapshot");
	for (size_t i = 0; i < j->count; i++)
		sorted[i] = &j->param[i];
	qsort(sorted, j->count, sizeof *sorted, by_name);
	for (size_t i = 1; i < j->count; i++)
		if (by_name(&sorted[i - 1], &sorted[i]) == 0)
			rc = error_set(err, EINVAL, "snapshot: jail %s has "
			    "parameter %s twice", j->name, sorted[i]->name);
	buffer_text(b, ",\"params\":{");
	add_merged(b, sorted, j->count, j->jid != 0 ? defaults : NULL);
	buffer_text(b, "}");
	free(sorted);
	return rc;
}

static void
add_defaults(struct buffer *b, const struct snapshot_params *d)
{
	for (size_t i = 0; i < d->count; i++) {
		buffer_text(b, i == 0 ? ",\"defaults\":{" : ",");
		add_param(b, &d->param[i]);
	}
	if (d->count > 0)
		buffer_text(b, "}");
}

int
snapshot_add_jail(struct buffer *b, const struct snapshot_jail *j,
    const struct snapshot_params *defaults, struct error *err)
{
	add_text(b, "{\"applied\":", j->applied_digest);
	add_text(b, ",\"error\":", j->error);
	buffer_printf(b, ",\"jid\":%d", j->jid);
	add_text(b, ",\"name\":", j->name);
	if (add_params(b, j, defaults, err) == -1)
		return -1;
	add_text(b, ",\"set\":", j->set);
	add_text(b, ",\"spec\":", j->spec_digest);
	add_text(b, ",\"state\":", j->state);
	add_text(b, ",\"token\":", j->token);
	buffer_text(b, "}");
	return b->failed ? error_sys(err, ENOMEM, "no memory for a snapshot") :
	    0;
}

int
snapshot_leaf(struct buffer *b, const struct snapshot_jail *j,
    const struct snapshot_params *defaults, unsigned char leaf[DIGEST_SIZE],
    struct error *err)
{
	b->len = 0;
	if (snapshot_add_jail(b, j, defaults, err) == -1)
		return -1;
	merkle_leaf(b->data, b->len, leaf);
	return 0;
}

void
snapshot_add_front(struct buffer *b, const struct snapshot *s)
{
	add_text(b, "{\"boot\":", s->boot);
	add_defaults(b, &s->defaults);
	add_text(b, ",\"format\":", SNAPSHOT_FORMAT);
	add_text(b, ",\"host\":", s->host);
	buffer_text(b, ",\"jails\":[");
}

void
snapshot_add_back(struct buffer *b, const struct snapshot *s,
    const char root[DIGEST_HEX])
{
	add_text(b, "],\"kernel\":", s->kernel);
	add_text(b, ",\"previous\":",
	    s->previous[0] == '\0' ? zeros : s->previous);
	add_text(b, ",\"revision\":", s->revision);
	add_text(b, ",\"root\":", root);
	buffer_printf(b, ",\"sequence\":%" PRIu64, s->sequence);
	add_text(b, ",\"set\":", s->set);
	buffer_printf(b, ",\"taken\":%" PRId64 "}", s->taken);
}

/* Names ascend and differ. */
static int
check_order(const struct snapshot *s, struct error *err)
{
	for (size_t i = 1; i < s->count; i++)
		if (strcmp(s->jail[i - 1].name, s->jail[i].name) >= 0)
			return error_set(err, EINVAL, "snapshot: jail %s "
			    "stands before %s: they must be sorted and differ",
			    s->jail[i - 1].name, s->jail[i].name);
	return 0;
}

static int
add_all(struct buffer *b, const struct snapshot *s, merkle_hash *leaf,
    struct error *err)
{
	struct buffer whole = { .data = NULL };
	char root[DIGEST_HEX];
	merkle_hash head;
	int rc = 0;

	snapshot_add_front(b, s);
	for (size_t i = 0; rc == 0 && i < s->count; i++) {
		if (i > 0)
			buffer_text(b, ",");
		rc = snapshot_add_jail(b, &s->jail[i], NULL, err);
		if (rc == 0 && s->root[0] == '\0')
			rc = snapshot_leaf(&whole, &s->jail[i], &s->defaults,
			    leaf[i], err);
	}
	buffer_free(&whole);
	if (rc == -1)
		return -1;
	merkle_head((const merkle_hash *)leaf, s->count, head);
	snapshot_add_back(b, s, s->root[0] != '\0' ? s->root :
	    text_hex(head, sizeof head, root));
	return 0;
}

char *
snapshot_encode(const struct snapshot *s, size_t *len, struct error *err)
{
	struct buffer b = { .data = NULL };
	merkle_hash *leaf;
	char *json = NULL;

	if (s->sequence > INT64_MAX) {
		error_set(err, ERANGE, "snapshot: sequence out of range");
		return NULL;
	}
	if (check_order(s, err) == -1)
		return NULL;
	if ((leaf = calloc(s->count + 1, sizeof *leaf)) == NULL) {
		error_sys(err, ENOMEM, "no memory for a snapshot");
		return NULL;
	}
	if (add_all(&b, s, leaf, err) == 0 &&
	    (json = buffer_take(&b, len)) == NULL)
		error_sys(err, ENOMEM, "no memory for a snapshot");
	buffer_free(&b);
	free(leaf);
	return json;
}

void
snapshot_digest(const char *json, size_t len,
    unsigned char digest[DIGEST_SIZE])
{
	crypto_generichash(digest, DIGEST_SIZE, (const unsigned char *)json,
	    len, NULL, 0);
}
