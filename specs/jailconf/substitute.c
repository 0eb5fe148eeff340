/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * $x and ${x} in values: a parameter or a variable of the same jail after all
 * its blocks are merged, whatever the order.
 */
#include <stdlib.h>
#include <string.h>

#include "resolve.h"
#include "specs/text.h"

/* Values within values within values. */
#define REFERENCES_MAX 64

static int substitute(struct resolver *r, struct conf_param *p);

static int
add_value(struct resolver *r, struct conf_param *p, const char *text,
    struct spec_place place)
{
	if (p->values == p->values_room) {
		size_t room = p->values == 0 ? 1 : p->values * 2;
		struct conf_value *grown = arena_take(&r->jails->arena,
		    room * sizeof *grown);

		if (grown == NULL)
			return -1;
		if (p->values > 0)
			memcpy(grown, p->value, p->values * sizeof *grown);
		p->value = grown;
		p->values_room = room;
	}
	r->bytes += strlen(text) + sizeof(struct conf_value);
	if (r->bytes > CONF_VALUES_MAX) {
		conf_jail_fault(r, place, "the values are larger than %d MiB "
		    "after variables are replaced", CONF_VALUES_MAX >> 20);
		r->stopped = true;
		return -1;
	}
	p->value[p->values] = (struct conf_value){
		arena_text(&r->jails->arena, text), place };
	return p->value[p->values++].text != NULL ? 0 : -1;
}

/*
 * What a reference stands for, its values worked out.  NULL: nothing, and the
 * reason is reported.
 */
static const struct conf_param *
look_up(struct resolver *r, const struct conf_param *in, const char *name,
    struct spec_place place)
{
	struct conf_param *p = conf_find(r, name, true);

	if (r->stopped)
		return NULL;
	if (p == NULL || p->strings == 0) {
		conf_jail_fault(r, place, "%s: variable \"%s\" not found",
		    in->name, name);
		return NULL;
	}
	if (p->state == CONF_BUSY) {
		conf_jail_fault(r, place, "%s: variable loop", name);
		return NULL;
	}
	if (r->depth == REFERENCES_MAX) {
		conf_jail_fault(r, place, "%s: variables refer to each other "
		    "more than %d times", name, REFERENCES_MAX);
		return NULL;
	}
	r->depth++;
	(void)substitute(r, p);
	r->depth--;
	return r->stopped ? NULL : p;
}

/* A text with references between other pieces: each has one value. */
static int
substitute_pieces(struct resolver *r, struct conf_param *p,
    const struct conf_string *s)
{
	struct textbuf b = { 0 };
	bool long_text = false;
	int rc = -1;

	textbuf_text(&b, "");
	for (const struct conf_piece *c = s->piece; c != NULL && !r->stopped;
	    c = c->next) {
		const struct conf_param *to;

		if (!c->reference && conf_work(r, CONF_TEXT_WORK(c->text)))
			textbuf_text(&b, c->text);
		if (!c->reference)
			continue;
		to = look_up(r, p, c->text, s->place);
		if (to != NULL && to->values > 1)
			conf_jail_fault(r, s->place, "%s: array cannot be "
			    "substituted inline: \"%s\" has %zu values",
			    p->name, c->text, to->values);
		else if (to != NULL && to->values == 1)
			textbuf_text(&b, to->value[0].text);
		if (b.len > SPEC_SCALAR_MAX) {
			conf_jail_fault(r, s->place, "%s: longer than %d bytes "
			    "after variables are replaced", p->name,
			    SPEC_SCALAR_MAX);
			long_text = true;
			break;
		}
	}
	if (!b.failed)
		rc = add_value(r, p, long_text ? "" : b.text, s->place);
	free(b.text);
	return rc;
}

/* The one reference that a text consists of, or NULL. */
static const struct conf_piece *
whole_reference(struct resolver *r, const struct conf_string *s)
{
	const struct conf_piece *found = NULL;

	for (const struct conf_piece *c = s->piece; c != NULL &&
	    conf_work(r, 1); c = c->next) {
		if (!c->reference && *c->text == '\0')
			continue;
		if (!c->reference || found != NULL)
			return NULL;
		found = c;
	}
	return found;
}

static int
substitute_string(struct resolver *r, struct conf_param *p,
    const struct conf_string *s)
{
	const struct conf_piece *whole = whole_reference(r, s);
	const struct conf_param *to;
	int rc = 0;

	if (r->stopped)
		return -1;
	if (whole == NULL)
		return substitute_pieces(r, p, s);
	to = look_up(r, p, whole->text, s->place);
	if (to == NULL || to->values == 0)
		return r->stopped ? -1 : add_value(r, p, "", s->place);
	for (size_t i = 0; i < to->values && rc == 0; i++)
		rc = add_value(r, p, to->value[i].text, s->place);
	return rc;
}

static int
substitute(struct resolver *r, struct conf_param *p)
{
	int rc = 0;

	if (p->state != CONF_NEW)
		return 0;
	p->state = CONF_BUSY;
	for (size_t i = 0; i < p->strings && rc == 0; i++)
		rc = substitute_string(r, p, p->string[i]);
	p->state = CONF_DONE;
	return rc;
}

int
conf_substitute(struct resolver *r)
{
	int rc = 0;

	for (size_t i = 0; i < r->jail->count && rc == 0; i++)
		rc = substitute(r, &r->jail->param[i]);
	if (rc != 0 && !r->stopped) {
		spec_error_add(r->errors, (struct spec_place){ 0 }, false,
		    "out of memory");
		r->stopped = true;
	}
	return r->stopped ? -1 : rc;
}
