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

static int
add_params(struct buffer *b, const struct snapshot_jail *j, struct error *err)
{
	const struct snapshot_param **sorted;
	int rc = 0;

	sorted = calloc(j->count + 1, sizeof *sorted);
	if (sorted == NULL)
		return error_sys(err, ENOMEM, "no memory for a snapshot");
	for (size_t i = 0; i < j->count; i++)
		sorted[i] = &j->param[i];
	qsort(sorted, j->count, sizeof *sorted, by_name);
	buffer_text(b, ",\"params\":{");
	for (size_t i = 0; i < j->count; i++) {
		if (i > 0 && by_name(&sorted[i - 1], &sorted[i]) == 0)
			rc = error_set(err, EINVAL, "snapshot: jail %s has "
			    "parameter %s twice", j->name, sorted[i]->name);
		if (i > 0)
			buffer_text(b, ",");
		add_param(b, sorted[i]);
	}
	buffer_text(b, "}");
	free(sorted);
	return rc;
}

int
snapshot_piece_make(const struct snapshot_jail *j,
    struct snapshot_piece *piece, struct error *err)
{
	struct buffer b = { .data = NULL };

	add_text(&b, "{\"applied\":", j->applied_digest);
	add_text(&b, ",\"error\":", j->error);
	buffer_printf(&b, ",\"jid\":%d", j->jid);
	add_text(&b, ",\"name\":", j->name);
	if (add_params(&b, j, err) == -1) {
		buffer_free(&b);
		return -1;
	}
	add_text(&b, ",\"set\":", j->set);
	add_text(&b, ",\"spec\":", j->spec_digest);
	add_text(&b, ",\"state\":", j->state);
	add_text(&b, ",\"token\":", j->token);
	buffer_text(&b, "}");
	if ((piece->json = buffer_take(&b, &piece->len)) == NULL)
		return error_sys(err, ENOMEM, "no memory for a snapshot");
	merkle_leaf(piece->json, piece->len, piece->leaf);
	return 0;
}

static char *
root_of(const struct snapshot_piece *piece, size_t count, char hex[DIGEST_HEX])
{
	merkle_hash *leaf, head;

	if ((leaf = calloc(count + 1, sizeof *leaf)) == NULL)
		return NULL;
	for (size_t i = 0; i < count; i++)
		memcpy(leaf[i], piece[i].leaf, sizeof *leaf);
	merkle_head((const merkle_hash *)leaf, count, head);
	free(leaf);
	return text_hex(head, sizeof head, hex);
}

static void
add_jails(struct buffer *b, const struct snapshot_piece *piece, size_t count)
{
	buffer_text(b, ",\"jails\":[");
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			buffer_text(b, ",");
		buffer_add(b, piece[i].json, piece[i].len);
	}
	buffer_text(b, "]");
}

char *
snapshot_assemble(const struct snapshot *s, const struct snapshot_piece *piece,
    size_t count, size_t *len, struct error *err)
{
	struct buffer b = { .data = NULL };
	char root[DIGEST_HEX], *json;
	size_t room = 4096;

	if (s->sequence > INT64_MAX) {
		error_set(err, ERANGE, "snapshot: sequence out of range");
		return NULL;
	}
	/* One allocation of about the right size, for it can be large. */
	for (size_t i = 0; i < count; i++)
		room += piece[i].len + 1;
	(void)buffer_reserve(&b, room);
	if (root_of(piece, count, root) == NULL)
		b.failed = true;
	add_text(&b, "{\"boot\":", s->boot);
	add_text(&b, ",\"format\":", SNAPSHOT_FORMAT);
	add_text(&b, ",\"host\":", s->host);
	add_jails(&b, piece, count);
	add_text(&b, ",\"kernel\":", s->kernel);
	add_text(&b, ",\"previous\":",
	    s->previous[0] == '\0' ? zeros : s->previous);
	add_text(&b, ",\"revision\":", s->revision);
	add_text(&b, ",\"root\":", root);
	buffer_printf(&b, ",\"sequence\":%" PRIu64, s->sequence);
	add_text(&b, ",\"set\":", s->set);
	buffer_printf(&b, ",\"taken\":%" PRId64 "}", s->taken);
	if ((json = buffer_take(&b, len)) == NULL)
		error_sys(err, ENOMEM, "no memory for a snapshot");
	return json;
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

void
snapshot_pieces_free(struct snapshot_piece *piece, size_t count)
{
	for (size_t i = 0; piece != NULL && i < count; i++)
		free(piece[i].json);
	free(piece);
}

struct snapshot_piece *
snapshot_pieces(const struct snapshot *s, struct error *err)
{
	struct snapshot_piece *piece;

	if (check_order(s, err) == -1)
		return NULL;
	if ((piece = calloc(s->count + 1, sizeof *piece)) == NULL) {
		error_sys(err, ENOMEM, "no memory for a snapshot");
		return NULL;
	}
	for (size_t i = 0; i < s->count; i++)
		if (snapshot_piece_make(&s->jail[i], &piece[i], err) == -1) {
			snapshot_pieces_free(piece, i);
			return NULL;
		}
	return piece;
}

int
snapshot_content(const struct snapshot *s, const struct snapshot_piece *piece,
    size_t count, unsigned char digest[DIGEST_SIZE], struct error *err)
{
	struct snapshot heading = *s;
	crypto_generichash_state h;
	size_t len;
	char *json;

	heading.sequence = 0;
	heading.taken = 0;
	heading.previous[0] = '\0';
	if ((json = snapshot_assemble(&heading, NULL, 0, &len, err)) == NULL)
		return -1;
	crypto_generichash_init(&h, NULL, 0, DIGEST_SIZE);
	crypto_generichash_update(&h, (const unsigned char *)json, len);
	for (size_t i = 0; i < count; i++)
		crypto_generichash_update(&h, piece[i].leaf, DIGEST_SIZE);
	crypto_generichash_final(&h, digest, DIGEST_SIZE);
	free(json);
	return 0;
}

char *
snapshot_encode(const struct snapshot *s, size_t *len, struct error *err)
{
	struct snapshot_piece *piece = snapshot_pieces(s, err);
	char *json = piece == NULL ? NULL :
	    snapshot_assemble(s, piece, s->count, len, err);

	snapshot_pieces_free(piece, s->count);
	return json;
}

void
snapshot_digest(const char *json, size_t len,
    unsigned char digest[DIGEST_SIZE])
{
	crypto_generichash(digest, DIGEST_SIZE, (const unsigned char *)json,
	    len, NULL, 0);
}
