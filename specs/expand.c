/* SPDX-License-Identifier: BSD-2-Clause */
#include "expand.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

/* Values within values within values. */
#define EXPAND_DEPTH 64
#define LOOK_UP_COST 32 /* bytes that could be copied meanwhile */

static int
compare_slot(const void *key, const void *slot)
{
	return assign_compare(key, ((const struct slot *)slot)->assign[0]);
}

static struct slot *
find_slot(struct scope *s, const char *name, size_t len)
{
	char full[512];
	struct assign key = { .kind = ASSIGN_VAR, .name = full };

	if (len + sizeof "vars." > sizeof full || s->slots == 0)
		return NULL;
	memcpy(full, "vars.", 5);
	memcpy(full + 5, name, len);
	full[5 + len] = '\0';
	key.def = param_find(full + 5);
	if (key.def != NULL) {
		key.kind = ASSIGN_PARAM;
		key.index = param_index(key.def);
		key.name = full + 5;
	}
	return bsearch(&key, s->slot, s->slots, sizeof *s->slot,
	    compare_slot);
}

/* The texts that a reference stands for; `self` holds the jail's name. */
static const struct text_list *
look_up(struct scope *s, const struct assign *a, const char *name, size_t len,
    const struct text_list *self)
{
	struct slot *slot;

	if (scope_spend(s, a, LOOK_UP_COST) != 0)
		return NULL;
	if (len == 4 && memcmp(name, "name", 4) == 0)
		return self;
	slot = find_slot(s, name, len);
	if (slot == NULL) {
		scope_fault(s, assign_value_place(a), "%s: variable \"%.*s\" not "
		    "found; a literal ${ is written $${", a->name,
		    len > TEXT_SHOWN ? TEXT_SHOWN : (int)len, name);
		return NULL;
	}
	if (slot->state == SLOT_BUSY) {
		scope_fault(s, assign_value_place(a), "%s: variable loop through "
		    "\"%.*s\"", a->name, (int)len, name);
		return NULL;
	}
	/* A secret would be seen wherever the value is. */
	if (slot->assign[slot->count - 1]->secret) {
		scope_fault(s, assign_value_place(a), "%s: \"%.*s\" is a "
		    "!secret, which no other value can hold", a->name,
		    (int)len, name);
		return NULL;
	}
	return slot_value(s, slot);
}

static int
add_made(struct scope *s, const struct assign *a, const char *text,
    struct text_list *to)
{
	size_t len = strlen(text);
	char *copy;

	/* Doubling values could make any size out of a few lines. */
	if (scope_spend(s, a, len > SPEC_SCALAR_MAX ? SPEC_FILE_MAX :
	    len + sizeof(char *)) != 0)
		return -1;
	copy = arena_text(&s->arena, text);
	if (copy != NULL && arena_list_add(&s->arena, to, copy) == 0)
		return 0;
	scope_fault(s, assign_value_place(a), "out of memory");
	return -1;
}

/* A text that is one reference and nothing else: all its values. */
static int
expand_whole(struct scope *s, const struct assign *a, const char *name,
    size_t len, const struct text_list *self, struct text_list *to)
{
	const struct text_list *values = look_up(s, a, name, len, self);

	for (size_t i = 0; values != NULL && i < values->count; i++) {
		if (add_made(s, a, values->text[i], to) != 0)
			return -1;
	}
	return values != NULL ? 0 : -1;
}

/* Appends one reference inside a text; *at is behind its "${". */
static int
expand_inline(struct scope *s, const struct assign *a, const char **at,
    const struct text_list *self, struct textbuf *b)
{
	size_t len = strcspn(*at, "}");
	const struct text_list *values;

	if ((*at)[len] != '}' || len == 0) {
		scope_fault(s, assign_value_place(a), "%s: %s; a literal ${ is "
		    "written $${", a->name, len == 0 ? "${} names nothing" :
		    "${ without }");
		return -1;
	}
	values = look_up(s, a, *at, len, self);
	if (values == NULL)
		return -1;
	if (values->count != 1) {
		scope_fault(s, assign_value_place(a), "%s: array cannot be "
		    "substituted inline: \"%.*s\" has %zu values", a->name,
		    len > TEXT_SHOWN ? TEXT_SHOWN : (int)len, *at,
		    values->count);
		return -1;
	}
	textbuf_text(b, values->text[0]);
	*at += len + 1;
	return 0;
}

static int
expand_pieces(struct scope *s, const struct assign *a, const char *text,
    const struct text_list *self, struct text_list *to)
{
	struct textbuf b = { 0 };
	int rc = 0;

	textbuf_text(&b, "");
	while (*text != '\0' && rc == 0) {
		size_t plain = strcspn(text, "$");

		textbuf_add(&b, text, plain);
		text += plain;
		if (strncmp(text, "$${", 3) == 0) {
			textbuf_text(&b, "${");
			text += 3;
		} else if (strncmp(text, "${", 2) == 0) {
			text += 2;
			rc = expand_inline(s, a, &text, self, &b);
		} else if (*text == '$') {
			textbuf_text(&b, "$");
			text++;
		}
		if (b.len > SPEC_SCALAR_MAX)
			break;
	}
	if (rc == 0 && b.failed) {
		scope_fault(s, assign_value_place(a), "out of memory");
		rc = -1;
	}
	if (rc == 0)
		rc = add_made(s, a, b.text, to);
	free(b.text);
	return rc;
}

static int
expand_assign(struct scope *s, const struct assign *a, struct text_list *to)
{
	char *names[] = { s->doc->name };
	const struct text_list self = { names, 1 };
	int rc = 0;

	for (size_t i = 0; i < a->value.count && rc == 0; i++) {
		const char *text = a->value.text[i];
		size_t len = strlen(text);

		s->moved += len;
		if (!a->expand)
			rc = add_made(s, a, text, to);
		else if (len > 3 && strncmp(text, "${", 2) == 0 &&
		    strcspn(text, "}") == len - 1)
			rc = expand_whole(s, a, text + 2, len - 3, &self, to);
		else
			rc = expand_pieces(s, a, text, &self, to);
	}
	return rc;
}

/* Makes the value of a slot of several assignments or with references. */
static int
make_value(struct scope *s, struct slot *slot)
{
	const struct assign *last = slot->assign[slot->count - 1];
	struct error err = { 0 };
	size_t which;

	for (size_t i = 0; i < slot->count; i++) {
		if (expand_assign(s, slot->assign[i], &slot->own) != 0)
			return -1;
	}
	if (assign_check(last, &s->arena, &slot->own, &which, &err) != 0) {
		scope_fault(s, assign_value_place(last), "%s: %s", last->name,
		    err.text);
		return -1;
	}
	slot->value = &slot->own;
	return 0;
}

const struct text_list *
slot_value(struct scope *s, struct slot *slot)
{
	const struct assign *first = slot->assign[0];

	if (slot->state == SLOT_NEW && slot->count == 1 && !first->expand) {
		slot->value = &first->value;
		slot->state = SLOT_DONE;
	} else if (slot->state == SLOT_NEW) {
		slot->state = SLOT_BUSY;
		if (s->depth == EXPAND_DEPTH) {
			scope_fault(s, assign_value_place(first), "%s: variables "
			    "refer to each other more than %d times",
			    first->name, EXPAND_DEPTH);
			slot->state = SLOT_FAILED;
			return NULL;
		}
		s->depth++;
		slot->state = make_value(s, slot) == 0 ? SLOT_DONE :
							 SLOT_FAILED;
		s->depth--;
	}
	return slot->state == SLOT_DONE ? slot->value : NULL;
}
