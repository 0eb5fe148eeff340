/* SPDX-License-Identifier: BSD-2-Clause */
#include "agent/sign/signer_state.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/base/channel.h"
#include "agent/sign/signer.h"

static int
no_memory(struct error *err)
{
	return error_sys(err, ENOMEM, "no memory for a snapshot");
}

int
signer_jail_encode(struct bytes_out *b, const struct snapshot_jail *j,
    const struct snapshot_params *defaults, bool gone, enum copies_what copy,
    struct error *err)
{
	struct buffer json = { .data = NULL };
	unsigned char leaf[DIGEST_SIZE] = { 0 };
	int rc = 0;

	if (!gone)
		rc = snapshot_leaf(&json, j, defaults, leaf, err);
	json.len = 0;
	if (rc == 0 && !gone)
		rc = snapshot_add_jail(&json, j, NULL, err);
	if (rc == 0) {
		put_text(b, j->name);
		put_block(b, json.data, json.len);
		put_raw(b, leaf, sizeof leaf);
		put_number(b, copy);
		rc = b->failed ? no_memory(err) : 0;
	}
	buffer_free(&json);
	return rc;
}

static void
put_params(struct bytes_out *b, const struct snapshot_params *all)
{
	put_number(b, (uint32_t)all->count);
	for (size_t i = 0; i < all->count; i++) {
		const struct snapshot_param *p = &all->param[i];

		put_text(b, p->name);
		put_number(b, (uint32_t)p->value.count);
		for (size_t k = 0; k < p->value.count; k++)
			put_text(b, p->value.text[k]);
	}
}

static int
get_value(struct bytes_in *b, struct text_list *value)
{
	size_t count = get_count(b, 4);

	value->text = calloc(count + 1, sizeof *value->text);
	if (value->text == NULL)
		return -1;
	while (value->count < count) {
		char *text = get_text(b);

		if (text == NULL)
			return -1;
		value->text[value->count++] = text;
	}
	return 0;
}

static int
get_params(struct bytes_in *b, struct snapshot_params *all)
{
	size_t count = get_count(b, 8);

	all->param = calloc(count + 1, sizeof *all->param);
	if (all->param == NULL)
		return -1;
	while (all->count < count) {
		struct snapshot_param *p = &all->param[all->count++];

		p->name = get_text(b);
		if (p->name == NULL || get_value(b, &p->value) == -1)
			return -1;
	}
	return b->failed ? -1 : 0;
}

void
signer_heading_encode(struct bytes_out *b, const struct snapshot *s)
{
	put_text(b, s->host);
	put_text(b, s->boot);
	put_text(b, s->kernel);
	put_text(b, s->revision);
	put_text(b, s->set);
	put_raw(b, &s->taken, sizeof s->taken);
	put_params(b, &s->defaults);
}

int
signer_heading_decode(const void *data, size_t len, struct snapshot *s,
    struct error *err)
{
	struct bytes_in b = { .data = data, .len = len };

	memset(s, 0, sizeof *s);
	s->host = get_text(&b);
	s->boot = get_text(&b);
	s->kernel = get_text(&b);
	s->revision = get_text(&b);
	s->set = get_text(&b);
	get_raw(&b, &s->taken, sizeof s->taken);
	if (get_params(&b, &s->defaults) == 0 && b.len == 0 &&
	    s->host != NULL && s->boot != NULL && s->kernel != NULL &&
	    s->revision != NULL && s->set != NULL)
		return 0;
	snapshot_free(s);
	return error_set(err, EPROTO, "the signer was asked for a snapshot in "
	    "words that it does not know");
}

static int
sent(int fd, uint32_t type, struct bytes_out *b, struct error *err)
{
	int rc = b->failed ? no_memory(err) : 0;

	if (rc == 0 && channel_write(fd, type, 0, b->data, b->len) == -1)
		rc = error_sys(err, errno, "the signer cannot be reached");
	free(b->data);
	*b = (struct bytes_out){ .data = NULL };
	return rc;
}

int
signer_send_state(int fd, const struct snapshot *s, struct error *err)
{
	struct bytes_out b = { .data = NULL };

	if (sent(fd, SIGNER_FORGET_JAILS, &b, err) == -1)
		return -1;
	for (size_t i = 0; i < s->count; i++) {
		if (signer_jail_encode(&b, &s->jail[i], &s->defaults, false,
		    COPIES_NOTHING,
		    err) == -1) {
			free(b.data);
			return -1;
		}
		if (sent(fd, SIGNER_JAIL, &b, err) == -1)
			return -1;
	}
	signer_heading_encode(&b, s);
	return sent(fd, SIGNER_WRITE, &b, err);
}
