/* SPDX-License-Identifier: BSD-2-Clause */
#include "scope.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "expand.h"

void
scope_fault(struct scope *s, struct spec_place place, const char *fmt, ...)
{
	char message[2 * ERROR_TEXT_MAX];
	va_list ap;

	s->faults++;
	if (s->faults > JAIL_ERRORS_MAX ||
	    (s->faults > 1 && s->errors->count > SET_ERRORS_MAX))
		return;
	va_start(ap, fmt);
	vsnprintf(message, sizeof message, fmt, ap);
	va_end(ap);
	if (place.file == s->doc->place.file)
		s->fault_at_home = true;
	/* In defaults it is not clear which jail is meant. */
	spec_error_add(s->errors, place, false, "jail \"%s\": %s",
	    s->doc->name, message);
}

int
scope_spend(struct scope *s, const struct assign *a, size_t bytes)
{
	s->text_used += bytes;
	if (s->text_used <= SPEC_FILE_MAX)
		return 0;
	scope_fault(s, assign_value_place(a), "%s: too long after variables "
	    "are replaced", a->name);
	return -1;
}

/* Makes room for `more` further assignments in both arrays. */
static int
reserve(struct scope *s, size_t more)
{
	size_t room = (s->items + more) * 2;
	const struct assign **grown;

	if (s->items + more <= s->items_room)
		return 0;
	grown = realloc(s->item, room * sizeof *grown);
	if (grown == NULL)
		return -1;
	s->item = grown;
	grown = realloc(s->spare, room * sizeof *grown);
	if (grown == NULL)
		return -1;
	s->spare = grown;
	s->items_room = room;
	return 0;
}

/*
 * Merges a document over what is there.  Both are sorted by name; a plain
 * assignment replaces all earlier ones of its name, key+ comes after them.
 */
static int
merge(struct scope *s, const struct spec_doc *doc)
{
	const struct assign **to, **old, *assign;
	size_t i = 0, n = 0, count;

	assign = doc_assigns(doc, &s->arena, &count);
	if ((assign == NULL && count > 0) || reserve(s, count) != 0)
		return -1;
	to = s->spare;
	old = s->item;
	for (size_t j = 0; j < count; j++) {
		const struct assign *a = &assign[j];
		int c = -1;

		while (i < s->items && (c = assign_compare(old[i], a)) < 0)
			to[n++] = old[i++];
		while (i < s->items && c == 0) {
			if (a->append)
				to[n++] = old[i];
			if (++i < s->items)
				c = assign_compare(old[i], a);
		}
		to[n++] = a;
	}
	while (i < s->items)
		to[n++] = old[i++];
	s->item = to;
	s->spare = old;
	s->items = n;
	s->moved += n * sizeof *to;
	return 0;
}

/* Groups the assignments by name. */
static int
make_slots(struct scope *s)
{
	if (s->items > s->slots_room) {
		struct slot *grown = realloc(s->slot, s->items * sizeof *grown);

		if (grown == NULL)
			return -1;
		s->slot = grown;
		s->slots_room = s->items;
	}
	for (size_t i = 0; i < s->items; i++) {
		if (i > 0 && assign_compare(s->item[i], s->item[i - 1]) == 0) {
			s->slot[s->slots - 1].count++;
			continue;
		}
		s->slot[s->slots++] = (struct slot){ .assign = &s->item[i],
			.count = 1 };
	}
	return 0;
}

void
scope_begin_alone(struct scope *s, const struct spec_doc *doc)
{
	s->doc = doc;
	s->items = s->slots = s->faults = 0;
	s->text_used = s->moved = 0;
	s->fault_at_home = false;
	s->bad = NULL;
}

int
scope_begin(struct scope *s, const struct spec_doc *doc,
    const struct spec_docs *defaults, size_t before)
{
	scope_begin_alone(s, doc);
	for (size_t i = 0; i <= defaults->count; i++) {
		if (i == before && merge(s, doc) != 0)
			return -1;
		if (i == defaults->count ||
		    !doc_covers(defaults->doc[i]->name, doc->name))
			continue;
		if (defaults->doc[i]->bad)
			s->bad = defaults->doc[i];
		else if (merge(s, defaults->doc[i]) != 0)
			return -1;
	}
	return make_slots(s);
}

void
scope_resolve(struct scope *s)
{
	for (size_t i = 0; i < s->slots; i++) {
		/* A variable that nobody uses may refer to what is not there. */
		if (s->slot[i].assign[0]->kind != ASSIGN_VAR)
			(void)slot_value(s, &s->slot[i]);
	}
}

void
scope_end(struct scope *s)
{
	s->slots = 0;
	arena_reset(&s->arena);
}

void
scope_finish(struct scope *s)
{
	arena_release(&s->arena);
	free(s->item);
	free(s->spare);
	free(s->slot);
	*s = (struct scope){ 0 };
}
